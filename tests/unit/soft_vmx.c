/*
 * soft_vmx.c - the VMX view of engine soft: which exits, with which fields, `set mtf`, `set intercept` and
 * `set skip` give. The wanted values are from the SDM (volume 3, "Monitor Trap Flag", "VM-Exit
 * Information for VM Exits Due to Vectored Events", "Pending Debug Exceptions", "Single-Step Exception
 * Condition", "Masking Exceptions and Interrupts When Switching Stacks") by hand, not from a run.
 */
#include <string.h>
#include <vmstep/trace.h>

#include "engine_guest.h"

/* Real mode from 1000; #DB and #BP go to handlers that return, data lies at 2000. */
#define PROLOGUE                                                                           \
	"xor ax, ax\n mov ds, ax\n mov ss, ax\n mov sp, 0x7000\n"                          \
	"mov word ptr [4], 0x3000\n mov word ptr [6], ax\n mov word ptr [12], 0x3000\n"    \
	"mov word ptr [14], ax\n mov word ptr [0x80], 0x3000\n mov word ptr [0x82], ax\n"  \
	"mov byte ptr [0x3000], 0xcf\n mov word ptr [0x2000], ax\n mov bx, 0x2000\n"       \
	"xor eax, eax\n"
enum { PROLOGUE_STEPS = 14 };
#define SET_TF     "pushf\n pop cx\n or ch, 1\n push cx\n popf\n"
#define WATCH(rw)  "mov eax, 0x2000\n mov dr0, eax\n mov eax, 0x" rw "0402\n mov dr7, eax\n xor eax, eax\n"
enum { TF_STEPS = 5, WATCH_STEPS = 5 };

enum { MTF_OFF = 1, DB_OFF = 2, BP_OFF = 4, SWALLOW = 8 };
struct row {
	const char *name;
	const u8 *start, *end;
	u8 flags, skip;
	u8 before, stops;        /* steps behind the prologue that are not looked at, and that are */
	const char *causes;      /* of the stops looked at */
	const char *evidence[6]; /* part of each one's evidence; NULL: not looked at */
	s8 retired[6];
};

static void look(const struct row *r)
{
	struct strbuf text;
	struct guest g;
	size_t from = PROLOGUE_STEPS + r->before;

	if (!guest_init(&g, "real", r->start, r->end - r->start)) {
		guest_deinit(&g);
		return;
	}
	g.plan.mtf = true;
	guest_run(&g, PROLOGUE_STEPS);
	g.plan.mtf = !(r->flags & MTF_OFF);
	g.plan.intercept_db = !(r->flags & DB_OFF);
	g.plan.intercept_bp = !(r->flags & BP_OFF);
	g.plan.icebp = g.plan.int3 = r->flags & SWALLOW ? EVENT_SWALLOW : EVENT_DELIVER;
	g.plan.skip = r->skip;
	guest_run(&g, r->before + r->stops);
	tap_str(guest_causes(&g, from), r->causes, "%s: stops", r->name);
	strbuf_init(&text);
	for (unsigned i = 0; i < r->stops && from + i < g.n; i++) {
		strbuf_reset(&text);
		stop_evidence(&g.rec[from + i], &text);
		if (r->evidence[i])
			tap_ok(strstr(text.s, r->evidence[i]), "%s: stop %u shows \"%s\" (got \"%s\")", r->name, i,
			       r->evidence[i], text.s);
		tap_eq((s64)g.rec[from + i].retired, r->retired[i], "%s: stop %u: retired", r->name, i);
	}
	strbuf_deinit(&text);
	guest_deinit(&g);
}

GUEST_CODE(plain, 16, PROLOGUE "nop\n nop\n hlt");
GUEST_CODE(icebp, 16, PROLOGUE ".byte 0xf1\n nop\n nop\n hlt");
GUEST_CODE(int3, 16, PROLOGUE ".byte 0xcc\n nop\n hlt");
GUEST_CODE(int20, 16, PROLOGUE "int 0x20\n nop\n hlt");
GUEST_CODE(always, 16, PROLOGUE "cpuid\n nop\n cli\n hlt");
GUEST_CODE(shadows, 16, PROLOGUE "mov ss, ax\n sti\n nop\n cli\n nop\n hlt");
GUEST_CODE(shadow_tf, 16, PROLOGUE SET_TF "mov ss, ax\n nop\n nop\n hlt");
GUEST_CODE(tf, 16, PROLOGUE SET_TF "nop\n cpuid\n nop\n hlt");
GUEST_CODE(rep, 16, PROLOGUE "mov cx, 3\n mov si, 0x2100\n mov di, 0x2200\n rep movsb\n nop\n hlt");
GUEST_CODE(watch, 16, PROLOGUE WATCH("1") "mov [bx], al\n nop\n hlt");
GUEST_CODE(watch_tf, 16, PROLOGUE WATCH("1") SET_TF "mov [bx], al\n nop\n hlt");
GUEST_CODE(deferred, 16, PROLOGUE WATCH("3") "mov ss, [bx]\n nop\n nop\n hlt");
GUEST_CODE(deferred_icebp, 16, PROLOGUE WATCH("3") "mov ss, [bx]\n .byte 0xf1\n nop\n hlt");
GUEST_CODE(deferred_int3, 16, PROLOGUE WATCH("3") "mov ss, [bx]\n .byte 0xcc\n nop\n hlt");
GUEST_CODE(gd, 16, PROLOGUE "mov eax, 0x2400\n mov dr7, eax\n mov eax, dr0\n nop\n hlt");
GUEST_CODE(gd_shadow, 16, PROLOGUE "mov eax, 0x2400\n mov dr7, eax\n xor eax, eax\n mov ss, ax\n mov eax, dr0\n hlt");
GUEST_CODE(io, 16, PROLOGUE "mov eax, 8\n mov cr4, eax\n mov ax, 0x80\n mov dr0, eax\n mov eax, 0x20402\n mov dr7, eax\n"
			    "out 0x80, al\n nop\n hlt");
