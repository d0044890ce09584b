/*
 * machine_elf.c - ELF files built byte by byte: good ones of both classes, kernels linked high, and
 * every way a header can lie.
 */
#include "machine_test.h"

enum { E64 = 64, P64 = 56, E32 = 52, P32 = 32, CODE = 0x200, FILE_SIZE = 0x210 };

struct seg_spec {
	u64 offset, vaddr, paddr, filesz, memsz;
};

static u8 file[4096];

static void elf64(u64 entry, const struct seg_spec *seg, u16 n)
{
	memset(file, 0, sizeof(file));
	memcpy(file, "\177ELF\2\1\1", 7);
	le16(file + 16, 2);
	le16(file + 18, 62);
	le32(file + 20, 1);
	le64(file + 24, entry);
	le64(file + 32, E64);
	le16(file + 52, E64);
	le16(file + 54, P64);
	le16(file + 56, n);
	for (u16 i = 0; i < n; i++) {
		u8 *p = file + E64 + i * P64;

		le32(p, 1);
		le64(p + 8, seg[i].offset);
		le64(p + 16, seg[i].vaddr);
		le64(p + 24, seg[i].paddr);
		le64(p + 32, seg[i].filesz);
		le64(p + 40, seg[i].memsz);
	}
	if (n < 8) /* else the headers reach over it */
		memcpy(file + CODE, "\x90\xf1\xcc\xf4", 4);
}

static void elf32(u32 entry, const struct seg_spec *seg, u16 n)
{
	memset(file, 0, sizeof(file));
	memcpy(file, "\177ELF\1\1\1", 7);
	le16(file + 16, 2);
	le16(file + 18, 3);
	le32(file + 24, entry);
	le32(file + 28, E32);
	le16(file + 42, P32);
	le16(file + 44, n);
	for (u16 i = 0; i < n; i++) {
		u8 *p = file + E32 + i * P32;

		le32(p, 1);
		le32(p + 4, (u32)seg[i].offset);
		le32(p + 8, (u32)seg[i].vaddr);
		le32(p + 12, (u32)seg[i].paddr);
		le32(p + 16, (u32)seg[i].filesz);
		le32(p + 20, (u32)seg[i].memsz);
	}
	memcpy(file + CODE, "\x90\xf1\xcc\xf4", 4);
}

static const struct seg_spec plain = { CODE, 0x401000, 0x401000, 4, 0x1000 };
static const struct guest_spec none;

static u64 phys_of(struct machine *m, u64 la)
{
	struct phys_ops mem = machine_phys(m);
	u64 gpa = ~(u64)0;

	linear_to_phys(machine_boot_state(m), &mem, la, &gpa);
	return gpa;
}

static void good64(void)
{
	const struct cpu_state *c;
	struct machine *m;
	struct err err;

	elf64(0x401000, &plain, 1);
	m = machine_from(file, FILE_SIZE, none, &err);
	if (!tap_ok(m, "ELF64 loads (%s)", err.text))
		return;
	c = machine_boot_state(m);
	tap_eq(machine_image_kind(m), IMAGE_ELF64, "ELF64: kind");
	tap_eq(cpu_mode(c), MODE_LONG, "ELF64: long mode");
	tap_eq(c->rip, 0x401000, "ELF64: entry");
	tap_eq(c->known, REGS_ALL, "ELF64: the whole state is given");
	tap_mem(machine_hva(m, 0x401000, 5), "\x90\xf1\xcc\xf4\0", 5, "ELF64: bytes, then zeros");
	tap_eq(phys_of(m, 0x401000), 0x401000, "ELF64: entry mapped onto itself");
	tap_eq(phys_of(m, 0x3fffff8), 0x3fffff8, "ELF64: last RAM mapped");
	tap_eq(phys_of(m, 0xfee00000), 0xfee00000, "ELF64: the APIC's page mapped");
	tap_eq(phys_of(m, 0x100000000), ~(u64)0, "ELF64: nothing mapped beyond");
	tap_eq((c->gpr[GPR_RSP] + 8) % 16, 0, "ELF64: stack aligned as at a function's entry");
	tap_ok(machine_hva(m, c->gpr[GPR_RSP] - 0x8000, 0x8000), "ELF64: 32 KiB of stack are RAM");
	tap_str(machine_symbol_file(m), temp_path, "ELF64: symbols come from the file");
	machine_destroy(m);
}

