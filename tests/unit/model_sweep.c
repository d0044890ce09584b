/*
 * model_sweep.c - what CPUID shows is executed and does something, what it hides is #UD, and what no manual
 * has is #UD: every opcode of every map (tests/sweep.h), run in five modes. The instruction sets are Zydis';
 * the counts for each are printed. tests/diff/sweep.c holds the same opcodes against KVM.
 */
#include <Zydis/Zydis.h>

#include "../sweep.h"
#include "model/decode.h"
#include "model/fpu.h"
#include "model_box.h"

enum { AT = BOX_DATA, WINDOW = 0x1000, MNEMONICS = ZYDIS_MNEMONIC_MAX_VALUE + 1, ROUNDS = 3, HERE = 0x400 };
enum place { REAL = BIT(0), V86 = BIT(1), PROT = BIT(2), COMPAT = BIT(3), LONG = BIT(4), ALL = 31 };

static const struct {
	u8 place; /* enum place */
	const char *name;
	unsigned bits;
} places[] = { { REAL, "real", 16 }, { V86, "v86", 16 }, { PROT, "prot", 32 }, { COMPAT, "compat", 32 },
	       { LONG, "long", 64 } };

#define M(name) ZYDIS_MNEMONIC_##name
enum { LEGACY = REAL | V86 };

/* #UD although CPUID shows it. SDM volume 2, the instructions' sections; VEX: "VEX Exception Type 13". */
static const struct {
	u16 mnemonic;
	u8 places;
} undefined[] = {
	{ M(UD0), ALL },     { M(UD1), ALL },      { M(UD2), ALL },
	{ M(RSM), ALL }, /* outside of SMM */
	{ M(ARPL), LEGACY }, { M(LAR), LEGACY },   { M(LSL), LEGACY },    { M(LLDT), LEGACY },
	{ M(LTR), LEGACY },  { M(SLDT), LEGACY },  { M(STR), LEGACY },    { M(VERR), LEGACY },
	{ M(VERW), LEGACY }, { M(ANDN), LEGACY },  { M(BEXTR), LEGACY },  { M(BLSI), LEGACY },
	{ M(BLSMSK), LEGACY }, { M(BLSR), LEGACY }, { M(BZHI), LEGACY },  { M(MULX), LEGACY },
	{ M(PDEP), LEGACY }, { M(PEXT), LEGACY },  { M(RORX), LEGACY },   { M(SARX), LEGACY },
	{ M(SHLX), LEGACY }, { M(SHRX), LEGACY },  { M(CLAC), V86 },      { M(STAC), V86 },
};

/* They have no effect that registers or memory show: hints, fences, caches and TLB, the 8087's. */
static const u16 silent[] = {
	M(NOP),        M(PAUSE),       M(LFENCE),      M(MFENCE),      M(SFENCE),      M(PREFETCH),
	M(PREFETCHW),  M(PREFETCHWT1), M(PREFETCHNTA), M(PREFETCHT0),  M(PREFETCHT1),  M(PREFETCHT2),
	M(CLFLUSH),    M(CLFLUSHOPT),  M(CLWB),        M(INVD),        M(WBINVD),      M(INVLPG),
	M(INVPCID),    M(FWAIT),       M(FENI8087_NOP), M(FDISI8087_NOP), M(FSETPM287_NOP),
};

struct tally {
	u32 done, fault, undefined, hidden;
};
struct test {
	struct box box;
	struct op_decoder decoder;
	u32 features[FEATURE_WORDS];
	u8 place;
	struct cpu_state start[ROUNDS];
	u8 data[WINDOW], before[WINDOW]; /* what the memory is made of, what it was */
	bool outside; /* of the instruction: a port or the bus */
	struct tally set[ZYDIS_ISA_SET_MAX_VALUE + 1];
	u8 undefined[MNEMONICS]; /* mask of enum place */
	bool done[MNEMONICS], changes[MNEMONICS], leaked[MNEMONICS], missing[MNEMONICS];
	u32 reserved, reserved_run;
};

/* --- the processor --- */

static void bus_meet(struct test *t, bool write, unsigned size, void *data)
{
	t->outside |= write;
	if (!write)
		memset(data, 0x5a, size);
}

static void port_meet(void *arg, bool write, u16 port, unsigned size, void *data)
{
	bus_meet(arg, write, size, data);
}

static void mmio_meet(void *arg, bool write, u64 gpa, unsigned size, void *data)
{
	bus_meet(arg, write, size, data);
}

