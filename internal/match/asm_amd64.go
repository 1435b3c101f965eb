package match

import "golang.org/x/sys/cpu"

// vector says whether the functions in assembly may be called.
var vector = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT

// sift is sieve.sift.
//
//go:noescape
func sift(digit, join *uint64, words int, before uint64, s *sieve, starts *[siftWords * 32]start) int

// probe is grams.probe; shift is that of grams.
//
//go:noescape
func probe(bitmap *uint64, mul, shift uint64, step int, p *byte, n int, list *[batch]uint16) int
