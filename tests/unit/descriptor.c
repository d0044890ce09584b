/* GDT, LDT and IDT entries: decoded from bytes written by hand, and told in words. */
#include <errno.h>
#include <vmstep/x86_tables.h>

#include "tap.h"

static u8 ram[0x4000];

static int ram_read(void *arg, u64 gpa, void *buf, size_t n)
{
	if (gpa >= sizeof(ram) || n > sizeof(ram) - gpa)
		return -EFAULT;
	memcpy(buf, ram + gpa, n);
	return 0;
}

static int ram_write(void *arg, u64 gpa, const void *buf, size_t n)
{
	if (gpa >= sizeof(ram) || n > sizeof(ram) - gpa)
		return -EFAULT;
	memcpy(ram + gpa, buf, n);
	return 0;
}

static const struct phys_ops mem = { ram_read, ram_write, NULL };

static void entry_put(u64 gpa, u64 low, u64 high, size_t n)
{
	memcpy(ram + gpa, &low, 8);
	if (n > 8)
		memcpy(ram + gpa + 8, &high, 8);
}

/* One entry as two quadwords, and everything it says. */
static const struct {
	u64 low, high;
	bool long_mode;
	u8 kind;
	const char *text;
} rows[] = {
	{ 0, 0, true, DESC_NULL, "null" },
	{ 0x00af9b000000ffff, 0, true, DESC_CODE, "code 64-bit dpl=0 base=0 limit=0xfffff g" },
	{ 0x00affb000000ffff, 0, true, DESC_CODE, "code 64-bit dpl=3 base=0 limit=0xfffff g" },
	{ 0x00cf9b000000ffff, 0, false, DESC_CODE, "code 32-bit dpl=0 base=0 limit=0xfffff g" },
	{ 0x00cf93000000ffff, 0, true, DESC_DATA, "data 32-bit dpl=0 base=0 limit=0xfffff g" },
	{ 0x00009b000000ffff, 0, false, DESC_CODE, "code 16-bit dpl=0 base=0 limit=0xffff" },
	{ 0x12409134567800ff, 0, false, DESC_DATA, "data 32-bit dpl=0 base=0x12345678 limit=0xff read-only" },
	{ 0x0040970000001fff, 0, false, DESC_DATA, "data 32-bit dpl=0 base=0 limit=0x1fff expand-down" },
	{ 0x00409d0000001fff, 0, false, DESC_CODE,
	  "code 32-bit dpl=0 base=0 limit=0x1fff conforming execute-only" },
	{ 0x00401b0000001fff, 0, false, DESC_CODE, "code 32-bit dpl=0 base=0 limit=0x1fff not-present" },
	{ 0x0000820010000007, 0, false, DESC_LDT, "ldt dpl=0 base=0x1000 limit=0x7" },
	{ 0x0000820010000007, 0x0000000012345678, true, DESC_LDT, "ldt dpl=0 base=0x1234567800001000 limit=0x7" },
	{ 0x00008b0010000067, 0xffffffff, true, DESC_TSS64, "tss64 dpl=0 base=0xffffffff00001000 limit=0x67 busy" },
	{ 0x0000890010000067, 0, true, DESC_TSS64, "tss64 dpl=0 base=0x1000 limit=0x67" },
	{ 0x0000890010000067, 0, false, DESC_TSS32, "tss32 dpl=0 base=0x1000 limit=0x67" },
	{ 0x00008b0010000067, 0, false, DESC_TSS32, "tss32 dpl=0 base=0x1000 limit=0x67 busy" },
	{ 0x000081001000002b, 0, false, DESC_TSS16, "tss16 dpl=0 base=0x1000 limit=0x2b" },
	{ 0x000083001000002b, 0, false, DESC_TSS16, "tss16 dpl=0 base=0x1000 limit=0x2b busy" },
	{ 0x000081001000002b, 0, true, DESC_INVALID, "invalid type=0x1 dpl=0" },
	{ 0x1234ee0200085678, 0x9abcdef0, true, DESC_INT_GATE,
	  "interrupt gate 64-bit sel=0x8 offset=0x9abcdef012345678 dpl=3 ist=2" },
	{ 0x00408e0000081000, 0, true, DESC_INT_GATE, "interrupt gate 64-bit sel=0x8 offset=0x401000 dpl=0" },
	{ 0x00408f0000081000, 0, false, DESC_TRAP_GATE, "trap gate 32-bit sel=0x8 offset=0x401000 dpl=0" },
	{ 0xffff860000081000, 0, false, DESC_INT_GATE, "interrupt gate 16-bit sel=0x8 offset=0x1000 dpl=0" },
	{ 0xffff870000081000, 0, false, DESC_TRAP_GATE, "trap gate 16-bit sel=0x8 offset=0x1000 dpl=0" },
	{ 0xffff860000081000, 0, true, DESC_INVALID, "invalid type=0x6 dpl=0" },
	{ 0x0000e50000280000, 0, false, DESC_TASK_GATE, "task gate sel=0x28 dpl=3" },
	{ 0x0000e50000280000, 0, true, DESC_INVALID, "invalid type=0x5 dpl=3" },
	{ 0x0040ec0300081000, 0, false, DESC_CALL_GATE, "call gate 32-bit sel=0x8 offset=0x401000 dpl=3" },
	{ 0x0040840300081000, 0, false, DESC_CALL_GATE, "call gate 16-bit sel=0x8 offset=0x1000 dpl=0" },
	{ 0x0040ec0300081000, 1, true, DESC_CALL_GATE, "call gate 64-bit sel=0x8 offset=0x100401000 dpl=3" },
	{ 0x00400e0000081000, 0, true, DESC_INT_GATE,
	  "interrupt gate 64-bit sel=0x8 offset=0x401000 dpl=0 not-present" },
	{ 0x0000800000000000, 0, false, DESC_INVALID, "invalid type=0 dpl=0" },
};

