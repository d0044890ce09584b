/* info_frame.c - `info frame`: everything known of the selected frame, in gdb's manner. */
#include <inttypes.h>

#include "info.h"

static const char *const frame_reg_names[FRAME_REGS] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8",
	"r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip", "eflags",
};

static const char *reg_label(const struct frame *f, unsigned reg)
{
	static const char *const narrow[] = { "eax", "ecx", "edx", "ebx", "esp",
					      "ebp", "esi", "edi" };

	if (f->regs.mode == MODE_LONG)
		return frame_reg_names[reg];
	return reg == FRAME_RIP ? "eip" : reg < 8 ? narrow[reg] : frame_reg_names[reg];
}

/* Where the frame has put its caller's registers: those that were not there already below it. */
static void saved_format(const struct frame *f, const struct frame *caller, struct strbuf *out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FRAME_REGS; i++) {
		if (!(caller->regs.saved & BIT(i)))
			continue;
		if ((f->regs.saved & BIT(i)) && f->regs.slot[i] == caller->regs.slot[i])
			continue;
		strbuf_addf(out, "%s%s at 0x%" PRIx64, n++ ? ", " : " Saved registers:\n  ",
			    reg_label(f, i), caller->regs.slot[i]);
	}
	if (n)
		strbuf_addc(out, '\n');
}

static void caller_format(struct cli *c, const struct frame *f, struct strbuf *out)
{
	const struct frame *caller;
	struct err why = { 0 };

	if (frame_at(c->s, f->level + 1, &caller, &why)) {
		strbuf_adds(out, f->level ? " caller of the frame below; outermost here: "
					  : " outermost here: ");
		strbuf_addf(out, "%s\n", why.text);
		return;
	}
	strbuf_addf(out, " %s frame %u at ",
		    caller->how == FRAME_INLINED ? "inlined into"
		    : caller->interrupted	 ? "handler of an event that interrupted"
						 : "called by",
		    caller->level);
	address_format(c, caller->pc, out);
	strbuf_addf(out, ", found by %s%s\n", frame_how_text(caller->how),
		    caller->deduced ? " (deduced)" : "");
	saved_format(f, caller, out);
}

int info_frame(struct cli *c, const char *args, struct err *err)
{
	const struct frame *f;
	struct strbuf out;
	u64 cfa;
	int r = frame_selected(c->s, &f, err);

	if (r)
		return r;
	strbuf_init(&out);
	strbuf_addf(&out, "Stack level %u, %s = ", f->level, reg_label(f, FRAME_RIP));
	address_format(c, f->pc, &out);
	strbuf_addf(&out, ", found by %s%s\n", frame_how_text(f->how),
		    f->deduced ? " (deduced)" : "");
	strbuf_addf(&out, " %s = 0x%" PRIx64 "\n", reg_label(f, GPR_RSP), f->regs.value[GPR_RSP]);
	if (!frame_cfa(c->s, f, &cfa, NULL))
		strbuf_addf(&out, " frame at 0x%" PRIx64 "\n", cfa);
	caller_format(c, f, &out);
	say_buf(c, &out);
	strbuf_deinit(&out);
	return 0;
}
