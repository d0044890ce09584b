/* format.c - system registers and descriptors in words; see x86_tables.h. */
#include <stdarg.h>
#include <stdio.h>
#include <vmstep/x86_tables.h>

/* A text that is cut to its buffer and always terminated. */
struct out {
	char *buf;
	size_t n, size;
};

static struct out out_start(char *buf, size_t size)
{
	if (size)
		buf[0] = '\0';
	return (struct out){ buf, 0, size };
}

__attribute__((format(printf, 2, 3))) static void put(struct out *o, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (o->n + 1 >= o->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(o->buf + o->n, o->size - o->n, fmt, ap);
	va_end(ap);
	if (n > 0)
		o->n += (size_t)n < o->size - o->n ? (size_t)n : o->size - o->n - 1;
}

/* By bit number; bits without a name are not shown, as in gdb. */
static const char *const rflags_names[32] = {
	[0] = "CF",  [2] = "PF",   [4] = "AF",   [6] = "ZF",  [7] = "SF",  [8] = "TF",
	[9] = "IF",  [10] = "DF",  [11] = "OF",  [14] = "NT", [16] = "RF", [17] = "VM",
	[18] = "AC", [19] = "VIF", [20] = "VIP", [21] = "ID",
};
static const char *const cr0_names[32] = {
	[0] = "PE",  [1] = "MP",  [2] = "EM",  [3] = "TS",  [4] = "ET",  [5] = "NE",
	[16] = "WP", [18] = "AM", [29] = "NW", [30] = "CD", [31] = "PG",
};
static const char *const cr4_names[32] = {
	[0] = "VME",         [1] = "PVI",    [2] = "TSD",      [3] = "DE",    [4] = "PSE",
	[5] = "PAE",         [6] = "MCE",    [7] = "PGE",      [8] = "PCE",   [9] = "OSFXSR",
	[10] = "OSXMMEXCPT", [11] = "UMIP",  [12] = "LA57",    [13] = "VMXE", [14] = "SMXE",
	[16] = "FSGSBASE",   [17] = "PCIDE", [18] = "OSXSAVE", [19] = "KL",   [20] = "SMEP",
	[21] = "SMAP",       [22] = "PKE",   [23] = "CET",     [24] = "PKS",
};
static const char *const efer_names[32] = {
	[0] = "SCE",   [8] = "LME",    [10] = "LMA",   [11] = "NXE",
	[12] = "SVME", [13] = "LMSLE", [14] = "FFXSR", [15] = "TCE",
};

static void flags_put(struct out *o, u64 v, const char *const names[32], unsigned from, unsigned to)
{
	for (unsigned bit = from; bit < to; bit++)
		if (v & BIT64(bit) && names[bit])
			put(o, " %s", names[bit]);
}

static void flags_format(u64 v, const char *const names[32], char *buf, size_t size)
{
	struct out o = out_start(buf, size);

	put(&o, "[");
	flags_put(&o, v, names, 0, 32);
	put(&o, " ]");
}

void rflags_format(u64 rflags, char *buf, size_t size)
{
	struct out o = out_start(buf, size);

	put(&o, "[");
	flags_put(&o, rflags, rflags_names, 0, 12);
	if (rflags & FL_IOPL)
		put(&o, " IOPL=%u", (unsigned)(rflags >> 12 & 3));
	flags_put(&o, rflags, rflags_names, 12, 32);
	put(&o, " ]");
}

void cr0_format(u64 cr0, char *buf, size_t size)
{
	flags_format(cr0, cr0_names, buf, size);
}

void cr4_format(u64 cr4, char *buf, size_t size)
{
	flags_format(cr4, cr4_names, buf, size);
}

void efer_format(u64 efer, char *buf, size_t size)
{
	flags_format(efer, efer_names, buf, size);
}

/* The reserved bits of DR6 that read as 1 (SDM volume 3, "Debug Status Register (DR6)"). */
#define DR6_ONES (DR6_INIT & ~(DR6_BLD | DR6_RTM))

void dr6_format(u64 dr6, char *buf, size_t size)
{
	static const struct {
		u64 bit;
		bool active_low;
		const char *name;
	} row[] = {
		{ DR6_BT, false, "BT" },   { DR6_BS, false, "BS" },   { DR6_BD, false, "BD" },
		{ DR6_RTM, true, "RTM" },  { DR6_BLD, true, "BLD" },  { DR6_B(0), false, "B0" },
		{ DR6_B(1), false, "B1" }, { DR6_B(2), false, "B2" }, { DR6_B(3), false, "B3" },
	};
	/* A value without the constant ones never was in a DR6 (a zero of somebody's): its clear
	 * BLD and RTM say nothing. */
	bool image = (dr6 & DR6_ONES) == DR6_ONES;
	struct out o = out_start(buf, size);
	const char *comma = "";

	put(&o, "[");
	for (unsigned i = 0; i < ARRAY_SIZE(row); i++) {
		if (row[i].active_low ? !image || (dr6 & row[i].bit) : !(dr6 & row[i].bit))
			continue;
		put(&o, "%s%s", comma, row[i].name);
		comma = ",";
	}
	put(&o, "]");
}

void dr7_format(u64 dr7, char *buf, size_t size)
{
	static const char *const kinds[] = { "x", "w", "io", "rw" };
	static const u8 lengths[] = { 1, 2, 8, 4 };
	struct out o = out_start(buf, size);
	const char *comma = "";

	put(&o, "[");
	for (unsigned n = 0; n < 4; n++) {
		if (!(dr7 & DR7_LG(n)))
			continue;
		put(&o, "%sdr%u:%s", comma, n, kinds[DR7_RW(dr7, n)]);
		if (DR7_RW(dr7, n) != DR_RW_EXEC)
			put(&o, "%u", lengths[DR7_LEN(dr7, n)]);
		put(&o, " %s%s", dr7 & DR7_L(n) ? "L" : "", dr7 & DR7_G(n) ? "G" : "");
		comma = ", ";
	}
	if (dr7 & DR7_GD)
		put(&o, "%sGD", comma);
	put(&o, "]");
}

static void segment_put(struct out *o, const struct descriptor *d)
{
	bool g = d->attr & ATTR_G;

	put(o, " dpl=%u base=%#llx limit=%#x%s", d->dpl, (unsigned long long)d->base,
	    g ? d->limit >> 12 : d->limit, g ? " g" : "");
}

/* SDM volume 3, table "Code- and Data-Segment Types". */
static void code_data_put(struct out *o, const struct descriptor *d)
{
	bool code = d->kind == DESC_CODE;
	unsigned bits = code && d->attr & ATTR_L ? 64 : d->attr & ATTR_DB ? 32 : 16;

	put(o, "%s %u-bit", code ? "code" : "data", bits);
	segment_put(o, d);
	if (d->type & 4)
		put(o, code ? " conforming" : " expand-down");
	if (!(d->type & 2))
		put(o, code ? " execute-only" : " read-only");
}

static void gate_put(struct out *o, const struct descriptor *d, const char *name)
{
	if (d->kind == DESC_TASK_GATE) {
		put(o, "%s sel=%#x dpl=%u", name, d->sel, d->dpl);
		return;
	}
	put(o, "%s %u-bit sel=%#x offset=%#llx dpl=%u", name,
	    d->gate64   ? 64
	    : d->gate32 ? 32
			: 16,
	    d->sel, (unsigned long long)d->offset, d->dpl);
	if (d->ist)
		put(o, " ist=%u", d->ist);
}

void descriptor_format(const struct descriptor *d, char *buf, size_t size)
{
	static const char *const names[] = {
		[DESC_NULL] = "null",           [DESC_CODE] = "code",
		[DESC_DATA] = "data",           [DESC_LDT] = "ldt",
		[DESC_TSS16] = "tss16",         [DESC_TSS32] = "tss32",
		[DESC_TSS64] = "tss64",         [DESC_CALL_GATE] = "call gate",
		[DESC_TASK_GATE] = "task gate", [DESC_INT_GATE] = "interrupt gate",
		[DESC_TRAP_GATE] = "trap gate", [DESC_INVALID] = "invalid",
	};
	const char *name = d->kind < ARRAY_SIZE(names) ? names[d->kind] : "?";
	struct out o = out_start(buf, size);

	if (d->kind == DESC_NULL) {
		put(&o, "null");
		return;
	}
	if (d->kind == DESC_CODE || d->kind == DESC_DATA) {
		code_data_put(&o, d);
	} else if (d->kind >= DESC_LDT && d->kind <= DESC_TSS64) {
		put(&o, "%s", name);
		segment_put(&o, d);
		put(&o, "%s", d->busy ? " busy" : "");
	} else if (d->kind >= DESC_CALL_GATE && d->kind <= DESC_TRAP_GATE) {
		gate_put(&o, d, name);
	} else {
		put(&o, "%s type=%#x dpl=%u", name, d->type, d->dpl);
	}
	if (!d->present)
		put(&o, " not-present");
}