GUEST_CODE(btf, 16, PROLOGUE "mov ecx, 0x1d9\n mov al, 2\n cdq\n wrmsr\n" SET_TF "nop\n jmp 1f\n nop\n 1: nop\n hlt");
GUEST_CODE(exec, 16, PROLOGUE "mov eax, OFFSET exec_point - exec_start + 0x1000\n mov dr0, eax\n mov eax, 0x402\n"
			      "mov dr7, eax\n nop\n exec_point: nop\n nop\n hlt");

#define CODE(c) c##_start, c##_end
static const struct row rows[] = {
	{ "mtf: an exit 37 at each boundary", CODE(plain), 0, 0, 0, 2, "MTF MTF",
	  { "soft: exit 37 rip=1033 intr=0 pdbg=0 shadow=-", "exit 37" }, { 1, 1 } },
	{ "tf: an exit 0 of type 3 with BS", CODE(plain), MTF_OFF, 0, 0, 2, "TF TF",
	  { "exit 0 rip=1033 intr=80000301[type 3] qual=4000 pdbg=0", "qual=4000" }, { 1, 1 } },
	{ "neither: nobody tells but the model", CODE(plain), MTF_OFF | DB_OFF, 0, 0, 2, "TF TF",
	  { "- (deduced)", "- (deduced)" }, { 1, 1 } },
	{ "icebp: type 5 on the F1, delivered behind it, then one stop each", CODE(icebp), 0, 0, 0, 4,
	  "ICEBP MTF+EVENT MTF MTF",
	  { "exit 0 rip=1032 intr=80000501[type 5] len=1 pdbg=0 shadow=-; inner skip 1032 -> 1033",
	    "exit 37 rip=3000 intr=0 pdbg=0 shadow=-, event vector 1 type 5; delivered vector 1 to 3000, return to 1033",
	    "exit 37 rip=1033", "exit 37 rip=1034" }, { 1, 0, 1, 1 } },
	{ "icebp, not intercepted: one MTF at the handler (rule 9)", CODE(icebp), DB_OFF, 0, 0, 2, "MTF+EVENT MTF",
	  { "exit 37 rip=3000 intr=0 pdbg=0 shadow=-, event vector 1 type 5", "exit 37 rip=1033" }, { 1, 1 } },
	{ "icebp, swallowed", CODE(icebp), SWALLOW, 0, 0, 2, "ICEBP MTF", { NULL, "swallowed vector 1" }, { 1, 1 } },
	{ "icebp, outer skip: a stop too many", CODE(icebp), SWALLOW, SKIP_WRONG_OUTER, 0, 3, "ICEBP MTF MTF",
	  { "outer skip 1032 -> 1033; WARNING", "no report (deduced); WARNING", "exit 37 rip=1034" }, { 1, 0, 1 } },
	{ "icebp, no skip: for ever", CODE(icebp), SWALLOW, SKIP_WRONG_NONE, 0, 3, "ICEBP ICEBP ICEBP",
	  { "no skip, stays at 1032; WARNING", NULL, NULL }, { 0, 0, 0 } },
	{ "int3: type 6", CODE(int3), 0, 0, 0, 2, "INT3 MTF+EVENT",
	  { "exit 0 rip=1032 intr=80000603[type 6] len=1", "event vector 3 type 6" }, { 1, 0 } },
	{ "int3, not intercepted", CODE(int3), BP_OFF, 0, 0, 1, "MTF+EVENT", { "exit 37 rip=3000" }, { 1 } },
	{ "int n is intercepted by nothing", CODE(int20), 0, 0, 0, 2, "MTF+EVENT MTF",
	  { "exit 37 rip=3000 intr=0 pdbg=0 shadow=-, event vector 32 type 4", "rip=1034" }, { 1, 1 } },
	{ "cpuid exits always; the boundary is owed", CODE(always), 0, 0, 0, 2, "MTF MTF",
	  { "exit 10 rip=1032 intr=0 len=2 pdbg=0 shadow=- (deduced); outer skip 1032 -> 1034", "exit 37" }, { 1, 1 } },
	{ "cpuid under tf", CODE(always), MTF_OFF, 0, 0, 1, "TF", { "exit 10 rip=1032" }, { 1 } },
	{ "hlt with IF=0: a stop, asleep", CODE(always), 0, 0, 3, 1, "HLT", { "exit 12 rip=1036" }, { 1 } },
	{ "mtf sees shadows", CODE(shadows), 0, 0, 0, 4, "MTF MTF MTF MTF",
	  { "pdbg=0 shadow=movss", "pdbg=0 shadow=sti", "shadow=-", "shadow=-" }, { 1, 1, 1, 1 } },
	{ "tf is discarded by mov ss, not by sti", CODE(shadows), MTF_OFF, 0, 0, 3, "TF TF TF",
	  { "rip=1035", "rip=1036", "rip=1037" }, { 2, 1, 1 } },
	{ "guest's tf: BS is shown pending in the shadow, and comes once behind it", CODE(shadow_tf), 0, 0, TF_STEPS, 2,
	  "MTF MTF+TF", { "exit 37 rip=103b intr=0 pdbg=4000 shadow=movss", "exit 37 rip=103c intr=0 pdbg=4000 shadow=-" },
	  { 1, 1 } },
	{ "guest's tf, its #DB delivered, then cpuid's", CODE(tf), 0, 0, TF_STEPS, 4, "MTF+TF MTF+EVENT MTF MTF+TF",
	  { "owes the guest a #DB, dr6 bits 4000", "event vector 1 type 3", "rip=103a", "exit 10 rip=103a" },
	  { 1, 0, 1, 1 } },
	{ "rep: a stop an iteration (rule 4)", CODE(rep), 0, 0, 3, 4, "MTF MTF MTF MTF",
	  { "rip=103b intr=0 pdbg=0 shadow=-, rep iteration", "rep iteration", "rip=103d", "rip=103e" }, { 0, 0, 1, 1 } },
	{ "watch: pending at the MTF, one stop", CODE(watch), 0, 0, WATCH_STEPS, 1, "MTF+WATCH",
	  { "exit 37 rip=1049 intr=0 pdbg=1001" }, { 1 } },
	{ "watch under tf: one #DB with both", CODE(watch), MTF_OFF, 0, WATCH_STEPS, 1, "TF+WATCH", { "qual=4001" }, { 1 } },
	{ "watch and the guest's tf: one #DB with both", CODE(watch_tf), 0, 0, WATCH_STEPS + TF_STEPS, 1, "MTF+TF+WATCH",
	  { "pdbg=5001" }, { 1 } },
	{ "watch deferred by mov ss", CODE(deferred), 0, 0, WATCH_STEPS, 2, "MTF MTF+WATCH",
	  { "pdbg=1001 shadow=movss", "pdbg=1001 shadow=-" }, { 1, 1 } },
	{ "watch deferred to an icebp: one #DB", CODE(deferred_icebp), SWALLOW, 0, WATCH_STEPS, 3, "MTF ICEBP+WATCH MTF",
	  { "pdbg=1001 shadow=movss", "intr=80000501[type 5] len=1 qual=1", "pdbg=0" }, { 1, 1, 1 } },
	{ "... which an empty DR6 does not tell from a #DB", CODE(deferred_icebp), SWALLOW, SKIP_WRONG_DR6_EMPTY,
	  WATCH_STEPS, 2, "MTF ICEBP+WATCH", { NULL, "no skip, stays at 1049; WARNING" }, { 1, 0 } },
	{ "watch deferred to an int3: at its handler", CODE(deferred_int3), BP_OFF, 0, WATCH_STEPS, 2,
	  "MTF MTF+WATCH+EVENT", { "shadow=movss", "exit 37 rip=3000 intr=0 pdbg=1001" }, { 1, 1 } },
	{ "gd: a fault on the MOV DR", CODE(gd), 0, 0, 2, 2, "GD MTF+EVENT",
	  { "exit 0 rip=103b intr=80000301[type 3] qual=2000", "return to 103b" }, { 0, 0 } },
	{ "gd in a mov-ss shadow", CODE(gd_shadow), 0, 0, 3, 2, "MTF GD", { "shadow=movss", "qual=2000" }, { 1, 0 } },
	{ "i/o breakpoint", CODE(io), 0, 0, 6, 1, "MTF+IOBP", { "pdbg=1001" }, { 1 } },
	{ "btf: branches only", CODE(btf), 0, 0, 4 + TF_STEPS, 2, "MTF MTF+TF", { "pdbg=0", "pdbg=4000" }, { 1, 1 } },
	{ "code breakpoint: a fault, once", CODE(exec), 0, 0, 4, 3, "MTF HWBP MTF+EVENT",
	  { "exit 37 rip=1045", "exit 0 rip=1045 intr=80000301[type 3] qual=1", "return to 1045" }, { 1, 0, 0 } },
};

int main(void)
{
	guest_engine = "soft";
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		look(&rows[i]);
	return tap_done();
}
