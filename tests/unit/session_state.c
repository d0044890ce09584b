/*
 * session_state.c - registers, memory, frames in all widths, disassembly, guests and symbols replaced:
 * the session without running anything, over the scripted engine.
 */
#include "tap.h"
#include "elf_bytes.h"
#include "fake_engine.h"

static struct session *s;
static struct err err;
static char notes[1000];

static const struct beat still[] = { { .off = 0 } };

static void take_note(void *arg, const char *text)
{
	snprintf(notes, sizeof(notes), "%s", text);
}

static void start(const char *hex, const char *mode)
{
	struct session_config cfg = { .guest = { .hex = hex, .mode = mode } };

	session_destroy(s);
	s = NULL;
	memset(&fake, 0, sizeof(fake));
	FAKE_LOAD(still);
	cfg.machine.serial = cfg.machine.debugcon = "null";
	if (session_create(&cfg, &s, &err) || session_start(s, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	session_set_note(s, take_note, NULL);
}

static void put(u64 addr, u64 v, size_t n)
{
	session_write(s, addr, &v, n, &err);
}

static void set(const char *reg, u64 v)
{
	if (session_set_reg(s, reg, v, &err))
		printf("# %s\n", err.text);
}

static u64 get(const char *reg)
{
	u64 v = 0xbadbad;

	session_get_reg(s, reg, &v, &err);
	return v;
}

/* ---- registers ------------------------------------------------------------------------------- */

static void test_registers(void)
{
	const struct cpu_state *c;
	u64 v;

	start("90 90", "long");
	fake.groups = 0;
	session_get_reg(s, "rax", &v, &err);
	tap_eq(fake.groups & ~(REGS_GPR | REGS_SYS), 0, "a register costs its own groups");
	tap_eq(session_regs(s, &c, &err), 0, "all registers");
	tap_eq(c->known & REGS_ALL, REGS_ALL, "are all groups");
	fake.get_regs = 0;
	session_regs(s, &c, &err);
	tap_eq(fake.get_regs, 0, "and kept");
	session_stepi(s, 1, NULL, NULL, &err);
	session_regs(s, &c, &err);
	tap_ok(fake.get_regs > 0, "until the guest runs");
	set("rax", 0x1122334455667788);
	set("ax", 0xffff);
	tap_eq(get("rax"), 0x112233445566ffff, "a written register is read back");
	tap_eq(session_set_reg(s, "nosuch", 1, &err), -EINVAL, "an unknown register");
	tap_str(err.text, "there is no register \"nosuch\"; see info registers", "is one sentence");
	tap_eq(session_get_reg(s, "nosuch", &v, &err), -EINVAL, "when read too");
	tap_eq(session_set_reg(s, "tr", 1, &err), -EINVAL, "a register that cannot be written");
	tap_eq(session_set_reg(s, "ds", 0x1230, &err), -EINVAL, "a selector without a descriptor");
	tap_ok(strstr(err.text, "0x1230") != NULL, "is one sentence: %s", err.text);
	tap_eq(session_set_reg(s, "ds", get("ss"), &err), 0, "a selector with one");
	tap_eq(session_set_reg(s, "ds", 0, &err), 0, "the null selector");
	tap_eq(session_set_reg(s, "cs", 0, &err), -EINVAL, "but not in CS");
	start("90 90", "real");
	set("ds", 0x1234);
	session_regs(s, &c, &err);
	tap_eq(c->seg[SEG_DS].base, 0x12340, "in real mode the base follows the selector");
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void test_memory(void)
{
	u8 buf[16];
	u32 v = 0x12345678;

	start("90 90", "long");
	tap_eq(session_write(s, 0x110ffe, &v, 4, &err), 0, "a write across pages");
	tap_eq(session_read(s, 0x110ffe, buf, 4, &err), 0, "is read back");
	tap_mem(buf, &v, 4, "byte for byte");
	tap_eq(session_read_phys(s, 0x110ffe, buf, 4, &err), 0, "by physical address too");
	tap_mem(buf, &v, 4, "as the map is the identity");
	tap_eq(session_read(s, 0x7fffffff0ffe, buf, 4, &err), -EFAULT, "unmapped memory");
	tap_str(err.text, "cannot read memory at 0x7fffffff0ffe: no page is mapped there",
		"names the first bad address");
	tap_eq(session_write(s, 0x8000000000000000, buf, 1, &err), -EFAULT,
	       "an address that is not canonical");
	tap_eq(session_read_phys(s, 0xfec00000, buf, 4, &err), -EFAULT,
	       "physical memory that is no RAM");
	tap_eq(session_write_phys(s, 0xfec00000, buf, 4, &err), -EFAULT, "written neither");
	session_kill(s, &err);
	tap_eq(session_read(s, 0, buf, 1, &err), -ENODEV, "memory without a guest");
	tap_eq(session_read_phys(s, 0, buf, 1, &err), -ENODEV, "physical too");
	tap_str(err.text, "the guest is not running; start it with run or start",
		"says what to do");
}

/* ---- frames ---------------------------------------------------------------------------------- */

/*
 * The same code in 16, 32 and 64 bits: CALL at 0 and at 8, calling 16 and 16; frames by BP.
 * 00 call 10; 08 call 10; 10 push bp; 11 mov bp,sp; then nops.
 */
static const struct width {
	const char *name, *mode, *hex;
	u64 code, stack;
	unsigned word, call; /* bytes of a word and of a CALL */
} widths[] = {
	{ "16-bit", "real", "e80d00 9090909090 e80500 9090909090 55 89e5 9090", 0x1000, 0x8000, 2,
	  3 },
	{ "32-bit", "protected", "e80b000000 909090 e803000000 909090 55 89e5 9090", 0x100000,
	  0x180000, 4, 5 },
	{ "64-bit", "long", "e80b000000 909090 e803000000 909090 55 4889e5 9090", 0x100000,
	  0x180000, 8, 5 },
};

static u64 ret_to(const struct width *w, u64 call)
{
	const struct cpu_state *c;

	session_regs(s, &c, &err);
	return w->code + call + w->call - c->seg[SEG_CS].base;
}

/* Two frames: here <- behind the call at 8 <- behind the call at 0 <- chain end. */
static void build_frames(const struct width *w, u64 pc)
{
	start(w->hex, w->mode);
	tap_eq(session_last_stop(s)->lin, w->code, "%s: starts where the test thinks", w->name);
	put(w->stack, w->stack + 8 * w->word, w->word);
	put(w->stack + w->word, ret_to(w, 8), w->word);
	put(w->stack + 8 * w->word, 0, w->word);
	put(w->stack + 9 * w->word, ret_to(w, 0), w->word);
	set("rsp", w->stack - 4 * w->word);
	set("rbp", w->stack);
	set("rip", ret_to(w, pc) - w->call);
}

static void backtrace(struct frame *ret, unsigned max, unsigned *ret_n, const char **ret_why)
{
	const struct frame *f;

	frame_count(s, max, ret_n, ret_why, &err);
	for (unsigned i = 0; i < *ret_n; i++)
		if (!frame_at(s, i, &f, &err))
			ret[i] = *f;
}

static u64 sp_of(const struct frame *f)
{
	return f->regs.value[GPR_RSP];
}

static void test_backtrace(const struct width *w)
{
	const char *why = "";
	struct frame f[8];
	unsigned n = 0;

	build_frames(w, 0x14);
	backtrace(f, 8, &n, &why);
	tap_eq(n, 3, "%s: three frames (%s)", w->name, why);
	tap_eq(f[0].pc, w->code + 0x14, "%s: frame 0", w->name);
	tap_eq(f[1].pc, w->code + 8 + w->call, "%s: frame 1", w->name);
	tap_eq(f[2].pc, w->code + w->call, "%s: frame 2", w->name);
	tap_eq(sp_of(&f[1]), w->stack + 2 * w->word, "%s: frame 1's stack pointer", w->name);
	tap_str(frame_how_text(f[1].how), "frame pointer", "%s: how frame 1 was found", w->name);
	tap_str(why, "the frame pointer is 0", "%s: why it ends", w->name);
	backtrace(f, 2, &n, &why);
	tap_eq(n, 2, "%s: no more than asked for", w->name);
	put(w->stack + 9 * w->word, ret_to(w, 1), w->word);
	backtrace(f, 8, &n, &why);
	tap_eq(n, 2, "%s: what follows no call is no frame", w->name);
	tap_str(why, "what would be the return address does not follow a call", "%s: and said",
		w->name);
	put(w->stack, w->stack - w->word, w->word);
	backtrace(f, 8, &n, &why);
	tap_eq(n, 2, "%s: a chain that goes down ends", w->name);
	put(w->stack, w->stack, w->word);
	backtrace(f, 8, &n, &why);
	tap_eq(n, 2, "%s: a chain that goes round ends", w->name);
}

/* At PUSH BP the return address is on top; behind it one word down, BP still the caller's. */
static void test_entry_frames(const struct width *w)
{
	const char *why = "";
	struct frame f[8];
	unsigned n = 0;

	build_frames(w, 0x10);
	set("rsp", w->stack - 4 * w->word);
	put(w->stack - 4 * w->word, ret_to(w, 0), w->word);
	backtrace(f, 8, &n, &why);
	tap_eq(n, 4, "%s: at PUSH BP the caller is not left out (%s)", w->name, why);
	tap_eq(f[1].pc, w->code + w->call, "%s: it is the top of the stack", w->name);
	tap_str(frame_how_text(f[1].how), "top of the stack", "%s: said so", w->name);
	set("rip", ret_to(w, 0x11) - w->call);
	set("rsp", w->stack - 5 * w->word);
	backtrace(f, 8, &n, &why);
	tap_eq(n, 4, "%s: at MOV BP,SP neither", w->name);
	tap_eq(sp_of(&f[1]), w->stack - 3 * w->word, "%s: its stack pointer", w->name);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void test_disassemble(void)
{
	struct strbuf b;
	unsigned len = 0;

	strbuf_init(&b);
	start("b8 05 00 00 00 f1 0f", "long");
	tap_eq(session_disassemble(s, CODE, &b, &len, &err), 0, "disassemble");
	tap_str(strbuf_str(&b), "mov eax, 0x5", "text");
	tap_eq(len, 5, "length");
	strbuf_reset(&b);
	session_disassemble(s, CODE + 5, &b, &len, &err);
	tap_str(strbuf_str(&b), "int1", "F1 is int1");
	tap_eq(len, 1, "of one byte");
	tap_eq(session_disassemble(s, 0x7fffffff0000, &b, &len, &err), -EFAULT,
	       "unmapped code is an error");
	strbuf_reset(&b);
	start("b8 05 00", "real");
	session_disassemble(s, 0x1000, &b, &len, &err);
	tap_str(strbuf_str(&b), "mov ax, 0x5", "in the current mode");
	tap_eq(len, 3, "with its length");
	strbuf_deinit(&b);
}

/* ---- guests and symbols replaced ------------------------------------------------------------- */

static const struct elf_sym syms[] = { { "here", 0x100001, 1, STT_FUNC, STB_GLOBAL, ELF_TEXT } };
static const struct elf_sym moved[] = { { "here", 0x100002, 1, STT_FUNC, STB_GLOBAL, ELF_TEXT } };

static char *write_syms(const struct elf_sym *sym)
{
	struct elf_file f;

	elf_build(&f, 1, SHT_SYMTAB, sym, 1);
	return strdup(elf_write(&f, f.n));
}

static int take_symbols(const char *path)
{
	return session_load_symbols(s, &(struct symbol_file){ .path = path }, true, &err);
}

static void test_symbols(void)
{
	char *a = write_syms(syms), *b = write_syms(moved), buf[80];
	struct upoint *p;

	start("90 90 90 90", "long");
	tap_ok(!session_symbols(s), "a guest without symbols has none");
	tap_ok(!session_symbolize(s, 0x100001, buf, sizeof(buf)), "and names nothing");
	tap_eq(take_symbols(a), 0, "symbol-file");
	tap_ok(session_symbolize(s, 0x100001, buf, sizeof(buf)), "names addresses");
	tap_str(buf, "here", "by symbol");
	session_break(s, UPOINT_BREAK, "here", 0x100001, 1, false, "$rip == here", &p, &err);
	tap_eq(take_symbols("/nonexistent/symbols"), -ENOENT, "a missing file is refused");
	tap_ok(session_symbolize(s, 0x100001, buf, sizeof(buf)), "and the old symbols stay");
	tap_eq(take_symbols(b), 0, "other symbols");
	tap_eq(p->addr, 0x100002, "move the breakpoint by name");
	session_stepi(s, 1, NULL, NULL, &err);
	tap_eq(fake.point[0].addr, 0x100002, "in the engine too");
	tap_ok(p->enabled, "its condition fits");
	unlink(a);
	unlink(b);
	FILE *empty = fopen(a, "w");

	if (empty)
		fclose(empty);
	tap_ok(take_symbols(a) < 0, "an empty file is refused: %s", err.text);
	unlink(a);
	free(a);
	a = write_syms((const struct elf_sym[]){
		{ "other", 0x100001, 1, STT_FUNC, STB_GLOBAL, ELF_TEXT } });
	notes[0] = '\0';
	take_symbols(a);
	tap_ok(!p->enabled, "a condition whose symbol is gone disables its point");
	tap_ok(strstr(notes, "here") != NULL, "and says so: %s", notes);
	unlink(a);
	free(a);
	free(b);
}

static void test_set_guest(void)
{
	struct guest_spec spec = { .hex = "f4", .mode = "real", .append = "x" };
	const char *mods[] = { "one", "two", NULL };
	struct guest_spec again;

	start("90", "long");
	spec.modules = mods;
	tap_eq(session_set_guest(s, &spec, &err), 0, "another guest");
	tap_eq(session_last_stop(s)->lin, CODE, "does not touch the one that runs");
	tap_str(session_config(s)->guest.hex, "f4", "it is kept");
	tap_str(session_config(s)->guest.modules[1], "two", "with its modules");
	again = session_config(s)->guest;
	again.append = "y";
	tap_eq(session_set_guest(s, &again, &err), 0,
	       "a guest made from the session's own configuration");
	tap_str(session_config(s)->guest.append, "y", "has what was changed");
	tap_str(session_config(s)->guest.modules[0], "one", "and what was not");
	again = session_config(s)->guest;
	again.modules = NULL;
	session_set_guest(s, &again, &err);
	tap_eq(session_start(s, &err), 0, "and starts: %s", err.text);
	tap_eq(session_last_stop(s)->mode, MODE_REAL, "as itself");
	again = (struct guest_spec){ .path = "/nonexistent/guest" };
	session_set_guest(s, &again, &err);
	tap_ok(session_start(s, &err) < 0, "an image that is not there is refused");
	tap_ok(strstr(err.text, "/nonexistent") != NULL, "by name: %s", err.text);
	tap_ok(!session_has_guest(s), "and there is no guest then");
	again = (struct guest_spec){ 0 };
	session_set_guest(s, &again, &err);
	tap_eq(session_start(s, &err), -ENOENT, "no image at all is refused");
}

int main(void)
{
	test_registers();
	test_memory();
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		test_backtrace(&widths[i]);
		test_entry_frames(&widths[i]);
	}
	test_disassemble();
	test_symbols();
	test_set_guest();
	session_destroy(s);
	return tap_done();
}
