package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/spoor-scan/spoor/internal/container"
	"github.com/spoor-scan/spoor/internal/engine"
	"github.com/spoor-scan/spoor/internal/inventory"
	"github.com/spoor-scan/spoor/scanners"
)

// fields copies what has no content of its own: a link, an empty object, a
// folder.
func (x *exporter) fields(s inventory.Source, c *chosen, it scanners.Item) error {
	var t tally
	out := map[string]string{}
	for _, f := range it.Fields {
		out[f.Name] = string(x.hider.text([]byte(f.Value), f.Name, false, &t))
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	segments := segmentsOf(s, c.uri, true)
	segments[len(segments)-1] += ".properties.json"
	sp := newSpool()
	defer sp.close()
	if _, err := sp.Write(append(b, '\n')); err != nil {
		return err
	}
	return x.put(c, x.place("files", s.Name, segments), sp, it.Time, &t)
}

// file copies a file, message or member.
func (x *exporter) file(ctx context.Context, s inventory.Source, c *chosen, it scanners.Item, o engine.Opener) error {
	head, body, err := container.Head(it.Body)
	if err != nil {
		return err
	}
	name := it.Name
	if name == "" {
		segments := segmentsOf(s, c.uri, true)
		name = segments[len(segments)-1]
	}
	message := false
	if d := container.Detect(o.Decoders, head, name); d != nil {
		message = d.Name == "mail"
	}
	if x.Right == Portability && !message && !x.Include[c.item.Finding] && !isOpen(name, head) {
		x.leftOut(c, ByFormat, "its format is not open")
		return nil
	}
	if x.Right == Portability && message && c.item.Relation == "mentioned" && !x.Include[c.item.Finding] {
		x.leftOut(c, ByMention, notProvided)
		return nil
	}
	var t tally
	sp := newSpool()
	defer func() { sp.close() }()
	if !message && isText(head) {
		binary, err := x.hider.copyText(sp, body, &t)
		if err != nil {
			return err
		}
		if binary {
			return x.binary(ctx, s, c, it, o)
		}
		return x.put(c, x.path(s, c, it, false), sp, it.Time, &t)
	}
	if !message && x.hider.others != nil && !x.Include[c.item.Finding] {
		x.leftOut(c, ByOthers, "other people's identifiers in it can't be masked")
		return nil
	}
	if _, err := io.Copy(sp, body); err != nil {
		return err
	}
	if message {
		left, err := x.message(&sp, &t)
		if err != nil && x.hider.others != nil && !x.Include[c.item.Finding] {
			x.leftOut(c, ByOthers, "other people's identifiers in it can't be masked: "+err.Error())
			return nil
		}
		if err != nil && t.withheld[passwordHash] > 0 {
			x.leftOut(c, ByOthers, "it holds a password hash, which can't be taken out: "+err.Error())
			return nil
		}
		if len(left) > 0 {
			c.item.Note = fmt.Sprintf("%d attachments are left out of it: other people's identifiers in them can't be masked", len(left))
		}
	}
	return x.put(c, x.path(s, c, it, message), sp, it.Time, &t)
}

// binary copies a file that started like a text and is none. It is opened once
// more, since its start was taken for a text.
func (x *exporter) binary(ctx context.Context, s inventory.Source, c *chosen, it scanners.Item, o engine.Opener) error {
	if x.hider.others != nil && !x.Include[c.item.Finding] {
		x.leftOut(c, ByOthers, "other people's identifiers in it can't be masked")
		return nil
	}
	sp := newSpool()
	defer sp.close()
	err := o.Open(ctx, c.uri, func(it scanners.Item) error {
		_, err := io.Copy(sp, it.Body)
		return err
	})
	if err != nil {
		return err
	}
	return x.put(c, x.path(s, c, it, false), sp, it.Time, &tally{})
}

// message takes what must not be copied out of a message. It stays as it is where
// there is nothing of the kind.
func (x *exporter) message(sp **spool, t *tally) (left []string, err error) {
	if (*sp).size > maxMail {
		if x.hider.others != nil {
			return nil, errors.New("it is too long")
		}
		return nil, nil
	}
	raw, err := io.ReadAll((*sp).read())
	if err != nil {
		return nil, err
	}
	l := &letter{h: x.hider, t: t, strict: x.hider.others != nil}
	out, err := l.remade(raw)
	if err != nil && len(x.hider.hashes.Find(nil, raw)) > 0 {
		t.hold(passwordHash)
	}
	if err != nil || len(t.withheld) == 0 && !l.strict {
		return nil, err
	}
	fresh := newSpool()
	if _, err := fresh.Write(out); err != nil {
		fresh.close()
		return nil, err
	}
	(*sp).close()
	*sp = fresh
	return l.left, nil
}

// path returns where a file goes.
func (x *exporter) path(s inventory.Source, c *chosen, it scanners.Item, message bool) string {
	segments := segmentsOf(s, c.uri, true)
	last := &segments[len(segments)-1]
	dir := "files"
	switch {
	case message:
		dir = "mail"
		if !strings.HasSuffix(strings.ToLower(*last), ".eml") {
			*last += ".eml"
		}
	case sectioned(c.uri) && it.Name != "":
		*last += "-" + it.Name // an attachment
	case path.Ext(*last) == "" && path.Ext(it.Name) != "":
		*last += path.Ext(it.Name)
	case bareEnding(*last) && it.Name != "" && path.Ext(it.Name) != path.Ext(*last):
		*last = strings.TrimSuffix(*last, path.Ext(*last)) // it was decompressed
	}
	return x.place(dir, s.Name, segments)
}

// sectioned reports whether a URI ends in an IMAP section.
func sectioned(uri string) bool {
	_, section, steps, err := scanners.Split(uri)
	return err == nil && section != "" && len(steps) == 0
}

func bareEnding(name string) bool {
	switch path.Ext(name) {
	case ".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z":
		return true
	}
	return false
}

// put puts a whole file into the bundle.
func (x *exporter) put(c *chosen, name string, sp *spool, modified time.Time, t *tally) error {
	c.item.file = int32(x.reserve(name))
	if err := x.store(int(c.item.file), sp, modified); err != nil {
		return err
	}
	x.done(c, t)
	return nil
}
