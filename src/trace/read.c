/* read.c - see read.h. */
#include <errno.h>
#include <stdlib.h>
#include <vmstep/parse.h>
#include "read.h"

const char *const field_names[FIELD_COUNT] = {
	[FIELD_CAUSE] = "cause",     [FIELD_RIP] = "rip",       [FIELD_LIN] = "address",
	[FIELD_RETIRED] = "retired", [FIELD_EVENT] = "event",   [FIELD_INSN] = "instruction",
	[FIELD_MODE] = "mode",       [FIELD_CPL] = "cpl",       [FIELD_CS] = "cs",
	[FIELD_PENDING] = "pending", [FIELD_REASON] = "reason", [FIELD_ENDED] = "ended",
	[FIELD_REGS] = "registers",  [FIELD_RFLAGS] = "rflags",
};

static bool slice_is(struct slice s, const char *text)
{
	return s.n == strlen(text) && !memcmp(s.s, text, s.n);
}

static int bad_line(struct trace_reader *r, struct err *err, const char *what)
{
	return err_set(err, EINVAL, "%s: line %llu: %s", r->path, (unsigned long long)r->line,
		       what);
}

/* Addresses in one spelling: the text format pads, JSON does not. */
static void address_set(struct strbuf *field, struct slice s)
{
	char digits[24];
	const char *end;
	u64 v;

	if (s.n >= sizeof(digits))
		return;
	memcpy(digits, s.s, s.n);
	digits[s.n] = '\0';
	if (!number_scan(digits, &end, &v))
		strbuf_addhex(field, v, true);
}

/* --- JSON Lines --- */

/* ["TF","BREAK/2"] becomes TF+BREAK/2, as in the text format. */
static void causes_set(struct strbuf *field, struct slice v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.s[i] == ',')
			strbuf_addc(field, '+');
		else if (!strchr("[]\" ", v.s[i]))
			strbuf_addc(field, v.s[i]);
}

static void value_set(struct strbuf *field, struct slice v)
{
	if (v.n >= 2 && v.s[0] == '"')
		strbuf_addn(field, v.s + 1, v.n - 2);
	else if (slice_is(v, "null"))
		strbuf_addc(field, '-');
	else
		strbuf_addn(field, v.s, v.n);
}

static const struct {
	const char *key;
	u8 field;
} json_keys[] = {
	{ "\"rip\"", FIELD_RIP },       { "\"lin\"", FIELD_LIN },
	{ "\"at\"", FIELD_LIN },        { "\"retired\"", FIELD_RETIRED },
	{ "\"event\"", FIELD_EVENT },   { "\"insn\"", FIELD_INSN },
	{ "\"mode\"", FIELD_MODE },     { "\"cpl\"", FIELD_CPL },
	{ "\"cs\"", FIELD_CS },         { "\"pending\"", FIELD_PENDING },
	{ "\"reason\"", FIELD_REASON }, { "\"ended\"", FIELD_ENDED },
	{ "\"regs\"", FIELD_REGS },     { "\"rflags\"", FIELD_RFLAGS },
};

static void json_member(struct item *it, struct slice key, struct slice v)
{
	if (slice_is(key, "\"n\"")) {
		it->n = strtoull(v.s, NULL, 10);
		it->kind = ITEM_STOP;
	} else if (slice_is(key, "\"gap\"")) {
		it->kind = ITEM_GAP;
	} else if (slice_is(key, "\"total\"")) {
		it->kind = ITEM_TOTAL;
	} else if (slice_is(key, "\"vmstep\"")) {
		it->kind = ITEM_HEADER;
	} else if (slice_is(key, "\"causes\"")) {
		causes_set(&it->field[FIELD_CAUSE], v);
	}
	for (size_t i = 0; i < ARRAY_SIZE(json_keys); i++)
		if (slice_is(key, json_keys[i].key))
			value_set(&it->field[json_keys[i].field], v);
}

static int json_line(struct trace_reader *r, struct err *err)
{
	struct json_members m;
	struct slice key, v;
	size_t bad;

	r->item.kind = ITEM_END;
	if (!json_object(&m, r->buf, r->n, &bad))
		return err_set(err, EINVAL,
			       "%s: line %llu, column %zu: not JSON; the file is damaged", r->path,
			       (unsigned long long)r->line, bad + 1);
	while (json_next(&m, &key, &v))
		json_member(&r->item, key, v);
	if (r->item.kind == ITEM_STOP &&
	    (!r->item.field[FIELD_CAUSE].n || !r->item.field[FIELD_LIN].n))
		return bad_line(r, err, "a stop without causes or lin; the file is damaged");
	if (r->item.kind == ITEM_END)
		return bad_line(r, err, "neither a stop, a gap nor a total; not a trace of vmstep");
	return 0;
}

/* --- text --- */

/* The next field: up to two blanks or the end. */
static struct slice text_field(const char **p)
{
	struct slice s = { *p, 0 };

