/*
 * internal.h - what the files of src/machine/ share: the machine's parts, the image being loaded
 * and the functions between loaders, tables and devices. Nobody outside the folder includes it.
 */
#ifndef VMSTEP_MACHINE_INTERNAL_H
#define VMSTEP_MACHINE_INTERNAL_H

#include <vmstep/machine.h>

#define KIB(n) ((u64)(n) << 10)
#define MIB(n) ((u64)(n) << 20)
#define GIB(n) ((u64)(n) << 30)

enum {
	PORT_EXIT = 0xf4,
	PORT_EXCEPTION = 0xf6, /* vmstep's default handlers report here; see default_env.c */
	UNKNOWN_MAX = 128,     /* addresses nobody answers that are told apart */
	EXTENTS_MAX = 96,
	UART_FIFO = 16,
	KBD_QUEUE = 8,
	PCI_FUNCS = 3,
	FWCFG_FILES = 1,
	FWCFG_BLOB = 512,
};

/* RAM above this lies from 4 GiB on; the hole between is for PCI, the APICs and the firmware. */
#define RAM_HOLE_START GIB(3)
#define RAM_HOLE_END   GIB(4)

/* A piece of guest memory that something was loaded to, for overlap checks and `info files`. */
struct extent {
	u64 gpa, size;
	char what[56];
};

/* ---- the image file (image.c) ---------------------------------------------------------------- */

struct image {
	char name[256]; /* for messages */
	int fd;         /* -1: bytes in mem */
	u8 *mem;
	u64 size;
};
int image_open(struct image *img, const char *path, struct err *err);
int image_open_hex(struct image *img, const char *hex, struct err *err);
void image_deinit(struct image *img);
/* Exactly n bytes from offset off, else a sentence that says which part (`what`) is cut off. */
int image_read(const struct image *img, u64 off, void *buf, u64 n, const char *what,
	       struct err *err);
/* Up to n bytes; returns how many there were. */
size_t image_peek(const struct image *img, u64 off, void *buf, size_t n);
enum image_kind image_detect(const struct image *img);

/* ---- devices --------------------------------------------------------------------------------- */

/* Where a console's bytes go to and come from (host_io.c). */
struct channel {
	enum { CHANNEL_NULL, CHANNEL_STDIO, CHANNEL_FD } to;
	int out, in; /* fds, -1: none; `in` is polled */
	int slave;   /* pty: kept open so that the master never sees a hang-up */
	bool own_in;
	bool in_ended; /* end of file on `in` */
	char *pty;
	char *path;  /* CHANNEL_FD: as the user named it */
	int lost;    /* errno of the write that lost text; -1 once that was told */
	u8 buf[256]; /* CHANNEL_FD: bytes not written yet */
	size_t n;
	u64 since_ns; /* when the first of them came */
	u64 written;  /* by the guest, whether somebody wanted it or not */
};

struct uart {
	u8 ier, fcr, lcr, mcr, msr_delta, scr, dll, dlm, lsr_errors;
	u8 fifo[UART_FIFO];
	u8 head, count;
	bool thr_pending; /* "transmitter empty" interrupt not yet acknowledged */
	bool line;        /* level of IRQ 4 as last told */
};

struct cmos {
	u8 index;
	u8 ram[128];
};

struct kbd {
	u8 queue[KBD_QUEUE];
	u8 head, count;
	u8 command_byte, output_port, pending_cmd, pending_data;
	u8 port61, port92;
};

struct fwcfg {
	u16 key;
	u32 pos;
	u8 e820[FWCFG_BLOB];
	u32 e820_size;
};

struct pci {
	u32 address;
	u8 cf9;
	u8 func[PCI_FUNCS][256];
};

/* The host's input, kept to be given again (serial_input.c). */
struct input_byte {
	u64 ns;      /* machine_ns() then */
	u8 byte;
	bool guest;  /* the guest's own look found it */
};
struct serial_input {
	struct input_byte *byte;
	size_t n, cap, at; /* at: next to be given; n: nothing comes again */
	bool keep;
};

struct acpi_pm {
	u16 status, enable, control;
};

/* ---- the machine ----------------------------------------------------------------------------- */

/* vmstep's own tables in guest memory (default_env.c). */
struct default_env {
	u64 gpa, size; /* 0, 0: none */
	u64 mailbox;   /* gpa the default handlers store vector, error and RIP to; 0: none */
	u64 code, code_end; /* the handlers lie in [code, code_end) */
	u8 word;       /* bytes of one mailbox slot: 2, 4, 8 */
};

