/*
 * crc.c - CRC32: the Castagnoli polynomial, bits reflected, no inversion before or behind.
 *
 * SDM volume 2, CRC32. The destination is 32 bits wide; one of 64 has its upper half cleared.
 */
#include <Zydis/Zydis.h>

#include "model/operand.h"

#define POLYNOMIAL 0x82f63b78u /* 11EDC6F41H reflected */

static u32 crc_byte(u32 crc, u8 byte)
{
	crc ^= byte;
	for (unsigned i = 0; i < 8; i++)
		crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
	return crc;
}

static enum ex op_crc32(struct model *m, const struct op *o)
{
	u32 crc = m->c.gpr[o->opnd[0].reg];
	u64 v;

	TRY(op_read(m, o, 1, &v));
	for (unsigned i = 0; i < o->opnd[1].size; i++)
		crc = crc_byte(crc, v >> (8 * i));
	m->c.gpr[o->opnd[0].reg] = crc;
	return EX_DONE;
}

const struct op_row crc_ops[] = {
	{ ZYDIS_MNEMONIC_CRC32, op_crc32 },
	{ 0 },
};
