//go:build !linux || !(amd64 || arm64)

package sandbox

import "syscall"

func childAttr() *syscall.SysProcAttr { return nil }

// confine does nothing: where the system is not known, a child is only a process
// of its own.
func confine() error { return nil }
