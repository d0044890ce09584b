/*
 * soft_x87.c - x87 exceptions the way a PC reports them, with CR0.NE=0 on engine soft: FERR#, interrupt 75h of
 * the second 8259A, port F0 and IGNNE#. SDM volume 1, "MS-DOS Compatibility Sub-mode" and "Floating-Point
 * Exception Handler in the MS-DOS Compatibility Sub-mode", by hand.
 */
#include <string.h>
#include <vmstep/trace.h>

#include "engine_guest.h"

/* Real mode from 1000; division by zero is not masked; 3: is the handler; [2000] and on are data. */
#define SETUP(slave_mask)                                                                          \
	"2: xor ax, ax\n mov ds, ax\n mov ss, ax\n mov sp, 0x7000\n"                               \
	"mov word ptr [0x1d4], (3f - 2b) + 0x1000\n mov word ptr [0x1d6], ax\n"                    \
	"mov al, 0x11\n out 0x20, al\n out 0xa0, al\n mov al, 8\n out 0x21, al\n"                  \
	"mov al, 0x70\n out 0xa1, al\n mov al, 4\n out 0x21, al\n mov al, 2\n out 0xa1, al\n"      \
	"mov al, 1\n out 0x21, al\n out 0xa1, al\n mov al, 0xfb\n out 0x21, al\n"                  \
	"mov al, " slave_mask "\n out 0xa1, al\n"                                                  \
	"fninit\n mov word ptr [0x2000], 0x37b\n fldcw [0x2000]\n"
#define PUT(c)  "mov al, " c "\n out 0xe9, al\n"
#define DIVIDE  "fldz\n fld1\n fdiv st(0), st(1)\n"
#define END     "cli\n hlt\n"
/* Says H, notes where it came from, and answers as `body` does. */
#define HANDLER(body)                                                                              \
	"3: push ax\n push bp\n mov bp, sp\n mov ax, [bp + 4]\n mov [0x2010], ax\n" PUT("0x48")    \
	body "mov al, 0x20\n out 0xa0, al\n out 0x20, al\n pop bp\n pop ax\n iret\n"
#define ANSWER  "out 0xf0, al\n"

GUEST_CODE(clears, 16, SETUP("0xdf") "sti\n" DIVIDE "fnstsw [0x2002]\n" PUT("0x4e")
	   "mov word ptr [0x2012], (4f - 2b) + 0x1000\n 4: fwait\n" PUT("0x57") END HANDLER(ANSWER "fnclex\n"));
GUEST_CODE(ignores, 16, SETUP("0xdf") "sti\n" DIVIDE "fwait\n fld1\n" PUT("0x57")
	   "fnclex\n fwait\n fninit\n fldcw [0x2000]\n" DIVIDE "fwait\n" PUT("0x57") END HANDLER(ANSWER));
GUEST_CODE(cleared_first, 16, SETUP("0xdf") "sti\n" DIVIDE "fwait\n" PUT("0x57") DIVIDE "fwait\n" PUT("0x57") END
	   HANDLER("fninit\n fldcw [0x2000]\n" ANSWER));
GUEST_CODE(silent, 16, SETUP("0xdf") "sti\n" DIVIDE "fwait\n" PUT("0x57") END HANDLER(""));
GUEST_CODE(if_clear, 16, SETUP("0xdf") "cli\n" DIVIDE "fwait\n" PUT("0x57") END HANDLER(ANSWER));
GUEST_CODE(masked, 16, SETUP("0xff") "sti\n" DIVIDE "fwait\n" PUT("0x57") END HANDLER(ANSWER));
GUEST_CODE(mmx, 16, SETUP("0xdf") "sti\n" DIVIDE "movq mm0, mm1\n" PUT("0x57") END HANDLER(ANSWER "fnclex\n"));

static const struct row {
	const char *name;
	const u8 *start, *end;
	const char *text; /* of the consoles */
	u8 last;          /* enum cause of the last stop */
} rows[] = {
#define ROW(name, code, text, last) { name, code##_start, code##_end, text, last }
	ROW("the handler clears the exception", clears, "NHW", CAUSE_HLT),
	ROW("the handler has it ignored, until it is gone", ignores, "HWHW", CAUSE_HLT),
	ROW("cleared before F0 is written: nothing is ignored", cleared_first, "HWHW", CAUSE_HLT),
	ROW("the handler does nothing: no second edge", silent, "H", CAUSE_ERROR),
	ROW("IF is clear", if_clear, "", CAUSE_ERROR),
	ROW("IRQ13 is masked", masked, "", CAUSE_ERROR),
	ROW("MMX waits, too", mmx, "HW", CAUSE_HLT),
};

static void row_look(const struct row *r, u8 mode)
{
	const char *how = mode == PLAN_STEP ? "stepped" : "free";
	struct strbuf text;
	struct guest g;
	const u16 *seen;

	if (!guest_init(&g, "real", r->start, r->end - r->start)) {
		guest_deinit(&g);
		return;
	}
	strbuf_init(&text);
	g.plan.mode = mode;
	guest_run(&g, mode == PLAN_STEP ? 1000 : 1);
	tap_str(g.text, r->text, "%s, %s: what the guest says", r->name, how);
	tap_str(cause_name(guest_last(&g, 0)->first), cause_name(r->last), "%s, %s: the end", r->name, how);
	stop_evidence(guest_last(&g, 0), &text);
	if (r->last == CAUSE_ERROR)
		tap_ok(strstr(text.s, "IRQ13"), "%s, %s: the stop says why (%s)", r->name, how, text.s);
	seen = (const u16 *)machine_hva(g.m, 0x2010, 4);
	if (r->start == clears_start)
		tap_eq(seen[0], seen[1], "%s, %s: the frame has the instruction that waits", r->name, how);
	strbuf_deinit(&text);
	guest_deinit(&g);
}

/* One stop at the handler; the instruction that waits has not retired. */
static void stop_look(void)
{
	const struct stop *s = NULL;
	struct guest g;

	if (GUEST_INIT(&g, "real", clears)) {
		guest_run(&g, 1000);
		for (size_t i = 0; i < g.n && !s; i++)
			if (g.rec[i].has_event)
				s = &g.rec[i];
		if (tap_ok(s, "a stop tells of the delivery")) {
			tap_eq(s->event_vector, 0x75, "its vector");
			tap_eq(s->event_type, INTR_EXTERNAL, "its type");
			tap_eq((s64)s->retired, 0, "nothing retired on the way");
			tap_eq(s->from_bytes[0], 0x9b, "it comes from the FWAIT");
		}
	}
	guest_deinit(&g);
}

int main(void)
{
	guest_engine = "soft";
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		row_look(&rows[i], PLAN_STEP);
		row_look(&rows[i], PLAN_CONTINUE);
	}
	stop_look();
	return tap_done();
}
