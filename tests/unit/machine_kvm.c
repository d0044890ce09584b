/*
 * machine_kvm.c - the loaded guests run: a bare KVM loop without any debugger, so that what is
 * claimed about tables, default handlers, BIOS services and devices is claimed by a CPU. Skipped
 * without /dev/kvm.
 */
#include "machine_test.h"

#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static struct {
	int dev, vm, vcpu;
	struct kvm_run *run;
	size_t run_size;
	struct machine *m;
} g;
static volatile sig_atomic_t ticks;

static void on_tick(int sig)
{
	ticks = ticks + 1;
	if (g.run)
		*(volatile u8 *)&g.run->immediate_exit = 1;
}

static void irq_line(void *arg, unsigned gsi, bool level)
{
	struct kvm_irq_level l = { .irq = gsi, .level = level };

	ioctl(g.vm, KVM_IRQ_LINE, &l);
}

static struct kvm_segment segment(const struct segment *s)
{
	return (struct kvm_segment){
		.base = s->base,
		.limit = s->limit,
		.selector = s->sel,
		.type = ATTR_TYPE(s->attr),
		.present = !!(s->attr & ATTR_P),
		.dpl = ATTR_DPL(s->attr),
		.db = !!(s->attr & ATTR_DB),
		.s = !!(s->attr & ATTR_S),
		.l = !!(s->attr & ATTR_L),
		.g = !!(s->attr & ATTR_G),
		.avl = !!(s->attr & ATTR_AVL),
	};
}

static bool registers_set(const struct cpu_state *c)
{
	struct kvm_regs r = { .rax = c->gpr[GPR_RAX],
			      .rbx = c->gpr[GPR_RBX],
			      .rdx = c->gpr[GPR_RDX],
			      .rsi = c->gpr[GPR_RSI],
			      .rsp = c->gpr[GPR_RSP],
			      .rip = c->rip,
			      .rflags = c->rflags };
	struct kvm_sregs s;

	if (ioctl(g.vcpu, KVM_GET_SREGS, &s))
		return false;
	s.cs = segment(&c->seg[SEG_CS]);
	s.ds = segment(&c->seg[SEG_DS]);
	s.es = segment(&c->seg[SEG_ES]);
	s.fs = segment(&c->seg[SEG_FS]);
	s.gs = segment(&c->seg[SEG_GS]);
	s.ss = segment(&c->seg[SEG_SS]);
	s.tr = segment(&c->tr);
	s.ldt = segment(&c->ldtr);
	s.gdt.base = c->gdtr.base;
	s.gdt.limit = c->gdtr.limit;
	s.idt.base = c->idtr.base;
	s.idt.limit = c->idtr.limit;
	s.cr0 = c->cr0;
	s.cr3 = c->cr3;
	s.cr4 = c->cr4;
	s.efer = c->efer;
	return !ioctl(g.vcpu, KVM_SET_SREGS, &s) && !ioctl(g.vcpu, KVM_SET_REGS, &r);
}

static bool cpuid_set(void)
{
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entry[200];
	} c = { .head.nent = 200 };

	return !ioctl(g.dev, KVM_GET_SUPPORTED_CPUID, &c) && !ioctl(g.vcpu, KVM_SET_CPUID2, &c);
}

static bool memory_set(void)
{
	size_t n;
	const struct mem_region *r = machine_regions(g.m, &n);

	for (size_t i = 0; i < n; i++) {
		struct kvm_userspace_memory_region k = {
			.slot = (u32)i,
			.flags = r[i].readonly ? KVM_MEM_READONLY : 0,
			.guest_phys_addr = r[i].gpa,
			.memory_size = r[i].size,
			.userspace_addr = (u64)(uintptr_t)r[i].hva,
		};

		if (ioctl(g.vm, KVM_SET_USER_MEMORY_REGION, &k))
			return false;
	}
	return true;
}

static void guest_stop(void)
{
	struct kvm_run *run = g.run;

	g.run = NULL;
	if (run)
		munmap(run, g.run_size);
	if (g.vcpu > 0)
		close(g.vcpu);
	if (g.vm > 0)
		close(g.vm);
	g.vcpu = g.vm = -1;
	machine_destroy(g.m);
	g.m = NULL;
}

