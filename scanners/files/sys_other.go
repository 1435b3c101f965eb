//go:build !unix

package files

import "io/fs"

const openFlags = 0

func identity(fs.FileInfo) (dev, ino, links uint64, ok bool) { return 0, 0, 0, false }

func sameDevice(a, b fs.FileInfo) bool { return true }
