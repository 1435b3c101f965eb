package ocr

import "golang.org/x/sys/unix"

// confine bounds what a process takes. That it may have begun before is no
// matter: it has not read a picture yet that would make it grow.
func confine(pid int) {
	_ = unix.Prlimit(pid, unix.RLIMIT_AS, &unix.Rlimit{Cur: memory, Max: memory}, nil)
	_ = unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
}