struct machine {
	struct machine_config cfg; /* strings owned */
	struct guest_spec spec;    /* strings owned */
	bool loaded;
	enum image_kind kind;
	struct cpu_state boot;

	u8 *ram;
	u64 ram_size;
	u8 *rom;
	u64 rom_size;
	struct mem_region region[3];
	size_t n_regions;

	struct extent extent[EXTENTS_MAX];
	size_t n_extents;
	struct default_env env;

	irq_line_fn *irq;
	void *irq_arg;
	machine_clock_fn *clock;
	void *clock_arg;
	enum machine_event event;
	u32 event_value;
	struct machine_exception exception;
	struct unknown_access unknown[UNKNOWN_MAX];
	size_t n_unknown;
	u64 unknown_lost; /* accesses to addresses the table had no room for */

	struct channel channel[CONSOLE_COUNT];
	struct serial_input input;
	bool replay;    /* what happens happened before: no text to the host, no new input from it */
	u64 pages_live; /* pages.h */
	struct uart uart;
	struct cmos cmos;
	struct kbd kbd;
	struct fwcfg fwcfg;
	struct pci pci;
	struct acpi_pm pm;
};

/* ---- spec.c ---------------------------------------------------------------------------------- */

int spec_copy(struct guest_spec *to, const struct guest_spec *from, struct err *err);
void spec_deinit(struct guest_spec *s);

/* ---- memory.c -------------------------------------------------------------------------------- */

int memory_init(struct machine *m, u64 size, u64 rom_size, struct err *err);
void memory_deinit(struct machine *m);
void memory_clear(struct machine *m);
u64 memory_low_size(const struct machine *m);  /* bytes of RAM from 0 to the hole */
u64 memory_high_size(const struct machine *m); /* bytes of RAM from 4 GiB on */
/* Writable view for loaders; the range must be one region's. */
int memory_put(struct machine *m, u64 gpa, const void *buf, size_t n);
/*
 * Take [gpa, gpa+size) for `what`: it must be RAM and free. The sentence names what is there.
 */
int extent_take(struct machine *m, u64 gpa, u64 size, const char *what, struct err *err);
/* The highest free place for size bytes in [lo, hi) aligned to align; 0 if there is none. */
u64 extent_find(const struct machine *m, u64 lo, u64 hi, u64 size, u64 align);
/* The lowest such place. */
u64 extent_find_up(const struct machine *m, u64 lo, u64 hi, u64 size, u64 align);
/* Copy [off, off+n) of the file to gpa, zero up to size; takes the extent. */
int extent_load(struct machine *m, const struct image *img, u64 off, u64 n, u64 gpa, u64 size,
		const char *what, struct err *err);

/* ---- CPU state and tables -------------------------------------------------------------------- */

void boot_state_reset(struct cpu_state *c); /* boot_state.c: as after RESET */
void boot_state_real(struct cpu_state *c, u16 cs, u16 ip);
void boot_state_protected(struct cpu_state *c, u32 eip); /* flat segments 8 and 10 */
void boot_state_long(struct cpu_state *c, u64 rip);

/* A virtual range outside the identity map that must be mapped as well. */
struct high_map {
	u64 va, gpa, size;
};
/* page_tables.c: end of the identity map; bytes the tables take; write them to gpa, returns CR3. */
u64 tables_identity_end(const struct machine *m);
u64 tables_size(const struct machine *m, const struct high_map *map, size_t n);
u64 tables_write(struct machine *m, u64 gpa, const struct high_map *map, size_t n);
/*
 * default_env.c: build GDT, IDT with default handlers, TSS, stack and (long) page tables in free
 * RAM and point `boot` at them. The image must have been loaded, so that its place is known.
 */
int env_build_long(struct machine *m, const struct high_map *map, size_t n, struct err *err);
int env_build_protected(struct machine *m, struct err *err);
/*
 * real_env.c: default handlers through the IVT, for all vectors but #DB and #BP, or for the n
 * listed. Does nothing where the image lies in the way.
 */
void env_build_real(struct machine *m, const u8 *vectors, size_t n);
void ivt_set(struct machine *m, u8 vector, u16 seg, u16 off);
#define MAILBOX_EMPTY_REAL 0x5aa5   /* no sign-extended vector */
bool env_report(struct machine *m); /* port write by a default handler; false: not one */
int bios_services_build(struct machine *m, struct err *err); /* bios_services.c: IVT and services of a PC */

/* ---- loaders: each fills RAM, extents and boot ----------------------------------------------- */

