/* describe.c - `info stop`: every field of a stop by name. */
#include "put.h"

static void heading(struct strbuf *out, const char *name)
{
	size_t at = out->n;

	strbuf_adds(out, name);
	strbuf_pad(out, at + 12, 2);
}

static void instruction(struct session *s, const char *name, u8 mode, u64 lin, const u8 *bytes,
			size_t n, struct strbuf *out)
{
	struct line_source src = { .session = s };

	heading(out, name);
	strbuf_addf(out, "0x%llx  ", (unsigned long long)lin);
	strbuf_addbytes(out, bytes, insn_size(&src, mode, lin, bytes, n));
	PUT(out, "  ");
	insn_put(&src, mode, lin, bytes, n, out);
	PUT(out, "  ");
	if (!symbol_put(&src, lin, out))
		strbuf_addc(out, '-');
	strbuf_addc(out, '\n');
}

static void retired_line(const struct stop *st, struct strbuf *out)
{
	heading(out, "retired");
	if (st->retired < 0)
		PUT(out, "unknown: this engine cannot tell");
	else
		strbuf_addsdec(out, st->retired);
	strbuf_addc(out, '\n');
}

static void flags_lines(const struct stop *st, struct strbuf *out)
{
	char text[160];

	rflags_format(st->rflags, text, sizeof(text));
	heading(out, "rflags");
	strbuf_addf(out, "0x%llx %s\n", (unsigned long long)st->rflags, text);
	heading(out, "tf");
	strbuf_addf(out, "the step's %s, the guest's own %s\n", st->host_tf ? "on" : "off",
		    st->guest_tf ? "on" : "off");
	heading(out, "shadow");
	strbuf_addf(out, "%s\n", st->shadow_known ? shadow_text(st->shadow) : "not known");
}

static void debug_registers(const struct stop *st, struct strbuf *out)
{
	char text[200];

	if (!st->has_dr) {
		heading(out, "dr6, dr7");
		PUT(out, "not reported with this stop\n");
		return;
	}
	dr6_format(st->dr6, text, sizeof(text));
	heading(out, "dr6");
	strbuf_addf(out, "0x%llx %s\n", (unsigned long long)st->dr6, text);
	dr7_format(st->dr7, text, sizeof(text));
	heading(out, "dr7");
	strbuf_addf(out, "0x%llx %s\n", (unsigned long long)st->dr7, text);
}

static void event_lines(const struct stop *st, struct strbuf *out)
{
	if (st->has_event && st->event_rep) {
		heading(out, "event");
		PUT(out, "an iteration of a REP instruction, not its last\n");
	} else if (st->has_event) {
		heading(out, "event");
		strbuf_addf(out, "vector %u %s, type %u (%s)", st->event_vector,
			    exception_name(st->event_vector), st->event_type,
			    intr_type_text(st->event_type));
		if (st->event_has_error)
			strbuf_addf(out, ", error code 0x%x", st->event_error);
		strbuf_addc(out, '\n');
	}
	if (st->pending) {
		heading(out, "pending");
		strbuf_addf(out, "vector %u %s waits for deliver or swallow at the next resume\n",
			    st->pending_vector, exception_name(st->pending_vector));
	}
}

static void point_line(const struct stop *st, enum cause c, struct strbuf *out)
{
	const struct stop_point p = stop_point(st, c);

	if (!p.number || !(st->causes & CAUSE_BIT(c)))
		return;
	heading(out, "point");
	strbuf_addf(out, "%u, noticed by ", p.number);
	point_how_put(&p, out);
	if (c == CAUSE_UWATCH && (p.how != POINT_HOW_VALUE || st->hit_addr))
		strbuf_addf(out, " at 0x%llx", (unsigned long long)st->hit_addr);
	if (c == CAUSE_UWATCH)
		strbuf_addf(out, ", was 0x%llx, is 0x%llx", (unsigned long long)st->old_value,
			    (unsigned long long)st->new_value);
	strbuf_addc(out, '\n');
}

static void point_lines(const struct stop *st, struct strbuf *out)
{
	point_line(st, CAUSE_UWATCH, out);
	point_line(st, CAUSE_BREAK, out);
	point_line(st, CAUSE_CATCH, out);
}

void stop_describe(struct session *s, const struct stop *st, struct strbuf *out)
{
	heading(out, "stop");
	strbuf_addf(out, "#%llu\n", (unsigned long long)st->n);
	heading(out, "causes");
	stop_causes(st, out);
	strbuf_addf(out, "  (%s)\n", st->proof == PROOF_SEEN ? "seen" : "deduced");
	heading(out, "evidence");
	stop_evidence(st, out);
	strbuf_addc(out, '\n');
	heading(out, "mode");
	strbuf_addf(out, "%s, cpl %u, cs:rip %04x:%llx\n", mode_name(st->mode), st->cpl, st->cs,
		    (unsigned long long)st->rip);
	instruction(s, "at", st->mode, st->lin, st->bytes, st->n_bytes, out);
	if (st->n_from)
		instruction(s, "from", st->from_mode, st->from_lin, st->from_bytes, st->n_from,
			    out);
	retired_line(st, out);
	event_lines(st, out);
	point_lines(st, out);
	flags_lines(st, out);
	debug_registers(st, out);
}
