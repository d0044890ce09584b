/* cmd_points.c - break and watch: points at code and data. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>

#include "cli.h"

static const char *const type_names[] = {
	[UPOINT_BREAK] = "breakpoint",      [UPOINT_HBREAK] = "hw breakpoint",
	[UPOINT_WATCH] = "watchpoint",      [UPOINT_RWATCH] = "read watchpoint",
	[UPOINT_AWATCH] = "acc watchpoint", [UPOINT_CATCH] = "catchpoint",
};

const char *point_type_name(const struct upoint *p)
{
	return type_names[p->type];
}

/* ---- break --------------------------------------------------------------------------------------
 */

/* What follows a location or place: nothing, or "if CONDITION". */
static int condition_take(const char *rest, const char **ret, struct err *err)
{
	rest = blanks_skip(rest);
	*ret = NULL;
	if (!*rest)
		return 0;
	if (strncmp(rest, "if", 2) || (rest[2] != ' ' && rest[2] != '\t' && rest[2] != '('))
		return err_set(err, EINVAL, "\"%s\" is too much, only if CONDITION may follow",
			       rest);
	*ret = blanks_skip(rest + 2);
	return **ret ? 0 : err_set(err, EINVAL, "the condition behind if is missing");
}

/* A copy of what stands before `end`, without blanks at its end. */
static char *text_before(const char *text, const char *end)
{
	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return strndup(text, end - text);
}

/* gdb's words: " at 0x401136: file demo.c, line 4." */
static void places_show(struct cli *c, const struct upoint *p, struct strbuf *out)
{
	if (!p->n_places) {
		strbuf_addf(out, " (%s) pending.", p->what);
		return;
	}
	strbuf_adds(out, " at ");
	if (p->n_places > 1) {
		strbuf_addhex(out, p->addr, true);
		strbuf_addf(out, ": %s. (%zu locations)", p->what, p->n_places);
	} else if (p->place[0].file) {
		strbuf_addhex(out, p->addr, true);
		strbuf_addf(out, ": file %s, line %u.", p->place[0].file, p->place[0].line);
	} else {
		address_format(c, p->addr, out);
	}
}

void point_show(struct cli *c, const struct upoint *p)
{
	struct strbuf out;
	char *type = strdup(point_type_name(p));

	strbuf_init(&out);
	if (type)
		*type = toupper((unsigned char)*type);
	strbuf_addf(&out, "%s%s %u", p->temporary ? "Temporary " : "",
		    p->temporary ? point_type_name(p)
		    : type       ? type
				 : "",
		    p->num);
	if (p->type == UPOINT_BREAK || p->type == UPOINT_HBREAK) {
		places_show(c, p, &out);
	} else {
		strbuf_addf(&out, ": %s", p->what);
	}
	strbuf_adds(&out, p->cost ? " (" : "");
	strbuf_addf(&out, "%s%s\n", p->cost ? p->cost : "", p->cost ? ")" : "");
	say_buf(c, &out);
	strbuf_deinit(&out);
	free(type);
}

/* The current instruction, as an address. */
static int here_get(struct cli *c, struct locations *ret, struct err *err)
{
	u64 addr;
	int r = location_get(c, "", &addr, err);

	if (r)
		return r;
	*ret = (struct locations){ .at = calloc(1, sizeof(*ret->at)), .n = 1, .exact = true };
	if (!ret->at || asprintf(&ret->canonical, "*0x%" PRIx64, addr) < 0) {
		ret->canonical = NULL;
		locations_deinit(ret);
		return err_set(err, ENOMEM, "no memory for the point");
	}
	ret->at[0] = (struct location){ .addr = addr, .has_addr = true };
	return 0;
}

/* Up to the "if" that begins the condition. */
static const char *name_end(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((*p == ' ' || *p == '\t') && !strncmp(p + 1, "if", 2) &&
		    (p[3] == ' ' || p[3] == '\t' || p[3] == '('))
			return p;
	return text + strlen(text);
}

