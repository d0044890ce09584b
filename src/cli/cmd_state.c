/* cmd_state.c - info: registers and what surrounds the current stop. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* ---- registers ------------------------------------------------------------------------------------- */

static void flags_add(const char *name, u64 v, struct strbuf *out)
{
	static const struct {
		const char *name;
		void (*format)(u64 v, char *buf, size_t size);
	} rows[] = {
		{ "eflags", rflags_format }, { "cr0", cr0_format }, { "cr4", cr4_format }, { "efer", efer_format },
		{ "dr6", dr6_format }, { "dr7", dr7_format },
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
		strbuf_addf(out, " dpl=%u%s%s", ATTR_DPL(s->attr), s->attr & ATTR_L ? " 64-bit" : s->attr & ATTR_DB ? " 32-bit" : "",
			    s->attr & ATTR_P ? "" : " not present");
}

static void natural_add(struct cli *c, const struct cpu_state *cpu, const struct reg_desc *r, u64 v, bool detail,
			struct strbuf *out)
{
	if (r->kind == REGK_RIP || !strcmp(r->name, "pc"))
		address_format(c, v, out);
	else if (r->kind == REGK_FLAGS || r->kind == REGK_CR || r->kind == REGK_DR)
		flags_add(r->name, v, out);
	else if (!strcmp(r->name, "rsp") || !strcmp(r->name, "rbp") || !strcmp(r->name, "sp") || !strcmp(r->name, "fp"))
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

static void register_add(struct cli *c, const struct cpu_state *cpu, const struct reg_desc *r, bool detail, struct strbuf *out)
{
	const size_t line = out->n;

	strbuf_adds(out, r->name);
	strbuf_pad(out, line + 15, 1);
	if (!(cpu->known & r->group)) {
		strbuf_adds(out, "not known\n");
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

static int registers_named(struct cli *c, const struct cpu_state *cpu, const char *args, struct strbuf *out, struct err *err)
{
	char word[64];

	while (word_take(&args, word, sizeof(word))) {
		const struct reg_desc *r = reg_find(*word == '$' ? word + 1 : word);

		if (!r)
			return err_set(err, ENOENT, "there is no register %s, see info all-registers", word);
		register_add(c, cpu, r, true, out);
	}
	return 0;
}

static int registers_show(struct cli *c, const char *args, bool all, struct err *err)
{
	const struct cpu_state *cpu;
	const struct reg_desc *table;
	struct strbuf out;
	size_t n;
	int r = session_regs(c->s, &cpu, err);

	if (r)
		return r;
	strbuf_init(&out);
	table = reg_table(&n);
	if (*args)
		r = registers_named(c, cpu, args, &out, err);
	for (size_t i = 0; !*args && i < n; i++)
		if (table[i].kind != REGK_SUB && (all || table[i].in_info))
			register_add(c, cpu, &table[i], all, &out);
	say_buf(c, &out);
	strbuf_deinit(&out);
	return r;
}

static int info_registers(struct cli *c, const char *args, struct err *err)
{
	return registers_show(c, args, false, err);
}

static int info_all_registers(struct cli *c, const char *args, struct err *err)
{
	return registers_show(c, args, true, err);
}

/* ---- the stop -------------------------------------------------------------------------------------- */

static int info_stop(struct cli *c, const char *args, struct err *err)
{
	const struct stop *st = session_last_stop(c->s);
	struct strbuf out;

	if (!st)
		return err_set(err, ESRCH, "info stop: there was no stop yet, start the guest first");
	strbuf_init(&out);
	stop_describe(c->s, st, &out);
	say_buf(c, &out);
	strbuf_deinit(&out);
	return 0;
}

static int info_symbol(struct cli *c, const char *args, struct err *err)
{
	char name[300];
	u64 addr;
	int r;

	if (!*args)
		return err_set(err, EINVAL, "info symbol needs an address, as in info symbol $pc");
	r = address_get(c, args, &addr, err);
	if (r)
		return r;
	if (session_symbolize(c->s, addr, name, sizeof(name)))
		say(c, "%s\n", name);
	else
		say(c, "No symbol matches %s.\n", args);
	return 0;
}

static int info_line(struct cli *c, const char *args, struct err *err)
{
	char name[300];
	u64 addr;
	int r = *args ? address_get(c, args, &addr, err) : location_get(c, "", &addr, err);

	if (r)
		return r;
	if (session_symbolize(c->s, addr, name, sizeof(name)))
		say(c, "No line number information available for address 0x%" PRIx64 " <%s>\n", addr, name);
	else
		say(c, "No line number information available for address 0x%" PRIx64 "\n", addr);
	return 0;
}

static int info_frame(struct cli *c, const char *args, struct err *err)
{
	struct frame f[64];
	const char *why = NULL;
	struct strbuf out;
	size_t n;
	int r = session_backtrace(c->s, f, ARRAY_SIZE(f), &n, &why, err);

	if (r)
		return r;
	if (c->frame >= n)
		c->frame = 0;
	strbuf_init(&out);
	strbuf_addf(&out, "Frame %u, found by %s:\n  pc = ", c->frame, f[c->frame].how);
	address_format(c, f[c->frame].pc, &out);
	strbuf_addf(&out, "\n  stack pointer 0x%" PRIx64 ", frame pointer 0x%" PRIx64 "\n", f[c->frame].sp, f[c->frame].fp);
	if (c->frame + 1 < n) {
		strbuf_adds(&out, "  called from ");
		address_format(c, f[c->frame + 1].pc, &out);
		strbuf_addc(&out, '\n');
	} else if (why) {
		strbuf_addf(&out, "  outermost: %s\n", why);
	}
	say_buf(c, &out);
	strbuf_deinit(&out);
	return 0;
}

/* ---- engine and machine ------------------------------------------------------------------------------ */

static int engine_info(struct cli *c, const char *what, struct strbuf *out, struct err *err)
{
	struct engine *e = session_engine(c->s);

	if (!e)
		return err_set(err, ESRCH, "info %s: the guest is not running, start it with start or run", what);
	return e->ops->info(e, what, out, err);
}

static int engine_say(struct cli *c, const char *what, struct err *err)
{
	struct strbuf out;
	int r;

	strbuf_init(&out);
	r = engine_info(c, what, &out, err);
	say_buf(c, &out);
	strbuf_deinit(&out);
	return r;
}

static int info_engine(struct cli *c, const char *args, struct err *err)
{
	const char *reason = session_engine_reason(c->s);

	/* The reason ends with what the engine's own lines begin with. */
	say(c, "Engine %s: %.*s\n", session_engine_name(c->s), session_engine(c->s) ? (int)strcspn(reason, ";") : (int)strlen(reason),
	    reason);
	return session_engine(c->s) ? engine_say(c, "engine", err) : 0;
}

static int info_events(struct cli *c, const char *args, struct err *err)
{
	return engine_say(c, "events", err);
}

/* Each engine says itself whether it has a VMCS to show. */
static int info_vmcs(struct cli *c, const char *args, struct err *err)
{
	return engine_say(c, "vmcs", err);
}

static int info_files(struct cli *c, const char *args, struct err *err)
{
	const struct guest_spec *g = &session_config(c->s)->guest;
	struct machine *m = session_machine(c->s);
	struct symbols *syms = session_symbols(c->s);
	struct strbuf out;

	strbuf_init(&out);
	if (m)
		machine_describe(m, &out);
	else if (g->path || g->hex)
		strbuf_addf(&out, "Guest: %s%s, not running\n", g->path ? "" : "bytes ", g->path ? g->path : g->hex);
	else
		strbuf_adds(&out, "No guest: name one with file FILE.\n");
	if (m && machine_pty(m))
		strbuf_addf(&out, "Serial port on %s\n", machine_pty(m));
	strbuf_addf(&out, "Symbols: %zu\n", syms ? symbols_count(syms) : 0);
	say_buf(c, &out);
	strbuf_deinit(&out);
	return 0;
}

static int info_io(struct cli *c, const char *args, struct err *err)
{
	const struct machine *m = session_machine(c->s);
	const struct unknown_access *u;
	size_t n;

	u = machine_unknown(m, &n);
	if (!n) {
		say(c, "Every port and address the guest used so far has a device or memory behind it.\n");
		return 0;
	}
	say(c, "Nobody answers at (reads gave all ones, writes were dropped):\n");
	for (size_t i = 0; i < n; i++)
		say(c, "  %s 0x%0*" PRIx64 "  %u byte%s  reads %" PRIu64 ", writes %" PRIu64 ", last value 0x%" PRIx64 "\n",
		    u[i].mmio ? "mmio" : "port", u[i].mmio ? 9 : 4, u[i].addr, u[i].size, u[i].size == 1 ? " " : "s", u[i].reads,
		    u[i].writes, u[i].last_value);
	return 0;
}

static int info_paging(struct cli *c, const char *args, struct err *err)
{
	const struct cpu_state *cpu;
	const char *kind = "off";
	int r = session_regs(c->s, &cpu, err);

	if (r)
		return r;
	if (cpu->cr0 & CR0_PG)
		kind = cpu->efer & EFER_LMA ? cpu->cr4 & CR4_LA57 ? "5-level" : "4-level" :
		       cpu->cr4 & CR4_PAE ? "PAE" : cpu->cr4 & CR4_PSE ? "32-bit with 4M pages" : "32-bit";
	say(c, "Paging: %s, cr3 = 0x%" PRIx64 "\n", kind, cpu->cr3);
	say(c, "  WP %s, NXE %s, SMEP %s, SMAP %s, PGE %s\n", cpu->cr0 & CR0_WP ? "on" : "off", cpu->efer & EFER_NXE ? "on" : "off",
	    cpu->cr4 & CR4_SMEP ? "on" : "off", cpu->cr4 & CR4_SMAP ? "on" : "off", cpu->cr4 & CR4_PGE ? "on" : "off");
	if (cpu->cr0 & CR0_PG)
		say(c, "translate ADDR shows the walk for an address.\n");
	return 0;
}

/* ---- descriptor tables ------------------------------------------------------------------------------- */

static bool is_long(const struct cpu_state *cpu)
{
	return cpu->efer & EFER_LMA;
}

/* A row per descriptor; 16-byte ones take two slots in long mode. */
static unsigned gdt_row(struct cli *c, const struct cpu_state *cpu, unsigned i, struct strbuf *out)
{
	const unsigned left = cpu->gdtr.limit + 1u - 8 * i;
	struct descriptor d;
	u8 raw[16] = { 0 };
	char text[200];
	bool wide;

	strbuf_addf(out, "  0x%04x  ", 8 * i);
	if (session_read(c->s, cpu->gdtr.base + 8 * i, raw, left < 16 ? 8 : 16, NULL)) {
		strbuf_adds(out, "unreadable\n");
		return 1;
	}
	descriptor_decode(raw, is_long(cpu), &d);
	descriptor_format(&d, text, sizeof(text));
	wide = is_long(cpu) && (d.kind == DESC_LDT || d.kind == DESC_TSS64 || d.kind == DESC_CALL_GATE);
	strbuf_addf(out, "%s%s\n", text, 8 * i == (cpu->seg[SEG_CS].sel & ~7u) ? "  <- cs" :
			 8 * i == (cpu->tr.sel & ~7u) && cpu->tr.sel ? "  <- tr" : "");
	return wide ? 2 : 1;
}

static int info_gdt(struct cli *c, const char *args, struct err *err)
{
	const struct cpu_state *cpu;
	struct strbuf out;
	int r = session_regs(c->s, &cpu, err);

	if (r)
		return r;
	say(c, "GDT at 0x%" PRIx64 ", limit 0x%x%s\n", cpu->gdtr.base, cpu->gdtr.limit,
	    cpu->cr0 & CR0_PE ? "" : " (real mode: not in use)");
	if (!(cpu->cr0 & CR0_PE))
		return 0;
	strbuf_init(&out);
	for (unsigned i = 0; 8 * i + 7 <= cpu->gdtr.limit && !c->out.quit;) {
		i += gdt_row(c, cpu, i, &out);
		say_buf(c, &out);
	}
	strbuf_deinit(&out);
	return 0;
}

/* Runs of equal absent gates are one line. */
static void idt_rows(struct cli *c, const struct cpu_state *cpu, const struct phys_ops *mem, unsigned n)
{
	struct strbuf out;
	unsigned absent = 0;

	strbuf_init(&out);
	for (unsigned v = 0; v < n && !c->out.quit; v++) {
		struct descriptor d = { .kind = DESC_NULL };
		const bool fine = gate_read(cpu, mem, v, &d) == 0;
		char text[200];

		if (fine && !d.present && d.kind != DESC_INVALID && cpu->cr0 & CR0_PE) {
			absent++;
			continue;
		}
		descriptor_format(&d, text, sizeof(text));
		strbuf_addf(&out, "  %3u %-4s ", v, exception_name(v));
		if (!fine)
			strbuf_adds(&out, "unreadable");
		else if (!(cpu->cr0 & CR0_PE))
			strbuf_addf(&out, "%04x:%04" PRIx64, d.sel, d.offset);
		else
			strbuf_adds(&out, text);
		if (fine)
			symbol_format(c, cpu->cr0 & CR0_PE ? d.offset : (u64)d.sel * 16 + d.offset, &out);
		strbuf_addc(&out, '\n');
		say_buf(c, &out);
	}
	strbuf_deinit(&out);
	if (absent)
		say(c, "  %u vector%s without a gate\n", absent, absent == 1 ? "" : "s");
}

static int info_idt(struct cli *c, const char *args, struct err *err)
{
	const struct cpu_state *cpu;
	struct phys_ops mem;
	unsigned size, n;
	int r = session_regs(c->s, &cpu, err);

	if (r)
		return r;
	size = !(cpu->cr0 & CR0_PE) ? 4 : is_long(cpu) ? 16 : 8;
	n = (cpu->idtr.limit + 1u) / size;
	say(c, "%s at 0x%" PRIx64 ", limit 0x%x\n", cpu->cr0 & CR0_PE ? "IDT" : "Interrupt vector table", cpu->idtr.base, cpu->idtr.limit);
	mem = machine_phys(session_machine(c->s));
	idt_rows(c, cpu, &mem, n < 256 ? n : 256);
	return 0;
}

static int tss64_show(struct cli *c, const struct cpu_state *cpu, struct err *err)
{
	u8 raw[104];
	u64 v;
	int r = session_read(c->s, cpu->tr.base, raw, sizeof(raw), err);

	if (r)
		return err_prefix(err, "info tss");
	/* SDM volume 3, "64-Bit Task State Segment": RSP0-2 at 4, IST1-7 at 36. */
	for (int i = 0; i < 3; i++) {
		memcpy(&v, raw + 4 + 8 * i, 8);
		say(c, "  rsp%d 0x%016" PRIx64 "\n", i, v);
	}
	for (int i = 0; i < 7; i++) {
		memcpy(&v, raw + 36 + 8 * i, 8);
		say(c, "  ist%d 0x%016" PRIx64 "\n", i + 1, v);
	}
	return 0;
}

static int tss32_show(struct cli *c, const struct cpu_state *cpu, struct err *err)
{
	u8 raw[104];
	u32 esp;
	u16 ss, t;
	int r = session_read(c->s, cpu->tr.base, raw, sizeof(raw), err);

	if (r)
		return err_prefix(err, "info tss");
	/* SDM volume 3, "Task-State Segment (TSS)": ESP0 at 4, SS0 at 8, then each 8 on; T flag at 100. */
	for (int i = 0; i < 3; i++) {
		memcpy(&esp, raw + 4 + 8 * i, 4);
		memcpy(&ss, raw + 8 + 8 * i, 2);
		say(c, "  esp%d 0x%08x  ss%d 0x%04x\n", i, esp, i, ss);
	}
	memcpy(&t, raw + 100, 2);
	say(c, "  debug trap flag (T) %u\n", t & 1);
	return 0;
}

static int info_tss(struct cli *c, const char *args, struct err *err)
{
	const struct cpu_state *cpu;
	int r = session_regs(c->s, &cpu, err);

	if (r)
		return r;
	say(c, "TR 0x%04x, base 0x%" PRIx64 ", limit 0x%x\n", cpu->tr.sel, cpu->tr.base, cpu->tr.limit);
	if (!(cpu->cr0 & CR0_PE) || !(cpu->tr.attr & ATTR_P) || cpu->tr.limit < 103) {
		say(c, "  no TSS in use\n");
		return 0;
	}
	return is_long(cpu) ? tss64_show(c, cpu, err) : tss32_show(c, cpu, err);
}

/* ---- the cli's own ----------------------------------------------------------------------------------- */

static int info_display(struct cli *c, const char *args, struct err *err)
{
	if (!c->n_displays)
		say(c, "There are no auto-display expressions now.\n");
	else
		say(c, "Auto-display expressions now in effect:\nNum Enb Expression\n");
	for (size_t i = 0; i < c->n_displays; i++)
		say(c, "%u:   %c  %s%s%s\n", c->displays[i].num, c->displays[i].enabled ? 'y' : 'n', c->displays[i].format,
		    *c->displays[i].format ? " " : "", c->displays[i].text);
	return 0;
}

static int info_settings(struct cli *c, const char *args, struct err *err)
{
	settings_show(c);
	return 0;
}

/* ---- the table ------------------------------------------------------------------------------------- */

#define GUEST CMD_NEEDS_GUEST

const struct command commands_info[] = {
	{ "registers", "r reg", GROUP_STATE, ARG_REGISTER, GUEST, "info registers [NAME]...", "General, segment, control and debug registers.",
	  "Control and debug registers are decoded. With names, any register of info all-registers.", "info registers", info_registers, NULL },
	{ "all-registers", "all", GROUP_STATE, ARG_REGISTER, GUEST, "info all-registers", "Every register, hidden parts of segments included.", "",
	  "info all-registers", info_all_registers, NULL },
	{ "breakpoints", "b br watchpoints", GROUP_POINTS, ARG_POINT, 0, "info breakpoints [N]", "Points: breaks, watches, catches.",
	  "Shows also how the engine notices each and what that costs.", "info breakpoints", points_info, NULL },
	{ "stop", NULL, GROUP_STATE, ARG_NONE, 0, "info stop", "Every field of the current stop, with its raw evidence.", "", "info stop", info_stop,
	  NULL },
	{ "symbol", "sym", GROUP_STATE, ARG_EXPR, 0, "info symbol ADDR", "The symbol an address belongs to.", "", "info symbol 0", info_symbol, NULL },
	{ "frame", "f", GROUP_STATE, ARG_NONE, GUEST, "info frame", "The selected frame.", "", "info frame", info_frame, NULL },
	{ "line", NULL, GROUP_STATE, ARG_LOCATION, 0, "info line [LOCATION]", "The source line of an address.",
	  "This version reads no line tables and says so.", "info line *0", info_line, NULL },
	{ "engine", NULL, GROUP_STATE, ARG_NONE, 0, "info engine", "The engine, what it stands on, what it can show.", "", "info engine", info_engine,
	  NULL },
	{ "vmcs", NULL, GROUP_STATE, ARG_NONE, GUEST, "info vmcs", "The fields of the VMCS, on engines that have one.", "", NULL, info_vmcs, NULL },
	{ "events", NULL, GROUP_STATE, ARG_NONE, GUEST, "info events", "Pending and injected events, shadows.", "", "info events", info_events, NULL },
	{ "idt", NULL, GROUP_STATE, ARG_NONE, GUEST, "info idt", "Interrupt descriptor or vector table.", "", "info idt", info_idt, NULL },
	{ "gdt", NULL, GROUP_STATE, ARG_NONE, GUEST, "info gdt", "Global descriptor table.", "", "info gdt", info_gdt, NULL },
	{ "tss", NULL, GROUP_STATE, ARG_NONE, GUEST, "info tss", "Task state segment: the stacks of each level.", "", "info tss", info_tss, NULL },
	{ "paging", NULL, GROUP_STATE, ARG_NONE, GUEST, "info paging", "The paging mode; translate walks the tables.", "", "info paging", info_paging,
	  NULL },
	{ "io", NULL, GROUP_STATE, ARG_NONE, GUEST, "info io", "Ports and addresses the guest used that nobody answers.", "", "info io", info_io, NULL },
	{ "files", "file", GROUP_STATE, ARG_NONE, 0, "info files", "The guest image, memory, devices, symbols.", "", "info files", info_files, NULL },
	{ "display", NULL, GROUP_DATA, ARG_NONE, 0, "info display", "The displays.", "", "info display", info_display, NULL },
	{ "settings", "set", GROUP_HELP, ARG_NONE, 0, "info settings", "All settings and their values, as show.", "", "info settings", info_settings, NULL },
	{ NULL },
};

const struct command commands_state[] = {
	{ "info", "i inf", GROUP_STATE, ARG_SUBCOMMAND, CMD_PREFIX, "info WHAT", "Show state: registers, points, tables, the stop.",
	  "help info lists what there is.", "info registers", NULL, commands_info },
	{ NULL },
};
