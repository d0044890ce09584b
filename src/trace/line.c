/*
 * line.c - the stop line, and the texts of instructions and symbols behind it.
 *
 * Columns: wide enough that most lines of a run stand below each other, but only the order and the
 * two blanks between fields are promised.
 */
#include <stdlib.h>
#include "put.h"

enum { COL_CAUSE = 5, COL_RIP = 13, COL_SYMBOL = 33, COL_INSN = 55, COL_EVIDENCE = 81 };

/* --- symbols, memoised by address --- */

enum { MEMO_SLOTS = 4096, MEMO_TEXT = 47 };
struct symbol_memo {
	struct symbols *of; /* what the texts below were taken from */
	struct {
		u64 addr;
		u8 n; /* MEMO_EMPTY, or the text's length; 0: nothing covers addr */
		char text[MEMO_TEXT];
	} slot[MEMO_SLOTS];
};
enum { MEMO_EMPTY = 255 };

static void memo_clear(struct symbol_memo *m, struct symbols *of)
{
	m->of = of;
	for (size_t i = 0; i < MEMO_SLOTS; i++)
		m->slot[i].n = MEMO_EMPTY;
}

/* Code runs through neighbouring addresses: the low bits, with higher ones folded in. */
static size_t memo_slot(u64 addr)
{
	return (addr ^ addr >> 12) & (MEMO_SLOTS - 1);
}

static bool symbol_look_up(struct session *s, u64 addr, struct strbuf *out)
{
	char text[300];

	if (!session_symbolize(s, addr, text, sizeof(text)))
		return false;
	strbuf_adds(out, text);
	return true;
}

static bool symbol_memoise(const struct line_source *src, u64 addr, struct strbuf *out)
{
	struct symbol_memo *m = src->memo;
	size_t i = memo_slot(addr), before = out->n, n;

	symbol_look_up(src->session, addr, out);
	n = out->n - before;
	if (n <= MEMO_TEXT) {
		m->slot[i].addr = addr;
		m->slot[i].n = n;
		memcpy(m->slot[i].text, out->s + before, n);
	}
	return n != 0;
}

struct symbol_memo *symbol_memo_create(void)
{
	struct symbol_memo *m = malloc(sizeof(*m));

	if (m)
		memo_clear(m, NULL);
	return m;
}

void symbol_memo_destroy(struct symbol_memo *m)
{
	free(m);
}

bool symbol_put(const struct line_source *src, u64 addr, struct strbuf *out)
{
	struct symbols *now = session_symbols(src->session);
	struct symbol_memo *m = src->memo;
	size_t i;

	if (!now)
		return false;
	if (!m)
		return symbol_look_up(src->session, addr, out);
	if (m->of != now)
		memo_clear(m, now);
	i = memo_slot(addr);
	if (m->slot[i].n == MEMO_EMPTY || m->slot[i].addr != addr)
		return symbol_memoise(src, addr, out);
	strbuf_addn(out, m->slot[i].text, m->slot[i].n);
	return m->slot[i].n != 0;
}

/* --- instructions --- */

size_t insn_size(const struct line_source *src, u8 mode, u64 lin, const u8 *bytes, size_t n)
{
	unsigned bits = mode_bits(mode);
	struct insn insn;
	unsigned length;

	if (!n)
		return 0;
	if (src->cache) {
		length = insn_cache_get(src->cache, bits, lin, bytes, n)->facts.length;
	} else {
		insn_decode(bits, bytes, n, &insn);
		length = insn.facts.length;
	}
	return length ? length : n;
}

void insn_put(const struct line_source *src, u8 mode, u64 lin, const u8 *bytes, size_t n,
	      struct strbuf *out)
{
	unsigned bits = mode_bits(mode);
	char text[128];
	size_t len;

	if (!n) {
		strbuf_addc(out, '-');
		return;
	}
	if (src->cache) {
		const char *cached = insn_cache_text(src->cache, bits, lin, bytes, n, &len);

		strbuf_addn(out, cached, len);
		return;
	}
	len = insn_format(bits, bytes, n, lin, NULL, NULL, text, sizeof(text));
	strbuf_addn(out, text, len);
}

/* --- the line --- */

static const char *cause_color(const struct stop *st)
{
	switch ((enum cause)st->first) {
	case CAUSE_MTF:
	case CAUSE_TF:
	case CAUSE_START:
		return st->causes == CAUSE_BIT(st->first) ? NULL : "\033[33m";
	case CAUSE_SHUTDOWN:
	case CAUSE_ERROR:
		return "\033[1;31m";
	case CAUSE_BREAK:
	case CAUSE_UWATCH:
	case CAUSE_CATCH:
		return "\033[31m";
	default:
		return "\033[33m";
	}
}

/* Colour codes take no room on the screen: *ret_column grows by what they take in the buffer. */
static void color_put(struct strbuf *out, const char *code, size_t *ret_column)
{
	if (!code)
		return;
	strbuf_adds(out, code);
	*ret_column += strlen(code);
}

static void gap_line_put(const struct line_source *src, const struct stop *st, size_t at,
			 struct strbuf *out)
{
	PUT(out, "gap");
	strbuf_pad(out, at + COL_RIP, 2);
	PUT(out, "0x");
	strbuf_addhex_pad(out, st->lin, 16);
	strbuf_pad(out, at + COL_SYMBOL, 2);
	if (!symbol_put(src, st->lin, out))
		strbuf_addc(out, '-');
	strbuf_pad(out, at + COL_INSN, 2);
	PUT(out, "retired ");
	if (st->retired < 0)
		PUT(out, "unknown");
	else
		strbuf_addsdec(out, st->retired);
	strbuf_pad(out, at + COL_EVIDENCE, 2);
	strbuf_adds(out, gap_reason_text(st->gap));
}

void stop_line_put(const struct line_source *src, const struct stop *st,
		   const struct stop_style *style, struct strbuf *out)
{
	const char *color = style && style->color ? cause_color(st) : NULL;
	size_t at = out->n;

	if (st->kind == RECORD_GAP) {
		gap_line_put(src, st, at, out);
		return;
	}
	strbuf_addc(out, '#');
	strbuf_adddec(out, st->n);
	strbuf_pad(out, at + COL_CAUSE, 2);
	color_put(out, color, &at);
	stop_causes(st, out);
	color_put(out, color ? "\033[0m" : NULL, &at);
	strbuf_pad(out, at + COL_RIP, 2);
	PUT(out, "0x");
	strbuf_addhex_pad(out, st->lin, 16);
	strbuf_pad(out, at + COL_SYMBOL, 2);
	if (!symbol_put(src, st->lin, out))
		strbuf_addc(out, '-');
	strbuf_pad(out, at + COL_INSN, 2);
	insn_put(src, st->mode, st->lin, st->bytes, st->n_bytes, out);
	strbuf_pad(out, at + COL_EVIDENCE, 2);
	color_put(out, style && style->color ? "\033[2m" : NULL, &at);
	stop_evidence(st, out);
	color_put(out, style && style->color ? "\033[0m" : NULL, &at);
}

void stop_line(struct session *s, const struct stop *st, const struct stop_style *style,
	       struct strbuf *out)
{
	struct line_source src = { .session = s };

	stop_line_put(&src, st, style, out);
}