/* KVM_CREATE_VM alone stops at a pending signal: the tick of a claim before. */
static int vm_new(void)
{
	int fd;

	do
		fd = ioctl(g.dev, KVM_CREATE_VM, 0);
	while (fd < 0 && errno == EINTR);
	return fd;
}

/* A claim of its own: everything the machine gives is taken by KVM. */
static bool guest_start(const struct guest_spec *spec, const char *name)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	u64 identity = 0xfeffc000;
	struct err err;
	bool good;

	console_clear();
	g.m = machine_new(0, spec, &err);
	if (!tap_ok(g.m, "%s: loads (%s)", name, err.text))
		return false;
	g.vm = vm_new();
	good = g.vm >= 0 && !ioctl(g.vm, KVM_SET_IDENTITY_MAP_ADDR, &identity) &&
	       !ioctl(g.vm, KVM_SET_TSS_ADDR, identity + 0x1000) &&
	       !ioctl(g.vm, KVM_CREATE_IRQCHIP, 0) && !ioctl(g.vm, KVM_CREATE_PIT2, &pit) &&
	       memory_set();
	g.vcpu = good ? ioctl(g.vm, KVM_CREATE_VCPU, 0) : -1;
	g.run_size = (size_t)ioctl(g.dev, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (g.vcpu >= 0) {
		void *p = mmap(NULL, g.run_size, PROT_READ | PROT_WRITE, MAP_SHARED, g.vcpu, 0);

		g.run = p == MAP_FAILED ? NULL : p;
	}
	good = g.run && cpuid_set() && registers_set(machine_boot_state(g.m));
	machine_set_irq(g.m, irq_line, NULL);
	if (!tap_ok(good, "%s: KVM takes the machine (%s)", name, strerror(errno)))
		guest_stop();
	return good;
}

static void handle_io(void)
{
	u8 *data = (u8 *)g.run + g.run->io.data_offset;

	for (u32 i = 0; i < g.run->io.count; i++)
		machine_pio(g.m, g.run->io.direction == KVM_EXIT_IO_OUT, g.run->io.port,
			    g.run->io.size, data + i * g.run->io.size);
}

/*
 * Run until an event, a text on the debug console, an exit nobody handles (*ret_exit) or the time
 * is up.
 */
static enum machine_event guest_run(int seconds, const char *until, u32 *ret_value, u32 *ret_exit)
{
	time_t end = time(NULL) + seconds;

	*ret_exit = 0;
	*ret_value = 0;
	while (time(NULL) <= end) {
		enum machine_event ev;

		if (ioctl(g.vcpu, KVM_RUN, 0) < 0) {
			g.run->immediate_exit = 0;
			if (errno == EINTR)
				continue;
			break;
		}
		if (g.run->exit_reason == KVM_EXIT_IO)
			handle_io();
		else if (g.run->exit_reason == KVM_EXIT_MMIO)
			machine_mmio(g.m, g.run->mmio.is_write, g.run->mmio.phys_addr,
				     g.run->mmio.len, g.run->mmio.data);
		else if (g.run->exit_reason != KVM_EXIT_INTR)
			break;
		ev = machine_take_event(g.m, ret_value);
		if (ev != MACHINE_NONE)
			return ev;
		if (until && strstr(console[CONSOLE_DEBUGCON].text, until))
			return MACHINE_NONE;
	}
	*ret_exit = g.run->exit_reason;
	return MACHINE_NONE;
}

/* ---- default handlers ------------------------------------------------------------------------ */

struct fault_case {
	const char *name, *mode, *hex;
	u8 vector;
	u64 at; /* offset of the faulting instruction */
	bool has_error;
	u32 error;
};

