/* cmd_finish.c - finish: out of the selected frame, with what it returned. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/scope.h>

#include "cli.h"

static int run_finish(struct session *s, u64 unused, stop_observer *each, void *arg,
		      struct err *err)
{
	return session_finish(s, each, arg, err);
}

/* The frame that is finished, and where that leads. */
struct departure {
	bool known;               /* the return address is, so that the end can be recognised */
	u64 back;
	const struct ctype *type; /* of the value; NULL: none, or not said */
};

/* The function that calls the one of frame `level`, inlined bodies passed over. */
static const struct frame *caller_of(struct session *s, unsigned level)
{
	const struct frame *f;

	do {
		if (frame_at(s, ++level, &f, NULL))
			return NULL;
	} while (frame_is_virtual(f));
	return f;
}

/* What a function is declared to return; its own file's first, as a static one has namesakes. */
static const struct ctype *returned_type(struct session *s, const struct frame *f)
{
	const struct scope_at at = { true, f->lookup, 0 };
	struct symbols *syms = session_symbols(s);
	struct variable v;
	const struct ctype *t;

	if (!syms || !f->name || !variable_find(syms, &at, f->name, &v) ||
	    v.kind != VARIABLE_FUNCTION || !v.type)
		return NULL;
	t = ctype_strip(v.type);
	return t->kind == CTYPE_FUNCTION ? t->target : NULL;
}

static void departure_note(struct cli *c, const struct frame *f, struct departure *ret)
{
	const struct frame *caller = caller_of(c->s, f->level);

	*ret = (struct departure){ 0 };
	if (!caller || f->inline_depth) /* an inlined body returns nothing that could be found */
		return;
	ret->known = true;
	ret->back = caller->pc;
	ret->type = returned_type(c->s, f);
}

static void value_tell(struct cli *c, const struct departure *d)
{
	const struct stop *st = session_last_stop(c->s);
	struct strbuf out;
	struct err why = { 0 };
	struct value v;
	int r;

	if (!d->known || !d->type || !session_alive(c->s) || st->lin != d->back ||
	    ctype_strip(d->type)->kind == CTYPE_VOID)
		return;
	strbuf_init(&out);
	r = value_returned(c->s, d->type, &v, &why);
	if (!r)
		r = value_print(c->s, &c->print, &v, &out, &why);
	if (!r)
		say(c, "Value returned is $%u = %s\n", session_history_add(c->s, &v),
		    strbuf_str(&out));
	else
		say(c, "The value returned cannot be shown: %s\n", why.text);
	strbuf_deinit(&out);
}

static int cmd_finish(struct cli *c, const char *args, struct err *err)
{
	struct frame_source at;
	const struct frame *f;
	struct departure d = { 0 };
	struct strbuf out;
	int r = frame_selected(c->s, &f, err);

	if (r)
		return r;
	departure_note(c, f, &d);
	if (frame_line(c->s, f, &at)) {
		strbuf_init(&out);
		strbuf_adds(&out, "Run till exit from ");
		frame_format(c, f, &out);
		strbuf_addc(&out, '\n');
		say_buf(c, &out);
		strbuf_deinit(&out);
	}
	r = guest_run(c, run_finish, 0, 0, err);
	if (!r)
		value_tell(c, &d);
	return r;
}

static int cmd_return(struct cli *c, const char *args, struct err *err)
{
	return err_set(err, ENOTSUP,
		       "return would drop a frame without running what it still does to the machine: use "
		       "finish, or set $rip, $rsp and $rax by hand");
}

const struct command commands_finish[] = {
	{ "return", NULL, GROUP_RUN, ARG_EXPR, 0, "return [EXPR]",
	  "Not done: a frame is not dropped without running it.",
	  "gdb pops the selected frame. A guest without an operating system may hold interrupts off or "
	  "half-written device state in that frame, and vmstep does not guess; finish runs it to its "
	  "end, and set changes registers one by one.",
	  NULL, cmd_return, NULL },
	{ "finish", "fin", GROUP_RUN, ARG_NONE, CMD_NEEDS_ALIVE | CMD_CHANGES, "finish",
	  "Run until the selected frame's function returns, and show its value.",
	  "The return address comes from the call frame information, else as backtrace says; where it "
	  "cannot be told, the frame is stepped until its RET or IRET. The value is entered into the "
	  "history. Out of an inlined body it steps, and there is no value.",
	  "finish", cmd_finish, NULL },
	{ NULL },
};