int load_flat(struct machine *m, const struct image *img, struct err *err);
int load_boot_sector(struct machine *m, const struct image *img, struct err *err);
int load_elf(struct machine *m, const struct image *img, struct err *err);
int load_multiboot(struct machine *m, const struct image *img, struct err *err);
int load_firmware(struct machine *m, const struct image *img, struct err *err);
int load_bzimage(struct machine *m, const struct image *img, struct err *err);
/* Size of the ROM a firmware file needs, checked (load_firmware.c). */
int firmware_rom_size(const struct image *img, u64 *ret, struct err *err);
/* Offset of a valid multiboot header in the first 8 KiB, or -1. */
s64 multiboot_find(const struct image *img);
/* The boot information, modules from kernel_end on; *ret is its address (multiboot_info.c). */
int multiboot_info_build(struct machine *m, const struct image *img, u64 kernel_end, u32 *ret,
			 struct err *err);
/* Load an ELF file's segments by physical address (load_elf.c). */
struct elf_info {
	bool is64;
	u16 machine;
	u64 entry;         /* as the file says: virtual or physical */
	bool entry_inside; /* it lies in a loaded segment */
	bool entry_high;   /* in one of `high`, by its virtual address */
	u64 entry_phys;    /* where it was loaded to, if inside */
	u64 end;           /* highest physical address used */
	size_t n_high;
	struct high_map high[16]; /* segments whose virtual address is not their physical one */
};
int elf_load_segments(struct machine *m, const struct image *img, struct elf_info *ret,
		      struct err *err);
/* A number as typed (0x.., decimal, octal with 0); -EINVAL with a sentence naming the option. */
int address_parse(const char *text, const char *option, u64 *ret, struct err *err);

/* ---- ports.c and the devices ----------------------------------------------------------------- */

/* One device access; false: nobody at this port after all (counted as unknown). */
typedef bool port_fn(struct machine *m, bool write, u16 port, unsigned size, u32 *data);
port_fn uart_io, debugcon_io, exit_io, exception_io, cmos_io, kbd_io, fwcfg_io, pci_io, acpi_pm_io,
	post_io;
void machine_raise(struct machine *m, enum machine_event ev, u32 value);
void unknown_count(struct machine *m, bool mmio, bool write, u64 addr, unsigned size, u64 value);

int channel_init(struct channel *ch, const char *spec, bool both_ways, int stdio_in,
		 const char *option, struct err *err);
void channel_deinit(struct channel *ch);
void channel_flush(struct channel *ch);
void channel_poll(struct channel *ch); /* flush what has waited long enough */
size_t channel_read(struct channel *ch, u8 *buf, size_t n);
/* The guest has written so many bytes; with `cut` a file keeps no more than those. */
void channel_seek(struct channel *ch, u64 written, bool cut);
/* Input for the guest, given again first; `guest`: it looks itself (serial_input.c). */
size_t serial_input_take(struct machine *m, u8 *buf, size_t n, bool guest);
void serial_input_deinit(struct machine *m);
void console_put(struct machine *m, enum console_channel which, u8 byte);

void uart_reset(struct machine *m);
void uart_poll(struct machine *m);
void cmos_reset(struct machine *m);
void kbd_reset(struct machine *m);
void fwcfg_reset(struct machine *m);
void pci_reset(struct machine *m);
u64 host_ns(void); /* monotonic clock */
u64 machine_ns(const struct machine *m); /* what devices go by: the engine's clock, or the host's */

/* ---- small helpers --------------------------------------------------------------------------- */

static inline u16 get_le16(const u8 *p)
{
	return (u16)(p[0] | p[1] << 8);
}
static inline u32 get_le32(const u8 *p)
{
	return get_le16(p) | (u32)get_le16(p + 2) << 16;
}
static inline u64 get_le64(const u8 *p)
{
	return get_le32(p) | (u64)get_le32(p + 4) << 32;
}
static inline void put_le16(u8 *p, u16 v)
{
	p[0] = (u8)v;
	p[1] = (u8)(v >> 8);
}
static inline void put_le32(u8 *p, u32 v)
{
	put_le16(p, (u16)v);
	put_le16(p + 2, (u16)(v >> 16));
}
static inline void put_le64(u8 *p, u64 v)
{
	put_le32(p, (u32)v);
	put_le32(p + 4, (u32)(v >> 32));
}
static inline u64 align_up(u64 v, u64 a)
{
	return (v + a - 1) & ~(a - 1);
}

#endif