/* A name nobody knows: a breakpoint that waits for symbols, if the user wants one. */
static int pending_get(struct cli *c, const char *args, struct locations *ret, const char **ret_end,
		       struct err *err)
{
	if (c->break_pending == BREAK_PENDING_OFF ||
	    (c->break_pending == BREAK_PENDING_AUTO &&
	     (!c->interactive ||
	      !confirm(c, "%s\nMake the breakpoint pending on symbols loaded later?", err->text))))
		return -ENOENT;
	*ret_end = name_end(args);
	*ret = (struct locations){ .canonical = text_before(args, *ret_end) };
	return ret->canonical ? 0 : err_set(err, ENOMEM, "no memory for the point");
}

static int break_location(struct cli *c, const char *args, struct locations *ret,
			  const char **ret_end, struct err *err)
{
	struct location_default def = view_default(c);
	int r;

	*ret_end = args;
	if (!*args || !strncmp(args, "if ", 3))
		return here_get(c, ret, err);
	r = location_resolve(c->s, args, &def, LOCATION_CODE, ret, ret_end, err);
	return r == -ENOENT ? pending_get(c, args, ret, ret_end, err) : r;
}

static int break_set(struct cli *c, enum upoint_type type, bool temporary, const char *args,
		     struct err *err)
{
	const char *cond, *end;
	struct locations l;
	struct upoint *p;
	int r = break_location(c, args, &l, &end, err);

	if (r)
		return r;
	r = condition_take(end, &cond, err);
	if (!r)
		r = session_break_at(c->s, type, l.canonical, l.at, l.n, l.exact, temporary, cond,
				     &p, err);
	if (!r) {
		c->last_point = p->num;
		point_show(c, p);
	}
	locations_deinit(&l);
	return r;
}

static int cmd_break(struct cli *c, const char *args, struct err *err)
{
	return break_set(c, UPOINT_BREAK, false, args, err);
}

static int cmd_tbreak(struct cli *c, const char *args, struct err *err)
{
	return break_set(c, UPOINT_BREAK, true, args, err);
}

static int cmd_hbreak(struct cli *c, const char *args, struct err *err)
{
	return break_set(c, UPOINT_HBREAK, false, args, err);
}

static int cmd_thbreak(struct cli *c, const char *args, struct err *err)
{
	return break_set(c, UPOINT_HBREAK, true, args, err);
}

/* ---- watch --------------------------------------------------------------------------------------
 */

static bool is_watch_size(u64 n)
{
	return n == 1 || n == 2 || n == 4 || n == 8;
}

/* A symbol by itself means the storage it names. */
static int watch_symbol(const struct symbol *sym, u64 *ret_addr, u8 *ret_len, struct err *err)
{
	if (!is_watch_size(sym->size))
		return err_set(
			err, EINVAL,
			"%s has %" PRIu64
			" bytes, a watchpoint covers 1, 2, 4 or 8: say which, as in *(u32*)%s",
			sym->name, sym->size, sym->name);
	*ret_addr = sym->addr;
	*ret_len = sym->size;
	return 0;
}

/* A symbol without debug information; false: the text is something else. */
static bool is_plain_symbol(struct cli *c, const char *text, const struct symbol **ret)
{
	const struct symbols *syms = session_symbols(c->s);
	struct value v;

	*ret = syms ? symbols_find(syms, text) : NULL;
	return *ret && (expr_value_type(c->s, text, &v, NULL) || !v.type);
}

static int watch_add(struct cli *c, enum upoint_type type, const char *text, bool location,
		     const char *cond, struct upoint **ret, struct err *err)
{
	const struct symbol *sym;
	u64 addr = 0;
	u8 len = 0;
	int r;

	if (!is_plain_symbol(c, text, &sym))
		return session_watch(c->s, type, text, location, cond, ret, err);
	r = watch_symbol(sym, &addr, &len, err);
	return r ? r : session_break(c->s, type, text, addr, len, false, cond, ret, err);
}

/* The place's text ends where its expression does. */
static int place_end(struct cli *c, const char *args, const char **ret, struct err *err)
{
	struct expr *e = NULL;
	int r = expr_parse_prefix(c->s, args, &e, ret, err);

	expr_destroy(e);
	return r;
}

