/*
 * decode.h - one instruction's bytes into struct op: decode.c's, for fetch.c alone.
 */
#ifndef VMSTEP_MODEL_DECODE_H
#define VMSTEP_MODEL_DECODE_H

#include <Zydis/Zydis.h>

#include "model/model.h"

struct op_decoder {
	struct dispatch *dispatch;
	const u32 *features; /* borrowed */
	ZydisDecoder zydis[3]; /* 16, 32, 64 */
};
bool op_decoder_init(struct op_decoder *d, const u32 *features); /* false: no memory */
void op_decoder_deinit(struct op_decoder *d);

enum decode_result { DECODED, DECODE_SHORT /* bytes are missing */, DECODE_TOO_LONG, DECODE_BAD };
/* The first of bytes[0..n). What is no instruction raises #UD. */
enum decode_result op_decode(const struct op_decoder *d, unsigned bits, const u8 *bytes, unsigned n,
			     struct op *o);

#endif
