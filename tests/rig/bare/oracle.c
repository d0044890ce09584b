/*
 * oracle.c - small guests that watch themselves: what the processor delivers at each boundary.
 *
 * Freestanding, entered in long mode at 4 MiB. Runs each snippet of snippets.S with handlers of its
 * own and prints every event to port E9, short since each character costs a stepper a stop:
 *   v1 +2 f102 d4ff0    vector, RIP in the snippet, RFLAGS image, DR6 (low half)
 *   a0                  RAX at the end
 * The same program runs on the bare emulated CPU (rom.S) and under vmstep on every engine, free and
 * stepped: whoever is transparent leaves its output as it is.
 */
#include <stddef.h>
#include <stdint.h>

#define GDT_CODE 0x8
#define GDT_DATA 0x10
#define GDT_USER_DATA 0x1b
#define GDT_USER_CODE 0x23
#define GDT_TSS 0x28
#define RF 0x10000u
#define ARITHMETIC 0x8d5u /* CF PF AF ZF SF OF: no matter here, and partly undefined */

struct snippet {
	const char *name;
	const uint8_t *code;
	uint64_t tf;     /* RFLAGS to start with */
	uint64_t dr7;    /* DR0 = watched, or the code when it is an execute breakpoint */
	uint64_t dr0;
	uint64_t resume; /* where a fault's handler goes on, 0: at the saved RIP */
	uint64_t user;   /* runs in ring 3 */
};

/* Table and code in snippets.S. */
extern const struct snippet snippets[];
extern const uint64_t snippets_count;
/* Runs a snippet; comes back when it executes INT 30, with RAX as the snippet left it. */
uint64_t snippet_run(const uint8_t *code, uint64_t rflags, uint64_t cs, uint64_t ss);
extern const uint8_t vector_stubs[]; /* 16 bytes each */
extern const uint8_t syscall_entry[]; /* NOP; SYSRETQ */
extern const uint8_t ring0_top[];
extern uint32_t watched;

struct frame {
	uint64_t rax, rcx, rdx, vector, error, rip, cs, rflags, rsp, ss;
};

static const struct snippet *now;
static uint64_t gdt[7];
static uint32_t tss[26];
static struct {
	uint64_t low, high;
} idt[256];

/* A line at a time by REP OUTSB: under a stepper each instruction of this costs a stop. */
static char line[128];
static size_t line_len;

static void put(char c)
{
	const char *from = line;

	line[line_len++] = c;
	if (c != '\n')
		return;
	__asm__ volatile("rep outsb" : "+S"(from), "+c"(line_len) : "d"((uint16_t)0xe9) : "memory");
}

static void put_text(const char *s)
{
	while (*s)
		put(*s++);
}

static void put_hex(const char *label, uint64_t v)
{
	/* no loop over leading zeros: each instruction is a stop to somebody */
	int shift = v ? (63 - __builtin_clzll(v)) & ~3 : 0;

	put_text(label);
	for (; shift >= 0; shift -= 4)
		put("0123456789abcdef"[v >> shift & 15]);
}

static uint64_t dr6_take(void)
{
	uint64_t v;

	__asm__ volatile("mov %%dr6, %0" : "=r"(v));
	__asm__ volatile("mov %0, %%dr6" : : "r"(0xffff0ff0ul));
	return v;
}

/* Faults go on where the snippet says; a code breakpoint gets past itself by RF. */
static void fault_resume(struct frame *f, uint64_t dr6)
{
	if (f->vector == 1 && (dr6 & 1) && !(now->dr7 >> 16 & 3))
		f->rflags |= RF;
	else if (f->vector == 1 && (dr6 & 0x2000))
		return; /* GD is clear now: the MOV DR goes through */
	else if (f->vector != 1 && now->resume && f->vector < 32 && f->vector != 3)
		f->rip = now->resume;
}

