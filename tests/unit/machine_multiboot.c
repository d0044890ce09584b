/*
 * machine_multiboot.c - Multiboot kernels in both forms, the information structure field by field
 * as the specification lists it, modules, and broken headers.
 */
#include "machine_test.h"

enum { HEADER = 0x40, SIZE = 0x1000, LOAD = 0x200000, ELF_CODE = 0x200 };

static u8 file[0x4000];
static const struct guest_spec none;

static void header(u32 at, u32 flags)
{
	le32(file + at, 0x1badb002);
	le32(file + at + 4, flags);
	le32(file + at + 8, 0u - 0x1badb002 - flags);
}

/* The address-field form. */
static void make_kludge(void)
{
	memset(file, 0, sizeof(file));
	header(HEADER, 0x10003);
	le32(file + HEADER + 12,
	     LOAD + 0x20); /* header_addr: the load starts 0x20 bytes before it */
	le32(file + HEADER + 16, LOAD);
	le32(file + HEADER + 20, LOAD + 0x800);
	le32(file + HEADER + 24, LOAD + 0x2000);
	le32(file + HEADER + 28, LOAD + 0x100);
	memcpy(file + 0x120, "\x90\xf4", 2);
	file[0x20 + 0x7ff] = 0x77;
	file[0x20 + 0x800] = 0x88; /* not loaded */
}

static void make_elf32(u32 entry, u32 vaddr, u32 paddr)
{
	u8 *p = file + 52;

	memset(file, 0, sizeof(file));
	memcpy(file, "\177ELF\1\1\1", 7);
	le16(file + 16, 2);
	le16(file + 18, 3);
	le32(file + 24, entry);
	le32(file + 28, 52);
	le16(file + 42, 32);
	le16(file + 44, 1);
	le32(p, 1);
	le32(p + 4, ELF_CODE);
	le32(p + 8, vaddr);
	le32(p + 12, paddr);
	le32(p + 16, 0x100);
	le32(p + 20, 0x1000);
	header(ELF_CODE, 3);
	memcpy(file + ELF_CODE + 16, "\x90\xf4", 2);
}

static void machine_state(struct machine *m, u64 entry)
{
	const struct cpu_state *c = machine_boot_state(m);

	tap_eq(c->gpr[GPR_RAX], 0x2badb002, "multiboot: EAX");
	tap_eq(c->rip, entry, "multiboot: EIP");
	tap_eq(cpu_mode(c), MODE_PROT32, "multiboot: 32-bit protected mode");
	tap_eq(c->cr0 & (CR0_PE | CR0_PG), CR0_PE, "multiboot: PE set, PG clear");
	tap_eq(c->rflags & (FL_IF | FL_VM), 0, "multiboot: IF and VM clear");
	tap_eq(c->seg[SEG_CS].base | c->seg[SEG_DS].base, 0, "multiboot: segments from 0");
	tap_eq(c->seg[SEG_CS].limit & c->seg[SEG_SS].limit, 0xffffffff, "multiboot: up to 4 GiB");
}

static const u8 *info_of(struct machine *m)
{
	return machine_hva(m, machine_boot_state(m)->gpr[GPR_RBX], 116);
}

static const char *string_at(struct machine *m, u32 gpa)
{
	return (const char *)machine_hva(m, gpa, 1);
}

static void kludge(void)
{
	struct machine *m;
	struct err err;

	make_kludge();
	m = machine_from(file, SIZE, none, &err);
	if (!tap_ok(m, "address-field kernel loads (%s)", err.text))
		return;
	tap_eq(machine_image_kind(m), IMAGE_MULTIBOOT, "address-field kernel: kind");
	machine_state(m, LOAD + 0x100);
	tap_mem(machine_hva(m, LOAD + 0x20, 4), "\x02\xb0\xad\x1b", 4,
		"the header is at header_addr");
	tap_mem(machine_hva(m, LOAD + 0x100, 2), "\x90\xf4", 2, "the entry's bytes");
	tap_eq(*machine_hva(m, LOAD + 0x7ff, 1), 0x77, "the last byte before load_end_addr");
	tap_eq(*machine_hva(m, LOAD + 0x800, 1), 0, "zero from load_end_addr to bss_end_addr");
	machine_destroy(m);
	le32(file + HEADER + 20, 0);
	le32(file + HEADER + 24, 0);
	m = machine_from(file, SIZE, none, &err);
	if (tap_ok(m, "address-field kernel without ends loads (%s)", err.text))
		tap_eq(*machine_hva(m, LOAD + 0x800, 1), 0x88,
		       "without load_end_addr the whole file is loaded");
	machine_destroy(m);
}

