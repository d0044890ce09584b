/* text.c - instructions as text; see session.h. */
#include <errno.h>
#include "private.h"

int session_disassemble(struct session *s, u64 addr, struct strbuf *out, unsigned *ret_len,
			struct err *err)
{
	const struct cpu_state *c;
	u8 bytes[INSN_MAX];
	struct insn in;
	char text[240];
	unsigned bits;
	size_t n;
	int rc = state_need(s, REGS_GPR | REGS_SYS, &c, err);

	if (rc)
		return rc;
	n = state_read_some(s, addr, bytes, sizeof(bytes));
	if (!n)
		return session_read(s, addr, bytes, 1, err) ?: -EFAULT; /* its sentence says why */
	bits = mode_bits(cpu_mode(c));
	insn_decode(bits, bytes, n, &in);
	insn_format(bits, bytes, n, addr, session_symbolize, s, text, sizeof(text));
	strbuf_adds(out, text);
	*ret_len = in.facts.length ?: 1;
	return 0;
}
