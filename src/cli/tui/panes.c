/* panes.c - registers, what is due and the stops so far in the full-screen view; see tui.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <vmstep/teach.h>

#include "cli/tui/tui.h"

void pane_title(const struct tui *t, enum pane p, const char *text)
{
	WINDOW *w = t->win[p];

	wattrset(w, A_REVERSE);
	mvwhline(w, 0, 0, ' ' | A_REVERSE, t->rect[p].w);
	mvwaddnstr(w, 0, 1, text, t->rect[p].w - 2);
	wattrset(w, A_NORMAL);
}

void pane_row(const struct tui *t, enum pane p, int row, attr_t attr, const char *text)
{
	wattrset(t->win[p], attr);
	mvwaddnstr(t->win[p], row, 0, text, t->rect[p].w);
	wattrset(t->win[p], A_NORMAL);
}

/* ---- registers ------------------------------------------------------------------------------------ */

/* A stop's registers are held against those of the stop before it. */
static void registers_take(struct tui *t, const struct cpu_state *cpu)
{
	const struct stop *st = session_last_stop(t->cli->s);
	const u64 at = st ? st->n + 1 : 0;
	u64 fresh[GPR_COUNT + 2];

	memcpy(fresh, cpu->gpr, sizeof(cpu->gpr));
	fresh[GPR_COUNT] = cpu->rip;
	fresh[GPR_COUNT + 1] = cpu->rflags;
	if (at != t->at)
		memcpy(t->before, t->at ? t->now : fresh, sizeof(fresh));
	memcpy(t->now, fresh, sizeof(fresh));
	t->at = at;
}

/* What changed is bold and has a star, for terminals and eyes that do not tell bold. */
static void registers_draw(struct tui *t, const struct cpu_state *cpu)
{
	const int rows = t->rect[PANE_REGISTERS].h - 1;
	char flags[200], title[260];

	for (int i = 0; i < GPR_COUNT && i < 2 * rows; i++) {
		const int per = rows < GPR_COUNT / 2 ? rows : GPR_COUNT / 2;
		const bool changed = t->before[i] != t->now[i];
		char text[40];

		if (i >= 2 * per)
			break;
		snprintf(text, sizeof(text), "%-3s %016" PRIx64 "%c", gpr_name(i), t->now[i], changed ? '*' : ' ');
		wattrset(t->win[PANE_REGISTERS], changed ? A_BOLD : A_NORMAL);
		mvwaddnstr(t->win[PANE_REGISTERS], 1 + i % per, i / per * 22, text, 21);
	}
	wattrset(t->win[PANE_REGISTERS], A_NORMAL);
	rflags_format(cpu->rflags, flags, sizeof(flags));
	snprintf(title, sizeof(title), "regs %s CPL %u %s%s", mode_name(cpu_mode(cpu)), cpu_cpl(cpu), flags,
		 t->before[GPR_COUNT + 1] != t->now[GPR_COUNT + 1] ? "*" : "");
	pane_title(t, PANE_REGISTERS, title);
}

/* ---- what is due ---------------------------------------------------------------------------------- */

static void due_draw(struct tui *t)
{
	struct due_line line[DUE_LINES];

	pane_title(t, PANE_DUE, "due here, in order of priority");
	if (due_explain(t->cli->s, line, NULL))
		return;
	for (int i = 0; i < DUE_LINES && i + 1 < t->rect[PANE_DUE].h; i++) {
		static const char *const name[DUE_COUNT] = {
			[DUE_MTF] = "MTF", [DUE_TRAP] = "traps", [DUE_NMI] = "NMI", [DUE_INTERRUPT] = "IRQ",
			[DUE_CODE_BP] = "code bp", [DUE_EXEC_FAULT] = "next",
		};
		char text[200];

		snprintf(text, sizeof(text), "%-8s%s%s%s", name[line[i].due], line[i].state, line[i].held[0] ? " | held: " : "",
			 line[i].held);
		pane_row(t, PANE_DUE, i + 1, line[i].waits ? A_BOLD : A_NORMAL, text);
	}
}

/* ---- the stops so far ----------------------------------------------------------------------------- */

static void stop_put(struct tui *t, const struct stop *st, struct strbuf *out)
{
	const size_t from = out->n;

	strbuf_addf(out, "#%-5" PRIu64, st->n);
	stop_causes(st, out);
	strbuf_pad(out, from + 16, 1);
	strbuf_addhex(out, st->lin, false);
	symbol_format(t->cli, st->lin, out);
	if (st->proof == PROOF_DEDUCED)
		strbuf_adds(out, " (deduced)");
}

static void history_draw(struct tui *t)
{
	const int h = t->rect[PANE_HISTORY].h - 1;
	const u64 kept = t->stops < HISTORY_STOPS ? t->stops : HISTORY_STOPS;
	s64 last = (s64)t->stops - 1 + t->shift[PANE_HISTORY];
	struct strbuf out;

	strbuf_init(&out);
	if (last < (s64)(t->stops - kept) + h - 1)
		last = (s64)(t->stops - kept) + h - 1;
	if (last > (s64)t->stops - 1)
		last = (s64)t->stops - 1;
	for (int row = h; row >= 1 && last >= (s64)(t->stops - kept); row--, last--) {
		strbuf_reset(&out);
		stop_put(t, &t->history[last % HISTORY_STOPS], &out);
		pane_row(t, PANE_HISTORY, row, (u64)last == t->stops - 1 ? A_BOLD : A_NORMAL, strbuf_str(&out));
	}
	strbuf_reset(&out);
	strbuf_addf(&out, "stops, engine %s", session_engine_name(t->cli->s));
	pane_title(t, PANE_HISTORY, strbuf_str(&out));
	strbuf_deinit(&out);
}

void panes_draw(struct tui *t)
{
	const struct cpu_state *cpu = NULL;

	for (int p = 0; p < PANE_COMMAND; p++)
		if (t->win[p])
			werase(t->win[p]);
	if (!session_has_guest(t->cli->s) || session_regs(t->cli->s, &cpu, NULL)) {
		for (int p = 0; p < PANE_COMMAND; p++)
			if (t->win[p])
				pane_title(t, p, "no guest");
		return;
	}
	registers_take(t, cpu);
	code_draw(t, cpu);
	if (t->win[PANE_REGISTERS])
		registers_draw(t, cpu);
	if (t->win[PANE_DUE])
		due_draw(t);
	if (t->win[PANE_HISTORY])
		history_draw(t);
}
