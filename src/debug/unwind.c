/*
 * unwind.c - the frames that are known so far and the selected one; see unwind.h. How one more is
 * found: unwind_up.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "up.h"

enum { FRAMES_MAX = 1u << 20 }; /* a stack of RAM's size must not take the host's */

/* A slot for one more frame; slots are kept when the frames in them are forgotten. */
static struct frame *frame_new(struct session *s)
{
	struct frames *fs = &s->frames;
	unsigned cap = fs->cap ? fs->cap * 2 : 16;
	struct frame **slot;

	if (fs->n == fs->cap) {
		slot = realloc(fs->frame, cap * sizeof(*slot));
		if (!slot)
			return NULL;
		memset(slot + fs->cap, 0, (cap - fs->cap) * sizeof(*slot));
		fs->frame = slot;
		fs->cap = cap;
	}
	if (!fs->frame[fs->n])
		fs->frame[fs->n] = malloc(sizeof(struct frame));
	return fs->frame[fs->n];
}

static int frame_first(struct session *s, struct err *err)
{
	const struct cpu_state *c;
	struct frame *f;
	int rc = state_need(s, REGS_GPR | REGS_SYS, &c, err);

	if (rc)
		return rc;
	f = frame_new(s);
	if (!f)
		return err_set(err, ENOMEM, "no memory for the frames");
	*f = (struct frame){ .how = FRAME_CPU };
	regs_from_cpu(c, &f->regs);
	f->pc = f->lookup = cpu_linear_rip(c);
	frame_name(s, f);
	s->frames.n = 1;
	s->frames.hidden = s->inline_hidden;
	return 0;
}

/* The next frame, or the reason why there is none stays in s->frames. */
static int frame_next(struct session *s, struct err *err)
{
	struct frames *fs = &s->frames;
	struct frame *f = frame_new(s), *from, *base;

	if (!f)
		return err_set(err, ENOMEM, "no memory for the frames");
	from = fs->frame[fs->n - 1];
	base = from->_tail ? fs->frame[from->_base] : from;
	if (fs->n == FRAMES_MAX) {
		fs->ended = true;
		fs->why = "Backtrace stopped: more frames than a stack can hold";
	} else if (from->inline_depth) {
		frame_around(s, from, f);
		fs->n++;
	} else if (frame_up(s, base, f, &fs->why)) {
		frame_tail(s, base, from->_tail, f);
		f->level = from->level + 1;
		fs->n++;
	} else {
		fs->ended = true;
	}
	return 0;
}

/* At least `n` frames, or all there are. */
static int frames_need(struct session *s, unsigned n, struct err *err)
{
	int rc = 0;

	if (!s->engine || s->frames.hidden != s->inline_hidden)
		frames_forget(s);
	if (!s->frames.n)
		rc = frame_first(s, err);
	while (!rc && s->frames.n < n && !s->frames.ended)
		rc = frame_next(s, err);
	return rc;
}

void frames_forget(struct session *s)
{
	s->frames.n = 0;
	s->frames.ended = false;
	s->frames.why = NULL;
	s->frames.gates_read = false;
}

void frames_destroy(struct session *s)
{
	for (unsigned i = 0; i < s->frames.cap; i++)
		free(s->frames.frame[i]);
	free(s->frames.frame);
	s->frames = (struct frames){ 0 };
}

const struct frame *frame_caller(struct session *s, unsigned level)
{
	const struct frame *f = NULL;

	do {
		if (frame_at(s, ++level, &f, NULL))
			return NULL;
	} while (frame_is_virtual(f));
	return f;
}

u64 frame_linear_sp(const struct frame *f)
{
	return regs_linear_ss(&f->regs, f->regs.value[GPR_RSP]);
}

int frame_at(struct session *s, unsigned level, const struct frame **ret, struct err *err)
{
	int rc = frames_need(s, level + 1, err);

	if (rc)
		return rc;
	if (level >= s->frames.n)
		return err_set(err, ENOENT, "there is no frame %u: the stack has %u%s%s", level,
			       s->frames.n, s->frames.why ? "; " : "", s->frames.why ?: "");
	*ret = s->frames.frame[level];
	return 0;
}

int frame_cfa(struct session *s, const struct frame *f, u64 *ret, struct err *err)
{
	const struct frame *next = NULL;
	int rc = 0;

	while (f->_cfa_state == CFA_NOT_TRIED && !rc) { /* an inlined body's is the function's */
		rc = frame_at(s, f->level + 1, &next, err);
		if (!rc && next->how == FRAME_INLINED)
			f = next;
	}
	if (f->_cfa_state != CFA_KNOWN)
		return rc ? rc
			  : err_set(err, ENOENT, "the frame address of frame %u cannot be told",
				    f->level);
	*ret = f->_cfa;
	return 0;
}

int frame_count(struct session *s, unsigned max, unsigned *ret, const char **ret_why,
		struct err *err)
{
	int rc = frames_need(s, max, err);

	if (rc)
		return rc;
	*ret = s->frames.n < max ? s->frames.n : max;
	*ret_why = s->frames.n <= max && s->frames.ended ? s->frames.why : NULL;
	return 0;
}

int frame_select(struct session *s, unsigned level, struct err *err)
{
	const struct frame *f;
	int rc = frame_at(s, level, &f, err);

	if (!rc)
		s->frames.selected = level;
	return rc;
}

int frame_selected(struct session *s, const struct frame **ret, struct err *err)
{
	/* What was written to may have cut the stack shorter. */
	if (s->frames.selected && !frame_at(s, s->frames.selected, ret, NULL))
		return 0;
	s->frames.selected = 0;
	return frame_at(s, 0, ret, err);
}

int frame_regs(struct session *s, const struct frame_regs **ret, struct err *err)
{
	const struct frame *f;
	int rc = frame_selected(s, &f, err);

	if (!rc)
		*ret = &f->regs;
	return rc;
}

static const char *reg_label(unsigned reg)
{
	return reg == FRAME_RIP ? "rip" : reg == FRAME_RFLAGS ? "eflags" : gpr_name(reg);
}

int frame_set_reg(struct session *s, unsigned level, unsigned reg, u64 value, struct err *err)
{
	const struct frame *f;
	int rc = frame_at(s, level, &f, err);

	if (rc)
		return rc;
	if (f->regs.saved & BIT(reg))
		return session_write(s, f->regs.slot[reg], &value, regs_word(&f->regs), err);
	if (!(f->regs.known & BIT(reg)))
		return err_set(err, ENOENT, "$%s of frame %u was not saved: it cannot be set",
			       reg_label(reg), level);
	if (reg == GPR_RSP && level && f->pc != s->frames.frame[0]->pc)
		return err_set(
			err, ENOENT,
			"$rsp of frame %u is computed from the frames below: it cannot be set",
			level);
	return session_set_reg(s, reg_label(reg), value, err);
}

const char *frame_how_text(enum frame_how how)
{
	static const char *const text[FRAME_HOW_COUNT] = {
		[FRAME_CPU] = "cpu",
		[FRAME_CFI] = "call frame information",
		[FRAME_STACK_TOP] = "top of the stack",
		[FRAME_POINTER] = "frame pointer",
		[FRAME_EVENT] = "event's frame",
		[FRAME_PATH] = "what the code pops until it returns",
		[FRAME_SCAN] = "scan of the stack",
		[FRAME_TAIL] = "tail call",
		[FRAME_INLINED] = "inlined",
	};

	return text[how];
}