/* The descriptors the boot state names must be in the tables, as the CPU would load them. */
static void tables64(void)
{
	struct descriptor d;
	struct phys_ops mem;
	struct machine *m;
	struct err err;

	elf64(0x401000, &plain, 1);
	m = machine_from(file, FILE_SIZE, none, &err);
	if (!tap_ok(m, "ELF64 tables: loads (%s)", err.text))
		return;
	mem = machine_phys(m);
	tap_eq(descriptor_read(machine_boot_state(m), &mem, 8, &d), 0, "GDT 8 is readable");
	tap_ok(d.kind == DESC_CODE && (d.attr & ATTR_L) && d.dpl == 0, "GDT 8 is 64-bit code");
	tap_eq(d.attr, machine_boot_state(m)->seg[SEG_CS].attr, "GDT 8 agrees with CS");
	descriptor_read(machine_boot_state(m), &mem, 0x10, &d);
	tap_eq(d.attr, machine_boot_state(m)->seg[SEG_SS].attr, "GDT 10 agrees with SS");
	descriptor_read(machine_boot_state(m), &mem, 0x28, &d);
	tap_ok(d.kind == DESC_CODE && (d.attr & ATTR_L) && d.dpl == 3,
	       "GDT 28 is 64-bit code of ring 3");
	descriptor_read(machine_boot_state(m), &mem, 0x30, &d);
	tap_ok(d.kind == DESC_TSS64 && d.busy && d.base == machine_boot_state(m)->tr.base,
	       "GDT 30 is TR's TSS");
	for (u8 v = 0; v < 33; v++) {
		bool wanted = v < 32 && v != EXC_DB && v != EXC_BP;

		gate_read(machine_boot_state(m), &mem, v, &d);
		tap_eq(d.present, wanted, "IDT gate %u", v);
		if (wanted && d.present)
			tap_ok(d.sel == 8 && d.ist == 1 && phys_of(m, d.offset) == d.offset,
			       "IDT gate %u leads to a handler", v);
	}
	machine_destroy(m);
}

static void good32(void)
{
	struct descriptor d;
	struct phys_ops mem;
	struct machine *m;
	struct err err;

	elf32(0x401000, &plain, 1);
	m = machine_from(file, FILE_SIZE, none, &err);
	if (!tap_ok(m, "ELF32 loads (%s)", err.text))
		return;
	mem = machine_phys(m);
	tap_eq(machine_image_kind(m), IMAGE_ELF32, "ELF32: kind");
	tap_eq(cpu_mode(machine_boot_state(m)), MODE_PROT32, "ELF32: protected mode");
	tap_eq(machine_boot_state(m)->cr0 & CR0_PG, 0, "ELF32: no paging");
	tap_eq(machine_boot_state(m)->rip, 0x401000, "ELF32: entry");
	tap_mem(machine_hva(m, 0x401000, 4), "\x90\xf1\xcc\xf4", 4, "ELF32: bytes");
	gate_read(machine_boot_state(m), &mem, EXC_GP, &d);
	tap_ok(d.present && d.kind == DESC_INT_GATE && d.gate32 && d.sel == 8,
	       "ELF32: #GP has a gate");
	gate_read(machine_boot_state(m), &mem, EXC_DB, &d);
	tap_ok(!d.present, "ELF32: #DB has none");
	machine_destroy(m);
}

