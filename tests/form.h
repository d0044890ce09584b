/*
 * form.h - a row of a table of encodings, for the tests that make instructions of them.
 */
#ifndef TEST_FORM_H
#define TEST_FORM_H

#include <vmstep/types.h>

enum form_map { MAP_ONE, MAP_0F, MAP_0F38, MAP_0F3A };
enum form_flag {
	FORM_VEX = BIT(0),      /* VEX.L 0; vvvv random */
	FORM_NO_V = BIT(1),     /* VEX: vvvv unused */
	FORM_W = BIT(2),        /* REX.W or VEX.W now and then */
	FORM_66 = BIT(3),       /* 66 now and then: the operand size */
	FORM_REG = BIT(4),      /* no memory operand */
	FORM_MEM = BIT(5),      /* a memory operand always */
	FORM_IMM8 = BIT(6),
	FORM_NO_MODRM = BIT(7),
};
struct form {
	const char *name;
	u8 prefix;  /* mandatory: 0, 66, F3, F2; for VEX what stands for it */
	u8 map;     /* enum form_map */
	u8 opcode;
	s8 ext;     /* ModRM.reg, -1: any */
	u16 flags;  /* enum form_flag */
	u8 align;   /* of the memory operand, most of the time; 0: any */
	s8 rm;      /* FORM_REG: ModRM.rm | 8 for a fixed one, 0: any */
};

#endif
