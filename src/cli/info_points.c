/* info_points.c - info breakpoints: every point with its places, hits and commands. */
#include <errno.h>
#include <inttypes.h>
#include "cli.h"

static const char *const how_names[] = {
	[POINT_HOW_AUTO] = NULL,
	[POINT_HOW_INT3] = "by int3",
	[POINT_HOW_DR] = "by debug register",
	[POINT_HOW_ADDRESS] = "by stepping",
};

static void point_details(struct cli *c, const struct upoint *p, struct strbuf *out)
{
	if (p->condition)
		strbuf_addf(out, "\tstop only if %s\n", p->condition);
	if (p->hits)
		strbuf_addf(out, "\tbreakpoint already hit %" PRIu64 " time%s\n", p->hits,
			    p->hits == 1 ? "" : "s");
	if (p->ignore)
		strbuf_addf(out, "\tignore next %" PRIu64 " hits\n", p->ignore);
	if (session_alive(c->s) && p->enabled && p->got < ARRAY_SIZE(how_names) &&
	    how_names[p->got])
		strbuf_addf(out, "\tnoticed %s\n", how_names[p->got]);
	if (p->cost)
		strbuf_addf(out, "\t%s\n", p->cost);
	for (char **line = p->commands; line && *line; line++)
		strbuf_addf(out, "        %s\n", *line);
}

/* "0x0000000000401136 in main at demo.c:4", or the symbol where no line is known. */
static void place_put(struct cli *c, const struct point_place *at, struct strbuf *out)
{
	strbuf_addf(out, "0x%016" PRIx64, at->addr);
	if (!at->file) {
		symbol_format(c, at->addr, out);
		return;
	}
	if (at->function)
		strbuf_addf(out, " in %s", at->function);
	strbuf_addf(out, " at %s:%u", at->file, at->line);
}

static bool has_rows(const struct upoint *p)
{
	return p->n_places > 1 || (p->n_places && !p->place[0].enabled);
}

static void place_rows(struct cli *c, const struct upoint *p, struct strbuf *out)
{
	char num[24];

	for (size_t i = 0; has_rows(p) && i < p->n_places; i++) {
		snprintf(num, sizeof(num), "%u.%zu", p->num, i + 1);
		strbuf_addf(out, "%-7s %-15s %-4s %-3s ", num, "", "",
			    p->place[i].enabled ? "y" : "n");
		place_put(c, &p->place[i], out);
		strbuf_addc(out, '\n');
	}
}

static void point_row(struct cli *c, const struct upoint *p, struct strbuf *out)
{
	const bool code = p->type == UPOINT_BREAK || p->type == UPOINT_HBREAK;

	strbuf_addf(out, "%-7u %-15s %-4s %-3s ", p->num, point_type_name(p),
		    p->temporary ? "del" : "keep", p->enabled ? "y" : "n");
	if (!code)
		strbuf_addf(out, "%-18s %s", "", p->what);
	else if (p->n_places && !has_rows(p))
		place_put(c, &p->place[0], out);
	else
		strbuf_addf(out, "%-18s %s", p->n_places ? "<MULTIPLE>" : "<PENDING>",
			    p->n_places ? "" : p->what);
	strbuf_addc(out, '\n');
	point_details(c, p, out);
	place_rows(c, p, out);
}

int points_info(struct cli *c, const char *args, struct err *err)
{
	struct strbuf out;
	size_t n;
	struct upoint *const *p = session_points(c->s, &n), *one = NULL;

	if (*args && point_take(c, &args, "info breakpoints", &one, err))
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
