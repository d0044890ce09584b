/* cmd_data.c - print, x, display, find, dump and restore. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>

#include "cli.h"
#include "term.h"

/* ---- print ----------------------------------------------------------------------------------------- */

static int print_value(struct cli *c, const char *args, bool number, struct err *err)
{
	struct format f = { 0 };
	struct strbuf out;
	struct value v;
	int r = format_parse(&args, &f, err);

	if (!r)
		r = expr_value(c->s, *args ? args : "$", &v, err);
	if (r)
		return r;
	strbuf_init(&out);
	r = value_format(c, &f, &v, &out, err);
	if (!r && number && !v.is_void)
		say(c, "$%u = %s\n", session_history_add(c->s, &v), strbuf_str(&out));
	else if (!r)
		say(c, number ? "%s\n" : "%s", strbuf_str(&out));
	strbuf_deinit(&out);
	return r;
}

static int cmd_print(struct cli *c, const char *args, struct err *err)
{
	return print_value(c, args, true, err);
}

static int cmd_output(struct cli *c, const char *args, struct err *err)
{
	if (!*args)
		return err_set(err, EINVAL, "output needs an expression, as in output $rax");
	return print_value(c, args, false, err);
}

/* ---- x --------------------------------------------------------------------------------------------- */

static void line_start(struct cli *c, u64 addr, struct strbuf *out)
{
	address_format(c, addr, out);
	strbuf_adds(out, ":");
}

static int x_insns(struct cli *c, u64 *addr, u64 count, struct strbuf *out, struct err *err)
{
	const struct cpu_state *cpu;
	int r = session_regs(c->s, &cpu, err);

	for (; !r && count-- && !term_interrupted() && !c->out.quit; say_buf(c, out)) {
		unsigned len = 0;

		strbuf_adds(out, *addr == cpu_linear_rip(cpu) ? "=> " : "   ");
		line_start(c, *addr, out);
		strbuf_addc(out, '\t');
		r = session_disassemble(c->s, *addr, out, &len, err);
		if (r)
			break;
		strbuf_addc(out, '\n');
		*addr += len;
	}
	return r;
}

/* A string up to its NUL or 200 characters, as gdb shows it. */
static int x_string(struct cli *c, u64 *addr, struct strbuf *out, struct err *err)
{
	unsigned n = 0;
	u8 ch = 1;

	line_start(c, *addr, out);
	strbuf_adds(out, "\t\"");
	for (; ch && n < 200; n++) {
		int r = session_read(c->s, *addr + n, &ch, 1, err);

		if (r && !n)
			return r;
		if (r || !ch)
			break;
		if (ch == '"' || ch == '\\' || ch < 0x20 || ch > 0x7e) {
			char text[8];

			snprintf(text, sizeof(text), ch == '"' || ch == '\\' ? "\\%c" : ch == '\n' ? "\\n" : ch == '\r' ? "\\r" :
				 ch == '\t' ? "\\t" : "\\%03o", ch);
			strbuf_adds(out, text);
		} else {
			strbuf_addc(out, ch);
		}
	}
	*addr += n + !ch;
	strbuf_addf(out, "\"%s\n", ch && n == 200 ? "..." : "");
	return 0;
}

static int x_units(struct cli *c, const struct format *f, u64 *addr, u64 count, struct strbuf *out, struct err *err)
{
	const unsigned size = format_size(f->size), per_line = size <= 2 ? 8 : size == 4 ? 4 : 2;
	int r = 0;

	for (u64 i = 0; i < count && !r && !c->out.quit && !term_interrupted(); i++, *addr += size) {
		u64 bits = 0;

		r = session_read(c->s, *addr, &bits, size, err);
		if (i % per_line == 0) {
			if (i)
				strbuf_addc(out, '\n');
			say_buf(c, out);
			if (!r)
				line_start(c, *addr, out);
		}
		if (!r) {
			strbuf_addc(out, '\t');
			r = unit_format(c, f->letter, size, bits, out, err);
		}
		if (r)
			*addr -= size;
	}
	if (out->n)
		strbuf_addc(out, '\n');
	return r;
}

/* Shows memory and moves *addr behind it. */
static int memory_show(struct cli *c, const struct format *f, u64 *addr, struct err *err)
{
	struct strbuf out;
	u64 count = f->count;
	int r = 0;

	strbuf_init(&out);
	if (f->letter == 'i')
		r = x_insns(c, addr, count, &out, err);
	else if (f->letter == 's')
		for (; !r && count-- && !term_interrupted() && !c->out.quit; say_buf(c, &out))
			r = x_string(c, addr, &out, err);
	else
		r = x_units(c, f, addr, count, &out, err);
	/* What was read before the fault is worth showing. */
	if (f->letter != 'i' || !r)
		say_buf(c, &out);
	strbuf_deinit(&out);
	return r;
}

/* Sizes that go with letters, where the user named none. */
static void size_default(struct format *f, char before, char last_size)
{
	if (f->size)
		return;
	if (f->letter == 'a')
		f->size = 'g';
	else if (f->letter == 'c')
		f->size = 'b';
	else if (f->letter == 'f')
		f->size = last_size == 'w' ? 'w' : 'g';
	else
		f->size = last_size && before != 'c' && before != 's' && before != 'i' ? last_size : 'w';
}

static int x_format(struct cli *c, const char **args, struct format *ret, struct err *err)
{
	struct format f = { .count = 1 };
	int r = format_parse(args, &f, err);

	if (r)
		return r;
	if (!f.has_count && c->repeating)
		f.count = c->x_format.count;
	if (!f.letter)
		f.letter = c->x_format.letter ? c->x_format.letter : 'x';
	if (f.letter == 'f' && (f.size == 'b' || f.size == 'h'))
		return err_set(err, EINVAL, "a float has 4 or 8 bytes: use x/fw or x/fg");
	size_default(&f, c->x_format.letter, c->x_format.size);
	*ret = f;
	return 0;
}

static void x_variables_set(struct cli *c, u64 addr)
{
	const struct value v = { .bits = addr, .size = 8, .is_pointer = true, .pointee_size = 1 };

	session_var_set(c->s, "_", &v, NULL);
}

static int cmd_x(struct cli *c, const char *args, struct err *err)
{
	struct format f;
	u64 addr = c->x_next;
	int r;

	/* Enter goes on behind what was shown. */
	if (c->repeating)
		args = "";
	r = x_format(c, &args, &f, err);
	if (!r && *args)
		r = address_get(c, args, &addr, err);
	else if (!r && !c->x_started)
		r = err_set(err, EINVAL, "x needs an address, as in x/4xw $sp");
	if (r)
		return r;
	x_variables_set(c, addr);
	r = memory_show(c, &f, &addr, err);
	c->x_format = f;
	c->x_next = addr;
	c->x_started = true;
	return r;
}

/* ---- display --------------------------------------------------------------------------------------- */

int display_run(struct cli *c, const struct display *d, struct err *err)
{
	struct format f = { .count = 1 };
	const char *p = d->format;
	struct strbuf out;
	struct value v;
	u64 addr;
	int r = format_parse(&p, &f, err);

	if (r)
		return r;
	/* gdb's rule: a size or i and s mean memory, everything else is printed. */
	if (f.size || f.letter == 'i' || f.letter == 's') {
		if (!f.letter)
			f.letter = 'x';
		size_default(&f, 0, 0);
		say(c, "%u: x%s %s\n", d->num, d->format, d->text);
		r = address_get(c, d->text, &addr, err);
		return r ? r : memory_show(c, &f, &addr, err);
	}
	r = expr_value(c->s, d->text, &v, err);
	if (r)
		return r;
	strbuf_init(&out);
	r = value_format(c, &f, &v, &out, err);
	if (!r)
		say(c, "%u: %s%s%s = %s\n", d->num, d->format, *d->format ? " " : "", d->text, strbuf_str(&out));
	strbuf_deinit(&out);
	return r;
}

void displays_show(struct cli *c)
{
	for (size_t i = 0; i < c->n_displays; i++) {
		struct err err = { 0 };

		if (!c->displays[i].enabled || !display_run(c, &c->displays[i], &err))
			continue;
		/* One that fails would fail at every stop. */
		c->displays[i].enabled = false;
		say(c, "%u: %s: %s (disabled, enable display %u turns it on again)\n", c->displays[i].num, c->displays[i].text,
		    err.text, c->displays[i].num);
	}
}

static int display_add(struct cli *c, const char *format, size_t n_format, const char *text, struct display **ret,
		       struct err *err)
{
	struct display *p = realloc(c->displays, (c->n_displays + 1) * sizeof(*p));

	if (!p)
		return err_set(err, ENOMEM, "no memory for the display");
	c->displays = p;
	p += c->n_displays;
	*p = (struct display){ .num = ++c->next_display, .enabled = true, .format = strndup(format, n_format), .text = strdup(text) };
	if (!p->format || !p->text)
		return err_set(err, ENOMEM, "no memory for the display");
	c->n_displays++;
	*ret = p;
	return 0;
}

static int cmd_display(struct cli *c, const char *args, struct err *err)
{
	const char *format = args;
	struct format f = { 0 };
	struct expr *e = NULL;
	struct display *d = NULL;
	size_t n = 0;
	int r;

	if (!*args) {
		displays_show(c);
		return 0;
	}
	r = format_parse(&args, &f, err);
	if (r)
		return r;
	while (*format == '/' && format[n] && format[n] != ' ' && format[n] != '\t')
		n++;
	r = expr_parse(c->s, args, &e, err);
	expr_destroy(e);
	if (!r)
		r = display_add(c, format, n, args, &d, err);
	if (!r && session_has_guest(c->s))
		r = display_run(c, d, err);
	return r;
}

static void display_drop(struct cli *c, size_t i)
{
	free(c->displays[i].format);
	free(c->displays[i].text);
	memmove(&c->displays[i], &c->displays[i + 1], (--c->n_displays - i) * sizeof(*c->displays));
}

static int cmd_undisplay(struct cli *c, const char *args, struct err *err)
{
	char word[24];
	u64 num;
	int r;

	if (!*args && c->n_displays && !confirm(c, "Drop all %zu displays?", c->n_displays))
		return 0;
	while (!*args && c->n_displays)
		display_drop(c, c->n_displays - 1);
	while (word_take(&args, word, sizeof(word))) {
		size_t i = 0;

		r = number_parse(word, "undisplay", &num, err);
		if (r)
			return r;
		while (i < c->n_displays && c->displays[i].num != num)
			i++;
		if (i == c->n_displays)
			return err_set(err, ENOENT, "there is no display %s, see info display", word);
		display_drop(c, i);
	}
	return 0;
}

/* ---- find ------------------------------------------------------------------------------------------ */

struct pattern {
	u8 bytes[256];
	size_t n;
};

static int pattern_add(struct pattern *p, const void *bytes, size_t n, struct err *err)
{
	if (n > sizeof(p->bytes) - p->n)
		return err_set(err, E2BIG, "find: the pattern is longer than %zu bytes", sizeof(p->bytes));
	memcpy(p->bytes + p->n, bytes, n);
	p->n += n;
	return 0;
}

/* "text" or a value; *p is moved behind it and its comma. */
static int pattern_take(struct cli *c, char size, const char **p, struct pattern *ret, struct err *err)
{
	const char *end;
	struct expr *e;
	struct value v;
	int r;

	if (**p == '"') {
		struct strbuf b;

		end = strchr(*p + 1, '"');
		if (!end)
			return err_set(err, EINVAL, "find: the string %s has no end", *p);
		strbuf_init(&b);
		escapes_add(*p + 1, end - *p - 1, &b);
		r = pattern_add(ret, strbuf_str(&b), b.n, err);
		strbuf_deinit(&b);
		*p = end + 1;
	} else {
		r = expr_parse_prefix(c->s, *p, &e, p, err);
		if (r)
			return r;
		r = expr_eval(c->s, e, &v, err);
		expr_destroy(e);
		/* Without a size letter a value has its own: gdb's rule, an int where it is a plain number. */
		if (!r)
			r = pattern_add(ret, &v.bits, size ? format_size(size) : v.size > 4 && v.bits <= UINT32_MAX ? 4 : v.size, err);
	}
	*p = blanks_skip(*p);
	if (**p == ',')
		*p = blanks_skip(*p + 1);
	else if (**p && !r)
		r = err_set(err, EINVAL, "find: a comma is missing before \"%s\"", *p);
	return r;
}

/* START, END (inclusive, as in gdb's find) or START, +LENGTH; *p is moved behind them, *ret_end is exclusive. */
static int range_take(struct cli *c, const char **p, u64 *ret_start, u64 *ret_end, struct err *err)
{
	u64 v[2] = { 0 };
	bool length = false;
	int r;

	for (int i = 0; i < 2; i++) {
		struct value val;
		struct expr *e;

		*p = blanks_skip(*p);
		if (i && **p == ',')
			*p = blanks_skip(*p + 1);
		if (!**p)
			return err_set(err, EINVAL, "%s is missing: give START, END or START, +LENGTH", i ? "the end" : "the start");
		length = i && **p == '+';
		*p += length;
		r = expr_parse_prefix(c->s, *p, &e, p, err);
		if (r)
			return r;
		r = expr_eval(c->s, e, &val, err);
		expr_destroy(e);
		if (r)
			return r;
		v[i] = val.bits;
	}
	if (length)
		v[1] += v[0];
	else
		v[1]++;
	if (v[1] < v[0])
		return err_set(err, EINVAL, "the end 0x%" PRIx64 " lies before the start 0x%" PRIx64, v[1], v[0]);
	*ret_start = v[0];
	*ret_end = v[1];
	return 0;
}

static void find_hit(struct cli *c, u64 addr, u64 *found)
{
	struct strbuf out;

	strbuf_init(&out);
	address_format(c, addr, &out);
	strbuf_addc(&out, '\n');
	say_buf(c, &out);
	strbuf_deinit(&out);
	++*found;
	x_variables_set(c, addr);
}

/* Windows overlap by a pattern's length, so that none is missed at their seams. */
static int find_run(struct cli *c, u64 start, u64 end, const struct pattern *p, u64 max, u64 *found, struct err *err)
{
	enum { WINDOW = 65536 };
	u8 *buf = malloc(WINDOW);
	int r = buf ? 0 : err_set(err, ENOMEM, "find: no memory");

	for (u64 at = start; !r && end - at >= p->n && *found < max && !term_interrupted() && !c->out.quit;) {
		const size_t n = end - at < WINDOW ? end - at : WINDOW;
		const u8 *q = buf, *hit;

		r = session_read(c->s, at, buf, n, err);
		while (!r && *found < max && (hit = memmem(q, n - (q - buf), p->bytes, p->n))) {
			find_hit(c, at + (hit - buf), found);
			q = hit + 1;
		}
		at += n == end - at ? n : n - p->n + 1;
	}
	free(buf);
	return r;
}

static int cmd_find(struct cli *c, const char *args, struct err *err)
{
	struct format f = { .count = UINT64_MAX };
	struct pattern pattern = { .n = 0 };
	u64 start = 0, end = 0, found = 0;
	int r = format_parse(&args, &f, err);

	if (!r)
		r = range_take(c, &args, &start, &end, err);
	if (r)
		return r;
	args = blanks_skip(args);
	if (*args != ',')
		return err_set(err, EINVAL, "find needs what to look for: find START, END, VALUE...");
	args = blanks_skip(args + 1);
	while (!r && *args)
		r = pattern_take(c, f.size, &args, &pattern, err);
	if (!r && !pattern.n)
		return err_set(err, EINVAL, "find needs what to look for: find START, END, VALUE...");
	if (!r)
		r = find_run(c, start, end, &pattern, f.count, &found, err);
	if (!r && found)
		say(c, "%" PRIu64 " pattern%s found.\n", found, found == 1 ? "" : "s");
	else if (!r)
		say(c, "Pattern not found.\n");
	if (!r)
		session_var_set(c->s, "numfound", &(struct value){ .bits = found, .size = 4, .is_signed = true }, NULL);
	return r;
}

/* ---- dump and restore ------------------------------------------------------------------------------- */

static int dump_run(struct cli *c, FILE *f, const char *path, u64 start, u64 end, struct err *err)
{
	u8 buf[4096];
	int r = 0;

	for (u64 at = start; !r && at < end; at += sizeof(buf)) {
		const size_t n = end - at < sizeof(buf) ? end - at : sizeof(buf);

		r = session_read(c->s, at, buf, n, err);
		if (!r && fwrite(buf, 1, n, f) != n)
			r = err_set(err, errno, "%s: cannot write: %s", path, strerror(errno));
	}
	return r;
}

/* Two words: gdb's dump separates START and END by a blank, and so do we; +LENGTH may stand for END. */
static int dump_range(struct cli *c, const char *args, u64 *ret_start, u64 *ret_end, struct err *err)
{
	char word[2][512];
	u64 start, end = 0;
	int r;

	if (!word_take(&args, word[0], sizeof(word[0])) || !word_take(&args, word[1], sizeof(word[1])) || *args)
		return err_set(err, EINVAL, "dump needs a file and a range: dump memory FILE START END, without blanks in START and END");
	r = address_get(c, word[0], &start, err);
	if (!r && *word[1] == '+')
		r = expr_u64(c->s, word[1] + 1, &end, err);
	else if (!r)
		r = address_get(c, word[1], &end, err);
	if (r)
		return r;
	end += *word[1] == '+' ? start : 0;
	if (end < start)
		return err_set(err, EINVAL, "the end 0x%" PRIx64 " lies before the start 0x%" PRIx64, end, start);
	*ret_start = start;
	*ret_end = end;
	return 0;
}

static int cmd_dump(struct cli *c, const char *args, struct err *err)
{
	char word[4096];
	u64 start = 0, end = 0;
	FILE *f;
	int r;

	/* gdb's "binary" and "memory" may be there or not. */
	while (word_take(&args, word, sizeof(word)) && (!strcmp(word, "binary") || !strcmp(word, "memory")))
		*word = '\0';
	if (!*word || !*args)
		return err_set(err, EINVAL, "dump needs a file and a range: dump memory FILE START END");
	r = dump_range(c, args, &start, &end, err);
	if (r)
		return r;
	f = fopen(word, "we");
	if (!f)
		return err_set(err, errno, "%s: cannot create it: %s", word, strerror(errno));
	r = dump_run(c, f, word, start, end, err);
	if (fclose(f) && !r)
		r = err_set(err, errno, "%s: cannot write: %s", word, strerror(errno));
	return r;
}

static int restore_run(struct cli *c, FILE *f, const char *path, u64 addr, u64 *ret_n, struct err *err)
{
	u8 buf[4096];
	size_t n;
	int r = 0;

	*ret_n = 0;
	while (!r && (n = fread(buf, 1, sizeof(buf), f))) {
		r = session_write(c->s, addr + *ret_n, buf, n, err);
		*ret_n += n;
	}
	if (!r && ferror(f))
		r = err_set(err, errno, "%s: cannot read: %s", path, strerror(errno));
	return r;
}

static int cmd_restore(struct cli *c, const char *args, struct err *err)
{
	char path[4096];
	u64 addr, n;
	FILE *f;
	int r;

	if (!word_take(&args, path, sizeof(path)))
		return err_set(err, EINVAL, "restore needs a file and an address: restore FILE binary ADDRESS");
	if (!strncmp(args, "binary", 6) && (args[6] == ' ' || !args[6]))
		args = blanks_skip(args + 6);
	if (!*args)
		return err_set(err, EINVAL, "restore needs an address: restore FILE binary ADDRESS");
	r = address_get(c, args, &addr, err);
	if (r)
		return r;
	f = fopen(path, "re");
	if (!f)
		return err_set(err, errno, "%s: cannot read it: %s", path, strerror(errno));
	r = restore_run(c, f, path, addr, &n, err);
	fclose(f);
	if (!r)
		say(c, "Restored %" PRIu64 " bytes of %s to 0x%" PRIx64 "-0x%" PRIx64 ".\n", n, path, addr, addr + n);
	return r;
}

/* ---- the table ------------------------------------------------------------------------------------- */

const struct command commands_data[] = {
	{ "print", "p inspect", GROUP_DATA, ARG_EXPR, 0, "print[/FMT] [EXPR]", "Print the value of an expression.",
	  "EXPR is a C expression over registers ($rax), symbols (&name or name is the address), convenience variables\n"
	  "($name), earlier values ($, $$, $N) and memory: *(u32*)0x500, casts with u8...s64 or C's names, EXPR@N for N\n"
	  "elements. FMT is one letter: x hex, d signed, u unsigned, o octal, t binary, z hex with zeros, a address with\n"
	  "symbol, c character, f float. Without EXPR the last value again.", "print/x $rip + 4", cmd_print, NULL },
	{ "output", NULL, GROUP_DATA, ARG_EXPR, 0, "output[/FMT] EXPR", "Print a value and nothing else.",
	  "As print, without \"$N = \", newline or entry in the value history: for scripts.", "output 6*7", cmd_output, NULL },
	{ "x", NULL, GROUP_DATA, ARG_EXPR, CMD_NEEDS_GUEST | CMD_REPEATS, "x[/COUNT FMT SIZE] [ADDR]", "Show memory.",
	  "FMT is one letter as in print, or s (string) or i (instruction). SIZE: b 1, h 2, w 4, g 8 bytes. What is not\n"
	  "given stays as it was last. Without ADDR, and on Enter, it goes on behind what was shown. In modes with\n"
	  "segments, $pc and $sp stand for their linear addresses here.", "x/3i $pc", cmd_x, NULL },
	{ "display", NULL, GROUP_DATA, ARG_EXPR, 0, "display[/FMT] [EXPR]", "Show an expression at every stop.",
	  "With a size letter, or format i or s, memory is shown as by x, else the value as by print. Without EXPR all\n"
	  "displays are shown now.", "display/x $rsp", cmd_display, NULL },
	{ "undisplay", NULL, GROUP_DATA, ARG_WORD, 0, "undisplay [N]...", "Drop displays, all of them without N.",
	  "The numbers are those of info display.", "undisplay", cmd_undisplay, NULL },
	{ "find", NULL, GROUP_DATA, ARG_EXPR, CMD_NEEDS_GUEST, "find[/COUNT SIZE] START, END|+LENGTH, VALUE|\"TEXT\"...",
	  "Search memory.", "END is the last address looked at. Values have the size given (b, h, w, g) or 4 bytes. $_ is then the\n"
	  "last address found, $numfound how many.", "find/1b $pc, +64, 0x90", cmd_find, NULL },
	{ "dump", NULL, GROUP_DATA, ARG_FILE, CMD_NEEDS_GUEST, "dump [binary] memory FILE START END", "Write memory to a file.",
	  "START and END are linear addresses, END exclusive; +LENGTH may stand for END.",
	  "dump binary memory /dev/null $pc +16", cmd_dump, NULL },
	{ "restore", NULL, GROUP_DATA, ARG_FILE, CMD_NEEDS_GUEST | CMD_CHANGES, "restore FILE binary ADDR",
	  "Write a file into the guest's memory.", "The counterpart of dump.", "restore /dev/null binary $pc", cmd_restore, NULL },
	{ NULL },
};
