/* cmd_points.c - breakpoints, watchpoints, catchpoints and what belongs to them. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>

#include "cli.h"

/* ---- names ------------------------------------------------------------------------------------------ */

static const char *const type_names[] = {
	[UPOINT_BREAK] = "breakpoint", [UPOINT_HBREAK] = "hw breakpoint", [UPOINT_WATCH] = "watchpoint",
	[UPOINT_RWATCH] = "read watchpoint", [UPOINT_AWATCH] = "acc watchpoint", [UPOINT_CATCH] = "catchpoint",
};
static const char *const how_names[] = {
	[POINT_HOW_AUTO] = NULL, [POINT_HOW_INT3] = "by int3", [POINT_HOW_DR] = "by debug register",
	[POINT_HOW_ADDRESS] = "by stepping",
};

/* ---- break ----------------------------------------------------------------------------------------- */

/* What follows a location or place: nothing, or "if CONDITION". */
static int condition_take(const char *rest, const char **ret, struct err *err)
{
	rest = blanks_skip(rest);
	*ret = NULL;
	if (!*rest)
		return 0;
	if (strncmp(rest, "if", 2) || (rest[2] != ' ' && rest[2] != '\t' && rest[2] != '('))
		return err_set(err, EINVAL, "\"%s\" is too much, only if CONDITION may follow", rest);
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

static void point_show(struct cli *c, const struct upoint *p)
{
	struct strbuf out;
	char *type = strdup(type_names[p->type]);

	strbuf_init(&out);
	if (type)
		*type = toupper((unsigned char)*type);
	strbuf_addf(&out, "%s%s %u", p->temporary ? "Temporary " : "", p->temporary ? type_names[p->type] : type ? type : "", p->num);
	if (p->type == UPOINT_BREAK || p->type == UPOINT_HBREAK) {
		strbuf_adds(&out, " at ");
		address_format(c, p->addr, &out);
	} else {
		strbuf_addf(&out, ": %s", p->what);
	}
	strbuf_adds(&out, p->cost ? " (" : "");
	strbuf_addf(&out, "%s%s\n", p->cost ? p->cost : "", p->cost ? ")" : "");
	say_buf(c, &out);
	strbuf_deinit(&out);
	free(type);
}

static int break_location(struct cli *c, const char *args, u64 *ret, const char **ret_end, struct err *err)
{
	*ret_end = args;
	if (!*args || !strncmp(args, "if ", 3))
		return location_get(c, "", ret, err);
	return expr_location_prefix(c->s, args, ret, ret_end, err);
}

static int break_set(struct cli *c, enum upoint_type type, bool temporary, const char *args, struct err *err)
{
	const char *cond, *end;
	struct upoint *p;
	char *text = NULL;
	u64 addr = 0;
	int r = break_location(c, args, &addr, &end, err);

	if (!r)
		r = condition_take(end, &cond, err);
	if (r)
		return r;
	if (end > args)
		text = text_before(args, end);
	else if (asprintf(&text, "*0x%" PRIx64, addr) < 0)
		text = NULL;
	r = text ? session_break(c->s, type, text, addr, 1, temporary, cond, &p, err) : err_set(err, ENOMEM, "no memory for the point");
	if (!r) {
		c->last_point = p->num;
		point_show(c, p);
	}
	free(text);
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

/* ---- watch ----------------------------------------------------------------------------------------- */

static bool is_watch_size(u64 n)
{
	return n == 1 || n == 2 || n == 4 || n == 8;
}

/* A symbol by itself means the storage it names. */
static int watch_symbol(const struct symbol *sym, u64 *ret_addr, u8 *ret_len, struct err *err)
{
	if (!is_watch_size(sym->size))
		return err_set(err, EINVAL, "%s has %" PRIu64 " bytes, a watchpoint covers 1, 2, 4 or 8: say which, as in *(u32*)%s",
			       sym->name, sym->size, sym->name);
	*ret_addr = sym->addr;
	*ret_len = sym->size;
	return 0;
}

static int watch_place(struct cli *c, const char *text, u64 *ret_addr, u8 *ret_len, struct err *err)
{
	const struct symbols *syms = session_symbols(c->s);
	const struct symbol *sym = syms ? symbols_find(syms, text) : NULL;
	struct value v;
	int r;

	if (sym)
		return watch_symbol(sym, ret_addr, ret_len, err);
	r = expr_value(c->s, text, &v, err);
	if (r)
		return r;
	if (!v.lval_mem)
		return err_set(err, EINVAL, "cannot watch %s: it is a value and no place in memory, try *(u32*)%s", text, text);
	if (!is_watch_size(v.size))
		return err_set(err, EINVAL, "cannot watch %u bytes: only 1, 2, 4 or 8", v.size);
	*ret_addr = v.addr;
	*ret_len = v.size;
	return 0;
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
	u64 addr = 0;
	u8 len = 0;
	int r;

	/* gdb's -l is what a watch is here anyway: a place. */
	if (!strncmp(args, "-l ", 3) || !strncmp(args, "-location ", 10))
		args = blanks_skip(args + strcspn(args, " "));
	if (!*args)
		return err_set(err, EINVAL, "a watchpoint needs a place, as in watch *(u32*)0x500");
	r = place_end(c, args, &end, err);
	if (!r)
		r = condition_take(end, &cond, err);
	if (r)
		return r;
	text = text_before(args, end);
	r = text ? watch_place(c, text, &addr, &len, err) : err_set(err, ENOMEM, "no memory for the point");
	if (!r)
		r = session_break(c->s, type, text, addr, len, false, cond, &p, err);
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

/* ---- catch ----------------------------------------------------------------------------------------- */

static int catch_set(struct cli *c, struct upoint *proto, const char *name, const char *args, struct err *err)
{
	char what[200];
	struct upoint *p;
	int r;

	snprintf(what, sizeof(what), "%s%s%s", name, *args ? " " : "", args);
	proto->type = UPOINT_CATCH;
	proto->enabled = true;
	proto->what = what;
	r = session_catch(c->s, proto, &p, err);
	if (!r) {
		c->last_point = p->num;
		point_show(c, p);
	}
	return r;
}

static int catch_plain(struct cli *c, u32 bit, const char *name, const char *args, struct err *err)
{
	if (*args)
		return err_set(err, EINVAL, "catch %s takes no argument", name);
	return catch_set(c, &(struct upoint){ .catches = bit }, name, args, err);
}

static int catch_icebp(struct cli *c, const char *args, struct err *err)
{
	return catch_plain(c, CATCH_ICEBP, "icebp", args, err);
}

static int catch_int3(struct cli *c, const char *args, struct err *err)
{
	return catch_plain(c, CATCH_INT3, "int3", args, err);
}

static int catch_hlt(struct cli *c, const char *args, struct err *err)
{
	return catch_plain(c, CATCH_HLT, "hlt", args, err);
}

static int catch_mmio(struct cli *c, const char *args, struct err *err)
{
	return catch_plain(c, CATCH_MMIO, "mmio", args, err);
}

static int catch_msr(struct cli *c, const char *args, struct err *err)
{
	return catch_plain(c, CATCH_MSR, "msr", args, err);
}

static int catch_cr(struct cli *c, const char *args, struct err *err)
{
	return catch_plain(c, CATCH_CR, "cr", args, err);
}

/* PORT, FIRST-LAST, or nothing for all. */
static int catch_io(struct cli *c, const char *args, struct err *err)
{
	struct upoint p = { .catches = CATCH_IO, .port_hi = 0xffff };
	u64 lo, hi;
	const char *end;

	if (*args) {
		int r = number_scan(args, &end, &lo);

		hi = lo;
		if (!r && *blanks_skip(end) == '-')
			r = number_scan(blanks_skip(blanks_skip(end) + 1), &end, &hi);
		if (r || *blanks_skip(end) || lo > hi || hi > 0xffff)
			return err_set(err, EINVAL, "catch io: \"%s\" is no port and no range of ports, as in 0x3f8 or 0x60-0x64", args);
		p.port_lo = lo;
		p.port_hi = hi;
	}
	return catch_set(c, &p, "io", args, err);
}

static int exception_number(const char *word, u64 *ret)
{
	return exception_find(word, ret) ? 0 : number_parse_range(word, "vector", 0, 31, ret, NULL);
}

static int catch_exception(struct cli *c, const char *args, struct err *err)
{
	struct upoint p = { .catches = CATCH_EXCEPTION };
	const char *rest = args;
	char word[32];
	u64 v;

	while (word_take(&rest, word, sizeof(word))) {
		if (exception_number(word, &v))
			return err_set(err, EINVAL, "catch exception: \"%s\" is no exception, give a vector of 0 to 31 or a name such as #PF",
				       word);
		p.vectors |= BIT(v);
	}
	return catch_set(c, &p, "exception", args, err);
}

/* ---- numbers --------------------------------------------------------------------------------------- */

typedef int point_fn(struct cli *c, u32 num, struct err *err);

/* "1 3-5 $foo": each number in turn. */
static int numbers_each(struct cli *c, const char *args, point_fn *fn, struct err *err)
{
	char word[64];
	u64 lo, hi;

	while (word_take(&args, word, sizeof(word))) {
		char *dash = isdigit((unsigned char)*word) ? strchr(word, '-') : NULL;
		int r;

		if (dash)
			*dash = '\0';
		r = *word == '$' ? expr_u64(c->s, word, &lo, err) : number_parse(word, "point", &lo, err);
		hi = lo;
		if (!r && dash)
			r = number_parse(dash + 1, "point", &hi, err);
		if (!r && (lo > hi || hi > UINT32_MAX))
			r = err_set(err, EINVAL, "%s is no range of points", word);
		for (u64 n = lo; !r && n <= hi; n++) {
			/* A wide range must not walk through numbers that never were. */
			if (dash && !session_point(c->s, n) && n < hi && n - lo > 10000)
				return err_set(err, ERANGE, "%s-%" PRIu64 " is too wide a range of points", word, hi);
			if (!dash || session_point(c->s, n))
				r = fn(c, n, err);
		}
		if (r)
			return r;
	}
	return 0;
}

static int all_each(struct cli *c, point_fn *fn, struct err *err)
{
	size_t n;
	struct upoint *const *p = session_points(c->s, &n);
	u32 *nums = calloc(n + 1, sizeof(*nums));
	int r = nums ? 0 : err_set(err, ENOMEM, "no memory for the list of points");

	/* The list may change under the function. */
	for (size_t i = 0; i < n && !r; i++)
		nums[i] = p[i]->num;
	for (size_t i = 0; i < n && !r; i++)
		r = fn(c, nums[i], err);
	free(nums);
	return r;
}

static int point_delete(struct cli *c, u32 num, struct err *err)
{
	return session_delete(c->s, num, err);
}

static int point_enable(struct cli *c, u32 num, struct err *err)
{
	return session_point_enable(c->s, num, true, err);
}

static int point_disable(struct cli *c, u32 num, struct err *err)
{
	return session_point_enable(c->s, num, false, err);
}

static int cmd_delete(struct cli *c, const char *args, struct err *err)
{
	size_t n;

	if (*args)
		return numbers_each(c, args, point_delete, err);
	session_points(c->s, &n);
	if (n && !confirm(c, "Delete all points?"))
		return 0;
	return all_each(c, point_delete, err);
}

static int cmd_enable(struct cli *c, const char *args, struct err *err)
{
	return *args ? numbers_each(c, args, point_enable, err) : all_each(c, point_enable, err);
}

static int cmd_disable(struct cli *c, const char *args, struct err *err)
{
	return *args ? numbers_each(c, args, point_disable, err) : all_each(c, point_disable, err);
}

/* delete display, enable display, disable display */
static int display_switch(struct cli *c, const char *args, bool on, struct err *err)
{
	char word[24];
	u64 num;

	for (size_t i = 0; !*args && i < c->n_displays; i++)
		c->displays[i].enabled = on;
	while (word_take(&args, word, sizeof(word))) {
		bool found = false;
		int r = number_parse(word, "display", &num, err);

		if (r)
			return r;
		for (size_t i = 0; i < c->n_displays; i++) {
			if (c->displays[i].num != num)
				continue;
			c->displays[i].enabled = on;
			found = true;
		}
		if (!found)
			return err_set(err, ENOENT, "there is no display %s, see info display", word);
	}
	return 0;
}

static int display_enable(struct cli *c, const char *args, struct err *err)
{
	return display_switch(c, args, true, err);
}

static int display_disable(struct cli *c, const char *args, struct err *err)
{
	return display_switch(c, args, false, err);
}

static int display_delete(struct cli *c, const char *args, struct err *err)
{
	const struct command *k = command_lookup("undisplay", 9);

	return k->run(c, args, err);
}

static int cmd_clear(struct cli *c, const char *args, struct err *err)
{
	size_t n, found = 0;
	struct upoint *const *p;
	u64 addr;
	int r = *args ? address_get(c, args, &addr, err) : location_get(c, "", &addr, err);

	if (r)
		return r;
	p = session_points(c->s, &n);
	for (size_t i = 0; i < n;) {
		if ((p[i]->type != UPOINT_BREAK && p[i]->type != UPOINT_HBREAK) || p[i]->addr != addr) {
			i++;
			continue;
		}
		say(c, "Deleted breakpoint %u\n", p[i]->num);
		r = session_delete(c->s, p[i]->num, err);
		if (r)
			return r;
		found++;
		p = session_points(c->s, &n);
	}
	return found ? 0 : err_set(err, ENOENT, "there is no breakpoint at 0x%" PRIx64 ", see info breakpoints", addr);
}

/* ---- condition, ignore, commands ---------------------------------------------------------------------- */

/* The number at *p, moved behind it. */
static int number_take(struct cli *c, const char **p, const char *what, struct upoint **ret, struct err *err)
{
	char word[32];
	u64 num;
	int r;

	if (!word_take(p, word, sizeof(word)))
		return err_set(err, EINVAL, "%s needs the number of a point, see info breakpoints", what);
	r = *word == '$' ? expr_u64(c->s, word, &num, err) : number_parse(word, what, &num, err);
	if (r)
		return r;
	*ret = num <= UINT32_MAX ? session_point(c->s, num) : NULL;
	return *ret ? 0 : err_set(err, ENOENT, "there is no point %s, see info breakpoints", word);
}

static int cmd_condition(struct cli *c, const char *args, struct err *err)
{
	struct upoint *p;
	int r = number_take(c, &args, "condition", &p, err);

	if (!r)
		r = session_point_condition(c->s, p->num, *args ? args : NULL, err);
	if (!r && !*args)
		say(c, "Point %u now stops always.\n", p->num);
	return r;
}

static int cmd_ignore(struct cli *c, const char *args, struct err *err)
{
	struct upoint *p;
	u64 n = 0;
	int r = number_take(c, &args, "ignore", &p, err);

	if (!r && !*args)
		r = err_set(err, EINVAL, "ignore needs a count: ignore %u COUNT", p->num);
	if (!r)
		r = expr_u64(c->s, args, &n, err);
	if (r)
		return r;
	p->ignore = n;
	if (n)
		say(c, "Will ignore next %" PRIu64 " crossings of point %u.\n", n, p->num);
	else
		say(c, "Will stop next time point %u is reached.\n", p->num);
	return 0;
}

static int cmd_commands(struct cli *c, const char *args, struct err *err)
{
	struct upoint *p = session_point(c->s, c->last_point);
	char **lines = NULL;
	u32 num;
	int r = *args ? number_take(c, &args, "commands", &p, err) : 0;

	if (!r && !p)
		r = err_set(err, ENOENT, "commands needs the number of a point, as there is no last one");
	if (r)
		return r;
	num = p->num;
	if (c->interactive && !c->src->file && !c->src->lines)
		say(c, "Commands for when point %u is hit, one a line, then a line with just \"end\".\n", num);
	r = source_body(c, "commands", &lines, NULL, err);
	if (!r)
		r = session_point_commands(c->s, num, lines[0] ? lines : NULL, err);
	lines_free(lines);
	return r;
}

/* ---- info breakpoints ----------------------------------------------------------------------------------- */

static void point_details(struct cli *c, const struct upoint *p, struct strbuf *out)
{
	if (p->condition)
		strbuf_addf(out, "\tstop only if %s\n", p->condition);
	if (p->hits)
		strbuf_addf(out, "\tbreakpoint already hit %" PRIu64 " time%s\n", p->hits, p->hits == 1 ? "" : "s");
	if (p->ignore)
		strbuf_addf(out, "\tignore next %" PRIu64 " hits\n", p->ignore);
	if (session_alive(c->s) && p->enabled && p->got < ARRAY_SIZE(how_names) && how_names[p->got])
		strbuf_addf(out, "\tnoticed %s\n", how_names[p->got]);
	if (p->cost)
		strbuf_addf(out, "\t%s\n", p->cost);
	for (char **line = p->commands; line && *line; line++)
		strbuf_addf(out, "        %s\n", *line);
}

static void point_row(struct cli *c, const struct upoint *p, struct strbuf *out)
{
	strbuf_addf(out, "%-7u %-15s %-4s %-3s ", p->num, type_names[p->type], p->temporary ? "del" : "keep", p->enabled ? "y" : "n");
	if (p->type == UPOINT_BREAK || p->type == UPOINT_HBREAK) {
		strbuf_addf(out, "0x%016" PRIx64, p->addr);
		symbol_format(c, p->addr, out);
	} else {
		strbuf_addf(out, "%-18s %s", "", p->what);
	}
	strbuf_addc(out, '\n');
	point_details(c, p, out);
}

int points_info(struct cli *c, const char *args, struct err *err)
{
	struct strbuf out;
	size_t n;
	struct upoint *const *p = session_points(c->s, &n), *one = NULL;

	if (*args && number_take(c, &args, "info breakpoints", &one, err))
		return -ENOENT;
	if (!n) {
		say(c, "No breakpoints, watchpoints or catchpoints.\n");
		return 0;
	}
	say(c, "Num     Type            Disp Enb Address            What\n");
	strbuf_init(&out);
	for (size_t i = 0; i < n; i++) {
		if (one && p[i] != one)
			continue;
		point_row(c, p[i], &out);
		say_buf(c, &out);
	}
	strbuf_deinit(&out);
	return 0;
}

/* ---- the tables ------------------------------------------------------------------------------------ */

static const struct command catches[] = {
	{ "io", NULL, GROUP_POINTS, ARG_WORD, 0, "catch io [PORT[-PORT]]", "Stop at port accesses.", "Without PORT at all of them.",
	  "catch io 0x3f8", catch_io, NULL },
	{ "mmio", NULL, GROUP_POINTS, ARG_NONE, 0, "catch mmio", "Stop at accesses to addresses that are no memory.", "", "catch mmio",
	  catch_mmio, NULL },
	{ "msr", NULL, GROUP_POINTS, ARG_NONE, 0, "catch msr", "Stop at RDMSR and WRMSR.", "", NULL, catch_msr, NULL },
	{ "cr", NULL, GROUP_POINTS, ARG_NONE, 0, "catch cr", "Stop at moves to and from control registers.", "", NULL, catch_cr, NULL },
	{ "exception", NULL, GROUP_POINTS, ARG_WORD, 0, "catch exception [VECTOR|NAME]...", "Stop when an exception is delivered.",
	  "VECTOR is 0 to 31, NAME as in #PF; without one, all of them.", "catch exception #UD", catch_exception, NULL },
	{ "hlt", NULL, GROUP_POINTS, ARG_NONE, 0, "catch hlt", "Stop at HLT.", "", "catch hlt", catch_hlt, NULL },
	{ "icebp", NULL, GROUP_POINTS, ARG_NONE, 0, "catch icebp", "Stop at the guest's own ICEBP.",
	  "Without it continue delivers or drops the event as set icebp says and does not stop.", "catch icebp", catch_icebp, NULL },
	{ "int3", NULL, GROUP_POINTS, ARG_NONE, 0, "catch int3", "Stop at the guest's own INT3.", "", "catch int3", catch_int3, NULL },
	{ NULL },
};
static const struct command delete_subs[] = {
	{ "display", NULL, GROUP_POINTS, ARG_WORD, 0, "delete display [N]...", "Drop displays, as undisplay does.", "", "delete display",
	  display_delete, NULL },
	{ NULL },
};
static const struct command enable_subs[] = {
	{ "display", NULL, GROUP_POINTS, ARG_WORD, 0, "enable display [N]...", "Turn displays on.", "", "enable display", display_enable, NULL },
	{ NULL },
};
static const struct command disable_subs[] = {
	{ "display", NULL, GROUP_POINTS, ARG_WORD, 0, "disable display [N]...", "Turn displays off.", "", "disable display", display_disable,
	  NULL },
	{ NULL },
};

const struct command commands_points[] = {
	{ "break", "b br brea", GROUP_POINTS, ARG_LOCATION, 0, "break [LOCATION] [if CONDITION]", "Set a breakpoint.",
	  "LOCATION is a symbol, *EXPR, a number or SEG:OFF; without it the current instruction. The engine plants an INT3,\n"
	  "or uses a debug register where the code cannot be written.", "break *$pc+1", cmd_break, NULL },
	{ "tbreak", "tb", GROUP_POINTS, ARG_LOCATION, 0, "tbreak [LOCATION] [if CONDITION]", "Set a breakpoint that is deleted when hit.", "",
	  "tbreak *$pc+1", cmd_tbreak, NULL },
	{ "hbreak", "hb", GROUP_POINTS, ARG_LOCATION, 0, "hbreak [LOCATION] [if CONDITION]", "Set a breakpoint in a debug register.",
	  "There are four, shared with watchpoints. The code is not changed.", "hbreak *$pc+1", cmd_hbreak, NULL },
	{ "thbreak", NULL, GROUP_POINTS, ARG_LOCATION, 0, "thbreak [LOCATION] [if CONDITION]",
	  "Set a breakpoint in a debug register that is deleted when hit.", "", "thbreak *$pc+1", cmd_thbreak, NULL },
	{ "watch", "wa", GROUP_POINTS, ARG_EXPR, 0, "watch PLACE [if CONDITION]", "Stop when memory is written.",
	  "PLACE is an expression that names memory, such as *(u32*)0x500, or a symbol of 1, 2, 4 or 8 bytes. It is\n"
	  "evaluated once. Where the CPU's debug registers do not work, the guest is stepped, which is said.",
	  "watch *(u32*)0x500", cmd_watch, NULL },
	{ "rwatch", "rw", GROUP_POINTS, ARG_EXPR, 0, "rwatch PLACE [if CONDITION]", "Stop when memory is read.", "See watch.", NULL, cmd_rwatch, NULL },
	{ "awatch", "aw", GROUP_POINTS, ARG_EXPR, 0, "awatch PLACE [if CONDITION]", "Stop when memory is read or written.", "See watch.",
	  "awatch *(u8*)0x500", cmd_awatch, NULL },
	{ "catch", NULL, GROUP_POINTS, ARG_SUBCOMMAND, CMD_PREFIX, "catch EVENT", "Stop at an event.", "help catch EVENT says more of each.",
	  "catch hlt", NULL, catches },
	{ "condition", NULL, GROUP_POINTS, ARG_POINT, 0, "condition N [EXPR]", "Let point N stop only if EXPR is not 0.",
	  "Without EXPR it stops always again.", NULL, cmd_condition, NULL },
	{ "ignore", NULL, GROUP_POINTS, ARG_POINT, 0, "ignore N COUNT", "Pass point N COUNT times.", "", NULL, cmd_ignore, NULL },
	{ "commands", NULL, GROUP_POINTS, ARG_POINT, 0, "commands [N]", "Commands to run whenever point N is hit.",
	  "They follow one a line, up to a line \"end\". Without N, those of the last point set. If the first is silent, the\n"
	  "stop is not shown. An empty list removes them.", NULL, cmd_commands, NULL },
	{ "delete", "d", GROUP_POINTS, ARG_POINT, CMD_PREFIX, "delete [N|N-M]...", "Delete points, all of them without N.", "", "delete", cmd_delete,
	  delete_subs },
	{ "clear", "cl", GROUP_POINTS, ARG_LOCATION, 0, "clear [LOCATION]", "Delete the breakpoints at a location.", "", NULL, cmd_clear, NULL },
	{ "enable", "en", GROUP_POINTS, ARG_POINT, CMD_PREFIX, "enable [N|N-M]...", "Turn points on.", "", "enable", cmd_enable, enable_subs },
	{ "disable", "dis", GROUP_POINTS, ARG_POINT, CMD_PREFIX, "disable [N|N-M]...", "Turn points off without forgetting them.", "", "disable",
	  cmd_disable, disable_subs },
	{ NULL },
};
