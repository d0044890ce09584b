/*
 * report.c - `vmstep report`: traces as one page of HTML that needs nothing else. The page's look and
 * behaviour are the files of page/; here its data are put beside them.
 */
#include <errno.h>
#include <stdlib.h>
#include <vmstep/trace.h>
#include "trace/put.h"
#include "trace/report/rows.h"

/* A JSON string inside <script>: what would end the element or begin a comment is written as an escape. */
static void string_put(struct strbuf *out, const char *s)
{
	struct strbuf json;

	strbuf_init(&json);
	strbuf_addjson(&json, s, strlen(s));
	strbuf_addc(out, '"');
	for (size_t i = 0, n; i < json.n; i += n) {
		n = strcspn(json.s + i, "<");
		strbuf_addn(out, json.s + i, n);
		if (i + n < json.n) {
			PUT(out, "\\u003c");
			n++;
		}
	}
	strbuf_addc(out, '"');
	out->failed |= json.failed;
	strbuf_deinit(&json);
}

static void html_put(struct strbuf *out, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '<':
			PUT(out, "&lt;");
			break;
		case '&':
			PUT(out, "&amp;");
			break;
		default:
			strbuf_addc(out, *s);
		}
}

/* A column of one value is that value. */
static void column_put(const u32 *v, u32 n, struct strbuf *out)
{
	u32 same = 0;

	while (same < n && v[same] == v[0])
		same++;
	if (same == n) {
		strbuf_adddec(out, n ? v[0] : 0);
		return;
	}
	for (u32 i = 0; i < n; i++) {
		strbuf_addc(out, i ? ',' : '[');
		strbuf_adddec(out, v[i]);
	}
	strbuf_addc(out, ']');
}

static void runs_put(const struct runs *r, struct strbuf *out)
{
	strbuf_addc(out, '[');
	for (u32 i = 0; i < r->n; i++)
		strbuf_addf(out, "%s[%u,%u,%u]", i ? "," : "", r->v[i].row, r->v[i].record, r->v[i].n);
	strbuf_addc(out, ']');
}

static void member_put(const char *name, const char *value, struct strbuf *out)
{
	strbuf_addf(out, "\"%s\":", name);
	if (value)
		string_put(out, value);
	else
		PUT(out, "null");
	strbuf_addc(out, ',');
}

static void trace_put(const struct columns *c, const struct runs *r, struct strbuf *out)
{
	strbuf_addc(out, '{');
	member_put("path", c->path, out);
	member_put("header", c->header, out);
	member_put("total", c->total, out);
	member_put("complaint", c->damaged ? strbuf_str(&c->complaint) : NULL, out);
	strbuf_addf(out, "\"damaged\":%llu,\"n\":%u,\"texts\":[\"\"", (unsigned long long)c->damaged, c->n);
	for (u32 i = 1; i < c->texts.n; i++) {
		strbuf_addc(out, ',');
		string_put(out, texts_get(&c->texts, i));
	}
	PUT(out, "],\"columns\":{");
	for (unsigned k = 0; k < COLUMN_COUNT; k++) {
		strbuf_addf(out, "%s\"%s\":", k ? "," : "", column_names[k]);
		column_put(c->v[k], c->n, out);
	}
	PUT(out, "},\"runs\":");
	runs_put(r, out);
	strbuf_addc(out, '}');
}

/* For a reader without scripts: what each file says of itself. */
static void summary_put(const struct columns *c, size_t n, struct strbuf *out)
{
	PUT(out, "<noscript><p>The timeline needs JavaScript, which this page brings along. Without it:</p><dl>");
	for (size_t i = 0; i < n; i++) {
		PUT(out, "<dt>");
		html_put(out, c[i].path);
		PUT(out, "</dt><dd>");
		html_put(out, c[i].header ? c[i].header : "");
		PUT(out, "</dd><dd>");
		html_put(out, c[i].total ? c[i].total : "no total: the run was killed");
		PUT(out, "</dd>\n");
	}
	PUT(out, "</dl></noscript>\n");
}

static void page_put(const struct columns *c, size_t n, const struct rows *rows, struct strbuf *out)
{
	PUT(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>vmstep: ");
	html_put(out, c[0].path);
	if (n > 1)
		strbuf_addf(out, " and %zu more", n - 1);
	PUT(out, "</title>\n<style>\n");
	strbuf_adds(out, page_css);
	PUT(out, "</style>\n</head>\n<body>\n");
	summary_put(c, n, out);
	strbuf_addf(out, "<script type=\"application/json\" id=\"data\">{\"rows\":%u,\"traces\":[", rows->n);
	for (size_t i = 0; i < n; i++) {
		if (i)
			strbuf_addc(out, ',');
		trace_put(&c[i], &rows->of[i], out);
	}
	PUT(out, "]}</script>\n<script>\n");
	strbuf_adds(out, page_js);
	PUT(out, "</script>\n</body>\n</html>\n");
}

static int page_make(const struct columns *c, size_t n, struct strbuf *out, struct err *err)
{
	struct rows rows;
	int r = rows_make(c, n, &rows);

	if (!r)
		page_put(c, n, &rows, out);
	rows_deinit(&rows, n);
	return r || out->failed ? err_set(err, ENOMEM, "no memory for the page") : 0;
}

static void complaint_note(const struct columns *c, struct strbuf *notes)
{
	if (!c->damaged)
		return;
	strbuf_adds(notes, strbuf_str(&c->complaint));
	if (c->damaged > 1)
		strbuf_addf(notes, "; %llu more lines like it", (unsigned long long)c->damaged - 1);
	PUT(notes, "; the rest is in the page\n");
}

int trace_report(char *const *paths, size_t n, struct strbuf *page, struct strbuf *notes, struct err *err)
{
	struct columns *c = calloc(n, sizeof(*c));
	size_t read = 0;
	int r = c ? 0 : err_set(err, ENOMEM, "no memory for %zu traces", n);

	while (!r && read < n) {
		r = columns_read(paths[read], &c[read], err);
		complaint_note(&c[read++], notes);
	}
	if (!r)
		r = page_make(c, n, page, err);
	while (read)
		columns_deinit(&c[--read]);
	free(c);
	return r;
}
