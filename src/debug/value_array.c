/* value_array.c - arrays as text: elements, runs of equal ones, characters; see value_print.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "value_print.h"

enum { SCAN_MAX = 4 << 20 /* bytes compared for repeats */ };

/* Whether `size` bytes at `off` are those of `first`. */
static bool same_bytes(struct printer *p, const u8 *first, u64 off, u64 size)
{
	u8 buf[256];
	bool gone;

	for (u64 i = 0; i < size; i += sizeof(buf)) {
		const u64 left = size - i, n = left < sizeof(buf) ? left : sizeof(buf);

		if (printer_read(p, off + i, buf, n, &gone) || gone || memcmp(first + i, buf, n))
			return false;
	}
	return true;
}

/* How many elements from `i` on are equal. */
static u64 repeats_of(struct printer *p, const struct part *array, u64 i, u64 size, u64 count)
{
	u8 *first = size <= SCAN_MAX ? malloc(size) : NULL;
	u64 n = 1;
	bool gone;

	if (first && !printer_read(p, array->off + i * size, first, size, &gone) && !gone)
		while (i + n < count && n * size < SCAN_MAX &&
		       same_bytes(p, first, array->off + (i + n) * size, size))
			n++;
	free(first);
	return n;
}

static void element_break(struct printer *p, unsigned recurse)
{
	if (p->style->array)
		strbuf_addf(p->out, "\n%*s", 2 * (int)recurse, "");
}

static void elements_print(struct printer *p, const struct part *part, const struct ctype *t,
			   unsigned recurse)
{
	u64 size = ctype_size(t->target), shown = 0, i = 0;
	u32 limit = p->style->elements, repeats = p->style->repeats;

	strbuf_addc(p->out, '{');
	element_break(p, recurse + 1);
	while (i < t->count && (!limit || shown < limit)) {
		struct part one = { .type = t->target, .off = part->off + i * size };
		u64 n = repeats ? repeats_of(p, part, i, size, t->count) : 1;

		if (i)
			strbuf_adds(p->out, p->style->array ? "," : ", ");
		if (i)
			element_break(p, recurse + 1);
		if (p->style->indexes)
			strbuf_addf(p->out, "[%" PRIu64 "] = ", i);
		part_print(p, &one, false, recurse + 1);
		if (repeats && n > repeats) {
			strbuf_addf(p->out, " <repeats %" PRIu64 " times>", n);
			shown += repeats;
			i += n;
		} else {
			shown++;
			i++;
		}
	}
	if (i < t->count)
		strbuf_adds(p->out, "...");
	element_break(p, recurse);
	strbuf_addc(p->out, '}');
}

void array_print(struct printer *p, const struct part *part, const struct ctype *t,
		       unsigned recurse)
{
	char letter = p->style->letter;
	u64 addr;

	if (t->broken) {
		strbuf_adds(p->out, "<incomplete type>");
	} else if (!t->has_count || !t->count || !ctype_size(t->target)) {
		/* As gdb: like a pointer to the first one. */
		if (!printer_addr(p, part->off, &addr)) {
			strbuf_adds(p->out, "{}");
			return;
		}
		address_print(p, addr);
		if (type_is_char(t->target) && (!letter || letter == 's')) {
			strbuf_adds(p->out, p->style->address ? " " : "");
			string_print(p, addr);
		}
	} else if (type_is_char(t->target) && (!letter || letter == 's')) {
		chars_print(p, part->off, t->count);
	} else {
		elements_print(p, part, t, recurse);
	}
}
