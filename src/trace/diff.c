/*
 * diff.c - `vmstep diff A B`: where two traces part.
 *
 * What decides is the flow: causes, addresses, retired counts, events, instructions. Registers and
 * flags are compared too, but a clock that the guest reads changes them without changing where it
 * goes: their first difference is told, and the search for the flow's goes on.
 */
#include <errno.h>
#include <vmstep/trace.h>
#include "read.h"

enum { CONTEXT = 3 };

struct differ {
	struct trace_reader a, b;
	struct strbuf *out;
	struct strbuf context[CONTEXT]; /* the last equal records, a ring */
	u64 equal;                      /* records that were equal so far */
	u64 gaps;
	struct strbuf registers; /* the sentence on the first register difference */
};

static void item_put(const struct item *it, struct strbuf *out)
{
	switch (it->kind) {
	case ITEM_STOP:
		strbuf_addf(out, "#%llu  %s  %s  %s", (unsigned long long)it->n,
			    strbuf_str(&it->field[FIELD_CAUSE]), strbuf_str(&it->field[FIELD_LIN]),
			    strbuf_str(&it->field[FIELD_INSN]));
		if (it->field[FIELD_EVENT].n)
			strbuf_addf(out, "  event %s", strbuf_str(&it->field[FIELD_EVENT]));
		break;
	case ITEM_GAP:
		strbuf_addf(out, "gap  %s  %s", strbuf_str(&it->field[FIELD_LIN]),
			    strbuf_str(&it->field[FIELD_REASON]));
		break;
	case ITEM_TOTAL:
		strbuf_addf(out, "end of the trace: %s", strbuf_str(&it->field[FIELD_ENDED]));
		break;
	default:
		strbuf_adds(out, "end of the file without a total: the run was killed");
	}
}

static bool field_differs(const struct differ *d, unsigned f)
{
	const struct strbuf *a = &d->a.item.field[f], *b = &d->b.item.field[f];

	/* A text trace does not hold every field of a JSON one. */
	if (d->a.text != d->b.text && (!a->n || !b->n))
		return false;
	return strcmp(strbuf_str(a), strbuf_str(b)) != 0;
}

static bool flow_differs(const struct differ *d)
{
	if (d->a.item.kind != d->b.item.kind)
		return true;
	for (unsigned f = 0; f < FIELD_FLOW_COUNT; f++)
		if (field_differs(d, f))
			return true;
	return false;
}

static const char *shown(const struct strbuf *field)
{
	return field->n ? strbuf_str(field) : "none";
}

static void fields_put(const struct differ *d, unsigned from, unsigned to, struct strbuf *out)
{
	const char *before = "";

	for (unsigned f = from; f < to; f++) {
		if (!field_differs(d, f))
			continue;
		strbuf_addf(out, "%s%s %s / %s", before, field_names[f], shown(&d->a.item.field[f]),
			    shown(&d->b.item.field[f]));
		before = ", ";
	}
}

/* Both formats must hold them: --regs none in one of the traces compares nothing. */
static void registers_note(struct differ *d)
{
	bool differ = false;

	if (d->registers.n || d->a.item.kind != ITEM_STOP)
		return;
	for (unsigned f = FIELD_REGS; f < FIELD_COUNT; f++)
		differ = differ ||
			 (d->a.item.field[f].n && d->b.item.field[f].n && field_differs(d, f));
	if (!differ)
		return;
	strbuf_addf(&d->registers, "registers differ first at #%llu (lines %llu / %llu): ",
		    (unsigned long long)d->a.item.n, (unsigned long long)d->a.line,
		    (unsigned long long)d->b.line);
	fields_put(d, FIELD_REGS, FIELD_COUNT, &d->registers);
	strbuf_addc(&d->registers, '\n');
}

static void context_keep(struct differ *d)
{
	struct strbuf *c = &d->context[d->equal++ % CONTEXT];

	d->gaps += d->a.item.kind == ITEM_GAP;
	strbuf_reset(c);
	item_put(&d->a.item, c);
}

static void context_put(struct differ *d)
{
	u64 from = d->equal > CONTEXT ? d->equal - CONTEXT : 0;

	for (u64 i = from; i < d->equal; i++)
		strbuf_addf(d->out, "  %s\n", strbuf_str(&d->context[i % CONTEXT]));
}

/* What follows the difference in one trace, so that one can see whether they meet again. */
static int after_put(struct differ *d, struct trace_reader *r, char sign, struct err *err)
{
	for (unsigned i = 0; i < CONTEXT; i++) {
		int ret;

		strbuf_addf(d->out, "%c ", sign);
		item_put(&r->item, d->out);
		strbuf_addc(d->out, '\n');
		if (r->item.kind == ITEM_TOTAL || r->item.kind == ITEM_END)
			break;
		ret = reader_next(r, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int difference_put(struct differ *d, struct err *err)
{
	u64 line_a = d->a.line, line_b = d->b.line;
	struct strbuf what;
	int ret;

	strbuf_init(&what);
	if (d->a.item.kind == d->b.item.kind)
		fields_put(d, 0, FIELD_FLOW_COUNT, &what);
	else
		strbuf_adds(&what, "records of different kinds");
	context_put(d);
	ret = after_put(d, &d->a, '-', err);
	if (!ret)
		ret = after_put(d, &d->b, '+', err);
	if (!ret)
		strbuf_addf(d->out,
			    "%sfirst difference after %llu equal records (line %llu of %s, line "
			    "%llu of %s): %s\n",
			    strbuf_str(&d->registers), (unsigned long long)d->equal,
			    (unsigned long long)line_a, d->a.path, (unsigned long long)line_b,
			    d->b.path, strbuf_str(&what));
	strbuf_deinit(&what);
	return ret ? 2 : 1;
}

static int same_put(struct differ *d)
{
	if (d->registers.n) {
		strbuf_adds(d->out, strbuf_str(&d->registers));
		strbuf_addf(d->out, "everything else is the same: %llu records\n",
			    (unsigned long long)d->equal);
		return 1;
	}
	strbuf_addf(d->out, "same: %llu records, %llu of them gaps%s\n",
		    (unsigned long long)d->equal, (unsigned long long)d->gaps,
		    d->a.item.kind == ITEM_END ? "; both traces end without a total" : "");
	return 0;
}

static int compare(struct differ *d, struct err *err)
{
	for (;;) {
		if (reader_next(&d->a, err) || reader_next(&d->b, err))
			return 2;
		if (flow_differs(d))
			return difference_put(d, err);
		if (d->a.item.kind == ITEM_TOTAL || d->a.item.kind == ITEM_END)
			return same_put(d);
		registers_note(d);
		context_keep(d);
	}
}

int trace_diff(const char *path_a, const char *path_b, struct strbuf *out, struct err *err)
{
	struct differ d = { .out = out };
	int ret = 2;

	for (size_t i = 0; i < CONTEXT; i++)
		strbuf_init(&d.context[i]);
	strbuf_init(&d.registers);
	if (!reader_open(&d.a, path_a, err)) {
		if (!reader_open(&d.b, path_b, err))
			ret = compare(&d, err);
		reader_close(&d.b);
	}
	reader_close(&d.a);
	for (size_t i = 0; i < CONTEXT; i++)
		strbuf_deinit(&d.context[i]);
	strbuf_deinit(&d.registers);
	return ret;
}
