#include "textflag.h"

// A class is looked up by the halves of a byte: the lower half picks a byte of
// the class's table, the upper half a bit in it. VPSHUFB gives 0 for bytes from
// 0x80 on; where a class has such, a second table is asked with that bit
// inverted.

// The bit of each upper half.
DATA row<>+0(SB)/8, $0x8040201008040201
DATA row<>+8(SB)/8, $0x8040201008040201
GLOBL row<>(SB), RODATA|NOPTR, $16

// A-O, a-o in the rows 4 and 6, P-Z, p-z in 5 and 7.
DATA letters<>+0(SB)/8, $0xF0F0F0F0F0F0F0A0
DATA letters<>+8(SB)/8, $0x5050505050F0F0F0
GLOBL letters<>(SB), RODATA|NOPTR, $16

// Space ( ) - . / in row 2, _ in 5.
DATA joins<>+0(SB)/8, $0x0000000000000004
DATA joins<>+8(SB)/8, $0x2404040000000404
GLOBL joins<>(SB), RODATA|NOPTR, $16

// 80 89 in row 0 from 0x80 on, 91 93 in 1, A0 AF in 2, C2 in 4, E2 in 6.
DATA highJoins<>+0(SB)/8, $0x0000000002500205
DATA highJoins<>+8(SB)/8, $0x0400000000000100
GLOBL highJoins<>(SB), RODATA|NOPTR, $16

// % & in row 2, = in 3, \ in 5.
DATA escapes<>+0(SB)/8, $0x0004040000000000
DATA escapes<>+8(SB)/8, $0x0000082000000000
GLOBL escapes<>(SB), RODATA|NOPTR, $16

// + - / in row 2, _ in 5.
DATA base64s<>+0(SB)/8, $0x0000000000000000
DATA base64s<>+8(SB)/8, $0x2400040004000000
GLOBL base64s<>(SB), RODATA|NOPTR, $16

DATA bytes<>+0(SB)/8, $0x0F40808A50000000 // ...: 50 digits to the lowest, 8A the first above them, 80, @, 0F
GLOBL bytes<>(SB), RODATA|NOPTR, $8

// What is common: Y0 row, Y1 joins, Y2 highJoins, Y3 0F, Y4 80, Y5 50, Y6 8A.
#define COMMON \
	VBROADCASTI128 row<>(SB), Y0; \
	VBROADCASTI128 joins<>(SB), Y1; \
	VBROADCASTI128 highJoins<>(SB), Y2; \
	VPBROADCASTB   bytes<>+7(SB), Y3; \
	VPBROADCASTB   bytes<>+5(SB), Y4; \
	VPBROADCASTB   bytes<>+3(SB), Y5; \
	VPBROADCASTB   bytes<>+4(SB), Y6

// ROWS: the text at off to Y12, the bits of its upper halves to Y13.
#define ROWS(off) \
	VMOVDQU off(SI), Y12; \
	VPSRLW  $4, Y12, Y13; \
	VPAND   Y3, Y13, Y13; \
	VPSHUFB Y13, Y0, Y13

#define DIGITS(off, dst) \
	VPADDB    Y5, Y12, Y14; \
	VPCMPGTB  Y14, Y6, Y14; \
	VPMOVMSKB Y14, AX; \
	MOVL      AX, off(dst)

#define JOINS(off, dst) \
	VPSHUFB   Y12, Y1, Y14; \
	VPXOR     Y4, Y12, Y15; \
	VPSHUFB   Y15, Y2, Y15; \
	VPOR      Y15, Y14, Y14; \
	VPAND     Y13, Y14, Y14; \
	VPCMPEQB  Y13, Y14, Y14; \
	VPMOVMSKB Y14, AX; \
	MOVL      AX, off(dst)

#define LOOKUP(table, off, dst) \
	VPSHUFB   Y12, table, Y14; \
	VPAND     Y13, Y14, Y14; \
	VPCMPEQB  Y13, Y14, Y14; \
	VPMOVMSKB Y14, AX; \
	MOVL      AX, off(dst)

#define EQUAL(value, off, dst) \
	VPCMPEQB  value, Y12, Y14; \
	VPMOVMSKB Y14, AX; \
	MOVL      AX, off(dst)

#define HIGH(off, dst) \
	VPMOVMSKB Y12, AX; \
	MOVL      AX, off(dst)

#define HALF(text, off) \
	ROWS(text); \
	DIGITS(off, R8); \
	LOOKUP(Y7, off, R9); \
	JOINS(off, R10); \
	EQUAL(Y10, off, R11); \
	LOOKUP(Y8, off, R12); \
	LOOKUP(Y9, off, R13); \
	EQUAL(Y11, off, DX); \
	HIGH(off, BX)

