/*
 * main.c - the shim's loop: hand the page to the host, do what it orders, enter L2, say what came.
 */
#include "shim.h"

struct mailbox mailbox __attribute__((section(".mailbox"), aligned(4096))) = {
	.magic = MAILBOX_MAGIC,
	.version = MAILBOX_VERSION,
	.size = sizeof(struct mailbox),
	.where = MAILBOX_RUNNING,
};

#define CODE(name, code) code,
static const u16 core_code[] = { MAILBOX_CORE(CODE) };
static const u16 sys_code[] = { MAILBOX_SYS(CODE) };
static const u16 exit_code[] = { MAILBOX_EXIT(CODE) };
static const u16 ctl_code[] = { MAILBOX_CONTROL(CODE) };
static const u16 more_code[] = { MAILBOX_MORE(CODE) };
#undef CODE

enum { EXIT_REASON_EXCEPTION = 0, EXIT_REASON_MTF = 37, FIELD_ENTRY_CTL = 0x4012, ENTRY_IA32E = 1u << 9 };

static void fields_read(const u16 *code, u64 *to, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		to[i] = vmread(code[i]);
}

static void fields_write(const u16 *code, const u64 *from, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (vmwrite(code[i], from[i])) {
			mailbox.vm_error = START_FIELD;
			mailbox.fault_rip = code[i];
		}
}

/*
 * SDM "VM-Entry Controls": "IA-32e mode guest" must be what EFER.LMA says. It follows L2's own
 * changes by itself, so that it is written only when the host changed EFER.
 */
static void entry_mode_follow(void)
{
	u64 ctl = vmread(FIELD_ENTRY_CTL) & ~(u64)ENTRY_IA32E;

	if (mailbox.sys[SYS_EFER] & EFER_LMA)
		ctl |= ENTRY_IA32E;
	vmwrite(FIELD_ENTRY_CTL, ctl);
}

static void orders_take(void)
{
	u32 dirty = mailbox.dirty;

	mailbox.dirty = 0;
	if (dirty & GROUP_CORE)
		fields_write(core_code, mailbox.core, CORE_COUNT);
	if (dirty & GROUP_SYS) {
		fields_write(sys_code, mailbox.sys, SYS_COUNT);
		entry_mode_follow();
	}
	if (dirty & GROUP_CONTROL)
		fields_write(ctl_code, mailbox.ctl, CTL_COUNT);
	if (dirty & GROUP_CR2)
		__asm__ volatile("mov %0, %%cr2" : : "r"(mailbox.cr2));
}

static void state_read(void)
{
	__asm__ volatile("mov %%cr2, %0" : "=r"(mailbox.cr2));
	if (mailbox.fetch & GROUP_SYS)
		fields_read(sys_code, mailbox.sys, SYS_COUNT);
}

static void dump(void)
{
	fields_read(more_code, mailbox.more, MORE_COUNT);
	fields_read(ctl_code, mailbox.ctl_seen, CTL_COUNT);
	fields_read(sys_code, mailbox.sys, SYS_COUNT);
}

static void exit_read(void)
{
	fields_read(exit_code, mailbox.exit, EXIT_SHORT);
	for (unsigned i = EXIT_SHORT; i < EXIT_COUNT; i++)
		mailbox.exit[i] = mailbox.exit[EXIT_REASON] == EXIT_REASON_MTF ? 0 : vmread(exit_code[i]);
}

static bool is_nmi_exit(void)
{
	return mailbox.exit[EXIT_REASON] == EXIT_REASON_EXCEPTION &&
	       (mailbox.exit[EXIT_INTR_INFO] >> 8 & 7) == INTR_NMI;
}

/* One entry and its exit; false: the instruction failed. */
static bool guest_step(void)
{
	/* Before the entry: the exit must not be taken for the one before. */
	mailbox.exit[EXIT_REASON] = ~0ull;
	if (guest_enter(mailbox.gpr, mailbox.launched)) {
		mailbox.vm_error = vmread(0x4400); /* VM-instruction error */
		return false;
	}
	exit_read();
	/* A failed entry (bit 31) leaves the VMCS's launch state clear. */
	if (!(mailbox.exit[EXIT_REASON] >> 31))
		mailbox.launched = 1;
	fields_read(core_code, mailbox.core, CORE_COUNT);
	return true;
}

static void guest_run(void)
{
	batch_start();
	do {
		if (!guest_step()) {
			host_call(MAILBOX_VM_FAIL);
			return;
		}
	} while (batch_goes_on());
	state_read();
	if (is_nmi_exit())
		nmi_unblock();
	mailbox.emulated = emulate();
	host_call(MAILBOX_VM_EXIT);
}

/* The floor that batch steps are measured against: nothing is looked at but the reason. */
static void guest_run_bare(void)
{
	for (u32 n = batch.limit; n; n--)
		if (guest_enter(mailbox.gpr, mailbox.launched) || vmread(0x4402) != EXIT_REASON_MTF)
			break;
	exit_read();
	fields_read(core_code, mailbox.core, CORE_COUNT);
	state_read();
	host_call(MAILBOX_VM_EXIT);
}

void host_call(enum mailbox_status status)
{
	mailbox.status = status;
	mailbox.seq++;
	mailbox.where = MAILBOX_AT_HOST;
	host_visit();
	mailbox.where = MAILBOX_RUNNING;
	orders_take();
}

void shim_main(void);
void shim_main(void)
{
	int r;

	cpu_setup();
	batch_init();
	r = vmx_on();
	if (!r)
		r = vmcs_create();
	mailbox.vm_error = r;
	host_call(r ? MAILBOX_NO_VMX : MAILBOX_READY);
	for (;;) {
		switch (mailbox.op) {
		case MAILBOX_RUN:
			guest_run();
			continue;
		case MAILBOX_BARE:
			guest_run_bare();
			continue;
		case MAILBOX_DUMP:
			dump();
			break;
		default:
			fields_read(core_code, mailbox.core, CORE_COUNT);
			state_read();
		}
		host_call(MAILBOX_FETCHED);
	}
}
