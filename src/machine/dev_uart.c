/*
 * dev_uart.c - COM1, a 16550A at 3f8 with interrupt line 4. A byte sent is sent at once, so the
 * transmitter always is empty and only the interrupt about it has a state.
 */
#include "internal.h"

enum {
	RBR_THR = 0,
	IER = 1,
	IIR_FCR = 2,
	LCR = 3,
	MCR = 4,
	LSR = 5,
	MSR = 6,
	SCR = 7,
	IER_RDA = 1,
	IER_THRE = 2,
	IER_LSR = 4,
	IER_MSR = 8,
	IIR_NONE = 1,
	IIR_THRE = 2,
	IIR_RDA = 4,
	IIR_LSR = 6,
	IIR_TIMEOUT = 12,
	IIR_MSR = 0,
	IIR_FIFO = 0xc0,
	FCR_ENABLE = 1,
	FCR_CLEAR_RX = 2,
	LCR_DLAB = 0x80,
	MCR_DTR = 1,
	MCR_RTS = 2,
	MCR_OUT1 = 4,
	MCR_OUT2 = 8,
	MCR_LOOP = 16,
	LSR_READY = 1,
	LSR_OVERRUN = 2,
	LSR_EMPTY = 0x60, /* THR and shift register */
	MSR_CTS = 0x10,
	MSR_DSR = 0x20,
	MSR_RI = 0x40,
	MSR_DCD = 0x80,
	UART_IRQ = 4,
};

static unsigned capacity(const struct uart *u)
{
	return u->fcr & FCR_ENABLE ? UART_FIFO : 1;
}

static unsigned trigger(const struct uart *u)
{
	static const u8 level[] = { 1, 4, 8, 14 };

	return u->fcr & FCR_ENABLE ? level[u->fcr >> 6] : 1;
}

/* The highest interrupt that is enabled and due. Below the trigger level the time-out comes at
 * once. */
static u8 interrupt_id(const struct uart *u)
{
	if ((u->ier & IER_LSR) && u->lsr_errors)
		return IIR_LSR;
	if ((u->ier & IER_RDA) && u->count)
		return u->count >= trigger(u) ? IIR_RDA : IIR_TIMEOUT;
	if ((u->ier & IER_THRE) && u->thr_pending)
		return IIR_THRE;
	if ((u->ier & IER_MSR) && u->msr_delta)
		return IIR_MSR;
	return IIR_NONE;
}

/* On a PC OUT2 gates the interrupt line; in loopback it is cut off. */
static void update_line(struct machine *m)
{
	struct uart *u = &m->uart;
	bool on = interrupt_id(u) != IIR_NONE && (u->mcr & MCR_OUT2) && !(u->mcr & MCR_LOOP);

	if (on == u->line)
		return;
	u->line = on;
	if (m->irq)
		m->irq(m->irq_arg, UART_IRQ, on);
}

static void receive(struct uart *u, u8 byte)
{
	if (u->count >= capacity(u)) {
		u->lsr_errors |= LSR_OVERRUN;
		return;
	}
	u->fifo[(u->head + u->count++) % UART_FIFO] = byte;
}

static u8 take(struct uart *u)
{
	u8 byte;

	if (!u->count)
		return 0;
	byte = u->fifo[u->head];
	u->head = (u8)((u->head + 1) % UART_FIFO);
	u->count--;
	return byte;
}