/* Values that differ from register to register; in round 2 the x87 stack has room. */
static void fpu_fill(struct fpu *f, unsigned round)
{
	f->fcw = FCW_INIT;
	f->mxcsr = 0x1f80;
	f->ftw = round < 2 ? 0xff : 0;
	f->fsw = round ? 0x473f : 0; /* any flags, all masked */
	for (unsigned i = 0; i < 8; i++) {
		f->st[i].significand = BIT64(63) + i * 0x1234567;
		f->st[i].exponent = 0x3fff + i;
	}
	for (unsigned i = 0; i < sizeof(f->xmm); i++)
		((u8 *)f->xmm)[i] = i * 11 + 1 + round;
}

/*
 * The general registers are addresses in the window, but for what few instructions want: a mask or an index
 * of 0 or 3, flags of either kind, CR0.TS.
 */
static void state_fill(struct cpu_state *c, u8 place, unsigned round)
{
	u64 base = place & LEGACY ? 0 : AT;

	for (unsigned i = 0; i < GPR_COUNT; i++)
		c->gpr[i] = base + HERE + 0x40 * i;
	c->gpr[GPR_RSP] = base + 0xc00;
	c->gpr[GPR_RAX] |= round == 1 ? 0x80000083 : 3;
	c->gpr[GPR_RCX] = round ? 0 : c->gpr[GPR_RCX];
	for (unsigned i = 0; i < SEG_COUNT && place & LEGACY; i++)
		if (i != SEG_CS)
			c->seg[i].base = AT, c->seg[i].sel = AT >> 4;
	c->cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE | CR4_FSGSBASE;
	c->cr0 |= CR0_NE | (round == 2 ? CR0_TS : 0);
	c->efer |= EFER_SCE;
	c->kernel_gs_base = AT;
	c->ldtr.sel = 0x28;
	c->rflags |= round == 1 ? FL_ARITH : round == 2 ? FL_SF | FL_IF | FL_DF | FL_AC : 0;
	if (place == V86)
		c->rflags |= FL_VM | FL_IOPL;
	fpu_fill((struct fpu *)c->fxsave, round);
}

static void place_open(struct test *t, u8 place, unsigned bits)
{
	struct cpu_state *c;

	box_open(&t->box, place == V86 ? 32 : bits == 32 && place == COMPAT ? 64 : bits);
	t->box.m->cfg.bus = (struct model_bus){ .arg = t, .port = port_meet, .mmio = mmio_meet };
	c = model_cpu(t->box.m);
	if (place == V86)
		box_segments(c, 0xf3, 0xf3, 0xffff);
	if (place == COMPAT)
		c->seg[SEG_CS].attr = 0xc09b;
	t->place = place;
	for (unsigned i = 0; i < ROUNDS; i++) {
		t->start[i] = *c;
		state_fill(&t->start[i], place, i);
	}
}

/* --- one instruction --- */

static enum ex instruction_run(struct test *t, unsigned round, const u8 *bytes)
{
	struct model *m = t->box.m;

	m->c = t->start[round];
	memcpy(t->box.ram + AT, t->data, WINDOW);
	/* A memory operand: in round 0 anything. */
	if (round)
		memset(t->box.ram + AT + HERE + 0x40 * GPR_RBX, 0, 0x40);
	memcpy(t->box.ram + BOX_CODE, bytes, SWEEP_BYTES);
	memcpy(t->before, t->box.ram + AT, WINDOW);
	t->outside = false;
	model_changed(m);
	return box_run(&t->box);
}

/* Of a branch RIP, too. */
static bool has_effect(const struct test *t, unsigned round, unsigned len)
{
	struct cpu_state was = t->start[round];

	was.tsc = t->box.m->c.tsc;
	was.rip += len;
	return t->outside || memcmp(&t->box.m->c, &was, sizeof(was)) || memcmp(t->box.ram + AT, t->before, WINDOW);
}

static void round_run(struct test *t, const ZydisDecodedInstruction *i, unsigned round, const u8 *bytes)
{
	struct tally *n = &t->set[i->meta.isa_set];
	enum ex r = instruction_run(t, round, bytes);
	const struct guest_event *ev = &t->box.m->event;

	t->missing[i->mnemonic] |= r == EX_MISSING;
	if (r == EX_EVENT && ev->type == INTR_HARD_EXC && ev->vector == EXC_UD) {
		t->undefined[i->mnemonic] |= t->place;
		n->undefined++;
	} else if (r == EX_EVENT) { /* what INT n and its kin are, and BOUND */
		t->changes[i->mnemonic] |= ev->type != INTR_HARD_EXC || ev->vector == EXC_BR;
		n->fault++;
	} else {
		t->changes[i->mnemonic] |= has_effect(t, round, i->length);
		t->done[i->mnemonic] = true;
		n->done++;
	}
}

