/* columns.c - a trace file as columns; see report.h. */
#include <errno.h>
#include <stdlib.h>
#include "trace/report/report.h"

const char *const column_names[COLUMN_COUNT] = {
	[COLUMN_N] = "n",           [COLUMN_CAUSE] = "cause",     [COLUMN_LIN] = "lin",
	[COLUMN_RETIRED] = "retired", [COLUMN_INSN] = "insn",     [COLUMN_FROM] = "from_insn",
	[COLUMN_SYM] = "sym",       [COLUMN_LINE] = "line",       [COLUMN_MODE] = "mode",
	[COLUMN_CPL] = "cpl",       [COLUMN_RFLAGS] = "rflags",   [COLUMN_SHADOW] = "shadow",
	[COLUMN_DR6] = "dr6",       [COLUMN_DR7] = "dr7",         [COLUMN_PROOF] = "proof",
	[COLUMN_EXIT] = "exit",     [COLUMN_VMX] = "vmx",         [COLUMN_DID] = "did",
	[COLUMN_EVENT] = "event",   [COLUMN_PENDING] = "pending", [COLUMN_REGS] = "regs",
};

static bool row_add(struct columns *c)
{
	if (c->n == c->cap) {
		const u32 cap = c->cap ? 2 * c->cap : 4096;

		for (unsigned k = 0; k < COLUMN_COUNT; k++) {
			u32 *v = realloc(c->v[k], cap * sizeof(*v));

			if (!v)
				return false;
			c->v[k] = v;
		}
		c->cap = cap;
	}
	for (unsigned k = 0; k < COLUMN_COUNT; k++)
		c->v[k][c->n] = 0;
	c->n++;
	return true;
}

static void cell_set(struct columns *c, enum column k, const char *s, size_t n)
{
	c->v[k][c->n - 1] = texts_number(&c->texts, s, n);
}

/* Strings without their quotes (escapes stay: the page resolves them), null as nothing. */
static void json_cell(struct columns *c, struct slice key, struct slice v)
{
	if (v.n == 4 && !memcmp(v.s, "null", 4))
		return;
	for (unsigned k = COLUMN_LIN; k < COLUMN_COUNT; k++) {
		const char *name = column_names[k];

		if (key.n != strlen(name) + 2 || memcmp(key.s + 1, name, key.n - 2))
			continue;
		if (*v.s == '"')
			cell_set(c, k, v.s + 1, v.n - 2);
		else if (v.n > 2 || *v.s != '[')
			cell_set(c, k, v.s, v.n);
	}
}

static void json_row(struct columns *c, const struct trace_reader *r)
{
	struct json_members m;
	struct slice key, v;
	size_t bad;

	if (json_object(&m, r->buf, r->n, &bad))
		while (json_next(&m, &key, &v))
			json_cell(c, key, v);
}

/* "#12  TF  0x1000  main+0x5 (demo.c:9)  nop  kvm: ...": symbol and evidence are in no item_field. */
static void text_row(struct columns *c, const struct trace_reader *r)
{
	const char *p = r->buf, *f[6] = { 0 };
	size_t n[6] = { 0 };

	for (unsigned i = 0; i < 6 && *p; i++) {
		const char *end = i < 5 ? strstr(p, "  ") : NULL;

		f[i] = p;
		n[i] = end ? (size_t)(end - p) : strlen(p);
		p += n[i];
		p += strspn(p, " ");
	}
	if (n[3] > 1)
		cell_set(c, COLUMN_SYM, f[3], n[3]);
	if (n[5] > 1)
		cell_set(c, COLUMN_EXIT, f[5], n[5]);
}

static void item_cells(struct columns *c, const struct item *it)
{
	static const struct {
		u8 column, field;
	} from[] = {
		{ COLUMN_CAUSE, FIELD_CAUSE },     { COLUMN_LIN, FIELD_LIN },
		{ COLUMN_RETIRED, FIELD_RETIRED }, { COLUMN_INSN, FIELD_INSN },
	};

	c->v[COLUMN_N][c->n - 1] = it->n;
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		cell_set(c, from[i].column, strbuf_str(&it->field[from[i].field]), it->field[from[i].field].n);
	if (it->kind != ITEM_GAP)
		return;
	cell_set(c, COLUMN_CAUSE, "gap", 3);
	cell_set(c, COLUMN_EXIT, strbuf_str(&it->field[FIELD_REASON]), it->field[FIELD_REASON].n);
}

static bool record_add(struct columns *c, const struct trace_reader *r)
{
	if (!row_add(c))
		return false;
	item_cells(c, &r->item);
	if (r->item.kind == ITEM_STOP && r->text)
		text_row(c, r);
	else if (r->item.kind == ITEM_STOP)
		json_row(c, r);
	return !c->texts.failed;
}

static void complain(struct columns *c, struct trace_reader *r, const struct err *why)
{
	if (!c->damaged++)
		strbuf_adds(&c->complaint, why->text);
	r->item.kind = ITEM_GAP; /* reading goes on behind it */
}

static int records_read(struct columns *c, struct trace_reader *r, struct err *err)
{
	for (;;) {
		struct err why = { 0 };

		if (reader_next(r, &why)) {
			if (ferror(r->file))
				return err_set(err, why.code, "%s", why.text);
			complain(c, r, &why);
		} else if (r->item.kind == ITEM_TOTAL) {
			c->total = strdup(r->buf);
			return 0;
		} else if (r->item.kind == ITEM_END) {
			return 0;
		} else if (r->item.kind != ITEM_HEADER && !record_add(c, r)) {
			return err_set(err, ENOMEM, "%s: no memory for its records behind line %llu", c->path,
				       (unsigned long long)r->line);
		}
	}
}

int columns_read(const char *path, struct columns *ret, struct err *err)
{
	struct trace_reader r;
	int got;

	*ret = (struct columns){ .path = path };
	texts_init(&ret->texts);
	strbuf_init(&ret->complaint);
	got = reader_open(&r, path, err);
	if (!got) {
		ret->header = strdup(r.buf);
		got = records_read(ret, &r, err);
	}
	reader_close(&r);
	return got;
}

void columns_deinit(struct columns *c)
{
	for (unsigned k = 0; k < COLUMN_COUNT; k++)
		free(c->v[k]);
	free(c->header);
	free(c->total);
	texts_deinit(&c->texts);
	strbuf_deinit(&c->complaint);
}
