#include "textflag.h"

// MEET: the 128 bits of R13:R12 are met with themselves, shifted down by the
// number at off(BX); 0 ends it. AX, R9 and R11 are lost.
#define MEET(off) \
	MOVQ  off(BX), AX; \
	TESTQ AX, AX; \
	JZ    met; \
	SHRXQ AX, R12, R9; \
	SHRXQ AX, R13, R11; \
	NEGQ  AX; \
	SHLXQ AX, R13, AX; \
	ORQ   AX, R9; \
	ANDQ  R9, R12; \
	ANDQ  R11, R13

// func sift(digit, join *uint64, words int, before uint64, s *sieve, starts *[siftWords * 32]start) int
TEXT ·sift(SB), NOSPLIT, $0-56
	MOVQ digit+0(FP), SI
	MOVQ join+8(FP), DI
	MOVQ before+24(FP), DX
	MOVQ s+32(FP), BX
	MOVQ starts+40(FP), R15
	MOVQ words+16(FP), AX
	LEAQ (SI)(AX*8), AX
	MOVQ AX, words+16(FP) // the end

word:
	MOVQ  (SI), R8   // digits
	TESTQ R8, R8
	JZ    none
	MOVQ  (DI), R10
	ORQ   R8, R10    // and what may join them
	MOVQ  8(SI), R13
	ORQ   8(DI), R13 // of the next word
	MOVQ  R10, R12

	// The starts of groups.
	LEAQ  (DX)(R8*2), R14
	ANDNQ R8, R14, R14
	MOVQ  R8, DX
	SHRQ  $63, DX

	MEET(16)
	MEET(24)
	MEET(32)
	MEET(40)
	MEET(48)
	MEET(56)

met:
	ANDQ R14, R12
	JZ   next
	MOVQ 8(SI), R9
	MOVQ 8(DI), R11
	ORQ  R9, R11
	ADDQ R9, R9
	ADDQ R11, R11

candidate:
	TZCNTQ R12, AX
	SHRXQ  AX, R8, R13
	SHRXQ  AX, R10, R14
	XORQ   $63, AX
	SHLXQ  AX, R9, CX
	ORQ    CX, R13
	SHLXQ  AX, R11, CX
	ORQ    CX, R14
	NOTQ   R14
	TZCNTQ R14, R14      // how many bytes may be joined
	BZHIQ  R14, R13, R13 // the digits among them
	MOVQ   R13, (R15)
	XORQ   $63, AX
	MOVQ   SI, CX
	SUBQ   digit+0(FP), CX
	LEAQ   (AX)(CX*8), AX
	MOVL   AX, 16(R15)
	CMPQ   R14, $64
	JEQ    long
	MOVB   $0, 20(R15)

	// The ends of the groups, in digits from the start.
	MOVQ    R13, CX
	SHRQ    $1, CX
	ANDNQ   R13, CX, CX
	PEXTQ   R13, CX, CX
	LEAQ    24(R15), AX
	ANDQ    (BX), CX
	MOVQ    CX, 8(R15)
	CMOVQNE AX, R15
	BLSRQ   R12, R12
	JNZ     candidate

next:
	ADDQ $8, SI
	ADDQ $8, DI
	CMPQ SI, words+16(FP)
	JNE  word
	MOVQ R15, AX
	SUBQ starts+40(FP), AX
	XORL DX, DX
	MOVQ $24, CX
	DIVQ CX
	MOVQ AX, ret+48(FP)
	RET

none:
	XORL DX, DX
	JMP  next

long:
	MOVQ    $0, 8(R15)
	MOVB    $1, 20(R15)
	NOTQ    R13
	TZCNTQ  R13, R13
	LEAQ    24(R15), AX
	CMPQ    R13, 8(BX)
	CMOVQLS AX, R15
	BLSRQ   R12, R12
	JNZ     candidate
	JMP     next

// PROBE: the hash of the 8 bytes at text, and the word of the bitmap with its
// bit.
#define PROBE(text, h, word) \
	MOVQ  text, h; \
	ORQ   R8, h; \
	IMULQ R9, h; \
	SHRXQ R10, h, h; \
	MOVQ  h, word; \
	SHRQ  $6, word; \
	MOVQ  (DI)(word*8), word

// NOTE: the place that was probed, to be overwritten unless it is a hit.
#define NOTE(h, word) \
	MOVW AX, (R13)(DX*2); \
	BTQ  h, word; \
	ADCQ $0, DX; \
	ADDQ R11, AX

// func probe(bitmap *uint64, mul, shift uint64, step int, p *byte, n int, list *[batch]uint16) int
TEXT ·probe(SB), NOSPLIT, $0-64
	MOVQ bitmap+0(FP), DI
	MOVQ mul+8(FP), R9
	MOVQ shift+16(FP), R10
	MOVQ step+24(FP), R11
	MOVQ p+32(FP), SI
	MOVQ list+48(FP), R13
	MOVQ n+40(FP), R12
	SHRQ $1, R12
	MOVQ $0x2020202020202020, R8
	XORL AX, AX             // the place
	XORL DX, DX             // how many hits

two:
	PROBE((SI), BX, R14)
	PROBE((SI)(R11*1), CX, R15)
	LEAQ (SI)(R11*2), SI
	NOTE(BX, R14)
	NOTE(CX, R15)
	DECQ R12
	JNZ  two
	MOVQ DX, ret+56(FP)
	RET