/* A kernel linked at -2 GiB and loaded at 1 MiB, its second segment not on a page border. */
static void high_half(void)
{
	static const struct seg_spec seg[] = {
		{ CODE, 0xffffffff80100000, 0x100000, 4, 0x2000 },
		{ CODE, 0xffffffff80102800, 0x102800, 4, 0x300000 },
	};
	struct machine *m;
	struct err err;

	elf64(0xffffffff80100001, seg, 2);
	m = machine_from(file, FILE_SIZE, none, &err);
	if (!tap_ok(m, "high half loads (%s)", err.text))
		return;
	tap_eq(machine_boot_state(m)->rip, 0xffffffff80100001, "high half: entry stays virtual");
	tap_eq(phys_of(m, 0xffffffff80100001), 0x100001, "high half: entry is mapped");
	tap_eq(phys_of(m, 0xffffffff80102800), 0x102800, "high half: second segment");
	tap_eq(phys_of(m, 0xffffffff804027ff), 0x4027ff, "high half: its last byte");
	tap_eq(phys_of(m, 0xffffffff80403000), ~(u64)0, "high half: nothing behind it");
	tap_eq(phys_of(m, 0x100000), 0x100000, "high half: identity map as well");
	machine_destroy(m);

	elf64(0x100002, seg, 2);
	m = machine_from(file, FILE_SIZE, none, &err);
	if (tap_ok(m, "high half with physical entry loads (%s)", err.text))
		tap_eq(machine_boot_state(m)->rip, 0x100002,
		       "high half: a physical entry stays physical");
	machine_destroy(m);
}

/* Virtual addresses nothing maps: the guest starts where the bytes are. */
static void moved(void)
{
	static const struct seg_spec low = { CODE, 0x200000, 0x100000, 4, 0x1000 };
	static const struct seg_spec high32 = { CODE, 0xc0100000, 0x100000, 4, 0x1000 };
	struct machine *m;
	struct err err;

	elf64(0x200001, &low, 1);
	m = machine_from(file, FILE_SIZE, none, &err);
	if (tap_ok(m, "load address other than link address (%s)", err.text))
		tap_eq(machine_boot_state(m)->rip, 0x100001, "... starts at the load address");
	machine_destroy(m);
	elf32(0xc0100002, &high32, 1);
	m = machine_from(file, FILE_SIZE, none, &err);
	if (tap_ok(m, "ELF32 linked high loads (%s)", err.text))
		tap_eq(machine_boot_state(m)->rip, 0x100002, "... starts at the load address");
	machine_destroy(m);
}

static void entry_option(void)
{
	struct guest_spec spec = { .entry = "0x401003" };
	struct machine *m;
	struct err err;

	elf64(0x401000, &plain, 1);
	m = machine_from(file, FILE_SIZE, spec, &err);
	if (tap_ok(m, "--entry with ELF loads (%s)", err.text))
		tap_eq(machine_boot_state(m)->rip, 0x401003, "--entry wins over the file");
	machine_destroy(m);
	spec.entry = "main";
	refused(file, FILE_SIZE, spec, "no address", "--entry with a name");
}

