/*
 * debug.c - debug registers against addresses, and what an instruction leaves due at the boundary
 * behind it. The rules of TF, shadows and deferral are the core's (boundary_predict()).
 */
#include "model/model.h"

static const u8 len_of[] = { [DR_LEN_1] = 1, [DR_LEN_2] = 2, [DR_LEN_8] = 8, [DR_LEN_4] = 4 };

/* Linear addresses wrap at 4 GiB outside IA-32e mode. */
static u64 lin_mask(const struct model *m)
{
	return m->c.efer & EFER_LMA ? ~0ull : 0xffffffff;
}

/* ---- data (SDM 3 "Breakpoint Field Recognition") -------------------------------------------------- */

/* Any byte of the access in the aligned range. */
static bool dr_met(const struct model *m, unsigned n, u64 lin, unsigned size)
{
	unsigned len = len_of[DR7_LEN(m->c.dr7, n)];
	u64 at = m->c.dr[n] & ~(u64)(len - 1), mask = lin_mask(m);

	return ((lin - at) & mask) < len || ((at - lin) & mask) < size;
}

static bool dr_wants(const struct model *m, unsigned n, bool write)
{
	unsigned rw = DR7_RW(m->c.dr7, n);

	return (m->c.dr7 & DR7_LG(n)) && (rw == DR_RW_RW || (rw == DR_RW_WRITE && write));
}

static bool page_watched(const struct model *m, u64 lin)
{
	return m->watch_pages[lin >> 18 & 15] >> (lin >> 12 & 63) & 1;
}

/* The ranges are sorted and at most 8 bytes long. */
static bool range_met(const struct model *m, u64 lin, unsigned size)
{
	size_t lo = 0, hi = m->n_watch;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (m->watch[mid].lin + m->watch[mid].len <= lin)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < m->n_watch && m->watch[lo].lin < lin + size;
}

void access_note(struct model *m, u64 lin, unsigned size, bool write)
{
	if (m->c.dr7 & 0xff)
		for (unsigned n = 0; n < 4; n++)
			if (dr_wants(m, n, write) && dr_met(m, n, lin, size))
				m->hits |= BIT(n);
	if (!m->n_watch || (!page_watched(m, lin) && !page_watched(m, lin + size - 1)))
		return;
	if (range_met(m, lin, size) && m->n_touch < MODEL_TOUCHES)
		m->touch[m->n_touch++] = (struct model_touch){ lin, size, write };
}

void model_watch(struct model *m, const struct model_range *r, size_t n)
{
	m->watch = r;
	m->n_watch = n;
	for (unsigned i = 0; i < ARRAY_SIZE(m->watch_pages); i++)
		m->watch_pages[i] = 0;
	for (size_t i = 0; i < n; i++) {
		m->watch_pages[r[i].lin >> 18 & 15] |= BIT64(r[i].lin >> 12 & 63);
		m->watch_pages[(r[i].lin + r[i].len - 1) >> 18 & 15] |=
			BIT64((r[i].lin + r[i].len - 1) >> 12 & 63);
	}
	model_derive(m);
}

const struct model_touch *model_touched(const struct model *m, unsigned *ret_n)
{
	*ret_n = m->n_touch;
	return m->touch;
}

/* ---- code ----------------------------------------------------------------------------------------- */

/* The address of the instruction's first byte; LEN is to be 0 and does not count (SDM 3 "Debug Address
 * Registers (DR0-DR3)"). */
u8 code_hits(const struct model *m, u64 lin)
{
	u8 hits = 0;

	if (!(m->c.dr7 & 0xff))
		return 0;
	for (unsigned n = 0; n < 4; n++)
		if ((m->c.dr7 & DR7_LG(n)) && DR7_RW(m->c.dr7, n) == DR_RW_EXEC &&
		    !((m->c.dr[n] ^ lin) & lin_mask(m)))
			hits |= BIT(n);
	return hits;
}

/* ---- from one boundary to the next ---------------------------------------------------------------- */

struct boundary boundary_before(const struct model *m, const struct insn_facts *facts)
{
	return (struct boundary){
		.lin = cpu_linear_rip(&m->c),
		.rflags = m->c.rflags,
		.shadow = m->c.shadow,
		.shadow_known = true,
		.cpl = m->cpl,
		.pending_dbg = m->pending_dbg,
		.dr7 = m->c.dr7,
		.btf = m->c.debugctl & DEBUGCTL_BTF,
		.de = m->c.cr4 & CR4_DE,
		.fmask_tf = m->c.sfmask & FL_TF,
		.r11_tf = m->c.gpr[GPR_R11] & FL_TF,
		.insn = *facts,
	};
}

static u64 pending_of(u64 dr6)
{
	return (dr6 & DR6_BS ? PDBG_BS : 0) | (dr6 & DR6_BN ? (dr6 & DR6_BN) | PDBG_ENABLED : 0);
}

/* A breakpoint that a MOV to DR7 has just enabled counts from the next instruction on; the hits were
 * noted against the registers as they were. The class does not tell the core of a branch taken. */
void boundary_behind(struct model *m, const struct boundary *b, const struct model_controls *ctl, bool taken)
{
	const struct armed a = { .host_tf = ctl->tf, .mtf = ctl->mtf, .db_exiting = ctl->db_exiting,
				 .bp_exiting = ctl->bp_exiting };
	bool tf = ctl->tf || (b->rflags & FL_TF);
	struct prediction p;

	boundary_predict(b, &a, m->hits, &p);
	m->c.shadow = p.shadow;
	if (tf && taken && (b->insn.flags & INSNF_COND) && p.shadow != SHADOW_MOV_SS)
		p.dr6 |= DR6_BS;
	m->pending_dbg = p.deferred | pending_of(p.dr6);
}
