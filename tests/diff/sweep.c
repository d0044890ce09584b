/*
 * sweep.c - which encodings are instructions: every opcode of every map (tests/sweep.h) on KVM and on the
 * model, and whether both say #UD. All that CPUID shows in 64-bit ring 3, where the processor itself runs;
 * what no manual has there and in the modes of the interpreter, too.
 */
#include "../sweep.h"
#include "known.h"
#include "model/fpu.h"
#include "x86/zydis_decode.h"

enum { KEYS = 128, SHOWN = 40, ENOUGH = 20000, RETRIES = 8, HERE = AT_DATA + 0x400 };

/* --- where KVM departs --- */

enum { PLAIN = BIT(0), P66 = BIT(1), PF2 = BIT(2), PF3 = BIT(3), LOCK = BIT(4) };
enum { SOME = P66 | PF2 | PF3, ANY = PLAIN | SOME };

/* What is before the ModRM byte, told apart. */
struct opcode {
	u8 prefix; /* one of the above */
	bool wide;
	u8 map;    /* 0: one byte, 0f, 38, 3a; c4, c5, 62, 8f: begins with this */
	u8 byte, modrm;
};

/*
 * The SDM's volume 2 has #UD where KVM runs it (`runs`), and the other way round. Prefixes that do not belong
 * to it: "NP" in "Instruction Column in the Opcode Summary Table", "LOCK - Assert LOCK# Signal Prefix".
 */
static const struct departure {
	const char *why;
	bool runs;
	u8 prefixes, map, first, last, mask, value; /* the last two of the ModRM byte */
} departures[] = {
	{ "MOV of CR1 and CR5 to CR7: AMD's processors look at the CPL first", true, ANY, 0x0f, 0x20, 0x22, 0, 0 },
	{ "MONITOR, SERIALIZE, SWAPGS with a prefix; SWAPGS in any mode", true, ANY | LOCK, 0x0f, 1, 1, 0xc7, 0xc0 },
	{ "FXSAVE, FXRSTOR and fences with a prefix", true, SOME | LOCK, 0x0f, 0xae, 0xae, 0, 0 },
	{ "MOVNTI with a prefix", true, SOME, 0x0f, 0xc3, 0xc3, 0, 0 },
	{ "MOVNTDQ of a register: AMD's processors have it", true, P66, 0x0f, 0xe7, 0xe7, 0xc0, 0xc0 },
	{ "INT n and IRET with LOCK: #GP comes first", true, LOCK, 0, 0xcd, 0xcf, 0, 0 },
	{ "VERW with LOCK", true, LOCK, 0x0f, 0, 0, 0, 0 },
	{ "SYSRET with LOCK", true, LOCK, 0x0f, 7, 7, 0, 0 },
	{ "NOP with LOCK and an operand in memory", true, LOCK, 0x0f, 0x19, 0x1f, 0, 0 },
	{ "RDRAND and RDSEED with LOCK", true, LOCK, 0x0f, 0xc7, 0xc7, 0xf0, 0xf0 },
	{ "VPERMQ and VPERMPD with VEX.W 0: AMD's processors", true, ANY, 0xc4, 0, 1, 0, 0 },
	{ "INT n in ring 3 is #UD in place of #GP", false, ANY, 0, 0xcd, 0xcd, 0, 0 },
	{ "SYSENTER in long mode is #UD: AMD's processors", false, ANY, 0x0f, 0x34, 0x34, 0, 0 },
	{ "INVPCID is not there", false, P66, 0x38, 0x82, 0x82, 0, 0 },
};

struct sweep_test {
	struct kvm_side *kvm;
	struct soft_side *soft;
	enum place place;
	/* Of one opcode those that were met: one of a kind is enough. */
	u8 head[SWEEP_BYTES], head_n;
	u32 key[KEYS];
	unsigned n_key;
	u64 compared, undefined, hidden, cannot, different, known[ARRAY_SIZE(departures)];
};