/* One field of a good file overwritten: the sentence names what is wrong with it. */
static void bad_fields(void)
{
	static const struct {
		const char *name;
		u16 at;
		u8 size;
		u64 value;
		const char *part;
	} row[] = {
		{ "class", 4, 1, 3, "offset 4" },
		{ "byte order", 5, 1, 2, "offset 5" },
		{ "relocatable", 16, 2, 1, "offset 16" },
		{ "core file", 16, 2, 4, "offset 16" },
		{ "position independent", 16, 2, 3, "-no-pie" },
		{ "machine ARM", 18, 2, 40, "offset 18" },
		{ "machine i386 in 64 bits", 18, 2, 3, "damaged" },
		{ "entry outside", 24, 8, 0x500000, "--entry" },
		{ "program headers beyond the end", 32, 8, 0x10000, "program header 0" },
		{ "program headers' offset overflows", 32, 8, ~(u64)0 - 8, "damaged" },
		{ "program header size", 54, 2, 32, "offset 54" },
		{ "no program headers", 56, 2, 0, "no program headers" },
		{ "too many program headers", 56, 2, 65535, "65535" },
		{ "interpreter", E64, 4, 3, "-static" },
		{ "nothing to load", E64, 4, 0, "no segment" },
		{ "offset beyond the end", E64 + 8, 8, 0x10000, "ELF segment 0" },
		{ "offset overflows", E64 + 8, 8, ~(u64)0 - 1, "ELF segment 0" },
		{ "not canonical", E64 + 16, 8, 0x800000001000, "non-canonical" },
		{ "high but misaligned", E64 + 16, 8, 0xffffffff80100010, "align" },
		{ "physical address beyond RAM", E64 + 24, 8, 0x40000000, "-m" },
		{ "physical address overflows", E64 + 24, 8, ~(u64)0 - 0xff, "address space" },
		{ "physical address in the PCI hole", E64 + 24, 8, 0xd0000000, "outside" },
		{ "more in the file than in memory", E64 + 32, 8, 0x2000, "damaged" },
		{ "huge memory size", E64 + 40, 8, (u64)1 << 62, "-m" },
		{ "memory size overflows", E64 + 40, 8, ~(u64)0, "address space" },
		{ "memory size up to the last byte of RAM and one more", E64 + 40, 8, 0x3bff001,
		  "-m" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		u8 v[8];

		elf64(0x401000, &plain, 1);
		le64(v, row[i].value);
		memcpy(file + row[i].at, v, row[i].size);
		refused(file, FILE_SIZE, none, row[i].part, row[i].name);
	}
}

static void overlaps(void)
{
	static const struct seg_spec seg[] = { { CODE, 0x401000, 0x401000, 4, 0x1001 },
					       { CODE, 0x402000, 0x402000, 4, 0x1000 } };
	static const struct seg_spec all = { CODE, 0x1000, 0x1000, 4, 0x3fff000 };

	elf64(0x401000, seg, 2);
	refused(file, FILE_SIZE, none, "overlaps ELF segment 0", "overlapping segments");
	elf32(0x401000, seg, 2);
	refused(file, FILE_SIZE, none, "overlaps ELF segment 0", "overlapping segments of ELF32");
	elf64(0x1000, &all, 1);
	refused(file, FILE_SIZE, none, "no free place", "a segment that fills the RAM");
}

static void many_segments(void)
{
	struct seg_spec seg[60];
	struct machine *m;
	struct err err;

	for (u16 i = 0; i < 60; i++)
		seg[i] = (struct seg_spec){ 0, 0x100000 + i * 0x1000, 0x100000 + i * 0x1000, 16,
					    16 };
	elf64(0x100000, seg, 60);
	m = machine_from(file, sizeof(file), none, &err);
	tap_ok(m, "60 segments load (%s)", err.text);
	machine_destroy(m);
	for (u16 i = 0; i < 17; i++)
		seg[i].vaddr += 0xffffffff80000000;
	elf64(0x100000 + 20 * 0x1000, seg, 17);
	refused(file, sizeof(file), none, "merge", "17 high segments");
}

static void cut(void)
{
	elf64(0x401000, &plain, 1);
	refused_when_cut(file, CODE + 4, (struct guest_spec){ .kind = IMAGE_ELF64 }, "ELF64");
	elf32(0x401000, &plain, 1);
	refused_when_cut(file, CODE + 4, (struct guest_spec){ .kind = IMAGE_ELF32 }, "ELF32");
	elf64(0x401000, &plain, 1);
	refused(file, 20, none, "cut off", "a truncated ELF file found by content");
}

static void options(void)
{
	elf64(0x401000, &plain, 1);
	refused(file, FILE_SIZE, (struct guest_spec){ .mode = "real" }, "--mode",
		"--mode with ELF");
	refused(file, FILE_SIZE, (struct guest_spec){ .has_load = true }, "--load",
		"--load with ELF");
}

int main(void)
{
	good64();
	tables64();
	good32();
	high_half();
	moved();
	entry_option();
	bad_fields();
	overlaps();
	many_segments();
	cut();
	options();
	return tap_done();
}
