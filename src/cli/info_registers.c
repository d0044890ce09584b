/* info_registers.c - info registers: in gdb's look, flags and hidden parts decoded. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "info.h"

static void flags_add(const char *name, u64 v, struct strbuf *out)
{
	static const struct {
		const char *name;
		void (*format)(u64 v, char *buf, size_t size);
	} rows[] = {
		{ "eflags", rflags_format }, { "cr0", cr0_format }, { "cr4", cr4_format },
		{ "efer", efer_format },     { "dr6", dr6_format }, { "dr7", dr7_format },
	};
	char text[300];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].name, name))
			continue;
		rows[i].format(v, text, sizeof(text));
		strbuf_adds(out, text);
		return;
	}
	strbuf_addhex(out, v, true);
}

/* The hidden part, which decides what the selector does. */
static void segment_add(const struct cpu_state *cpu, const char *name, struct strbuf *out)
{
	const struct segment *s = NULL;

	for (int i = 0; i < SEG_COUNT; i++)
		if (!strcmp(seg_name(i), name))
			s = &cpu->seg[i];
	if (!strcmp(name, "ldtr"))
		s = &cpu->ldtr;
	if (!strcmp(name, "tr"))
		s = &cpu->tr;
	if (!s)
		return;
	strbuf_addf(out, "  base=0x%" PRIx64 " limit=0x%x attr=0x%04x", s->base, s->limit, s->attr);
	if (s->attr == ATTR_UNUSABLE)
		strbuf_adds(out, " unusable");
	else
		strbuf_addf(out, " dpl=%u%s%s", ATTR_DPL(s->attr),
			    s->attr & ATTR_L    ? " 64-bit"
			    : s->attr & ATTR_DB ? " 32-bit"
						: "",
			    s->attr & ATTR_P ? "" : " not present");
}

static void natural_add(struct cli *c, const struct cpu_state *cpu, const struct reg_desc *r, u64 v,
			bool detail, struct strbuf *out)
{
	if (r->kind == REGK_RIP || !strcmp(r->name, "pc"))
		address_format(c, v, out);
	else if (r->kind == REGK_FLAGS || r->kind == REGK_CR || r->kind == REGK_DR)
		flags_add(r->name, v, out);
	else if (!strcmp(r->name, "rsp") || !strcmp(r->name, "rbp") || !strcmp(r->name, "sp") ||
		 !strcmp(r->name, "fp"))
		strbuf_addhex(out, v, true);
	else
		strbuf_addsdec(out, r->size == 8 ? (s64)v : (s64)(u32)v);
	if (detail)
		segment_add(cpu, r->name, out);
}

/* 16 bytes of an XMM register or 10 of an x87 one, highest first. */
static void wide_add(const struct cpu_state *cpu, const struct reg_desc *r, struct strbuf *out)
{
	const u8 *p = reg_bytes(cpu, r);

	strbuf_adds(out, "0x");
	for (int i = r->size - 1; i >= 0; i--)
		strbuf_addhex_pad(out, p[i], 2);
}

static void register_add(struct cli *c, const struct frame *f, const struct cpu_state *cpu,
			 const struct reg_desc *r, bool detail, struct strbuf *out)
{
	const size_t line = out->n;

	strbuf_adds(out, r->name);
	strbuf_pad(out, line + 15, 1);
	if (!(cpu->known & r->group)) {
		strbuf_adds(out, "not known\n");
		return;
	}
	if (!frame_knows(f, cpu, r)) {
		strbuf_adds(out, "<not saved>\n");
		return;
	}
	if (r->kind == REGK_XMM || r->kind == REGK_ST) {
		wide_add(cpu, r, out);
	} else {
		const u64 v = reg_get(cpu, r);

		strbuf_addhex(out, v, true);
		strbuf_pad(out, line + 34, 1);
		natural_add(c, cpu, r, v, detail, out);
	}
	strbuf_addc(out, '\n');
}

static int registers_named(struct cli *c, const struct frame *f, const struct cpu_state *cpu,
			   const char *args, struct strbuf *out, struct err *err)
{
	char word[64];

	while (word_take(&args, word, sizeof(word))) {
		const struct reg_desc *r = reg_find(*word == '$' ? word + 1 : word);

		if (!r)
			return err_set(err, ENOENT,
				       "there is no register %s, see info all-registers", word);
		register_add(c, f, cpu, r, true, out);
	}
	return 0;
}

static int registers_show(struct cli *c, const char *args, bool all, struct err *err)
{
	const struct cpu_state *cpu;
	const struct reg_desc *table;
	const struct frame *f;
	struct strbuf out;
	size_t n;
	int r = frame_cpu(c->s, REGS_ALL, &cpu, &f, err);

	if (r)
		return r;
	strbuf_init(&out);
	table = reg_table(&n);
	if (*args)
		r = registers_named(c, f, cpu, args, &out, err);
	for (size_t i = 0; !*args && i < n; i++)
		if (table[i].kind != REGK_SUB && (all || table[i].in_info))
			register_add(c, f, cpu, &table[i], all, &out);
	say_buf(c, &out);
	strbuf_deinit(&out);
	return r;
}

int info_registers(struct cli *c, const char *args, struct err *err)
{
	return registers_show(c, args, false, err);
}

int info_all_registers(struct cli *c, const char *args, struct err *err)
{
	return registers_show(c, args, true, err);
}
