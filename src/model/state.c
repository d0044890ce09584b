/* state.c - the life of a model, its physical memory, and what is derived from the registers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/fpu.h"

static const struct mem_region *region_of(const struct model *m, u64 gpa, size_t n)
{
	for (size_t i = 0; i < m->cfg.n_regions; i++) {
		const struct mem_region *r = &m->cfg.regions[i];

		if (gpa - r->gpa < r->size && n <= r->size - (gpa - r->gpa))
			return r;
	}
	return NULL;
}

static int phys_read(void *arg, u64 gpa, void *buf, size_t n)
{
	const struct mem_region *r = region_of(arg, gpa, n);

	if (!r)
		return -EFAULT;
	memcpy(buf, r->hva + (gpa - r->gpa), n);
	return 0;
}

/* A walk's accessed bit and a frame do not stay in ROM, and nobody hears of them. */
static int phys_write(void *arg, u64 gpa, const void *buf, size_t n)
{
	const struct mem_region *r = region_of(arg, gpa, n);

	if (!r)
		return -EFAULT;
	if (!r->readonly)
		memcpy(r->hva + (gpa - r->gpa), buf, n);
	return 0;
}

/* What may hit a data breakpoint: enabled, write or read-write; the I/O ones need CR4.DE. */
static void points_derive(struct model *m)
{
	m->data_points = m->n_watch;
	m->io_points = false;
	for (unsigned i = 0; i < 4; i++) {
		unsigned rw = DR7_RW(m->c.dr7, i);

		if (!(m->c.dr7 & DR7_LG(i)))
			continue;
		m->data_points |= rw == DR_RW_WRITE || rw == DR_RW_RW;
		m->io_points |= rw == DR_RW_IO && m->c.cr4 & CR4_DE;
	}
}

/* SDM volume 3, "Operations that Invalidate TLBs and Paging-Structure Caches": among them changes
 * of these bits. */
static u64 paging_key(const struct cpu_state *c)
{
	return (c->cr0 & (CR0_PG | CR0_WP | CR0_PE)) |
	       (c->cr4 & (CR4_PSE | CR4_PAE | CR4_PGE | CR4_LA57 | CR4_PCIDE | CR4_SMEP | CR4_SMAP)) << 32 |
	       (c->efer & (EFER_LMA | EFER_NXE)) << 20;
}

/* Pages are the grain of the TLB. */
static bool regions_whole(const struct model_config *cfg)
{
	for (size_t i = 0; i < cfg->n_regions; i++)
		if ((cfg->regions[i].gpa | cfg->regions[i].size) % 4096)
			return false;
	return true;
}

int model_create(const struct model_config *cfg, struct model **ret, struct err *err)
{
	struct model *m;

	if (!regions_whole(cfg))
		return err_set(err, EINVAL, "a memory region does not consist of whole pages");
	m = calloc(1, sizeof(*m));
	if (m) {
		features_fill(m->features);
		m->code = code_cache_create(m->features);
	}
	if (!m || !m->code) {
		free(m);
		return err_set(err, ENOMEM, "no memory for a processor model");
	}
	m->cfg = *cfg;
	m->phys = cfg->memory ? *cfg->memory : (struct phys_ops){ phys_read, phys_write, m };
	m->c.known = REGS_ALL;
	m->c.rflags = FL_FIXED;
	m->c.dr6 = DR6_INIT;
	m->c.dr7 = DR7_FIXED;
	m->c.shadow_known = true;
	m->xcr0 = XCR0_X87;
	fpu_init(fpu_of(m));
	fpu_of(m)->mxcsr = MXCSR_INIT;
	fpu_of(m)->mxcsr_mask = MXCSR_MASK;
	model_changed(m);
	*ret = m;
	return 0;
}

void model_destroy(struct model *m)
{
	if (!m)
		return;
	code_cache_destroy(m->code);
	free(m);
}

struct cpu_state *model_cpu(struct model *m)
{
	return &m->c;
}

void model_derive(struct model *m)
{
	u64 key = paging_key(&m->c);

	m->mode = cpu_mode(&m->c);
	m->bits = mode_bits(m->mode);
	m->cpl = cpu_cpl(&m->c);
	points_derive(m);
	if (key != m->paging_key)
		tlb_flush(m);
	m->paging_key = key;
	m->tlb_key = 1 | (m->c.cr4 & CR4_PCIDE ? (m->c.cr3 & 0xfff) << TLB_PCID : 0);
}

/* The code cache compares bytes: it needs no help. */
void model_changed(struct model *m)
{
	m->c.rflags |= FL_FIXED;
	fpu_of(m)->mxcsr &= MXCSR_MASK;
	fpu_of(m)->mxcsr_mask = MXCSR_MASK;
	m->rep_rip = m->frozen_rip = ~0ull;
	pdptes_follow(m);
	tlb_flush(m);
	model_derive(m);
}

void phys_get(struct model *m, u64 gpa, void *buf, unsigned n)
{
	const struct mem_region *r = region_of(m, gpa, n);
	u8 *p = buf;

	if (r) {
		memcpy(buf, r->hva + (gpa - r->gpa), n);
		return;
	}
	/* The bus moves 8 bytes at most. */
	for (unsigned part; n; n -= part, gpa += part, p += part) {
		part = n < 8 ? n : 8;
		memset(p, 0xff, part);
		if (m->cfg.bus.mmio)
			m->cfg.bus.mmio(m->cfg.bus.arg, false, gpa, part, p);
	}
}

void phys_put(struct model *m, u64 gpa, const void *buf, unsigned n)
{
	const struct mem_region *r = region_of(m, gpa, n);
	u8 tmp[8];

	if (r && !r->readonly) {
		memcpy(r->hva + (gpa - r->gpa), buf, n);
		return;
	}
	for (unsigned done = 0, part; done < n; done += part) {
		part = n - done < 8 ? n - done : 8;
		memcpy(tmp, (const u8 *)buf + done, part);
		if (m->cfg.bus.mmio)
			m->cfg.bus.mmio(m->cfg.bus.arg, true, gpa + done, part, tmp);
	}
}
