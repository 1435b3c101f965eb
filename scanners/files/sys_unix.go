//go:build unix

package files

import (
	"io/fs"
	"syscall"
)

// openFlags keep an open from waiting for a FIFO or taking a terminal, and from
// following a link.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOCTTY | syscall.O_NOFOLLOW

// identity returns what names a file's content within the system.
func identity(fi fs.FileInfo) (dev, ino, links uint64, ok bool) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, 0, false
	}
	return uint64(st.Dev), st.Ino, uint64(st.Nlink), true
}

func sameDevice(a, b fs.FileInfo) bool {
	x, _, _, ok1 := identity(a)
	y, _, _, ok2 := identity(b)
	return !ok1 || !ok2 || x == y
}
