package match

import "golang.org/x/sys/cpu"

// vector says whether the functions in assembly may be called.
var vector = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT

// sift is sieve.sift.
//
//go:noescape
func sift(digit, join *uint64, words int, before uint64, s *sieve, starts *[siftWords * 32]start) int

// probe looks up groups of 8 grams, step bytes apart, from p on, and sets the
// bits in masks of those that are in the bitmap.
//
//go:noescape
func probe(bitmap *uint64, l *lanes, p *byte, step, groups int, masks *byte)