static void decode_and_format(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct descriptor d;
		u8 raw[16];
		char text[160];

		memcpy(raw, &rows[i].low, 8);
		memcpy(raw + 8, &rows[i].high, 8);
		descriptor_decode(raw, rows[i].long_mode, &d);
		descriptor_format(&d, text, sizeof(text));
		tap_eq(d.kind, rows[i].kind, "row %u: kind", i);
		tap_str(text, rows[i].text, "row %u: text", i);
	}
}

static void fields(void)
{
	struct descriptor d;
	u8 raw[16] = { 0xff, 0xff, 0x78, 0x56, 0x34, 0xfb, 0xdf, 0x12 };
	char text[10];

	descriptor_decode(raw, false, &d);
	tap_eq(d.base, 0x12345678, "code: base");
	tap_eq(d.limit, 0xffffffff, "code: limit in bytes");
	tap_eq(d.attr, 0xd0fb, "code: attr has G, D, AVL and the access byte, not the limit");
	tap_eq(d.type, 0xb, "code: type");
	tap_eq(d.dpl, 3, "code: dpl");
	tap_ok(d.present, "code: present");
	descriptor_format(&d, text, sizeof(text));
	tap_str(text, "code 32-b", "text is cut to its buffer");
	descriptor_format(&d, text, 1);
	tap_str(text, "", "a buffer of one byte");

	raw[5] = 0x8e;
	raw[4] = 7;
	memset(raw + 8, 0xff, 8);
	descriptor_decode(raw, true, &d);
	tap_eq(d.ist, 7, "gate: ist");
	tap_ok(d.gate32 && d.gate64, "gate: 64-bit is also 32");
	tap_eq(d.sel, 0x5678, "gate: selector");
	tap_eq(d.offset, 0xffffffff12dfffff, "gate: offset");
	raw[5] = 0x8c;
	descriptor_decode(raw, true, &d);
	tap_eq(d.ist, 0, "call gate: has no ist");
	raw[5] = 0x86;
	descriptor_decode(raw, false, &d);
	tap_ok(!d.gate32 && !d.gate64, "gate: 16-bit");
	tap_eq(d.offset, 0xffff, "gate: 16-bit offset");
}

static struct cpu_state cpu(bool long_mode)
{
	struct cpu_state c = { .cr0 = CR0_PE, .gdtr = { 0x1000, 0x2f }, .idtr = { 0x2000, 0x2f } };

	if (long_mode)
		c.efer = EFER_LMA | EFER_LME; /* paging stays off here, which linear_read allows */
	c.ldtr = (struct segment){ .base = 0x3000, .limit = 0xf, .sel = 0x20, .attr = 0x82 };
	return c;
}

static void selectors(void)
{
	struct cpu_state c = cpu(false);
	struct descriptor d;

	memset(ram, 0, sizeof(ram));
	entry_put(0x1000, ~0ull, 0, 8); /* entry 0 is never read */
	entry_put(0x1008, 0x00cf9b000000ffff, 0, 8);
	entry_put(0x1028, 0x00cff3000000ffff, 0, 8);
	entry_put(0x3000, 0x0040fb0000001fff, 0, 8);
	entry_put(0x3008, 0x0040f30000001fff, 0, 8);
	for (unsigned rpl = 0; rpl < 4; rpl++) {
		tap_eq(descriptor_read(&c, &mem, rpl, &d), 0, "null selector, rpl %u", rpl);
		tap_eq(d.kind, DESC_NULL, "null selector, rpl %u: kind", rpl);
	}
	tap_eq(descriptor_read(&c, &mem, 8, &d), 0, "GDT 8");
	tap_eq(d.kind, DESC_CODE, "GDT 8: kind");
	tap_eq(descriptor_read(&c, &mem, 0x2b, &d), 0, "GDT 28, rpl 3, the last in the limit");
	tap_eq(d.dpl, 3, "GDT 28: dpl");
	tap_eq(descriptor_read(&c, &mem, 0x30, &d), -EINVAL, "GDT beyond the limit");
	c.gdtr.limit = 0x2e;
	tap_eq(descriptor_read(&c, &mem, 0x28, &d), -EINVAL, "GDT entry cut by the limit");
	tap_eq(descriptor_read(&c, &mem, 4, &d), 0, "LDT 0 is no null selector");
	tap_eq(d.kind, DESC_CODE, "LDT 0: kind");
	tap_eq(descriptor_read(&c, &mem, 0xf, &d), 0, "LDT 8");
	tap_eq(d.kind, DESC_DATA, "LDT 8: kind");
	tap_eq(descriptor_read(&c, &mem, 0x14, &d), -EINVAL, "LDT beyond the limit");
	c.ldtr.attr = ATTR_UNUSABLE;
	tap_eq(descriptor_read(&c, &mem, 4, &d), -EINVAL, "LDT unusable");
	c.gdtr.base = 0x3ffc;
	tap_eq(descriptor_read(&c, &mem, 8, &d), -EFAULT, "GDT not in RAM");
}