	while (s.s[s.n] && !(s.s[s.n] == ' ' && s.s[s.n + 1] == ' '))
		s.n++;
	*p = s.s + s.n;
	while (**p == ' ')
		++*p;
	return s;
}

static int text_stop(struct trace_reader *r, const char *p, struct err *err)
{
	struct slice f[5];

	for (size_t i = 0; i < ARRAY_SIZE(f); i++)
		f[i] = text_field(&p);
	if (!f[4].n || !*p)
		return bad_line(r, err, "a stop line with fields missing; the file is damaged");
	r->item.kind = ITEM_STOP;
	r->item.n = strtoull(f[0].s + 1, NULL, 10);
	strbuf_addn(&r->item.field[FIELD_CAUSE], f[1].s, f[1].n);
	address_set(&r->item.field[FIELD_LIN], f[2]);
	strbuf_addn(&r->item.field[FIELD_INSN], f[4].s, f[4].n);
	return r->item.field[FIELD_LIN].n
		       ? 0
		       : bad_line(r, err, "no address in the third field; the file is damaged");
}

static int text_gap(struct trace_reader *r, const char *p, struct err *err)
{
	struct slice f[4];

	for (size_t i = 0; i < ARRAY_SIZE(f); i++)
		f[i] = text_field(&p);
	if (!*p || f[3].n < strlen("retired "))
		return bad_line(r, err, "a gap with fields missing; the file is damaged");
	r->item.kind = ITEM_GAP;
	address_set(&r->item.field[FIELD_LIN], f[1]);
	f[3].s += strlen("retired ");
	f[3].n -= strlen("retired ");
	if (slice_is(f[3], "unknown"))
		strbuf_addc(&r->item.field[FIELD_RETIRED], '-');
	else
		strbuf_addn(&r->item.field[FIELD_RETIRED], f[3].s, f[3].n);
	strbuf_adds(&r->item.field[FIELD_REASON], p);
	return 0;
}

static int text_line(struct trace_reader *r, struct err *err)
{
	const char *p = r->buf, *ended;
	struct slice word;

	if (*p == '#')
		return text_stop(r, p, err);
	if (!strncmp(p, "gap ", 4))
		return text_gap(r, p, err);
	if (!strncmp(p, "vmstep trace  ", 14)) {
		r->item.kind = ITEM_HEADER;
		return 0;
	}
	ended = strstr(p, "  ended ");
	if (strncmp(p, "total ", 6) || !ended)
		return bad_line(r, err, "neither a stop, a gap nor a total; not a trace of vmstep");
	r->item.kind = ITEM_TOTAL;
	ended += strlen("  ended ");
	word = text_field(&ended);
	strbuf_addn(&r->item.field[FIELD_ENDED], word.s, word.n);
	return 0;
}

/* --- lines --- */

/* 1: a line is in buf, 0: the end. A last line without newline is what a killed run left. */
static int line_get(struct trace_reader *r, struct err *err)
{
	ssize_t n;

	errno = 0;
	n = getline(&r->buf, &r->cap, r->file);
	if (n < 0)
		return errno ? err_set(err, errno, "%s: cannot read: %s", r->path, strerror(errno))
			     : 0;
	r->line++;
	if (r->buf[n - 1] != '\n') {
		r->unfinished = true;
		return 0;
	}
	r->buf[n - 1] = '\0';
	r->n = n - 1;
	if (memchr(r->buf, '\0', r->n))
		return bad_line(r, err, "a zero byte; the file is damaged or no trace");
	return 1;
}

int reader_next(struct trace_reader *r, struct err *err)
{
	int got = r->item.kind == ITEM_END ? 0 : line_get(r, err);

	if (got < 0)
		return got;
	r->item.n = 0;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		strbuf_reset(&r->item.field[i]);
	r->item.kind = ITEM_END;
	if (!got)
		return 0;
	return r->text ? text_line(r, err) : json_line(r, err);
}

void reader_close(struct trace_reader *r)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		strbuf_deinit(&r->item.field[i]);
	free(r->buf);
	if (r->file)
		fclose(r->file);
}

int reader_open(struct trace_reader *r, const char *path, struct err *err)
{
	int c, ret;

	*r = (struct trace_reader){ .path = path, .item.kind = ITEM_HEADER };
	for (size_t i = 0; i < FIELD_COUNT; i++)
		strbuf_init(&r->item.field[i]);
	r->file = fopen(path, "re");
	if (!r->file)
		return err_set(err, errno, "%s: cannot open: %s", path, strerror(errno));
	c = getc(r->file);
	if (c == EOF)
		return err_set(err, EINVAL, "%s: is empty or cannot be read, not a trace of vmstep",
			       path);
	ungetc(c, r->file);
	r->text = c != '{';
	ret = reader_next(r, err);
	if (ret)
		return ret;
	if (r->item.kind != ITEM_HEADER)
		return err_set(err, EINVAL,
			       "%s: line 1: no header, not a trace of vmstep; make one with vmstep "
			       "trace -o FILE GUEST",
			       path);
	return 0;
}
