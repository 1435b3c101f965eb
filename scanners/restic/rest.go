package restic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spoor-scan/spoor/internal/secret"
	"github.com/spoor-scan/spoor/scanners"
)

// restStore reads a repository behind a server that speaks restic's own protocol
// (https://restic.readthedocs.io/en/latest/REST_backend.html). It only gets.
type restStore struct {
	base     string // ends in a slash, without credentials
	user     string
	password secret.Value
	client   *http.Client
	failed   atomic.Int32 // requests in a row that got no answer, however often they were tried
}

var _ scanners.Store = (*restStore)(nil)

// patience is the longest silence of a REST server that is waited for.
const patience = 60 * time.Second

// parseREST parses the address of a repository.
func parseREST(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("restic: a REST server must be given like rest:https://host:8000/path/")
	}
	return u, nil
}

func newREST(address string) (*restStore, error) {
	u, err := parseREST(address)
	if err != nil {
		return nil, err
	}
	st := &restStore{user: os.Getenv("RESTIC_REST_USERNAME"), password: secret.New(os.Getenv("RESTIC_REST_PASSWORD"))}
	if u.User != nil {
		st.user = u.User.Username()
		p, _ := u.User.Password()
		st.password = secret.New(p)
	}
	u.User = nil
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	st.base = u.String()
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.DisableCompression = true // what is stored is what counts
	tr.ResponseHeaderTimeout = patience
	tr.MaxIdleConnsPerHost = 64
	st.client = &http.Client{Transport: tr}
	return st, nil
}

// shown returns the address without credentials.
func (st *restStore) shown() string { return st.base }

// Close ends idle connections.
func (st *restStore) Close() error {
	st.client.CloseIdleConnections()
	return nil
}

// attempts is how often a request is tried; once, when the last ones got no
// answer.
const attempts = 5

// get asks for something. The body of the answer belongs to the caller.
func (st *restStore) get(ctx context.Context, name, span string) (*http.Response, error) {
	var resp *http.Response
	transient := func(err error) bool {
		var f *restFault
		return !errors.As(err, &f) || f.status >= 500 || f.status == http.StatusTooManyRequests
	}
	tries := attempts
	if st.failed.Load() > 1 {
		tries = 1
	}
	err := scanners.Retry(ctx, tries, transient, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, st.base+name, nil)
		if err != nil {
			return &restFault{}
		}
		req.Header.Set("Accept", "application/vnd.x.restic.rest.v2")
		if span != "" {
			req.Header.Set("Range", span)
		}
		if st.user != "" {
			req.SetBasicAuth(st.user, st.password.Reveal())
		}
		if resp, err = st.client.Do(req); err != nil {
			return err
		}
		if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent {
			return nil
		}
		_ = resp.Body.Close()
		return &restFault{resp.StatusCode}
	})
	if err == nil || !transient(err) {
		st.failed.Store(0)
	} else {
		st.failed.Add(1)
	}
	if err == nil {
		return resp, nil
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("restic: ask the REST server: %w", context.Cause(ctx))
	}
	g := &scanners.Gap{Reason: scanners.ReasonOf(err), Detail: "the REST server can't be reached, or the connection broke", Err: err}
	var f *restFault
	if errors.As(err, &f) {
		g.Detail = fmt.Sprintf("the REST server answers with status %d", f.status)
		switch f.status {
		case http.StatusNotFound:
			g.Reason = scanners.Vanished
		case http.StatusUnauthorized, http.StatusForbidden:
			g.Reason = scanners.Denied
		case 0:
			g.Detail = "the request can't be made"
		}
		if f.status >= 500 {
			g.Reason = scanners.Offline
		}
	}
	if g.Reason == scanners.Failed {
		g.Reason = scanners.Offline
	}
	return nil, g
}

type restFault struct{ status int }

func (f *restFault) Error() string { return "status " + strconv.Itoa(f.status) }

// maxListing bounds the answer to a listing, in bytes: 90 for each file.
const maxListing = 1 << 30

// List implements [scanners.Store] for the folders of a repository. Servers of
// the first version of the protocol do not tell sizes, which are -1 then.
func (st *restStore) List(ctx context.Context, prefix string) iter.Seq2[scanners.Object, error] {
	return func(yield func(scanners.Object, error) bool) {
		resp, err := st.get(ctx, prefix, "")
		if err != nil {
			yield(scanners.Object{}, err)
			return
		}
		defer resp.Body.Close()
		d := json.NewDecoder(io.LimitReader(resp.Body, maxListing))
		fail := func(err error) {
			reason := scanners.ReasonOf(err)
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			} else {
				if reason == scanners.Failed {
					reason = scanners.Unsupported
				}
				err = &scanners.Gap{Reason: reason, Detail: "the REST server's listing is not as it should be, or broke off", Err: err}
			}
			yield(scanners.Object{}, fmt.Errorf("restic: list: %w", err))
		}
		t, err := d.Token()
		if err != nil || t != json.Delim('[') {
			if err != nil || t != nil { // null is an empty list
				fail(err)
			}
			return
		}
		for d.More() {
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				fail(err)
				return
			}
			f := struct {
				Name string `json:"name"`
				Size int64  `json:"size"`
			}{Size: -1}
			if len(raw) > 0 && raw[0] == '"' {
				err = json.Unmarshal(raw, &f.Name)
			} else {
				err = json.Unmarshal(raw, &f)
			}
			if err != nil {
				fail(err)
				return
			}
			if !yield(scanners.Object{Name: prefix + f.Name, Size: max(f.Size, -1)}, nil) {
				return
			}
		}
		if _, err := d.Token(); err != nil {
			fail(err)
		}
	}
}

// OpenRange implements [scanners.Store].
func (st *restStore) OpenRange(ctx context.Context, name string, off, n int64) (io.ReadCloser, error) {
	if off < 0 {
		return nil, errors.New("restic: open a range: not a range")
	}
	span := ""
	switch {
	case n == 0:
		return io.NopCloser(strings.NewReader("")), nil
	case n > 0:
		span = fmt.Sprintf("bytes=%d-%d", off, off+n-1)
	case off > 0:
		span = fmt.Sprintf("bytes=%d-", off)
	}
	resp, err := st.get(ctx, name, span)
	if err != nil {
		return nil, err
	}
	if span != "" && resp.StatusCode != http.StatusPartialContent {
		_ = resp.Body.Close()
		return nil, &scanners.Gap{Reason: scanners.Unsupported, Detail: "the REST server does not give the range that was asked for"}
	}
	return resp.Body, nil
}
