package class

import "golang.org/x/sys/cpu"

// vector says whether set, numbers and signs may be called.
var vector = cpu.X86.HasAVX2

// set fills the bitmaps of so many times 64 bytes at p.
//
//go:noescape
func set(p *byte, words int, digit, letter, join, at, escape, base64, nul, high *uint64)

// numbers does the same for two of them.
//
//go:noescape
func numbers(p *byte, words int, digit, join *uint64)

// signs does for SetSigns what set does for Set.
//
//go:noescape
func signs(p *byte, words int, dst *Signs)