static struct opcode opcode_split(const u8 *bytes, unsigned at)
{
	static const u8 prefixes[] = { 0x66, 0xf2, 0xf3, 0xf0 };
	struct opcode o = { .prefix = PLAIN, .byte = bytes[at - 1], .modrm = bytes[at] };
	unsigned i = 0;

	for (unsigned k = 0; k < ARRAY_SIZE(prefixes) && at > 1; k++)
		if (bytes[0] == prefixes[k]) {
			o.prefix = P66 << k;
			i = 1;
		}
	if (i < at - 1 && bytes[i] == 0x48) {
		o.wide = true;
		i++;
	}
	o.map = i == at - 1 ? 0 : bytes[i] == 0x0f && i < at - 2 ? bytes[at - 2] : bytes[i];
	return o;
}

/* The row for it, or NULL. `runs`: on KVM, and not on the model. */
static const struct departure *departure_find(const struct opcode *o, bool runs)
{
	for (const struct departure *d = departures; d < departures + ARRAY_SIZE(departures); d++)
		if (d->runs == runs && d->prefixes & o->prefix && d->map == o->map && o->byte >= d->first &&
		    o->byte <= d->last && (o->modrm & d->mask) == d->value)
			return d;
	return NULL;
}

/* --- which --- */

/* The maps with groups by the register field, and all that the interpreter knows. */
static bool is_old(const struct opcode *o)
{
	return o->map == 0 || o->map == 0x0f;
}

/* The interpreter is asked for what the manual has not: of the rest it lacks much. */
static bool is_wanted(const struct sweep_test *t, const struct opcode *o, bool valid)
{
	return (valid || !o->wide) && (t->place == P_LONG3 || (is_old(o) && o->prefix != LOCK && !valid));
}

/* What is new in this opcode: a mnemonic, from registers or from memory; of nothing, the register field. */
static bool is_new(struct sweep_test *t, const u8 *bytes, unsigned at, const struct opcode *o, u16 mnemonic)
{
	unsigned reg = mnemonic || !is_old(o) ? 0 : o->modrm >> 3 & 7;
	u32 key = mnemonic << 4 | (o->modrm >= 0xc0) << 3 | reg;

	if (t->head_n != at || memcmp(t->head, bytes, at)) {
		memcpy(t->head, bytes, at);
		t->head_n = at;
		t->n_key = 0;
	}
	for (unsigned i = 0; i < t->n_key; i++)
		if (t->key[i] == key)
			return false;
	if (t->n_key < KEYS)
		t->key[t->n_key++] = key;
	return true;
}

/* General registers are addresses of data that may be written; flags and x87 are clear. */
static void sample_fill(enum place p, const u8 *bytes, struct sample *s)
{
	struct fpu *f = (struct fpu *)s->c.fxsave;

	memset(s, 0, sizeof(*s));
	s->place = p;
	s->system = s->x87 = true;
	place_state(p, &s->c);
	s->c.cr4 |= place_user(p) ? CR4_OSXSAVE | CR4_FSGSBASE : 0;
	s->c.efer |= place_user(p) ? EFER_SCE : 0;
	memcpy(s->code, bytes, SWEEP_BYTES);
	s->at = AT_CODE + 0x100;
	s->c.rip = s->at - s->c.seg[SEG_CS].base;
	for (unsigned i = 0; i < GPR_COUNT && (i < 8 || place_bits(p) == 64); i++)
		s->c.gpr[i] = HERE + 0x40 * i - s->c.seg[SEG_DS].base;
	s->c.gpr[GPR_RSP] = HERE + 0x800 - s->c.seg[SEG_SS].base;
	f->fcw = FCW_INIT;
	f->mxcsr = 0x1f80;
}

/* --- one of them --- */

static bool contest_run(struct sweep_test *t, struct contest *x)
{
	u8 *const ram[2] = { x->kvm_ram, t->soft->ram };

	for (unsigned i = 0; i < 2; i++) {
		place_memory(t->place, ram[i]);
		memset(ram[i] + AT_DATA, 0, 0x1000);
		memcpy(ram[i] + x->sample->at, x->sample->code, sizeof(x->sample->code));
	}
	soft_side_run(t->soft, x->sample, &x->soft);
	return kvm_side_run(t->kvm, x->sample, &x->kvm);
}

