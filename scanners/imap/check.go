package imap

import (
	"context"
	"errors"
	"fmt"

	"github.com/spoor-scan/spoor/scanners"
)

const (
	remedyConnect = "start the server, or make it reachable from here; check host, port and tls; a certificate of your own is trusted through ca_file or SSL_CERT_FILE"
	remedyLogin   = "check user and password; with a master user, check Dovecot's master passdb (master = yes, result_success = continue) and auth_master_user_separator"
	remedyAccess  = "doveadm acl add -u OWNER MAILBOX user=READER lookup read; with a master user and the acl plugin, let the owner's rights count: plugin { master_user = %u }"
	remedyMany    = "lower connections, or raise Dovecot's mail_max_userip_connections"
)

// Check implements scanners.Source. It logs in to every account, lists its
// mailboxes and opens each for reading.
func (s *source) Check(ctx context.Context) []scanners.Check {
	var checks []scanners.Check
	c, err := s.dial(ctx)
	if err != nil {
		return append(checks, scanners.Check{
			What: "connect", Detail: err.Error(),
			Remedy: remedyConnect,
		})
	}
	_ = c.Close()
	checks = append(checks, scanners.Check{What: "connect", OK: true})

	for i, account := range s.accounts {
		if ctx.Err() != nil {
			return append(checks, scanners.Check{What: "go on", Detail: "interrupted"})
		}
		of := ""
		if s.explicit {
			of = fmt.Sprintf(" of account %d of %d", i+1, len(s.accounts))
		}
		if err := s.ask(ctx, account, "", 0, func(*session) error { return nil }); err != nil {
			remedy := remedyLogin
			if crowded(err) {
				remedy = remedyMany
			}
			r := reason(err)
			gone := !crowded(err) && (r == scanners.Timeout || r == scanners.Offline)
			if gone {
				remedy = remedyConnect
			}
			checks = append(checks, scanners.Check{What: "log in" + of, Detail: err.Error(), Remedy: remedy})
			if gone {
				return checks // so it is with the other accounts
			}
			continue
		}
		checks = append(checks, scanners.Check{What: "log in" + of, OK: true})
		boxes, err := s.list(ctx, account)
		if err != nil {
			checks = append(checks, scanners.Check{What: "list mailboxes" + of, Detail: err.Error()})
			continue
		}
		checks = append(checks, scanners.Check{What: "list mailboxes" + of, OK: true})
		good := 0
		for n, b := range boxes {
			if !s.included(b) {
				continue
			}
			err := b.err
			if err == nil {
				err = s.ask(ctx, account, b.name, 0, func(*session) error { return nil })
			}
			if err == nil {
				good++
				continue
			}
			check := scanners.Check{
				What:   fmt.Sprintf("read %s (%d of %d)%s", placeOf(b.name, b.attrs), n+1, len(boxes), of),
				Detail: err.Error(),
			}
			var refused *refusal
			if errors.As(err, &refused) {
				check.Remedy = remedyAccess
			}
			checks = append(checks, check)
		}
		if good > 0 {
			checks = append(checks, scanners.Check{What: fmt.Sprintf("read %d mailboxes%s", good, of), OK: true})
		}
	}
	if check, ok := s.checkConnections(ctx, checks); ok {
		checks = append(checks, check)
	}
	return checks
}

// checkConnections opens as many connections at the same time as a scan will.
func (s *source) checkConnections(ctx context.Context, before []scanners.Check) (scanners.Check, bool) {
	for _, c := range before {
		if !c.OK {
			return scanners.Check{}, false
		}
	}
	var open []*session
	defer func() {
		for _, x := range open {
			x.close()
		}
	}()
	what := fmt.Sprintf("open %d connections at once", s.connections)
	// Those of the pool would count too.
	s.pool.mu.Lock()
	idle := s.pool.idle
	s.pool.idle = nil
	s.pool.mu.Unlock()
	for _, x := range idle {
		x.close()
	}
	for range s.connections {
		x, err := s.connect(ctx, s.accounts[0])
		if err != nil {
			return scanners.Check{What: what, Detail: fmt.Sprintf("the server allows %d: %v", len(open), err), Remedy: remedyMany}, true
		}
		open = append(open, x)
	}
	return scanners.Check{What: what, OK: true}, true
}