static const struct fault_case faults[] = {
	{ "#UD in real mode", "real", "b8 34 12 0f 0b", EXC_UD, 3, false, 0 },
	{ "#UD in protected mode", "protected", "b8 34 12 00 00 0f 0b", EXC_UD, 5, false, 0 },
	{ "#UD in long mode", "long", "b8 34 12 00 00 0f 0b", EXC_UD, 5, false, 0 },
	{ "#GP in protected mode", "protected", "b8 34 12 00 00 8e d8", EXC_GP, 5, true, 0x1234 },
	{ "#GP in long mode", "long", "b8 34 12 00 00 8e d8", EXC_GP, 5, true, 0x1234 },
	{ "#PF in long mode", "long", "b8 34 12 00 00 48 bb 00 00 00 00 20 00 00 00 88 03", EXC_PF,
	  15, true, 2 },
	{ "#DE in long mode", "long", "b8 34 12 00 00 31 c9 f7 f1", EXC_DE, 7, false, 0 },
	/* No stack any more: long mode's handlers have their own. */
	{ "#GP without a stack", "long", "b8 34 12 00 00 48 bc 00 00 00 00 00 80 00 00 8e d8",
	  EXC_GP, 15, true, 0x1234 },
};

static void default_handler(const struct fault_case *f)
{
	struct guest_spec spec = { .mode = f->mode, .hex = f->hex };
	struct machine_exception x;
	struct kvm_regs r = { 0 };
	u32 value, exit_reason;

	if (!guest_start(&spec, f->name))
		return;
	for (int round = 0; round < 2; round++) {
		/* Resumed, the handler returns to the instruction, which faults again. */
		enum machine_event ev = guest_run(5, NULL, &value, &exit_reason);

		/* semantics.md section 11: "not executed at CPL 0". */
		if (round && exit_reason == KVM_EXIT_INTERNAL_ERROR &&
		    !strcmp(f->mode, "protected")) {
			tap_skip(f->name, "this KVM does not run a 32-bit IRET");
			continue;
		}
		tap_eq(ev, MACHINE_EXCEPTION, "%s: reported, round %d (KVM exit %u)", f->name,
		       round, exit_reason);
		tap_eq(value, f->vector, "%s: vector, round %d", f->name, round);
	}
	x = machine_exception(g.m);
	tap_eq(x.vector, f->vector, "%s: vector again", f->name);
	tap_eq(x.has_error, f->has_error, "%s: has an error code", f->name);
	tap_eq(x.error, f->error, "%s: error code", f->name);
	tap_eq(x.rip, machine_boot_state(g.m)->rip + f->at, "%s: address", f->name);
	g.run->immediate_exit = 1;
	ioctl(g.vcpu, KVM_RUN, 0);
	g.run->immediate_exit = 0;
	ioctl(g.vcpu, KVM_GET_REGS, &r);
	tap_eq(r.rax & 0xffff, 0x1234, "%s: RAX is untouched", f->name);
	guest_stop();
}

/* ---- small guests ---------------------------------------------------------------------------- */

/* The guest writes "ok" to the debug console and exits with a value of its own. */
static void runs_to_exit(const struct guest_spec *spec, u32 want, const char *name)
{
	u32 value, exit_reason;
	enum machine_event ev;

	if (!guest_start(spec, name))
		return;
	ev = guest_run(5, NULL, &value, &exit_reason);
	tap_eq(ev, MACHINE_EXIT, "%s: leaves by the exit port (KVM exit %u)", name, exit_reason);
	tap_eq(value, want << 1 | 1, "%s: its status", name);
	tap_str(console[CONSOLE_DEBUGCON].text, "ok", "%s: its text", name);
	guest_stop();
}

/* mov al,'o'; out e9,al; mov al,'k'; out e9,al; mov al,42; out f4,al; hlt: in any mode. */
#define OK_HEX "b0 6f e6 e9 b0 6b e6 e9 b0 2a e6 f4 f4"
static const u8 ok_code[] = { 0xb0, 0x6f, 0xe6, 0xe9, 0xb0, 0x6b, 0xe6,
			      0xe9, 0xb0, 0x2a, 0xe6, 0xf4, 0xf4 };

static void flat_guests(void)
{
	static const char *const mode[] = { "real", "protected", "long" };

	for (size_t i = 0; i < ARRAY_SIZE(mode); i++)
		runs_to_exit(&(struct guest_spec){ .mode = mode[i], .hex = OK_HEX }, 42, mode[i]);
}

