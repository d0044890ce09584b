/*
 * line.c - the stop line, and the texts of instructions and symbols behind it.
 *
 * Columns: wide enough that most lines of a run stand below each other, but only the order and the
 * two blanks between fields are promised.
 */
#include <stdlib.h>
#include <vmstep/source.h>
#include "put.h"

enum { COL_CAUSE = 5, COL_RIP = 13, COL_SYMBOL = 33, COL_INSN = 55, COL_EVIDENCE = 81 };

/* --- symbols and lines, memoised by address --- */

enum { MEMO_SLOTS = 4096, MEMO_TEXT = 62 };
struct symbol_memo {
	u64 serial; /* of the symbols the texts below were taken from */
	struct memo {
		u64 addr;
		u8 n_symbol; /* MEMO_EMPTY, or the text's length; 0: nothing covers addr */
		u8 n_line;   /* the line's text stands behind the symbol's */
		char text[MEMO_TEXT];
	} slot[MEMO_SLOTS];
};
enum { MEMO_EMPTY = 255 };

static void memo_clear(struct symbol_memo *m, u64 serial)
{
	m->serial = serial;
	for (size_t i = 0; i < MEMO_SLOTS; i++)
		m->slot[i].n_symbol = MEMO_EMPTY;
}

/* Code runs through neighbouring addresses: the low bits, with higher ones folded in. */
static size_t memo_slot(u64 addr)
{
	return (addr ^ addr >> 12) & (MEMO_SLOTS - 1);
}

static size_t symbol_look_up(struct session *s, u64 addr, struct strbuf *out)
{
	size_t before = out->n;
	char text[300];

	if (session_symbols(s) && session_symbolize(s, addr, text, sizeof(text)))
		strbuf_adds(out, text);
	return out->n - before;
}

static size_t line_look_up(struct session *s, u64 addr, struct strbuf *out)
{
	size_t before = out->n;
	char text[300];

	if (session_symbols(s) && source_format(session_symbols(s), addr, text, sizeof(text)))
		strbuf_adds(out, text);
	return out->n - before;
}

/* The slot that holds the texts of `addr`; NULL when they are too long for one. */
static const struct memo *memo_get(const struct line_source *src, u64 addr, struct strbuf *scratch)
{
	struct symbol_memo *m = src->memo;
	struct memo *k = &m->slot[memo_slot(addr)];
	size_t before = scratch->n, n_symbol, n_line;

	if (m->serial != session_symbols_serial(src->session))
		memo_clear(m, session_symbols_serial(src->session));
	if (k->n_symbol != MEMO_EMPTY && k->addr == addr)
		return k;
	n_symbol = symbol_look_up(src->session, addr, scratch);
	n_line = line_look_up(src->session, addr, scratch);
	if (n_symbol + n_line <= MEMO_TEXT && !scratch->failed) {
		k->addr = addr;
		k->n_symbol = n_symbol;
		k->n_line = n_line;
		memcpy(k->text, scratch->s + before, n_symbol + n_line);
	} else {
		k = NULL;
	}
	scratch->n = before; /* the caller puts what it wants */
	return k;
}

struct symbol_memo *symbol_memo_create(void)
{
	struct symbol_memo *m = malloc(sizeof(*m));

	if (m)
		memo_clear(m, 0);
	return m;
}

void symbol_memo_destroy(struct symbol_memo *m)
{
	free(m);
}

bool symbol_put(const struct line_source *src, u64 addr, struct strbuf *out)
{
	const struct memo *k = src->memo ? memo_get(src, addr, out) : NULL;

	if (!k)
		return symbol_look_up(src->session, addr, out) != 0;
	strbuf_addn(out, k->text, k->n_symbol);
	return k->n_symbol != 0;
}

bool line_put(const struct line_source *src, u64 addr, struct strbuf *out)
{
	const struct memo *k = src->memo ? memo_get(src, addr, out) : NULL;

	if (!k)
		return line_look_up(src->session, addr, out) != 0;
	strbuf_addn(out, k->text + k->n_symbol, k->n_line);
	return k->n_line != 0;
}

/* "main+0x5 (demo.c:9)", less where less is known. */
static void place_put(const struct line_source *src, u64 addr, struct strbuf *out)
{
	bool named = symbol_put(src, addr, out);
	size_t before = out->n;

	strbuf_adds(out, named ? " (" : "(");
	if (line_put(src, addr, out))
		strbuf_addc(out, ')');
	else
		out->n = before;
	if (!named && out->n == before)
		strbuf_addc(out, '-');
	else if (out->cap)
		out->s[out->n] = '\0';
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

/* The columns of the address, and the blanks behind them. */
static void where_put(const struct line_source *src, const struct stop *st, size_t at,
		      struct strbuf *out)
{
	strbuf_pad(out, at + COL_RIP, 2);
	PUT(out, "0x");
	strbuf_addhex_pad(out, st->lin, 16);
	strbuf_pad(out, at + COL_SYMBOL, 2);
	place_put(src, st->lin, out);
	strbuf_pad(out, at + COL_INSN, 2);
}

static void gap_line_put(const struct line_source *src, const struct stop *st, size_t at,
			 struct strbuf *out)
{
	PUT(out, "gap");
	where_put(src, st, at, out);
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
	where_put(src, st, at, out);
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