static int watch_set(struct cli *c, enum upoint_type type, const char *args, struct err *err)
{
	const char *cond = NULL, *end = NULL;
	struct upoint *p;
	char *text;
	bool location;
	int r;

	location = !strncmp(args, "-l ", 3) || !strncmp(args, "-location ", 10);
	if (location)
		args = blanks_skip(args + strcspn(args, " "));
	if (!*args)
		return err_set(err, EINVAL, "a watchpoint needs a place, as in watch *(u32*)0x500");
	r = place_end(c, args, &end, err);
	if (!r)
		r = condition_take(end, &cond, err);
	if (r)
		return r;
	text = text_before(args, end);
	r = text ? watch_add(c, type, text, location, cond, &p, err)
		 : err_set(err, ENOMEM, "no memory for the point");
	if (!r) {
		c->last_point = p->num;
		point_show(c, p);
	}
	free(text);
	return r;
}

static int cmd_watch(struct cli *c, const char *args, struct err *err)
{
	return watch_set(c, UPOINT_WATCH, args, err);
}

static int cmd_rwatch(struct cli *c, const char *args, struct err *err)
{
	return watch_set(c, UPOINT_RWATCH, args, err);
}

static int cmd_awatch(struct cli *c, const char *args, struct err *err)
{
	return watch_set(c, UPOINT_AWATCH, args, err);
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_points[] = {
	{ "break", "b br brea", GROUP_POINTS, ARG_LOCATION, 0, "break [LOCATION] [if CONDITION]",
	  "Set a breakpoint.",
	  "LOCATION is LINE, FILE:LINE, FUNCTION (all of that name, inlined copies too, behind the "
	  "prologue), FILE:FUNCTION, *EXPR (exactly there), a symbol, a number or SEG:OFF; without it "
	  "the current instruction. Several places count as one point. The engine plants an INT3, or "
	  "uses a debug register where the code cannot be written.",
	  "break *$pc+1", cmd_break, NULL },
	{ "tbreak", "tb", GROUP_POINTS, ARG_LOCATION, 0, "tbreak [LOCATION] [if CONDITION]",
	  "Set a breakpoint that is deleted when hit.", "", "tbreak *$pc+1", cmd_tbreak, NULL },
	{ "hbreak", "hb", GROUP_POINTS, ARG_LOCATION, 0, "hbreak [LOCATION] [if CONDITION]",
	  "Set a breakpoint in a debug register.",
	  "There are four, shared with watchpoints. The code is not changed.", "hbreak *$pc+1",
	  cmd_hbreak, NULL },
	{ "thbreak", NULL, GROUP_POINTS, ARG_LOCATION, 0, "thbreak [LOCATION] [if CONDITION]",
	  "Set a breakpoint in a debug register that is deleted when hit.", "", "thbreak *$pc+1",
	  cmd_thbreak, NULL },
	{ "watch", "wa", GROUP_POINTS, ARG_EXPR, 0, "watch [-l] PLACE [if CONDITION]",
	  "Stop when a value in memory changes.",
	  "PLACE is an expression that names memory, such as a variable, s.field, p->field, v[i] or "
	  "*(u32*)0x500, or a symbol, of 1, 2, 4 or 8 bytes; or any other number, such as a + b or $rax. What "
	  "the value is read through (p, i) is watched too: when that changes, the place watched is the new "
	  "one. It stops when the value has changed. One that names locals means those of this frame and "
	  "is deleted when their function returns. With -l before PLACE it is the place that the expression "
	  "names now, for good. Where the CPU's debug registers do not work, and for values that hang on "
	  "registers, the guest is stepped, which is said.",
	  "watch *(u32*)0x500", cmd_watch, NULL },
	{ "rwatch", "rw", GROUP_POINTS, ARG_EXPR, 0, "rwatch PLACE [if CONDITION]",
	  "Stop when memory is read.", "See watch.", NULL, cmd_rwatch, NULL },
	{ "awatch", "aw", GROUP_POINTS, ARG_EXPR, 0, "awatch PLACE [if CONDITION]",
	  "Stop when memory is read or written.", "See watch.", "awatch *(u8*)0x500", cmd_awatch,
	  NULL },
	{ NULL },
};
