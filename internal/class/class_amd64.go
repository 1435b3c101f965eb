package class

import "golang.org/x/sys/cpu"

// vector says whether set and numbers may be called.
var vector = cpu.X86.HasAVX2

// set fills the bitmaps of so many times 64 bytes at p.
//
//go:noescape
func set(p *byte, words int, digit, letter, join, at, escape, base64, nul, high *uint64)

// numbers does the same for two of them.
//
//go:noescape
func numbers(p *byte, words int, digit, join *uint64)