/* #UD, whatever the state. */
static bool is_undefined(struct test *t, const u8 *bytes)
{
	return instruction_run(t, 0, bytes) == EX_EVENT && t->box.m->event.type == INTR_HARD_EXC &&
	       t->box.m->event.vector == EXC_UD;
}

static bool meet(void *arg, const u8 *bytes, unsigned at)
{
	struct test *t = arg;
	ZydisDecodedOperand z[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction i;
	const ZydisDecoder *d = &t->decoder.zydis[t->place & LEGACY ? 0 : t->place == LONG ? 2 : 1];

	if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(d, bytes, INSN_MAX, &i, z))) {
		t->reserved++;
		t->reserved_run += !is_undefined(t, bytes);
	} else if (!feature_shows(t->features, i.meta.isa_set)) {
		t->set[i.meta.isa_set].hidden++;
		t->leaked[i.mnemonic] |= !is_undefined(t, bytes);
	} else {
		for (unsigned round = 0; round < ROUNDS; round++)
			round_run(t, &i, round, bytes);
	}
	return true;
}

/* --- the verdict --- */

static u8 undefined_wanted(u16 mnemonic)
{
	for (unsigned i = 0; i < ARRAY_SIZE(undefined); i++)
		if (undefined[i].mnemonic == mnemonic)
			return undefined[i].places;
	return 0;
}

static bool is_silent(u16 mnemonic)
{
	for (unsigned i = 0; i < ARRAY_SIZE(silent); i++)
		if (silent[i] == mnemonic)
			return true;
	return false;
}

/* 1, and the mnemonic shown, if it is. */
static unsigned note(bool is, u16 mnemonic, const char *what)
{
	if (is)
		printf("# %s: %s\n", ZydisMnemonicGetString(mnemonic), what);
	return is;
}

static void mnemonics_judge(const struct test *t)
{
	unsigned leaked = 0, missing = 0, ud = 0, effect = 0;

	for (unsigned i = 0; i < MNEMONICS; i++) {
		leaked += note(t->leaked[i], i, "CPUID hides it and it is there");
		missing += note(t->missing[i], i, "CPUID shows it and it is missing");
		ud += note(t->undefined[i] != undefined_wanted(i), i, "it is #UD in other modes than it should be");
		effect += note(t->done[i] && t->changes[i] == is_silent(i), i,
			       t->changes[i] ? "it has an effect" : "it has no effect in any form");
		effect += note(is_silent(i) && !t->done[i], i, "it is never executed");
	}
	tap_eq(leaked, 0, "what CPUID hides is #UD");
	tap_eq(missing, 0, "what CPUID shows is there");
	tap_eq(ud, 0, "what CPUID shows is #UD where the manual says so, and nowhere else");
	tap_eq(effect, 0, "what is executed has an effect, but for hints, fences and caches");
}

/* RDPMC: CPUID shows no counter, so that none can be read. RSM: #UD. */
static void sets_judge(const struct test *t)
{
	for (unsigned i = 0; i <= ZYDIS_ISA_SET_MAX_VALUE; i++) {
		const struct tally *n = &t->set[i];

		if (!n->done && !n->fault && !n->undefined && !n->hidden)
			continue;
		printf("# %s: %u executed, %u faults, %u #UD, %u hidden\n", ZydisISASetGetString(i), n->done,
		       n->fault, n->undefined, n->hidden);
		if (feature_shows(t->features, i) && i != ZYDIS_ISA_SET_RDPMC && i != ZYDIS_ISA_SET_I486)
			tap_ok(n->done, "the sweep executes %s", ZydisISASetGetString(i));
	}
}

int main(void)
{
	static struct test t;

	features_fill(t.features);
	if (!op_decoder_init(&t.decoder, t.features))
		return 1;
	for (unsigned i = 0; i < WINDOW; i++)
		t.data[i] = i * 7 + (i >> 8);
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		struct sweep s = { places[i].bits, meet, &t };

		place_open(&t, places[i].place, places[i].bits);
		sweep_run(&s);
		box_close(&t.box);
	}
	sets_judge(&t);
	mnemonics_judge(&t);
	tap_ok(t.reserved > 100000, "the sweep meets reserved encodings");
	tap_eq(t.reserved_run, 0, "reserved encodings are #UD");
	op_decoder_deinit(&t.decoder);
	return tap_done();
}
