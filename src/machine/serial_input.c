/*
 * serial_input.c - what the guest was given by the host, kept from the first saved state on: a guest that was
 * put back gets it again. By an engine with a clock of its own at the same moment as the first time, so
 * that the run is the same; else as soon as the guest looks for it.
 */
#include "internal.h"

#include <stdlib.h>

/*
 * At one tick of the clock the guest may look for itself in its instruction, or the engine before it:
 * whoever it was the first time, it is that look that finds the byte.
 */
static bool is_due(const struct machine *m, const struct input_byte *b, bool guest)
{
	u64 now;

	if (!m->clock)
		return true;
	now = machine_ns(m);
	return b->ns < now || (b->ns == now && b->guest == guest);
}

static bool has_again(const struct machine *m)
{
	return m->input.at < m->input.n;
}

static size_t take_again(struct machine *m, u8 *buf, size_t n, bool guest)
{
	struct serial_input *in = &m->input;
	size_t got = 0;

	while (got < n && has_again(m) && is_due(m, &in->byte[in->at], guest))
		buf[got++] = in->byte[in->at++].byte;
	return got;
}

/* Without memory it is not kept: then it is not given again either, and the run differs. */
static void keep(struct machine *m, u8 byte, bool guest)
{
	struct serial_input *in = &m->input;

	if (in->n == in->cap) {
		const size_t cap = in->cap ? 2 * in->cap : 64;
		struct input_byte *more = realloc(in->byte, cap * sizeof(*more));

		if (!more)
			return;
		in->byte = more;
		in->cap = cap;
	}
	in->byte[in->n++] = (struct input_byte){ .ns = machine_ns(m), .byte = byte, .guest = guest };
	in->at = in->n;
}

size_t serial_input_take(struct machine *m, u8 *buf, size_t n, bool guest)
{
	size_t got = take_again(m, buf, n, guest);

	if (got || has_again(m) || m->replay)
		return got;
	got = channel_read(&m->channel[CONSOLE_SERIAL], buf, n);
	for (size_t i = 0; m->input.keep && i < got; i++)
		keep(m, buf[i], guest);
	return got;
}

void serial_input_deinit(struct machine *m)
{
	free(m->input.byte);
	m->input = (struct serial_input){ 0 };
}

u64 machine_input_due(const struct machine *m)
{
	return has_again(m) ? m->input.byte[m->input.at].ns : UINT64_MAX;
}
