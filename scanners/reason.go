package scanners

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"syscall"
	"time"
)

func reasonOf(err error) Reason {
	var ne net.Error
	switch {
	case errors.Is(err, fs.ErrPermission):
		return Denied
	case errors.Is(err, fs.ErrNotExist):
		return Vanished
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &ne) && ne.Timeout():
		return Timeout
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH),
		errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &ne):
		return Offline
	}
	return Failed
}

// Retry calls f up to attempts times while transient reports true for its
// error, waiting twice as long before each new try, from 100 ms up to 5 s, with
// jitter. It returns the last error, or that of ctx when ctx ends the waiting.
func Retry(ctx context.Context, attempts int, transient func(error) bool, f func(ctx context.Context) error) error {
	wait := 100 * time.Millisecond
	for try := 1; ; try++ {
		err := f(ctx)
		if err == nil || try >= attempts || ctx.Err() != nil || !transient(err) {
			return err
		}
		t := time.NewTimer(wait/2 + rand.N(wait/2))
		select {
		case <-ctx.Done():
			t.Stop()
			return context.Cause(ctx)
		case <-t.C:
		}
		wait = min(2*wait, 5*time.Second)
	}
}
