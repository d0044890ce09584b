/* trace_report.c - what the page of `vmstep report` is made from: texts, columns, records side by side. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <vmstep/trace.h>
#include "../../src/trace/report/rows.h"
#include "tap.h"

/* ---- alignment: letters are keys -------------------------------------------------------------------- */

static struct strbuf said;

static void pair_say(void *arg, s64 i, s64 j)
{
	const char *const *text = arg;

	strbuf_addf(&said, "%c%c ", i < 0 ? '-' : text[0][i], j < 0 ? '-' : text[1][j]);
}

static size_t keys(const char *text, u64 *ret)
{
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		ret[i] = text[i];
	return n;
}

static void alignments(void)
{
	static const struct {
		const char *a, *b, *wanted, *name;
	} row[] = {
		{ "abcd", "abcd", "aa bb cc dd ", "equal" },
		{ "", "", "", "both empty" },
		{ "ab", "", "a- b- ", "one is empty" },
		{ "", "ab", "-a -b ", "the other is empty" },
		{ "abcdef", "abXcdef", "aa bb -X cc dd ee ff ", "one more in the second" },
		{ "abXYcdef", "abcdef", "aa bb X- Y- cc dd ee ff ", "two more in the first" },
		{ "abXcdefg", "abYZcdefg", "aa bb X- -Y -Z cc dd ee ff gg ", "others on both sides" },
		{ "abc", "abcd", "aa bb cc -d ", "one is longer" },
		{ "abcX", "abcY", "aa bb cc X- -Y ", "the last differs" },
		{ "abXc", "abYc", "aa bb X- -Y cc ", "at the end fewer that agree will do" },
		{ "abababab", "bababab", "-b aa bb aa bb aa bb a- b- ", "a loop entered elsewhere: of two as near, fewer of the first are passed" },
		{ "Xab", "Yab", "X- -Y aa bb ", "the first differs" },
	};
	u64 a[16], b[16];

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const char *text[] = { row[i].a, row[i].b };

		strbuf_reset(&said);
		align(a, keys(row[i].a, a), b, keys(row[i].b, b), pair_say, text);
		tap_str(strbuf_str(&said), row[i].wanted, "align: %s", row[i].name);
	}
}

static void count(void *arg, s64 i, s64 j)
{
	u32 *n = arg;

	n[0] += i >= 0 && j >= 0;
	n[1] += i >= 0;
	n[2] += j >= 0;
}

/* Sequences without anything in common, longer than the window: each element comes once. */
static void unlike(void)
{
	enum { N = 5 * ALIGN_WINDOW + 7 };
	static u64 a[N], b[N];
	u32 n[3] = { 0 };

	for (u32 i = 0; i < N; i++) {
		a[i] = 2 * i;
		b[i] = 2 * i + 1;
	}
	align(a, N, b, N - 3, count, n);
	tap_eq(n[0], 0, "nothing in common: no pair");
	tap_eq(n[1], N, "nothing in common: each of the first once");
	tap_eq(n[2], N - 3, "nothing in common: each of the second once");
}

/* ---- texts ------------------------------------------------------------------------------------------ */

static void numbers(void)
{
	struct texts t;
	u32 one, bad = 0;
	char word[16];

	texts_init(&t);
	one = texts_number(&t, "one", 3);
	tap_eq(texts_number(&t, "", 0), 0, "the empty text is 0");
	tap_eq(texts_number(&t, "one more", 3), one, "a text has one number");
	tap_ok(texts_number(&t, "on", 2) != one, "its beginning another");
	for (int i = 0; i < 50000; i++)
		texts_number(&t, word, snprintf(word, sizeof(word), "w%d", i));
	for (int i = 0; i < 50000; i++) {
		u32 k = texts_number(&t, word, snprintf(word, sizeof(word), "w%d", i));

		bad += strcmp(texts_get(&t, k), word) != 0;
	}
	tap_eq(bad, 0, "50,000 texts are found again");
	tap_eq(t.n, 50003, "and kept once each");
	tap_str(texts_get(&t, 99999), "", "a number nobody gave out is the empty text");
	texts_deinit(&t);
}

/* ---- files ------------------------------------------------------------------------------------------ */

#define HEAD "{\"vmstep\":1,\"schema\":1,\"engine\":\"kvm\",\"guest\":\"g\",\"policy\":{}}\n"
#define STOP(n, cause, lin, insn)                                                                                      \
	"{\"n\":" #n ",\"cause\":\"" cause "\",\"causes\":[\"" cause "\"],\"lin\":\"" lin "\",\"retired\":1,\"insn\":" \
	"\"" insn "\",\"sym\":\"</script>\",\"did\":[],\"vmx\":null,\"exit\":{\"reason\":\"x\"}}\n"

static char dir[] = "/tmp/vmstep-report-XXXXXX";
static char paths[2][64];

static void put(unsigned k, const char *contents)
{
	FILE *f = fopen(paths[k], "w");

	if (!f || fputs(contents, f) < 0 || fclose(f))
		tap_ok(false, "write %s", paths[k]);
}

static void cell_is(const struct columns *c, enum column k, u32 i, const char *wanted, const char *name)
{
	tap_str(texts_get(&c->texts, c->v[k][i]), wanted, "%s: %s", name, column_names[k]);
}

