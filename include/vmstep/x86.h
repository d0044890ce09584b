/*
 * x86.h - architectural constants, nothing else. Freestanding; also used by the shim.
 *
 * Bit names follow the Intel SDM volume 3 ("System Architecture Overview", "Debug Registers",
 * "Interrupt and Exception Handling").
 */
#ifndef VMSTEP_X86_H
#define VMSTEP_X86_H

#include <vmstep/types.h>

/* RFLAGS */
#define FL_CF    BIT64(0)
#define FL_FIXED BIT64(1)
#define FL_PF    BIT64(2)
#define FL_AF    BIT64(4)
#define FL_ZF    BIT64(6)
#define FL_SF    BIT64(7)
#define FL_TF    BIT64(8)
#define FL_IF    BIT64(9)
#define FL_DF    BIT64(10)
#define FL_OF    BIT64(11)
#define FL_IOPL  (BIT64(12) | BIT64(13))
#define FL_NT    BIT64(14)
#define FL_RF    BIT64(16)
#define FL_VM    BIT64(17)
#define FL_AC    BIT64(18)
#define FL_VIF   BIT64(19)
#define FL_VIP   BIT64(20)
#define FL_ID    BIT64(21)

/* CR0, CR4, EFER */
#define CR0_PE   BIT64(0)
#define CR0_MP   BIT64(1)
#define CR0_EM   BIT64(2)
#define CR0_TS   BIT64(3)
#define CR0_ET   BIT64(4)
#define CR0_NE   BIT64(5)
#define CR0_WP   BIT64(16)
#define CR0_AM   BIT64(18)
#define CR0_NW   BIT64(29)
#define CR0_CD   BIT64(30)
#define CR0_PG   BIT64(31)
#define CR4_VME  BIT64(0)
#define CR4_PVI  BIT64(1)
#define CR4_TSD  BIT64(2)
#define CR4_DE   BIT64(3)
#define CR4_PSE  BIT64(4)
#define CR4_PAE  BIT64(5)
#define CR4_MCE  BIT64(6)
#define CR4_PGE  BIT64(7)
#define CR4_PCE  BIT64(8)
#define CR4_OSFXSR     BIT64(9)
#define CR4_OSXMMEXCPT BIT64(10)
#define CR4_UMIP BIT64(11)
#define CR4_LA57 BIT64(12)
#define CR4_VMXE BIT64(13)
#define CR4_FSGSBASE BIT64(16)
#define CR4_PCIDE BIT64(17)
#define CR4_OSXSAVE BIT64(18)
#define CR4_SMEP BIT64(20)
#define CR4_SMAP BIT64(21)
#define EFER_SCE BIT64(0)
#define EFER_LME BIT64(8)
#define EFER_LMA BIT64(10)
#define EFER_NXE BIT64(11)

/* DR6: B0-B3, BLD (active low), BD, BS, BT, RTM (active low). Reset value DR6_INIT. */
#define DR6_B(n)  BIT64(n)
#define DR6_BN    0xfull
#define DR6_BLD   BIT64(11)
#define DR6_BD    BIT64(13)
#define DR6_BS    BIT64(14)
#define DR6_BT    BIT64(15)
#define DR6_RTM   BIT64(16)
#define DR6_INIT  0xffff0ff0ull
#define DR6_CAUSE (DR6_BN | DR6_BD | DR6_BS | DR6_BT)

/*
 * DR7   31..30 29..28 27..26 25..24 | ... | 13 | ... 7..0
 *       LEN3   RW3    LEN2   RW2    |     | GD | G3 L3 G2 L2 G1 L1 G0 L0 ; bit 10 reads as 1
 */
#define DR7_L(n)    BIT64(2 * (n))
#define DR7_G(n)    BIT64(2 * (n) + 1)
#define DR7_LG(n)   (DR7_L(n) | DR7_G(n))
#define DR7_LE      BIT64(8)
#define DR7_GE      BIT64(9)
#define DR7_FIXED   BIT64(10)
#define DR7_GD      BIT64(13)
#define DR7_RW(dr7, n)  (((dr7) >> (16 + 4 * (n))) & 3)
#define DR7_LEN(dr7, n) (((dr7) >> (18 + 4 * (n))) & 3)
#define DR7_RW_SHIFT(n)  (16 + 4 * (n))
#define DR7_LEN_SHIFT(n) (18 + 4 * (n))
enum dr7_rw { DR_RW_EXEC = 0, DR_RW_WRITE = 1, DR_RW_IO = 2, DR_RW_RW = 3 };
enum dr7_len { DR_LEN_1 = 0, DR_LEN_2 = 1, DR_LEN_8 = 2, DR_LEN_4 = 3 };

/* VMCS pending debug exceptions (SDM "Pending Debug Exceptions"): positive polarity throughout. */
#define PDBG_BN      0xfull
#define PDBG_BLD     BIT64(11)
#define PDBG_ENABLED BIT64(12) /* at least one enabled data or I/O breakpoint matched */
#define PDBG_BS      BIT64(14)
#define PDBG_RTM     BIT64(16)
/* VMCS guest interruptibility state (SDM 3 "Guest Non-Register State"). */
enum { BLOCKED_STI = BIT(0), BLOCKED_MOV_SS = BIT(1), BLOCKED_NMI = BIT(3),
       BLOCKED_SHADOW = BLOCKED_STI | BLOCKED_MOV_SS };

/* Exceptions */
enum exc_vector {
	EXC_DE = 0, EXC_DB = 1, EXC_NMI = 2, EXC_BP = 3, EXC_OF = 4, EXC_BR = 5, EXC_UD = 6,
	EXC_NM = 7, EXC_DF = 8, EXC_TS = 10, EXC_NP = 11, EXC_SS = 12, EXC_GP = 13, EXC_PF = 14,
	EXC_MF = 16, EXC_AC = 17, EXC_MC = 18, EXC_XM = 19, EXC_VE = 20, EXC_CP = 21,
};

/* Interruption types of VM-exit / VM-entry interruption information (SDM table of that name). */
enum intr_type {
	INTR_EXTERNAL = 0, INTR_NMI = 2, INTR_HARD_EXC = 3, INTR_SOFT_INT = 4,
	INTR_PRIV_SOFT_EXC = 5 /* ICEBP */, INTR_SOFT_EXC = 6 /* INT3, INTO */, INTR_OTHER = 7 /* MTF */,
};

/* MSRs */
#define MSR_TSC            0x10u
#define MSR_APIC_BASE      0x1bu
#define MSR_SYSENTER_CS    0x174u
#define MSR_SYSENTER_ESP   0x175u
#define MSR_SYSENTER_EIP   0x176u
#define MSR_DEBUGCTL       0x1d9u
#define MSR_PAT            0x277u
#define MSR_EFER           0xc0000080u
#define MSR_STAR           0xc0000081u
#define MSR_LSTAR          0xc0000082u
#define MSR_CSTAR          0xc0000083u
#define MSR_SFMASK         0xc0000084u
#define MSR_FS_BASE        0xc0000100u
#define MSR_GS_BASE        0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define DEBUGCTL_LBR BIT64(0)
#define DEBUGCTL_BTF BIT64(1)

#endif