/* Called by the stubs for every vector but 30, which ends a snippet. */
void event_seen(struct frame *f);
void event_seen(struct frame *f)
{
	uint64_t dr6 = dr6_take();

	put_hex("  v", f->vector);
	if (f->rip - (uint64_t)now->code < 0x100)
		put_hex(" +", f->rip - (uint64_t)now->code);
	else
		put_text(" out"); /* a handler, the entry of SYSCALL */
	put_hex(" f", f->rflags & ~(uint64_t)ARITHMETIC);
	put_hex(" d", dr6 & 0xffff);
	put('\n');
	fault_resume(f, dr6);
}

static void gates_load(void)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} p = {sizeof(idt) - 1, (uint64_t)idt}, g = {sizeof(gdt) - 1, (uint64_t)gdt};
	const uint64_t t = (uint64_t)tss;
	unsigned v;

	gdt[1] = 0x00af9b000000ffff;
	gdt[2] = 0x00cf93000000ffff;
	gdt[3] = 0x00cff3000000ffff;
	gdt[4] = 0x00affb000000ffff;
	gdt[5] = (t & 0xffffff) << 16 | (t >> 24 & 0xff) << 56 | 0x0000890000000067;
	tss[1] = (uint32_t)(uint64_t)ring0_top;
	__asm__ volatile("lgdt %0\n pushq %1\n leaq 1f(%%rip), %%rax\n pushq %%rax\n lretq\n 1:"
			 :
			 : "m"(g), "i"(GDT_CODE)
			 : "rax", "memory");
	__asm__ volatile("mov %0, %%ss\n mov %0, %%ds\n mov %0, %%es" : : "r"(GDT_DATA));
	for (v = 0; v < 256; v++) {
		uint64_t h = (uint64_t)vector_stubs + 16 * v;

		idt[v].low = (h & 0xffff) | (uint64_t)GDT_CODE << 16 | 0xeeull << 40 | (h >> 16 & 0xffff) << 48;
		idt[v].high = h >> 32;
	}
	__asm__ volatile("lidt %0\n ltr %w1" : : "m"(p), "r"(GDT_TSS));
}

static void msr_set(uint32_t index, uint64_t v)
{
	__asm__ volatile("wrmsr" : : "c"(index), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

/* STAR: SYSCALL to 8 and 10, SYSRET to 23 and 1b; EFER.SCE; FMASK clears nothing. */
static void syscall_set(void)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000080));
	msr_set(0xc0000080, low | 1 | (uint64_t)high << 32);
	msr_set(0xc0000081, 0x0013000800000000);
	msr_set(0xc0000082, (uint64_t)syscall_entry);
	msr_set(0xc0000084, 0);
}

static void debug_set(uint64_t dr0, uint64_t dr7)
{
	__asm__ volatile("mov %0, %%dr7" : : "r"(0x400ul));
	__asm__ volatile("mov %0, %%dr0" : : "r"(dr0));
	__asm__ volatile("mov %0, %%dr6" : : "r"(0xffff0ff0ul));
	__asm__ volatile("mov %0, %%dr7" : : "r"(dr7 | 0x400ul));
}

static void snippet_show(const struct snippet *s)
{
	uint64_t rax, cr4;

	now = s;
	put_text(s->name);
	put('\n');
	watched = 0;
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | 8)); /* DE: I/O breakpoints */
	syscall_set();
	debug_set(s->dr0, s->dr7);
	rax = snippet_run(s->code, s->tf, s->user ? GDT_USER_CODE : GDT_CODE, s->user ? GDT_USER_DATA : GDT_DATA);
	debug_set(0, 0);
	put_hex("  a", rax);
	put('\n');
}

void oracle_main(void);
void oracle_main(void)
{
	const char *quit = "Shutdown";
	uint64_t i;

	gates_load();
	for (i = 0; i < snippets_count; i++)
		snippet_show(&snippets[i]);
	put_text("oracle: all snippets ran\n");
	__asm__ volatile("outb %b0, $0xf4" : : "a"(0)); /* vmstep's exit port */
	while (*quit)
		__asm__ volatile("outb %0, %1" : : "a"(*quit++), "Nd"((uint16_t)0x8900));
}