// func set(p *byte, words int, digit, letter, join, at, escape, base64, nul, high *uint64)
TEXT ·set(SB), NOSPLIT, $0-80
	MOVQ p+0(FP), SI
	MOVQ words+8(FP), CX
	MOVQ digit+16(FP), R8
	MOVQ letter+24(FP), R9
	MOVQ join+32(FP), R10
	MOVQ at+40(FP), R11
	MOVQ escape+48(FP), R12
	MOVQ base64+56(FP), R13
	MOVQ nul+64(FP), DX
	MOVQ high+72(FP), BX
	COMMON
	VBROADCASTI128 letters<>(SB), Y7
	VBROADCASTI128 escapes<>(SB), Y8
	VBROADCASTI128 base64s<>(SB), Y9
	VPBROADCASTB   bytes<>+6(SB), Y10
	VPXOR          Y11, Y11, Y11

loop:
	HALF(0, 0)
	HALF(32, 4)
	ADDQ $64, SI
	ADDQ $8, R8
	ADDQ $8, R9
	ADDQ $8, R10
	ADDQ $8, R11
	ADDQ $8, R12
	ADDQ $8, R13
	ADDQ $8, DX
	ADDQ $8, BX
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET

// func numbers(p *byte, words int, digit, join *uint64)
TEXT ·numbers(SB), NOSPLIT, $0-32
	MOVQ p+0(FP), SI
	MOVQ words+8(FP), CX
	MOVQ digit+16(FP), R8
	MOVQ join+24(FP), R10
	COMMON

loop:
	ROWS(0)
	DIGITS(0, R8)
	JOINS(0, R10)
	ROWS(32)
	DIGITS(4, R8)
	JOINS(4, R10)
	ADDQ $64, SI
	ADDQ $8, R8
	ADDQ $8, R10
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET

// A-O in row 4, P-Z in 5.
DATA uppers<>+0(SB)/8, $0x3030303030303020
DATA uppers<>+8(SB)/8, $0x1010101010303030
GLOBL uppers<>(SB), RODATA|NOPTR, $16

// $ % ( in row 2, [ in 5, { in 7.
DATA opens<>+0(SB)/8, $0x0000040400000000
DATA opens<>+8(SB)/8, $0x00000000A0000004
GLOBL opens<>(SB), RODATA|NOPTR, $16

// * + in row 2.
DATA raise<>+0(SB)/8, $0x0000000000000000
DATA raise<>+8(SB)/8, $0x0000000004040000
GLOBL raise<>(SB), RODATA|NOPTR, $16

DATA signs<>+0(SB)/8, $0x00002C0FB03C2D2E // ...: . - < B0 0F ,
GLOBL signs<>(SB), RODATA|NOPTR, $8
DATA colon<>+0(SB)/8, $0x3A
GLOBL colon<>(SB), RODATA|NOPTR, $8

#define SIGNS(text, off) \
	ROWS(text); \
	LOOKUP(Y7, 0+off, DI); \
	EQUAL(Y1, 8+off, DI); \
	EQUAL(Y4, 16+off, DI); \
	EQUAL(Y5, 24+off, DI); \
	EQUAL(Y6, 32+off, DI); \
	VPSHUFB   Y12, Y9, Y14; \
	VPAND     Y13, Y14, Y14; \
	VPCMPEQB  Y13, Y14, Y14; \
	VPCMPEQB  Y2, Y12, Y15; \
	VPOR      Y15, Y14, Y14; \
	VPMOVMSKB Y14, AX; \
	MOVL      AX, 40+off(DI); \
	LOOKUP(Y8, 48+off, DI); \
	EQUAL(Y10, 56+off, DI)

// func signs(p *byte, words int, dst *Signs)
TEXT ·signs(SB), NOSPLIT, $0-24
	MOVQ p+0(FP), SI
	MOVQ words+8(FP), CX
	MOVQ dst+16(FP), DI
	VBROADCASTI128 row<>(SB), Y0
	VPBROADCASTB   colon<>(SB), Y1
	VPBROADCASTB   signs<>+3(SB), Y2
	VPBROADCASTB   signs<>+4(SB), Y3
	VPBROADCASTB   signs<>+0(SB), Y4
	VPBROADCASTB   signs<>+1(SB), Y5
	VPBROADCASTB   signs<>+2(SB), Y6
	VPBROADCASTB   signs<>+5(SB), Y10
	VBROADCASTI128 uppers<>(SB), Y7
	VBROADCASTI128 opens<>(SB), Y8
	VBROADCASTI128 raise<>(SB), Y9

loop:
	SIGNS(0, 0)
	SIGNS(32, 4)
	ADDQ $64, SI
	ADDQ $64, DI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET
