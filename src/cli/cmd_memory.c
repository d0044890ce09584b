/* cmd_memory.c - find, dump and restore. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "term.h"

/* ---- find ---------------------------------------------------------------------------------------
 */

struct pattern {
	u8 bytes[256];
	size_t n;
};

static int pattern_add(struct pattern *p, const void *bytes, size_t n, struct err *err)
{
	if (n > sizeof(p->bytes) - p->n)
		return err_set(err, E2BIG, "find: the pattern is longer than %zu bytes",
			       sizeof(p->bytes));
	memcpy(p->bytes + p->n, bytes, n);
	p->n += n;
	return 0;
}

/* "text" or a value; *p is moved behind it and its comma. */
static int pattern_take(struct cli *c, char size, const char **p, struct pattern *ret,
			struct err *err)
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
		/* Without a size letter a value has its own: gdb's rule, an int where it is a plain
		 * number. */
		if (!r)
			r = pattern_add(ret, &v.bits,
					size                                 ? format_size(size)
					: v.size > 4 && v.bits <= UINT32_MAX ? 4
									     : v.size,
					err);
	}
	*p = blanks_skip(*p);
	if (**p == ',')
		*p = blanks_skip(*p + 1);
	else if (**p && !r)
		r = err_set(err, EINVAL, "find: a comma is missing before \"%s\"", *p);
	return r;
}

/* START, END (inclusive, as in gdb's find) or START, +LENGTH; *p is moved behind them, *ret_end is
 * exclusive. */
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
			return err_set(err, EINVAL,
				       "%s is missing: give START, END or START, +LENGTH",
				       i ? "the end" : "the start");
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
		return err_set(err, EINVAL,
			       "the end 0x%" PRIx64 " lies before the start 0x%" PRIx64, v[1],
			       v[0]);
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
	last_address_set(c, addr);
}

/* Windows overlap by a pattern's length, so that none is missed at their seams. */
static int find_run(struct cli *c, u64 start, u64 end, const struct pattern *p, u64 max, u64 *found,
		    struct err *err)
{
	enum { WINDOW = 65536 };
	u8 *buf = malloc(WINDOW);
	int r = buf ? 0 : err_set(err, ENOMEM, "find: no memory");

	for (u64 at = start;
	     !r && end - at >= p->n && *found < max && !term_interrupted() && !c->out.quit;) {
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
		return err_set(err, EINVAL,
			       "find needs what to look for: find START, END, VALUE...");
	args = blanks_skip(args + 1);
	while (!r && *args)
		r = pattern_take(c, f.size, &args, &pattern, err);
	if (!r && !pattern.n)
		return err_set(err, EINVAL,
			       "find needs what to look for: find START, END, VALUE...");
	if (!r)
		r = find_run(c, start, end, &pattern, f.count, &found, err);
	if (!r && found)
		say(c, "%" PRIu64 " pattern%s found.\n", found, found == 1 ? "" : "s");
	else if (!r)
		say(c, "Pattern not found.\n");
	if (!r)
		session_var_set(c->s, "numfound",
				&(struct value){ .bits = found, .size = 4, .is_signed = true },
				NULL);
	return r;
}

/* ---- dump and restore ---------------------------------------------------------------------------
 */

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

/* Two words: gdb's dump separates START and END by a blank, and so do we; +LENGTH may stand for
 * END. */
static int dump_range(struct cli *c, const char *args, u64 *ret_start, u64 *ret_end,
		      struct err *err)
{
	char word[2][512];
	u64 start, end = 0;
	int r;

	if (!word_take(&args, word[0], sizeof(word[0])) ||
	    !word_take(&args, word[1], sizeof(word[1])) || *args)
		return err_set(err, EINVAL,
			       "dump needs a file and a range: dump memory FILE START END, without "
			       "blanks in START and END");
	r = address_get(c, word[0], &start, err);
	if (!r && *word[1] == '+')
		r = expr_u64(c->s, word[1] + 1, &end, err);
	else if (!r)
		r = address_get(c, word[1], &end, err);
	if (r)
		return r;
	end += *word[1] == '+' ? start : 0;
	if (end < start)
		return err_set(err, EINVAL,
			       "the end 0x%" PRIx64 " lies before the start 0x%" PRIx64, end,
			       start);
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
	while (word_take(&args, word, sizeof(word)) &&
	       (!strcmp(word, "binary") || !strcmp(word, "memory")))
		*word = '\0';
	if (!*word || !*args)
		return err_set(err, EINVAL,
			       "dump needs a file and a range: dump memory FILE START END");
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

static int restore_run(struct cli *c, FILE *f, const char *path, u64 addr, u64 *ret_n,
		       struct err *err)
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
		return err_set(err, EINVAL,
			       "restore needs a file and an address: restore FILE binary ADDRESS");
	if (!strncmp(args, "binary", 6) && (args[6] == ' ' || !args[6]))
		args = blanks_skip(args + 6);
	if (!*args)
		return err_set(err, EINVAL,
			       "restore needs an address: restore FILE binary ADDRESS");
	r = address_get(c, args, &addr, err);
	if (r)
		return r;
	f = fopen(path, "re");
	if (!f)
		return err_set(err, errno, "%s: cannot read it: %s", path, strerror(errno));
	r = restore_run(c, f, path, addr, &n, err);
	fclose(f);
	if (!r)
		say(c, "Restored %" PRIu64 " bytes of %s to 0x%" PRIx64 "-0x%" PRIx64 ".\n", n,
		    path, addr, addr + n);
	return r;
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_memory[] = {
	{ "find", NULL, GROUP_DATA, ARG_EXPR, CMD_NEEDS_GUEST,
	  "find[/COUNT SIZE] START, END|+LENGTH, VALUE|\"TEXT\"...", "Search memory.",
	  "END is the last address looked at. Values have the size given (b, h, w, g) or 4 bytes. "
	  "$_ is then the last address found, $numfound how many.",
	  "find/1b $pc, +64, 0x90", cmd_find, NULL },
	{ "dump", NULL, GROUP_DATA, ARG_FILE, CMD_NEEDS_GUEST,
	  "dump [binary] memory FILE START END", "Write memory to a file.",
	  "START and END are linear addresses, END exclusive; +LENGTH may stand for END.",
	  "dump binary memory /dev/null $pc +16", cmd_dump, NULL },
	{ "restore", NULL, GROUP_DATA, ARG_FILE, CMD_NEEDS_GUEST | CMD_CHANGES,
	  "restore FILE binary ADDR", "Write a file into the guest's memory.",
	  "The counterpart of dump.", "restore /dev/null binary $pc", cmd_restore, NULL },
	{ NULL },
};