static void json_file(void)
{
	struct columns c;
	struct err err = { 0 };

	put(0, HEAD STOP(1, "TF", "0x1001", "int1") "{\"n\":2,\nnonsense\n{\"gap\":true,\"at\":\"0x1002\",\"reason\":\"why\","
	       "\"retired\":null}\n" STOP(4, "ICEBP", "0x1003", "mov al, \\\"x\\\"") "{\"n\":5,\"cau");
	tap_eq(columns_read(paths[0], &c, &err), 0, "a damaged file is read (%s)", err.text);
	tap_eq(c.n, 3, "its good records");
	tap_eq(c.damaged, 2, "its bad lines are counted");
	tap_ok(strstr(strbuf_str(&c.complaint), "line 3"), "the first is named: %s", strbuf_str(&c.complaint));
	tap_ok(!c.total, "a run that was killed has no total");
	tap_eq(c.v[COLUMN_N][0], 1, "the first stop's number");
	cell_is(&c, COLUMN_CAUSE, 0, "TF", "first");
	cell_is(&c, COLUMN_SYM, 0, "</script>", "first");
	cell_is(&c, COLUMN_EXIT, 0, "{\"reason\":\"x\"}", "first");
	cell_is(&c, COLUMN_VMX, 0, "", "first");
	cell_is(&c, COLUMN_DID, 0, "", "first");
	cell_is(&c, COLUMN_CAUSE, 1, "gap", "the gap");
	cell_is(&c, COLUMN_EXIT, 1, "why", "the gap");
	cell_is(&c, COLUMN_INSN, 2, "mov al, \\\"x\\\"", "the last");
	columns_deinit(&c);
}

static void text_file(void)
{
	struct columns c;
	struct err err = { 0 };

	put(0, "vmstep trace  engine kvm  guest g  icebp auto\n"
	       "#1   TF+BREAK/2  0x0000000000001001  main+0x5 (a.c:9)  int1    kvm: debug exc=1 (deduced); a skip\n"
	       "total 1  TF 1  gaps 0  ended HLT  1.5 s, 1 steps/s\n");
	tap_eq(columns_read(paths[0], &c, &err), 0, "a text trace is read (%s)", err.text);
	cell_is(&c, COLUMN_CAUSE, 0, "TF+BREAK/2", "text");
	cell_is(&c, COLUMN_SYM, 0, "main+0x5 (a.c:9)", "text");
	cell_is(&c, COLUMN_EXIT, 0, "kvm: debug exc=1 (deduced); a skip", "text");
	tap_ok(c.total && strstr(c.total, "ended HLT"), "and its total");
	columns_deinit(&c);
}

static void rows(void)
{
	struct columns c[2];
	struct rows r;

	put(0, HEAD STOP(1, "TF", "0x1", "a") STOP(2, "TF", "0x2", "a") STOP(3, "TF", "0x3", "a"));
	put(1, HEAD STOP(1, "MTF", "0x1", "a") STOP(2, "MTF", "0x9", "a") STOP(3, "MTF", "0x2", "a") STOP(4, "MTF", "0x3", "a"));
	columns_read(paths[0], &c[0], NULL);
	columns_read(paths[1], &c[1], NULL);
	tap_eq(rows_make(c, 2, &r), 0, "rows of two traces");
	tap_eq(r.n, 4, "one has a record more");
	tap_eq(r.of[0].n, 2, "the first is in two runs");
	tap_eq(r.of[0].v[1].row, 2, "the second of them two rows down");
	tap_eq(r.of[0].v[1].record, 1, "with its second record");
	tap_eq(r.of[1].n, 1, "the other in one");
	tap_eq(r.of[1].v[0].n, 4, "of four");
	rows_deinit(&r, 2);
	columns_deinit(&c[0]);
	columns_deinit(&c[1]);
}

static void page(void)
{
	char *both[] = { paths[0], paths[1] }, *none[] = { "/nonexistent/trace" };
	struct strbuf out, notes;
	struct err err = { 0 };
	const char *data;

	strbuf_init(&out);
	strbuf_init(&notes);
	put(0, HEAD STOP(1, "TF", "0x1", "a") "damage\ndamage\n");
	tap_eq(trace_report(both, 2, &out, &notes, &err), 0, "a page of two traces (%s)", err.text);
	data = strstr(strbuf_str(&out), "id=\"data\">");
	tap_ok(data && strstr(data, "\\u003c/script>") && strstr(data, "</script>") > strstr(data, "\\u003c/script>"),
	       "a symbol named </script> stays in the data");
	tap_ok(strstr(strbuf_str(&notes), "1 more line") && strstr(strbuf_str(&notes), "line 3"), "what was left out is told: %s",
	       strbuf_str(&notes));
	tap_ok(trace_report(none, 1, &out, &notes, &err) < 0 && strstr(err.text, "cannot open"), "no such file: %s", err.text);
	strbuf_deinit(&out);
	strbuf_deinit(&notes);
}

int main(void)
{
	strbuf_init(&said);
	alignments();
	unlike();
	numbers();
	if (!mkdtemp(dir))
		return 1;
	for (unsigned k = 0; k < 2; k++)
		snprintf(paths[k], sizeof(paths[k]), "%s/%u", dir, k);
	json_file();
	text_file();
	rows();
	page();
	unlink(paths[0]);
	unlink(paths[1]);
	rmdir(dir);
	strbuf_deinit(&said);
	return tap_done();
}