/* The code runs at the virtual address: it takes its RIP and exits with bits 31-24 of it. */
static void high_half(void)
{
	static const u8 code[] = { 0x48, 0x8d, 0x05, 0,    0,    0,    0,
				   0x48, 0xc1, 0xe8, 0x18, 0x89, 0xc3, /* lea, shr 24, ebx */
				   0xb0, 0x6f, 0xe6, 0xe9, 0xb0, 0x6b, 0xe6,
				   0xe9, 0x89, 0xd8, 0xe6, 0xf4 };
	static u8 file[0x1100];
	u8 *p = file + 64;

	memcpy(file, "\177ELF\2\1\1", 7);
	le16(file + 16, 2);
	le16(file + 18, 62);
	le64(file + 24, 0xffffffffa0100000);
	le64(file + 32, 64);
	le16(file + 54, 56);
	le16(file + 56, 1);
	le32(p, 1);
	le64(p + 8, 0x1000);
	le64(p + 16, 0xffffffffa0100000);
	le64(p + 24, 0x100000);
	le64(p + 32, sizeof(code));
	le64(p + 40, 0x1000);
	memcpy(file + 0x1000, code, sizeof(code));
	runs_to_exit(&(struct guest_spec){ .path = temp_file(file, sizeof(file)) }, 0xa0,
		     "ELF64 linked high");
}

/* cmp eax, magic; jne to HLT; then OK: the magic number arrives in the register. */
static void multiboot(void)
{
	static const u8 check[] = { 0x3d, 0x02, 0xb0, 0xad, 0x2b, 0x75, sizeof(ok_code) - 1 };
	static u8 file[0x100];

	le32(file, 0x1badb002);
	le32(file + 4, 0x10000);
	le32(file + 8, 0u - 0x1badb002 - 0x10000);
	le32(file + 12, 0x100000);
	le32(file + 16, 0x100000);
	le32(file + 28, 0x100020);
	memcpy(file + 0x20, check, sizeof(check));
	memcpy(file + 0x20 + sizeof(check), ok_code, sizeof(ok_code));
	runs_to_exit(&(struct guest_spec){ .path = temp_file(file, sizeof(file)) }, 42,
		     "multiboot");
}

/* ---- other people's code --------------------------------------------------------------------- */

/* The end of what was printed, on one line. */
static const char *last_text(void)
{
	static char s[61];
	size_t n = console[CONSOLE_DEBUGCON].n, from = n > 60 ? n - 60 : 0;

	snprintf(s, sizeof(s), "%s", console[CONSOLE_DEBUGCON].text + from);
	for (char *p = s; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '/';
	return s;
}

static void prints(struct guest_spec spec, int seconds, const char *text, const char *name)
{
	u32 value, exit_reason;

	if (access(spec.path, R_OK)) {
		tap_skip(name, "%s is not installed", spec.path);
		return;
	}
	if (!guest_start(&spec, name))
		return;
	guest_run(seconds, text, &value, &exit_reason);
	tap_ok(strstr(console[CONSOLE_DEBUGCON].text, text),
	       "%s: prints \"%s\" (KVM exit %u, at last: %s)", name, text, exit_reason,
	       last_text());
	guest_stop();
}

int main(void)
{
	struct itimerval tick = { .it_interval.tv_usec = 50000, .it_value.tv_usec = 50000 };
	struct sigaction sa = { .sa_handler = on_tick };

	g.dev = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (g.dev < 0) {
		tap_skip("machine under KVM", "/dev/kvm: %s", strerror(errno));
		return tap_done();
	}
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &tick, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		default_handler(&faults[i]);
	flat_guests();
	high_half();
	multiboot();
	prints((struct guest_spec){ .path = "/usr/lib/grub/i386-pc/boot.img" }, 10, "Error",
	       "GRUB's boot.img");
	prints((struct guest_spec){ .path = "/usr/lib/syslinux/mbr/mbr.bin",
				    .mode = "real",
				    .has_load = true,
				    .load = 0x7c00 },
	       10, "Missing operating system.", "syslinux's mbr.bin");
	prints((struct guest_spec){ .path = "/usr/share/seabios/bios.bin" }, 60,
	       "No bootable device", "SeaBIOS");
	close(g.dev);
	return tap_done();
}
