/* info_frame.c - `info frame`: everything known of a frame, in gdb's manner. */
#include <errno.h>
#include <inttypes.h>
#include <vmstep/source.h>

#include "info.h"

static const char *const frame_reg_names[FRAME_REGS] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8",
	"r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip", "eflags",
};

static const char *reg_label(const struct frame *f, unsigned reg)
{
	static const char *const narrow[] = {
		"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"
	};

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

/* " called by frame at ADDR", or what else is above. */
static void above_format(struct cli *c, const struct frame *f, struct strbuf *out)
{
	const struct frame *up;
	struct err why = { 0 };
	u64 cfa;

	if (frame_at(c->s, f->level + 1, &up, &why)) {
		strbuf_addf(out, " outermost: %s\n", why.text);
		return;
	}
	strbuf_addf(out, " %s frame %u",
		    up->how == FRAME_INLINED ? "inlined into"
		    : up->_tail              ? "reached by a tail call of"
		    : up->interrupted        ? "handler of an event that interrupted"
					     : "called by",
		    up->level);
	if (!frame_cfa(c->s, up, &cfa, NULL))
		strbuf_addf(out, " at 0x%" PRIx64, cfa);
	strbuf_addf(out, "%s%s%s\n", frame_is_virtual(up) ? "" : ", found by ",
		    frame_is_virtual(up) ? "" : frame_how_text(up->how),
		    up->deduced ? " (deduced)" : "");
}

static void below_format(struct cli *c, const struct frame *f, struct strbuf *out)
{
	const struct frame *down;
	u64 cfa;

	if (!f->level || frame_at(c->s, f->level - 1, &down, NULL))
		return;
	strbuf_addf(out, " %s frame %u",
		    f->interrupted ? "interrupted, handler is"
		    : f->_tail     ? "tail call frame, caller of"
				   : "caller of",
		    down->level);
	if (!frame_cfa(c->s, down, &cfa, NULL))
		strbuf_addf(out, " at 0x%" PRIx64, cfa);
	strbuf_addc(out, '\n');
}

/* The frame that the same code returns to: inlined bodies have their function's. */
static const struct frame *caller_of(struct cli *c, const struct frame *f)
{
	const struct frame *up = f;

	do {
		if (frame_at(c->s, up->level + 1, &up, NULL))
			return NULL;
	} while (frame_is_virtual(up));
	return up;
}

static void where_format(struct cli *c, const struct frame *f, const struct frame *caller,
			 struct strbuf *out)
{
	struct frame_source at;

	strbuf_addf(out, " %s = 0x%" PRIx64, reg_label(f, FRAME_RIP), f->pc);
	if (f->name)
		strbuf_addf(out, " in %s", f->name);
	if (frame_line(c->s, f, &at))
		strbuf_addf(out, " (%s:%u)", at.file->name, at.line);
	if (caller)
		strbuf_addf(out, "; saved %s = 0x%" PRIx64, reg_label(f, FRAME_RIP), caller->pc);
	strbuf_addc(out, '\n');
}

int info_frame(struct cli *c, const char *args, struct err *err)
{
	const struct frame *f, *caller;
	struct strbuf out;
	u64 cfa, level;
	int r = *args ? frame_level_get(c, args, &level, err) : frame_selected(c->s, &f, err);

	if (!r && *args)
		r = level < UINT32_MAX ? frame_at(c->s, level, &f, err)
				       : err_set(err, ENOENT, "there is no frame %s", args);
	if (r)
		return r;
	caller = caller_of(c, f);
	strbuf_init(&out);
	strbuf_addf(&out, "Stack level %u, ", f->level);
	if (frame_cfa(c->s, f, &cfa, NULL))
		strbuf_adds(&out, "frame address not known:\n");
	else
		strbuf_addf(&out, "frame at 0x%" PRIx64 ":\n", cfa);
	where_format(c, f, caller, &out);
	above_format(c, f, &out);
	below_format(c, f, &out);
	if (caller) {
		strbuf_addf(&out, " Previous frame's %s is 0x%" PRIx64 "\n", reg_label(f, GPR_RSP),
			    caller->regs.value[GPR_RSP]);
		saved_format(f, caller, &out);
	}
	say_buf(c, &out);
	strbuf_deinit(&out);
	return 0;
}
