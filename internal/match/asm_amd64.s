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

// HASH: the bits of the bitmap for the 4 first and the 4 last bytes of grams, in
// Y0 and Y1, become the bits of the byte at R13.
#define HASH \
	VPOR       Y13, Y0, Y0 \
	VPOR       Y13, Y1, Y1 \
	VPAND      Y8, Y0, Y0 \
	VPAND      Y9, Y1, Y1 \
	VPMULLD    Y10, Y0, Y0 \
	VPMULLD    Y11, Y1, Y1 \
	VPADDD     Y1, Y0, Y0 \
	VPSRLD     X12, Y0, Y0 \
	VPSRLD     $5, Y0, Y2 \
	VPCMPEQD   Y3, Y3, Y3 \
	VPXOR      Y4, Y4, Y4 \
	VPGATHERDD Y3, (DI)(Y2*4), Y4 \
	VPANDN     Y14, Y0, Y5 \
	VPSLLVD    Y5, Y4, Y4 \
	VMOVMSKPS  Y4, AX \
	MOVB       AX, (R13) \
	INCQ       R13

// func probe(bitmap *uint64, l *lanes, p *byte, step, groups int, masks *byte)
TEXT ·probe(SB), NOSPLIT, $0-48
	MOVQ bitmap+0(FP), DI
	MOVQ l+8(FP), BX
	MOVQ p+16(FP), SI
	MOVQ step+24(FP), R11
	MOVQ groups+32(FP), CX
	MOVQ masks+40(FP), R13

	VPBROADCASTD 0(BX), Y8
	VPBROADCASTD 4(BX), Y9
	VPBROADCASTD 8(BX), Y10
	VPBROADCASTD 12(BX), Y11
	VMOVQ        16(BX), X12
	MOVQ         24(BX), R9
	MOVL         $0x20202020, AX
	VMOVD        AX, X13
	VPBROADCASTD X13, Y13
	VPCMPEQD     Y14, Y14, Y14
	VPSRLD       $27, Y14, Y14      // 31
	ADDQ         SI, R9             // where the last 4 bytes are
	LEAQ         (R11*8), R12
	CMPQ         R11, $4
	JA           wide

	VBROADCASTI128 32(BX), Y15
	LEAQ           (R11*4), R10

narrow:
	VMOVDQU     (SI), X0
	VINSERTI128 $1, (SI)(R10*1), Y0, Y0
	VMOVDQU     (R9), X1
	VINSERTI128 $1, (R9)(R10*1), Y1, Y1
	VPSHUFB     Y15, Y0, Y0
	VPSHUFB     Y15, Y1, Y1
	HASH
	ADDQ        R12, SI
	ADDQ        R12, R9
	DECQ        CX
	JNZ         narrow
	VZEROUPPER
	RET

wide:
	VMOVDQU 48(BX), Y15

eight:
	VPCMPEQD   Y3, Y3, Y3
	VPGATHERDD Y3, (SI)(Y15*1), Y0
	VPCMPEQD   Y3, Y3, Y3
	VPGATHERDD Y3, (R9)(Y15*1), Y1
	HASH
	ADDQ       R12, SI
	ADDQ       R12, R9
	DECQ       CX
	JNZ        eight
	VZEROUPPER
	RET
