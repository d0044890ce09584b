/* debug.c - which debug registers an access meets. */
#include "model/operand.h"

/* SDM volume 3, "Breakpoint Field Recognition": any byte of the access in the aligned range. */
void access_note(struct model *m, u64 lin, unsigned size, bool write)
{
	static const u8 len_of[] = {
		[DR_LEN_1] = 1, [DR_LEN_2] = 2, [DR_LEN_8] = 8, [DR_LEN_4] = 4
	};
	u64 mask = m->c.efer & EFER_LMA ? ~0ull : 0xffffffffull;

	for (unsigned i = 0; i < 4; i++) {
		unsigned rw = DR7_RW(m->c.dr7, i), len = len_of[DR7_LEN(m->c.dr7, i)];
		u64 at = m->c.dr[i] & ~(u64)(len - 1);

		if (!(m->c.dr7 & DR7_LG(i)) || !(rw == DR_RW_RW || (rw == DR_RW_WRITE && write)))
			continue;
		if (((lin - at) & mask) < len || ((at - lin) & mask) < size)
			m->hits |= BIT(i);
	}
}
