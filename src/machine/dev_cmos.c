/*
 * dev_cmos.c - CMOS RAM and real-time clock at 70/71. The clock shows the host's UTC, or with an
 * engine's own clock the year 2000, whatever the guest sets it to; memory sizes are where PC firmware
 * for virtual machines looks for them. No interrupts.
 */
#include "internal.h"

#include <time.h>

enum {
	REG_A = 0x0a,
	REG_B = 0x0b,
	REG_C = 0x0c,
	REG_D = 0x0d,
	REG_CENTURY = 0x32,
	A_UIP = 0x80,
	A_DEFAULT = 0x26,
	B_24H = 2,
	B_BINARY = 4,
	B_SET = 0x80,
	D_VALID = 0x80,
	EQUIPMENT_FPU = 2,
	EPOCH_2000 = 946684800, /* seconds from 1970 to 2000 */
	UIP_NS =
		244000, /* the update flag precedes the update by this much (MC146818 data sheet) */
};

static u8 encode(const struct cmos *c, int v)
{
	return c->ram[REG_B] & B_BINARY ? (u8)v : (u8)(v / 10 << 4 | v % 10);
}

static u8 encode_hour(const struct cmos *c, int hour)
{
	if (c->ram[REG_B] & B_24H)
		return encode(c, hour);
	return encode(c, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? 0x80 : 0);
}

static struct timespec time_now(const struct machine *m)
{
	struct timespec t;
	u64 ns = m->clock ? machine_ns(m) : 0;

	if (!m->clock)
		clock_gettime(CLOCK_REALTIME, &t);
	else
		t = (struct timespec){ .tv_sec = EPOCH_2000 + ns / 1000000000,
				       .tv_nsec = ns % 1000000000 };
	return t;
}

static u8 read_clock(const struct machine *m, u8 reg)
{
	const struct cmos *c = &m->cmos;
	struct timespec now = time_now(m);
	time_t s = now.tv_sec;
	struct tm t;

	gmtime_r(&s, &t);
	switch (reg) {
	case 0x00:
		return encode(c, t.tm_sec);
	case 0x02:
		return encode(c, t.tm_min);
	case 0x04:
		return encode_hour(c, t.tm_hour);
	case 0x06:
		return encode(c, t.tm_wday + 1);
	case 0x07:
		return encode(c, t.tm_mday);
	case 0x08:
		return encode(c, t.tm_mon + 1);
	case 0x09:
		return encode(c, t.tm_year % 100);
	case REG_CENTURY:
		return encode(c, 19 + t.tm_year / 100);
	default: /* REG_A: programs wait for the update flag to come and to go */
		return (c->ram[REG_A] & 0x7f) | (now.tv_nsec >= 1000000000 - UIP_NS ? A_UIP : 0);
	}
}

static u8 cmos_read(const struct machine *m)
{
	const struct cmos *c = &m->cmos;
	u8 reg = c->index & 0x7f;

	switch (reg) {
	case 0x00:
	case 0x02:
	case 0x04:
	case 0x06:
	case 0x07:
	case 0x08:
	case 0x09:
	case REG_CENTURY:
		/* With B.SET the guest is setting the clock: it reads back what it wrote. */
		return c->ram[REG_B] & B_SET ? c->ram[reg] : read_clock(m, reg);
	case REG_A:
		return read_clock(m, reg);
	case REG_C:
		return 0;
	case REG_D:
		return D_VALID;
	default:
		return c->ram[reg];
	}
}

bool cmos_io(struct machine *m, bool write, u16 port, unsigned size, u32 *data)
{
	struct cmos *c = &m->cmos;

	if (port == 0x70) {
		if (write)
			c->index = (u8)*data;
		else
			*data = 0xff; /* the index register is write-only */
		return true;
	}
	if (write)
		c->ram[c->index & 0x7f] = (u8)*data;
	else
		*data = cmos_read(m);
	return true;
}

static u64 min_u64(u64 a, u64 b)
{
	return a < b ? a : b;
}

void cmos_reset(struct machine *m)
{
	u64 low = memory_low_size(m), ext = (low - MIB(1)) >> 10;
	u64 above16 = low > MIB(16) ? (low - MIB(16)) >> 16 : 0, high = memory_high_size(m) >> 16;
	u8 *r = m->cmos.ram;

	m->cmos = (struct cmos){ 0 };
	r[REG_A] = A_DEFAULT;
	r[REG_B] = B_24H;
	r[0x14] = EQUIPMENT_FPU;
	put_le16(r + 0x15, 640);                       /* KiB below 1 MiB */
	put_le16(r + 0x17, (u16)min_u64(ext, 0xffff)); /* KiB above 1 MiB, twice */
	put_le16(r + 0x30, (u16)min_u64(ext, 0xffff));
	put_le16(r + 0x34, (u16)min_u64(above16, 0xffff)); /* 64 KiB units above 16 MiB */
	put_le16(r + 0x5b, (u16)high);                     /* 64 KiB units above 4 GiB */
	r[0x5d] = (u8)(high >> 16);
}