static void elf_form(void)
{
	struct machine *m;
	struct err err;

	make_elf32(0x100010, 0x100000, 0x100000);
	m = machine_from(file, SIZE, none, &err);
	if (tap_ok(m, "ELF kernel loads (%s)", err.text)) {
		tap_eq(machine_image_kind(m), IMAGE_MULTIBOOT,
		       "ELF kernel: multiboot, not plain ELF32");
		machine_state(m, 0x100010);
		tap_str(machine_symbol_file(m), temp_path,
			"ELF kernel: symbols come from the file");
	}
	machine_destroy(m);
	make_elf32(0xc0100010, 0xc0100000, 0x100000);
	m = machine_from(file, SIZE, none, &err);
	if (tap_ok(m, "ELF kernel linked high loads (%s)", err.text))
		machine_state(m, 0x100010);
	machine_destroy(m);
}

static void info_memory(u64 mem, const char *name)
{
	u64 low = mem < 0xc0000000 ? mem : 0xc0000000, ram = 0;
	struct guest_spec spec = { 0 };
	struct machine *m;
	struct err err;
	const u8 *i;

	make_kludge();
	spec.path = temp_file(file, SIZE);
	m = machine_new(mem, &spec, &err);
	if (!tap_ok(m, "%s: loads (%s)", name, err.text))
		return;
	i = info_of(m);
	tap_eq(get32(i) & 0x24d, 0x24d,
	       "%s: flags say memory, command line, modules, map, loader name", name);
	tap_eq(get32(i) & ~0x24du, 0, "%s: and nothing else", name);
	tap_eq(get32(i + 4), 639, "%s: mem_lower", name);
	tap_eq(get32(i + 8), (low >> 10) - 1024, "%s: mem_upper", name);
	for (u32 at = get32(i + 48), end = at + get32(i + 44); at < end;
	     at += get32(machine_hva(m, at, 4)) + 4) {
		const u8 *e = machine_hva(m, at, 24);

		tap_eq(get32(e), 20, "%s: map entry's size", name);
		if (get32(e + 20) == 1 && get64(e + 4) >= 0x100000)
			ram += get64(e + 12);
	}
	tap_eq(ram, mem - 0x100000, "%s: the map holds all RAM above 1 MiB", name);
	machine_destroy(m);
}

static void info_strings(void)
{
	char module[] = "/tmp/vmstep-unit-module-XXXXXX", with_args[80], want[120];
	int fd = mkstemp(module);
	const char *list[] = { with_args, module, NULL };
	struct guest_spec spec = { .append = "a=1 b", .modules = list };
	struct machine *m;
	struct err err;
	const u8 *i, *mods;

	if (fd < 0 || write(fd, "module", 6) != 6)
		perror(module);
	close(fd);
	snprintf(with_args, sizeof(with_args), "%s root=x", module);
	make_kludge();
	m = machine_from(file, SIZE, spec, &err);
	if (!tap_ok(m, "modules and command line load (%s)", err.text))
		goto out;
	i = info_of(m);
	snprintf(want, sizeof(want), "%s a=1 b", temp_path);
	tap_str(string_at(m, get32(i + 16)), want, "command line: the kernel's name and --append");
	tap_str(string_at(m, get32(i + 64)), "vmstep", "boot loader's name");
	tap_eq(get32(i + 20), 2, "two modules");
	mods = machine_hva(m, get32(i + 24), 32);
	for (int k = 0; k < 2; k++) {
		u32 start = get32(mods + 16 * k), end = get32(mods + 16 * k + 4);

		tap_eq(end - start, 6, "module %d: size", k);
		tap_eq(start & 0xfff, 0, "module %d: page aligned", k);
		tap_ok(start >= LOAD + 0x2000, "module %d: behind the kernel", k);
		tap_mem(machine_hva(m, start, 6), "module", 6, "module %d: bytes", k);
		tap_str(string_at(m, get32(mods + 16 * k + 8)), list[k], "module %d: string", k);
	}
	tap_ok(get32(mods) != get32(mods + 16), "modules lie apart");
	machine_destroy(m);
out:
	unlink(module);
	refused(file, SIZE, spec, "--module", "a missing module");
	list[0] = " x";
	refused(file, SIZE, spec, "--module", "a module without a name");
}