/* Loopback ties DTR to DSR, RTS to CTS, OUT1 to RI, OUT2 to DCD; outside a peer is always there. */
static u8 modem_lines(u8 mcr)
{
	if (!(mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	return (u8)((mcr & MCR_RTS ? MSR_CTS : 0) | (mcr & MCR_DTR ? MSR_DSR : 0) |
		    (mcr & MCR_OUT1 ? MSR_RI : 0) | (mcr & MCR_OUT2 ? MSR_DCD : 0));
}

static void write_mcr(struct uart *u, u8 v)
{
	u8 before = modem_lines(u->mcr), now;

	u->mcr = v & 0x1f;
	now = modem_lines(u->mcr);
	u->msr_delta |= (before ^ now) >> 4 & (MSR_DCD | MSR_DSR | MSR_CTS) >> 4;
	if ((before & MSR_RI) && !(now & MSR_RI))
		u->msr_delta |= MSR_RI >> 4;
}

static void write_fcr(struct uart *u, u8 v)
{
	/* Turning the FIFO on or off clears it (16550 data sheet, "FIFO Control Register"). */
	if ((v ^ u->fcr) & FCR_ENABLE || v & FCR_CLEAR_RX)
		u->head = u->count = 0;
	u->fcr = v & FCR_ENABLE ? v & (0xc0 | FCR_ENABLE) : 0;
}

static void write_thr(struct machine *m, u8 v)
{
	struct uart *u = &m->uart;

	if (u->mcr & MCR_LOOP)
		receive(u, v);
	else
		console_put(m, CONSOLE_SERIAL, v);
	/* The line falls while the byte goes out, and rises again: an edge for the interrupt
	 * controller. */
	u->thr_pending = false;
	update_line(m);
	u->thr_pending = true;
}

static void write_reg(struct machine *m, unsigned reg, u8 v)
{
	struct uart *u = &m->uart;
	bool dlab = u->lcr & LCR_DLAB;

	switch (reg) {
	case RBR_THR:
		if (dlab)
			u->dll = v;
		else
			write_thr(m, v);
		break;
	case IER:
		if (dlab) {
			u->dlm = v;
			break;
		}
		if (!(u->ier & IER_THRE) && (v & IER_THRE))
			u->thr_pending = true;
		u->ier = v & 0x0f;
		break;
	case IIR_FCR:
		write_fcr(u, v);
		break;
	case LCR:
		u->lcr = v;
		break;
	case MCR:
		write_mcr(u, v);
		break;
	case SCR:
		u->scr = v;
		break;
	}
}

static u8 read_iir(struct uart *u)
{
	u8 id = interrupt_id(u);

	if (id == IIR_THRE)
		u->thr_pending = false;
	return id | (u->fcr & FCR_ENABLE ? IIR_FIFO : 0);
}

static u8 read_lsr(struct uart *u)
{
	u8 v = (u8)(LSR_EMPTY | (u->count ? LSR_READY : 0) | u->lsr_errors);

	u->lsr_errors = 0;
	return v;
}

static u8 read_msr(struct uart *u)
{
	u8 v = (u8)(modem_lines(u->mcr) | u->msr_delta);

	u->msr_delta = 0;
	return v;
}

static u8 read_reg(struct uart *u, unsigned reg)
{
	bool dlab = u->lcr & LCR_DLAB;

	switch (reg) {
	case RBR_THR:
		return dlab ? u->dll : take(u);
	case IER:
		return dlab ? u->dlm : u->ier;
	case IIR_FCR:
		return read_iir(u);
	case LCR:
		return u->lcr;
	case MCR:
		return u->mcr;
	case LSR:
		return read_lsr(u);
	case MSR:
		return read_msr(u);
	default:
		return u->scr;
	}
}

static void poll_input(struct machine *m, bool guest)
{
	struct uart *u = &m->uart;
	u8 buf[UART_FIFO];
	size_t n;

	if (u->count >= capacity(u) || (u->mcr & MCR_LOOP))
		return;
	n = serial_input_take(m, buf, capacity(u) - u->count, guest);
	for (size_t i = 0; i < n; i++)
		receive(u, buf[i]);
	if (n)
		update_line(m);
}

bool uart_io(struct machine *m, bool write, u16 port, unsigned size, u32 *data)
{
	/* A guest that polls must see new input without any interrupt. */
	if (!write && (port & 7) == LSR)
		poll_input(m, true);
	if (write)
		write_reg(m, port & 7, (u8)*data);
	else
		*data = read_reg(&m->uart, port & 7);
	update_line(m);
	return true;
}

void uart_poll(struct machine *m)
{
	poll_input(m, false);
}

void uart_reset(struct machine *m)
{
	if (m->uart.line && m->irq)
		m->irq(m->irq_arg, UART_IRQ, false);
	m->uart = (struct uart){ .dll = 12 };
}