static void difference_show(struct sweep_test *t, const struct contest *x, const char *name)
{
	if (t->different++ >= SHOWN)
		return;
	printf("# %s: %s:", place_name[t->place], name);
	for (unsigned i = 0; i < 8; i++)
		printf(" %02x", x->sample->code[i]);
	printf(": vector kvm %d model %d\n", vector_of(x, &x->kvm), vector_of(x, &x->soft));
}

/* Again where they differ and no row says why: this KVM loses a step now and then (K4). */
static bool encoding_compare(struct sweep_test *t, const struct sample *s, const struct opcode *o,
			     const char *name)
{
	struct contest x = { .sample = s, .kvm_ram = kvm_side_ram(t->kvm), .soft_ram = t->soft->ram };
	const struct departure *row = NULL;
	bool alike = false, soft = false;

	for (unsigned i = 0; i < RETRIES && !alike && !row; i++) {
		if (!contest_run(t, &x))
			return false;
		soft = vector_of(&x, &x.soft) == EXC_UD;
		alike = x.kvm.outcome == OUT_CANNOT || soft == (vector_of(&x, &x.kvm) == EXC_UD);
		row = alike ? NULL : departure_find(o, soft);
	}
	t->cannot += x.kvm.outcome == OUT_CANNOT;
	t->compared += x.kvm.outcome != OUT_CANNOT;
	t->undefined += soft;
	if (row)
		t->known[row - departures]++;
	else if (!alike)
		difference_show(t, &x, name);
	return true;
}

static bool meet(void *arg, const u8 *bytes, unsigned at)
{
	struct sweep_test *t = arg;
	struct sample s;
	struct decoded d;
	struct opcode o = opcode_split(bytes, at);
	bool valid = zydis_decode(place_bits(t->place), bytes, INSN_MAX, &d);

	if (!is_wanted(t, &o, valid) || !is_new(t, bytes, at, &o, valid ? d.insn.mnemonic : 0))
		return true;
	if (valid && !feature_shows(t->soft->m->features, d.insn.meta.isa_set)) {
		t->hidden++;
		return true;
	}
	sample_fill(t->place, bytes, &s);
	return encoding_compare(t, &s, &o, valid ? ZydisMnemonicGetString(d.insn.mnemonic) : "reserved");
}

static bool verdict_tell(const struct sweep_test *t)
{
	bool fine = !t->different && t->compared > ENOUGH && t->undefined < t->compared + t->cannot;

	for (unsigned i = 0; i < ARRAY_SIZE(departures); i++)
		printf("# known: %s: %llu\n", departures[i].why, (unsigned long long)t->known[i]);
	printf("# not executed by KVM: %llu; hidden by the model's CPUID: %llu; #UD: %llu\n",
	       (unsigned long long)t->cannot, (unsigned long long)t->hidden, (unsigned long long)t->undefined);
	printf("%s - %llu encodings are instructions on KVM and on the model, or on neither", fine ? "ok" : "not ok",
	       (unsigned long long)t->compared);
	if (!fine)
		printf(": got %llu that differ, wanted 0 of at least %u", (unsigned long long)t->different, ENOUGH);
	putchar('\n');
	return fine;
}

bool encodings_sweep(struct kvm_side *kvm, struct soft_side *soft)
{
	static const enum place places[] = { P_LONG3, P_LONG, P_PROT32, P_REAL };
	static struct sweep_test t;

	t.kvm = kvm;
	t.soft = soft;
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		struct sweep s = { place_bits(places[i]), meet, &t };

		t.place = places[i];
		t.head_n = 0;
		if (!sweep_run(&s)) {
			puts("not ok - KVM runs: got an error, wanted a step");
			return false;
		}
	}
	return verdict_tell(&t);
}
