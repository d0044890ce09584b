/* cmd_code.c - addresses and symbols: translate, symbol-file. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "term.h"

/* ---- translate ------------------------------------------------------------------------------- */

static void step_show(const struct walk_step *w, struct strbuf *out)
{
	static const struct {
		u8 bit;
		const char *name;
	} bits[] = { { 0, "P" }, { 1, "W" }, { 2, "U" }, { 3, "PWT" }, { 4, "PCD" },
		     { 5, "A" }, { 6, "D" }, { 8, "G" }, { 63, "NX" } };
	const bool leaf_large =
		w->entry & BIT64(7) && strcmp(w->table, "PT") && strcmp(w->table, "PML4");

	strbuf_addf(out, "  %-5s[%3u] at 0x%09" PRIx64 " = 0x%016" PRIx64 "  [", w->table, w->index,
		    w->entry_gpa, w->entry);
	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (w->entry >> bits[i].bit & 1)
			strbuf_addf(out, " %s", bits[i].name);
	strbuf_addf(out, "%s ]%s\n", leaf_large ? " PS" : "", w->entry & 1 ? "" : "  not present");
}

static void walk_show(u64 la, const struct page_walk *w, struct strbuf *out)
{
	strbuf_addf(out, "Linear 0x%" PRIx64 ":\n", la);
	for (unsigned i = 0; i < w->n; i++)
		step_show(&w->step[i], out);
	if (w->noncanonical)
		strbuf_adds(out, "  not canonical: bits 63 to 47 (56 with LA57) must be equal\n");
	else if (w->unreadable)
		strbuf_adds(out, "  not mapped: the last entry does not lie in memory\n");
	else if (w->reserved)
		strbuf_adds(out, "  not mapped: the last entry has a reserved bit set\n");
	else if (!w->present)
		strbuf_adds(out, "  not mapped\n");
	else if (!w->page_shift)
		strbuf_addf(out, "  paging is off: physical 0x%" PRIx64 "\n", w->gpa);
	else
		strbuf_addf(out, "  physical 0x%" PRIx64 ", page of %s, %s, %s%s\n", w->gpa,
			    w->page_shift == 12   ? "4K"
			    : w->page_shift == 21 ? "2M"
			    : w->page_shift == 22 ? "4M"
						  : "1G",
			    w->writable ? "writable" : "read-only", w->user ? "user" : "supervisor",
			    w->nx ? ", no execute" : "");
}

static int cmd_translate(struct cli *c, const char *args, struct err *err)
{
	const struct cpu_state *cpu;
	struct phys_ops mem;
	struct page_walk w;
	struct strbuf out;
	u64 la;
	int r;

	if (!*args)
		return err_set(err, EINVAL, "translate needs an address, as in translate $rsp");
	r = address_get(c, args, &la, err);
	if (!r)
		r = session_regs(c->s, &cpu, err);
	if (r)
		return r;
	mem = machine_phys(session_machine(c->s));
	page_walk(cpu, &mem, la, &w);
	strbuf_init(&out);
	walk_show(la, &w, &out);
	say_buf(c, &out);
	strbuf_deinit(&out);
	return 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_code[] = {
	{ "translate", "tr", GROUP_STATE, ARG_EXPR, CMD_NEEDS_GUEST, "translate ADDR",
	  "Walk the page tables for a linear address.",
	  "Each level's entry is shown with where it lies, then the physical address and the "
	  "rights of the whole walk. Nothing in the guest is changed: accessed and dirty bits stay "
	  "as they are.",
	  "translate $pc", cmd_translate, NULL },
	{ NULL },
};
