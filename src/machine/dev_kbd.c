/*
 * dev_kbd.c - keyboard controller 8042 at 60/64 with a keyboard that answers but has no keys
 * pressed, and the two PC system ports 61 and 92. Enough for firmware and boot loaders not to wait
 * for ever.
 */
#include "internal.h"

enum {
	STATUS_OUTPUT = 1,
	STATUS_SYSTEM = 4,
	STATUS_COMMAND = 8,
	STATUS_UNLOCKED = 16,
	OUTPUT_NO_RESET = 1,
	OUTPUT_A20 = 2,
	ACK = 0xfa,
	SELF_TEST_PASSED = 0xaa,
	REFRESH_TOGGLE = 0x10,
	TIMER_OUTPUT = 0x20,
	TIMER_HALF_NS = 27000, /* the refresh request's and, roughly, the speaker timer's pace */
};

static void queue(struct kbd *k, u8 byte)
{
	if (k->count < KBD_QUEUE)
		k->queue[(k->head + k->count++) % KBD_QUEUE] = byte;
}

static u8 dequeue(struct kbd *k)
{
	u8 byte;

	if (!k->count)
		return 0;
	byte = k->queue[k->head];
	k->head = (u8)((k->head + 1) % KBD_QUEUE);
	k->count--;
	return byte;
}

static void set_output_port(struct machine *m, u8 v)
{
	m->kbd.output_port = v;
	if (!(v & OUTPUT_NO_RESET))
		machine_raise(m, MACHINE_RESET, 0);
}

/* Commands to the controller, port 64. Those that take a byte wait for it in pending_cmd. */
static void controller_command(struct machine *m, u8 cmd)
{
	struct kbd *k = &m->kbd;

	k->pending_cmd = 0;
	switch (cmd) {
	case 0x20:
		queue(k, k->command_byte);
		break;
	case 0x60:
	case 0xd1:
	case 0xd2:
	case 0xd3:
	case 0xd4:
		k->pending_cmd = cmd;
		break;
	case 0xa7: /* second port off, on: there is none */
	case 0xa8:
		break;
	case 0xa9:
		queue(k, 0x01); /* no second port: its clock is stuck low */
		break;
	case 0xaa:
		queue(k, 0x55);
		break;
	case 0xab:
		queue(k, 0x00);
		break;
	case 0xad:
		k->command_byte |= 0x10;
		break;
	case 0xae:
		k->command_byte &= (u8)~0x10;
		break;
	case 0xd0:
		queue(k, k->output_port);
		break;
	default:
		/* f0-ff pulse the output port's lines that are 0; line 0 is RESET. */
		if (cmd >= 0xf0 && !(cmd & OUTPUT_NO_RESET))
			machine_raise(m, MACHINE_RESET, 0);
	}
}

/* Bytes to the keyboard itself, port 60. Those that take a parameter set pending_data. */
static void keyboard_command(struct kbd *k, u8 byte)
{
	if (k->pending_data) {
		k->pending_data = 0;
		queue(k, ACK);
		return;
	}
	switch (byte) {
	case 0xed:
	case 0xf0:
	case 0xf3:
		k->pending_data = byte;
		queue(k, ACK);
		break;
	case 0xee:
		queue(k, 0xee);
		break;
	case 0xf2:
		queue(k, ACK);
		queue(k, 0xab);
		queue(k, 0x83);
		break;
	case 0xff:
		queue(k, ACK);
		queue(k, SELF_TEST_PASSED);
		break;
	default:
		queue(k, ACK);
	}
}

static void write_data(struct machine *m, u8 byte)
{
	struct kbd *k = &m->kbd;
	u8 cmd = k->pending_cmd;

	k->pending_cmd = 0;
	switch (cmd) {
	case 0x60:
		k->command_byte = byte;
		break;
	case 0xd1:
		set_output_port(m, byte);
		break;
	case 0xd2:
		queue(k, byte);
		break;
	case 0xd3: /* bytes of the second port, which nothing is plugged into */
	case 0xd4:
		break;
	default:
		keyboard_command(k, byte);
	}
}

static u8 read_port61(const struct machine *m, struct kbd *k)
{
	u64 halves = machine_ns(m) / TIMER_HALF_NS;

	/* Programs wait for these two bits to change; in-kernel timers of KVM answer the port
	 * instead. */
	if (halves & 1)
		k->port61 ^= REFRESH_TOGGLE;
	return (k->port61 & (0x0f | REFRESH_TOGGLE)) |
	       (halves & 2 ? TIMER_OUTPUT : 0);
}

static void write_port92(struct machine *m, u8 v)
{
	bool reset = (v & 1) && !(m->kbd.port92 & 1);

	m->kbd.port92 = v & 0xfe;
	if (reset)
		machine_raise(m, MACHINE_RESET, 0);
}

bool kbd_io(struct machine *m, bool write, u16 port, unsigned size, u32 *data)
{
	struct kbd *k = &m->kbd;
	u8 v = (u8)*data;

	switch (port) {
	case 0x60:
		if (write)
			write_data(m, v);
		else
			*data = dequeue(k);
		break;
	case 0x64:
		if (write)
			controller_command(m, v);
		else
			*data = STATUS_UNLOCKED | STATUS_SYSTEM | (k->count ? STATUS_OUTPUT : 0);
		break;
	case 0x61:
		if (write)
			k->port61 = (k->port61 & 0xf0) | (v & 0x0f);
		else
			*data = read_port61(m, k);
		break;
	default:
		if (write)
			write_port92(m, v);
		else
			*data = k->port92;
	}
	return true;
}

void kbd_reset(struct machine *m)
{
	m->kbd = (struct kbd){ .output_port = 0xcc | OUTPUT_NO_RESET | OUTPUT_A20, .port92 = 2 };
}
