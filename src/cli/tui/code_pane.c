/* code_pane.c - source and instructions in the full-screen view; see tui.h. */
#include <inttypes.h>
#include <vmstep/teach.h>

#include "cli/tui/tui.h"

static char point_mark(struct session *s, u64 addr)
{
	size_t n;
	struct upoint *const *p = session_points(s, &n);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < p[i]->n_places; k++)
			if (p[i]->place[k].addr == addr)
				return p[i]->enabled && p[i]->place[k].enabled ? 'b' : '-';
	return ' ';
}

/* Code before `pc` is known where a symbol says where it begins. */
static u64 code_start(struct tui *t, u64 pc, int above)
{
	struct symbols *syms = session_symbols(t->cli->s);
	const struct symbol *sym = syms ? symbols_at(syms, pc) : NULL;
	u64 start[64], at;
	size_t n = 0;

	if (above <= 0 || !sym || pc - sym->addr > 4096)
		return pc;
	for (at = sym->addr; at < pc; n++) {
		struct strbuf text;
		unsigned len = 1;

		strbuf_init(&text);
		if (session_disassemble(t->cli->s, at, &text, &len, NULL))
			len = 1;
		strbuf_deinit(&text);
		start[n % 64] = at;
		at += len;
	}
	if (at != pc || !n)
		return pc;
	if (above > 63)
		above = 63;
	return start[(n - ((size_t)above < n ? (size_t)above : n)) % 64];
}

static void asm_row(struct tui *t, enum pane p, int row, u64 pc, u64 *at)
{
	struct strbuf line, text;
	unsigned len = 1;

	strbuf_init(&line);
	strbuf_init(&text);
	strbuf_addf(&line, "%c%c%" PRIx64, point_mark(t->cli->s, *at), *at == pc ? '>' : ' ', *at);
	symbol_format(t->cli, *at, &line);
	strbuf_adds(&line, "  ");
	if (session_disassemble(t->cli->s, *at, &text, &len, NULL))
		strbuf_adds(&text, "(unreadable)");
	strbuf_adds(&line, strbuf_str(&text));
	pane_row(t, p, row, *at == pc ? A_BOLD | A_STANDOUT : A_NORMAL, strbuf_str(&line));
	*at += len;
	strbuf_deinit(&text);
	strbuf_deinit(&line);
}

static void asm_draw(struct tui *t, enum pane p, const struct cpu_state *cpu)
{
	const int h = t->rect[p].h;
	const u64 pc = cpu_linear_rip(cpu);
	int skip = t->shift[p];
	u64 at = code_start(t, pc, (h - 1) / 3 - (skip < 0 ? skip : 0));
	struct strbuf title;

	for (; skip > 0; skip--) {
		struct strbuf text;
		unsigned len = 1;

		strbuf_init(&text);
		session_disassemble(t->cli->s, at, &text, &len, NULL);
		strbuf_deinit(&text);
		at += len;
	}
	for (int row = 1; row < h; row++)
		asm_row(t, p, row, pc, &at);
	strbuf_init(&title);
	strbuf_adds(&title, "asm ");
	address_format(t->cli, pc, &title);
	pane_title(t, p, strbuf_str(&title));
	strbuf_deinit(&title);
}

static bool source_draw(struct tui *t, const struct cpu_state *cpu)
{
	const int h = t->rect[PANE_CODE].h;
	struct symbols *syms = session_symbols(t->cli->s);
	struct source_line at;
	struct srcfile *f;
	struct strbuf out;
	s64 line;

	if (!syms || !source_line_at(syms, cpu_linear_rip(cpu), &at) || !at.line ||
	    srctext_open(t->cli->view.text, at.file->name, at.file->dir, &f, NULL))
		return false;
	line = (s64)at.line - (h - 1) / 2 + t->shift[PANE_CODE];
	if (line > (s64)f->n_lines - (h - 2))
		line = (s64)f->n_lines - (h - 2);
	if (line < 1)
		line = 1;
	strbuf_init(&out);
	for (int row = 1; row < h && line <= f->n_lines; row++, line++) {
		strbuf_reset(&out);
		strbuf_addf(&out, "%c%5" PRId64 " ", line == at.line ? '>' : ' ', line);
		srcfile_line(f, line, &out);
		for (size_t i = 0; i < out.n; i++)
			out.s[i] = out.s[i] == '\t' ? ' ' : out.s[i];
		pane_row(t, PANE_CODE, row, line == at.line ? A_BOLD | A_STANDOUT : A_NORMAL, strbuf_str(&out));
	}
	strbuf_reset(&out);
	strbuf_addf(&out, "src %s:%u", at.file->name, at.line);
	pane_title(t, PANE_CODE, strbuf_str(&out));
	strbuf_deinit(&out);
	return true;
}

void code_draw(struct tui *t, const struct cpu_state *cpu)
{
	if (!t->win[PANE_CODE])
		return;
	if (t->win[PANE_ASM])
		asm_draw(t, PANE_ASM, cpu);
	if (t->code != CODE_ASM && source_draw(t, cpu))
		return;
	if (t->win[PANE_ASM])
		pane_title(t, PANE_CODE, "src: none is known for this place");
	else
		asm_draw(t, PANE_CODE, cpu);
}
