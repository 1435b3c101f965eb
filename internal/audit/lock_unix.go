//go:build unix

package audit

import (
	"os"

	"golang.org/x/sys/unix"
)

// lock waits until no other process has the file.
func lock(f *os.File) (unlock func(), err error) {
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return nil, err
	}
	return func() { _ = unix.Flock(int(f.Fd()), unix.LOCK_UN) }, nil // closing unlocks, too
}
