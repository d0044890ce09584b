/* info_tables.c - info gdt, idt, tss and paging. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "info.h"

/* ---- descriptor tables --------------------------------------------------------------------------
 */

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
	wide = is_long(cpu) &&
	       (d.kind == DESC_LDT || d.kind == DESC_TSS64 || d.kind == DESC_CALL_GATE);
	strbuf_addf(out, "%s%s\n", text,
		    8 * i == (cpu->seg[SEG_CS].sel & ~7u)         ? "  <- cs"
		    : 8 * i == (cpu->tr.sel & ~7u) && cpu->tr.sel ? "  <- tr"
								  : "");
	return wide ? 2 : 1;
}

int info_gdt(struct cli *c, const char *args, struct err *err)
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
static void idt_rows(struct cli *c, const struct cpu_state *cpu, const struct phys_ops *mem,
		     unsigned n)
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
			symbol_format(c, cpu->cr0 & CR0_PE ? d.offset : (u64)d.sel * 16 + d.offset,
				      &out);
		strbuf_addc(&out, '\n');
		say_buf(c, &out);
	}
	strbuf_deinit(&out);
	if (absent)
		say(c, "  %u vector%s without a gate\n", absent, absent == 1 ? "" : "s");
}

int info_idt(struct cli *c, const char *args, struct err *err)
{
	const struct cpu_state *cpu;
	struct phys_ops mem;
	unsigned size, n;
	int r = session_regs(c->s, &cpu, err);

	if (r)
		return r;
	size = !(cpu->cr0 & CR0_PE) ? 4 : is_long(cpu) ? 16 : 8;
	n = (cpu->idtr.limit + 1u) / size;
	say(c, "%s at 0x%" PRIx64 ", limit 0x%x\n",
	    cpu->cr0 & CR0_PE ? "IDT" : "Interrupt vector table", cpu->idtr.base, cpu->idtr.limit);
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
	/* SDM volume 3, "Task-State Segment (TSS)": ESP0 at 4, SS0 at 8, then each 8 on; T flag at
	 * 100. */
	for (int i = 0; i < 3; i++) {
		memcpy(&esp, raw + 4 + 8 * i, 4);
		memcpy(&ss, raw + 8 + 8 * i, 2);
		say(c, "  esp%d 0x%08x  ss%d 0x%04x\n", i, esp, i, ss);
	}
	memcpy(&t, raw + 100, 2);
	say(c, "  debug trap flag (T) %u\n", t & 1);
	return 0;
}

int info_tss(struct cli *c, const char *args, struct err *err)
{
	const struct cpu_state *cpu;
	int r = session_regs(c->s, &cpu, err);

	if (r)
		return r;
	say(c, "TR 0x%04x, base 0x%" PRIx64 ", limit 0x%x\n", cpu->tr.sel, cpu->tr.base,
	    cpu->tr.limit);
	if (!(cpu->cr0 & CR0_PE) || !(cpu->tr.attr & ATTR_P) || cpu->tr.limit < 103) {
		say(c, "  no TSS in use\n");
		return 0;
	}
	return is_long(cpu) ? tss64_show(c, cpu, err) : tss32_show(c, cpu, err);
}

/* ---- paging -------------------------------------------------------------------------------------
 */

int info_paging(struct cli *c, const char *args, struct err *err)
{
	const struct cpu_state *cpu;
	const char *kind = "off";
	int r = session_regs(c->s, &cpu, err);

	if (r)
		return r;
	if (cpu->cr0 & CR0_PG)
		kind = cpu->efer & EFER_LMA ? cpu->cr4 & CR4_LA57 ? "5-level" : "4-level"
		       : cpu->cr4 & CR4_PAE ? "PAE"
		       : cpu->cr4 & CR4_PSE ? "32-bit with 4M pages"
					    : "32-bit";
	say(c, "Paging: %s, cr3 = 0x%" PRIx64 "\n", kind, cpu->cr3);
	say(c, "  WP %s, NXE %s, SMEP %s, SMAP %s, PGE %s\n", cpu->cr0 & CR0_WP ? "on" : "off",
	    cpu->efer & EFER_NXE ? "on" : "off", cpu->cr4 & CR4_SMEP ? "on" : "off",
	    cpu->cr4 & CR4_SMAP ? "on" : "off", cpu->cr4 & CR4_PGE ? "on" : "off");
	if (cpu->cr0 & CR0_PG)
		say(c, "translate ADDR shows the walk for an address.\n");
	return 0;
}