static void selectors_long(void)
{
	struct cpu_state c = cpu(true);
	struct descriptor d;

	memset(ram, 0, sizeof(ram));
	entry_put(0x1020, 0x0000890020000067, 0x1, 16);
	tap_eq(descriptor_read(&c, &mem, 0x20, &d), 0, "a TSS of 16 bytes, the last in the limit");
	tap_eq(d.base, 0x100002000, "its base");
	c.gdtr.limit = 0x2e;
	tap_eq(descriptor_read(&c, &mem, 0x20, &d), -EINVAL, "a TSS of 16 bytes cut by the limit");
	entry_put(0x1020, 0x00af9b000000ffff, 0, 8);
	tap_eq(descriptor_read(&c, &mem, 0x20, &d), 0, "code takes 8 bytes there");
}

static void gates(void)
{
	struct cpu_state c = cpu(false);
	struct descriptor d;

	memset(ram, 0, sizeof(ram));
	entry_put(0x2008, 0x00408e0000081000, 0, 8);
	entry_put(0x2028, 0x00418f0000101000, 0, 8);
	tap_eq(gate_read(&c, &mem, 1, &d), 0, "IDT 1");
	tap_eq(d.offset, 0x401000, "IDT 1: offset");
	tap_eq(gate_read(&c, &mem, 5, &d), 0, "IDT 5, the last in the limit");
	tap_eq(d.kind, DESC_TRAP_GATE, "IDT 5: kind");
	tap_eq(gate_read(&c, &mem, 6, &d), -EINVAL, "IDT beyond the limit");
	tap_eq(gate_read(&c, &mem, 255, &d), -EINVAL, "IDT far beyond the limit");
	tap_eq(gate_read(&c, &mem, 2, &d), 0, "IDT 2, empty");
	tap_eq(d.kind, DESC_NULL, "IDT 2: kind");

	c = cpu(true);
	entry_put(0x2010, 0x00408e0100081000, 0x12, 16);
	tap_eq(gate_read(&c, &mem, 1, &d), 0, "long IDT 1");
	tap_eq(d.offset, 0x1200401000, "long IDT 1: offset");
	tap_eq(gate_read(&c, &mem, 3, &d), -EINVAL, "long IDT: 16 bytes an entry");
}

static void vectors_of_real_mode(void)
{
	struct cpu_state c = { .idtr = { 0, 0x3ff } };
	struct descriptor d;

	memset(ram, 0, sizeof(ram));
	memcpy(ram + 4, "\x34\x12\x00\xf0", 4);
	memcpy(ram + 0x3fc, "\xff\xff\xff\xff", 4);
	tap_eq(gate_read(&c, &mem, 1, &d), 0, "IVT 1");
	tap_eq(d.kind, DESC_INT_GATE, "IVT 1: kind");
	tap_eq(d.offset, 0x1234, "IVT 1: offset");
	tap_eq(d.sel, 0xf000, "IVT 1: segment");
	tap_ok(d.present && !d.gate32 && !d.gate64, "IVT 1: a present 16-bit gate");
	tap_eq(gate_read(&c, &mem, 255, &d), 0, "IVT 255");
	tap_eq(d.offset, 0xffff, "IVT 255: offset");
	c.idtr.limit = 0x3fe;
	tap_eq(gate_read(&c, &mem, 255, &d), -EINVAL, "IVT entry cut by the limit");
	c.idtr = (struct table_reg){ 0x3ffc, 0x3ff };
	tap_eq(gate_read(&c, &mem, 1, &d), -EFAULT, "IVT not in RAM");
}

int main(void)
{
	decode_and_format();
	fields();
	selectors();
	selectors_long();
	gates();
	vectors_of_real_mode();
	return tap_done();
}
