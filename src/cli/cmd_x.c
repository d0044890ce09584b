/* cmd_x.c - x: memory in all formats. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "term.h"

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

/* A string up to its NUL or 200 characters, as gdb shows it; up to where memory ends, which is an
 * error only for the first character. */
static int x_string(struct cli *c, u64 *addr, struct strbuf *out, struct err *err)
{
	unsigned n = 0;
	u8 ch;
	int r = session_read(c->s, *addr, &ch, 1, err);

	if (r)
		return r;
	line_start(c, *addr, out);
	strbuf_adds(out, "\t\"");
	for (; ch && n < 200; n++) {
		if (session_read(c->s, *addr + n, &ch, 1, NULL) || !ch)
			break;
		if (ch == '"' || ch == '\\' || ch < 0x20 || ch > 0x7e) {
			char text[8];

			snprintf(text, sizeof(text),
				 ch == '"' || ch == '\\' ? "\\%c"
				 : ch == '\n'            ? "\\n"
				 : ch == '\r'            ? "\\r"
				 : ch == '\t'            ? "\\t"
							 : "\\%03o",
				 ch);
			strbuf_adds(out, text);
		} else {
			strbuf_addc(out, ch);
		}
	}
	*addr += n + !ch;
	strbuf_addf(out, "\"%s\n", ch && n == 200 ? "..." : "");
	return 0;
}

static int x_units(struct cli *c, const struct format *f, u64 *addr, u64 count, struct strbuf *out,
		   struct err *err)
{
	const unsigned size = format_size(f->size), per_line = size <= 2 ? 8 : size == 4 ? 4 : 2;
	int r = 0;

	for (u64 i = 0; i < count && !r && !c->out.quit && !term_interrupted();
	     i++, *addr += size) {
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

int memory_show(struct cli *c, const struct format *f, u64 *addr, struct err *err)
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

void format_complete(struct format *f, char last_letter, char last_size)
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
		f->size =
			last_size && last_letter != 'c' && last_letter != 's' && last_letter != 'i'
				? last_size
				: 'w';
}

/* The first of `count` instructions that end at `addr`: decoded from where its function begins. */
static int insns_before(struct cli *c, u64 addr, u64 count, u64 *ret, struct err *err)
{
	enum { MOST = 4096 };
	const struct symbol *sym = session_symbols(c->s) ? symbols_at(session_symbols(c->s), addr - 1) : NULL;
	u64 *start = sym ? calloc(MOST, sizeof(*start)) : NULL;
	u64 at = sym ? sym->addr : addr, n = 0;
	struct strbuf text;
	int r = 0;

	strbuf_init(&text);
	for (; start && !r && at < addr; n++) {
		unsigned len = 0;

		start[n % MOST] = at;
		r = session_disassemble(c->s, at, &text, &len, err);
		at += len ?: 1;
		text.n = 0;
	}
	strbuf_deinit(&text);
	if (!r && (!start || at != addr || count > n || count > MOST))
		r = err_set(err, ENOENT,
			    "there are no %" PRIu64 " instructions of one function before 0x%" PRIx64, count,
			    addr);
	if (!r)
		*ret = start[(n - count) % MOST];
	free(start);
	return r;
}

static int memory_before(struct cli *c, const struct format *f, u64 *addr, struct err *err)
{
	if (f->letter == 's')
		return err_set(err, EINVAL, "strings cannot be found backwards: where one begins is not to be seen");
	if (f->letter == 'i')
		return insns_before(c, *addr, f->count, addr, err);
	*addr -= f->count * format_size(f->size);
	return 0;
}

static int x_format(struct cli *c, const char **args, struct format *ret, struct err *err)
{
	struct format f = { .count = 1 };
	int r = format_parse(args, &f, err);

	if (r)
		return r;
	if (!f.has_count && c->repeating)
		f.count = c->x_format.count;
	if (!f.has_count && c->repeating)
		f.backwards = c->x_format.backwards;
	if (!f.letter)
		f.letter = c->x_format.letter ? c->x_format.letter : 'x';
	if (f.letter == 'f' && (f.size == 'b' || f.size == 'h'))
		return err_set(err, EINVAL, "a float has 4 or 8 bytes: use x/fw or x/fg");
	format_complete(&f, c->x_format.letter, c->x_format.size);
	*ret = f;
	return 0;
}

void last_address_set(struct cli *c, u64 addr)
{
	const struct value v = { .bits = addr, .size = 8, .is_pointer = true, .pointee_size = 1 };

	session_var_set(c->s, "_", &v, NULL);
}

static int cmd_x(struct cli *c, const char *args, struct err *err)
{
	struct format f;
	u64 addr = c->x_next, start;
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
	if (f.backwards)
		r = memory_before(c, &f, &addr, err);
	if (r)
		return r;
	start = addr;
	last_address_set(c, addr);
	r = memory_show(c, &f, &addr, err);
	c->x_format = f;
	c->x_next = f.backwards ? start : addr; /* Enter goes on before it */
	c->x_started = true;
	return r;
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_x[] = {
	{ "x", NULL, GROUP_DATA, ARG_EXPR, CMD_NEEDS_GUEST | CMD_REPEATS,
	  "x[/COUNT FMT SIZE] [ADDR]", "Show memory.",
	  "With a negative COUNT what lies before ADDR. FMT is one letter as in print, or s (string) or i (instruction). SIZE: b 1, h 2, w 4, g "
	  "8 bytes. What is not given stays as it was last. Without ADDR, and on Enter, it goes on "
	  "behind what was shown. In modes with segments, $pc and $sp stand for their linear "
	  "addresses here.",
	  "x/3i $pc", cmd_x, NULL },
	{ NULL },
};