static void bad_headers(void)
{
	static const struct {
		const char *name;
		u8 field;
		u32 value;
		const char *part;
	} row[] = {
		{ "header before load", 12, LOAD - 1, "load_addr" },
		{ "load begins before the file", 12, LOAD + HEADER + 1, "before the file" },
		{ "load end before the header", 20, LOAD, "load_end_addr" },
		{ "load end beyond the file", 20, LOAD + SIZE, "cut off" },
		{ "bss end before load end", 24, LOAD + 0x700, "bss_end_addr" },
		{ "bss end below load", 24, 1, "bss_end_addr" },
		{ "bss beyond RAM", 24, 0xfffffffe, "-m" },
		{ "entry below", 28, LOAD - 1, "entry_addr" },
		{ "entry behind", 28, LOAD + 0x2000, "entry_addr" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		make_kludge();
		le32(file + HEADER + row[i].field, row[i].value);
		refused(file, SIZE, none, row[i].part, row[i].name);
	}
	make_kludge();
	header(HEADER, 0x10008);
	refused(file, SIZE, none, "requires features 0x8", "an unknown requirement");
	header(HEADER, 0x10004);
	refused(file, SIZE, none, "video", "a required video mode");
	make_kludge();
	header(HEADER, 3);
	refused(file, SIZE, none, "ELF", "no addresses and no ELF");
	make_elf32(0x500000, 0x100000, 0x100000);
	refused(file, SIZE, none, "entry", "ELF with an entry outside");
	make_kludge();
	file[HEADER + 8] ^= 1;
	refused(file, SIZE, (struct guest_spec){ .kind = IMAGE_MULTIBOOT }, "no Multiboot header",
		"a wrong checksum");
	refused(file, SIZE, (struct guest_spec){ .kind = IMAGE_MULTIBOOT, .entry = "0" }, "--entry",
		"--entry with multiboot");
}

static void cut(void)
{
	struct machine *m;
	struct err err;

	make_kludge();
	refused_when_cut(file, 0x20 + 0x800, (struct guest_spec){ .kind = IMAGE_MULTIBOOT },
			 "multiboot");
	make_elf32(0x100010, 0x100000, 0x100000);
	refused_when_cut(file, ELF_CODE + 0x100, (struct guest_spec){ .kind = IMAGE_MULTIBOOT },
			 "multiboot ELF");
	/* The header must lie in the first 8 KiB as a whole, on a 4-byte border. */
	memset(file, 0, sizeof(file));
	header(8192 - 12, 0x10000);
	le32(file + 8192, 0x300000 + 8192 - 12);
	le32(file + 8192 + 4, 0x300000);
	le32(file + 8192 + 16, 0x300000);
	m = machine_from(file, sizeof(file), none, &err);
	tap_ok(m && machine_image_kind(m) == IMAGE_MULTIBOOT,
	       "a header at the end of the first 8 KiB is found (%s)", err.text);
	machine_destroy(m);
	memset(file, 0, sizeof(file));
	header(8192 - 8, 0);
	refused(file, sizeof(file), (struct guest_spec){ .kind = IMAGE_MULTIBOOT }, "first 8 KiB",
		"a header across 8 KiB");
	memset(file, 0, sizeof(file));
	header(0x42, 0);
	refused(file, sizeof(file), (struct guest_spec){ .kind = IMAGE_MULTIBOOT }, "first 8 KiB",
		"a misaligned header");
}

int main(void)
{
	kludge();
	elf_form();
	info_memory(16u << 20, "16 MiB");
	info_memory(5ull << 30, "5 GiB");
	info_strings();
	bad_headers();
	cut();
	return tap_done();
}
