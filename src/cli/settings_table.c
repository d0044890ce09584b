/* settings_table.c - one row per setting: set, show, completion and the manual read this table. */
#include <inttypes.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>
#include <vmstep/teach.h>

#include "cli.h"

static int engine_apply(struct cli *c, const struct setting *row, const char *value,
			struct err *err)
{
	const bool had_guest = session_has_guest(c->s);
	int r;

	if (!*value)
		return err_set(err, EINVAL, "set engine needs a name, one of: auto kvm mtf soft");
	/* A name that is none of them restarts nothing: no question before that answer. */
	if (had_guest && (!strcmp(value, "auto") || engine_find(value)) &&
	    !confirm(c, "This restarts the guest. Go on?"))
		return 0;
	r = session_set_engine(c->s, value, err);
	if (!r && had_guest)
		stop_show(c);
	return r;
}

static void engine_show(struct cli *c, struct strbuf *out)
{
	strbuf_addf(out, "%s (%s)", session_engine_name(c->s), session_engine_reason(c->s));
}

static bool has_vmx_view(const struct cli *c)
{
	const struct engine_ops *ops = engine_find(session_engine_name(c->s));

	return ops && ops->vmx_view;
}

/* Switches that only engines with a VMCS, real or modelled, have. */
static int vmcs_apply(struct cli *c, const struct setting *row, const char *value, struct err *err)
{
	if (!has_vmx_view(c))
		return err_set(err, ENOTSUP,
			       "set %s: engine %s has no such switch, only engines with a VMCS do",
			       row->name, session_engine_name(c->s));
	setting_store(c, row, value);
	return 0;
}

static void mtf_show(struct cli *c, struct strbuf *out)
{
	if (has_vmx_view(c))
		strbuf_adds(out, session_settings(c->s)->mtf ? "on" : "off");
	else
		strbuf_addf(out, "off (engine %s steps by TF)", session_engine_name(c->s));
}

static void intercept_show(struct cli *c, bool on, struct strbuf *out)
{
	if (has_vmx_view(c))
		strbuf_adds(out, on ? "on" : "off");
	else
		strbuf_addf(out, "on while vmstep steps or has points (engine %s cannot choose)",
			    session_engine_name(c->s));
}

static void intercept_db_show(struct cli *c, struct strbuf *out)
{
	intercept_show(c, session_settings(c->s)->intercept_db, out);
}

static void intercept_bp_show(struct cli *c, struct strbuf *out)
{
	intercept_show(c, session_settings(c->s)->intercept_bp, out);
}

static int color_apply(struct cli *c, const struct setting *row, const char *value, struct err *err)
{
	c->color = *value == 'n' ? COLOR_NEVER : value[1] == 'l' ? COLOR_ALWAYS : COLOR_AUTO;
	output_set_color(&c->out, c->color);
	return 0;
}

static int debug_dirs_apply(struct cli *c, const struct setting *row, const char *value,
			    struct err *err)
{
	return session_set_debug_dirs(c->s, value, err);
}

static void debug_dirs_show(struct cli *c, struct strbuf *out)
{
	strbuf_adds(out, session_debug_dirs(c->s));
}

static int prompt_apply(struct cli *c, const struct setting *row, const char *value,
			struct err *err)
{
	struct strbuf b;
	char *text;

	strbuf_init(&b);
	escapes_add(value, strlen(value), &b);
	/* The blank behind a prompt would be lost with the line's other blanks. */
	if (b.n && b.s[b.n - 1] != ' ')
		strbuf_addc(&b, ' ');
	text = strbuf_detach(&b);
	if (!text)
		return *value ? -ENOMEM
			      : err_set(err, EINVAL, "set prompt needs the text of the prompt");
	free(c->prompt);
	c->prompt = text;
	return 0;
}

static void prompt_show(struct cli *c, struct strbuf *out)
{
	strbuf_addf(out, "\"%s\"", c->prompt);
}

/* A number, or unlimited (also 0), as gdb has it. */
static int limit_parse(const struct setting *row, const char *value, u32 *ret, struct err *err)
{
	u64 n = 0;
	int r = strcmp(value, "unlimited") ? number_parse_range(value, row->name, 0, UINT32_MAX, &n, err)
					   : 0;

	if (!r)
		*ret = n;
	return r;
}

static void limit_show(u32 n, struct strbuf *out)
{
	if (n)
		strbuf_addf(out, "%u", n);
	else
		strbuf_adds(out, "unlimited");
}

static int elements_apply(struct cli *c, const struct setting *row, const char *value, struct err *err)
{
	return limit_parse(row, value, &c->print.elements, err);
}

static void elements_show(struct cli *c, struct strbuf *out)
{
	limit_show(c->print.elements, out);
}

static int repeats_apply(struct cli *c, const struct setting *row, const char *value, struct err *err)
{
	return limit_parse(row, value, &c->print.repeats, err);
}

static void repeats_show(struct cli *c, struct strbuf *out)
{
	limit_show(c->print.repeats, out);
}

static int max_depth_apply(struct cli *c, const struct setting *row, const char *value, struct err *err)
{
	return limit_parse(row, value, &c->print.max_depth, err);
}

static void max_depth_show(struct cli *c, struct strbuf *out)
{
	limit_show(c->print.max_depth, out);
}

static int predict_apply(struct cli *c, const struct setting *row, const char *value, struct err *err)
{
	bool on;
	int r = 0;

	setting_store(c, row, value);
	on = session_settings(c->s)->predict;
	if (on && !c->checker)
		r = checker_create(c->s, true, &c->checker, err);
	if (!on) {
		checker_destroy(c->checker);
		c->checker = NULL;
	}
	session_settings(c->s)->predict = c->checker != NULL;
	return r;
}

static void predict_show(struct cli *c, struct strbuf *out)
{
	const struct check_total *t = c->checker ? checker_total(c->checker) : NULL;

	strbuf_adds(out, t ? "on" : "off");
	if (t)
		strbuf_addf(out, ": %" PRIu64 " stops checked, %" PRIu64 " differ, %" PRIu64
			    " could not be predicted", t->checked, t->differences, t->open);
}

#define IN_SESSION(f) false, offsetof(struct settings, f), NULL, NULL
#define IN_CLI(f)     true, offsetof(struct cli, f), NULL, NULL

/* The values of an enum or bool stand in the order of their numbers. */
const struct setting setting_table[] = {
	{ "icebp", "auto deliver swallow", "What becomes of the guest's own ICEBP on resume.",
	  "An ICEBP (INT1, opcode F1) of the guest is a stop with the instruction skipped already. "
	  "On resume it is then delivered to the guest's #DB handler (deliver), dropped (swallow), "
	  "or delivered if the guest has a usable gate for it and else dropped, which the stop "
	  "line says (auto).",
	  IN_SESSION(icebp) },
	{ "int3", "auto deliver swallow", "What becomes of the guest's own INT3 on resume.",
	  "As set icebp, for INT3 and the guest's #BP handler.", IN_SESSION(int3) },
	{ "skip", "corrected none outer dr6-empty", "How an intercepted ICEBP is skipped.",
	  "corrected is right. The others are mistakes that hypervisors have shipped, to be "
	  "studied: none leaves RIP on the instruction, outer adds a single-step trap or MTF that "
	  "is not due, dr6-empty takes every #DB without a cause bit for an ICEBP. Each stop line "
	  "warns while one of them is on.",
	  IN_SESSION(skip) },
	{ "step-irq", "off on", "Whether interrupts come in while the user steps by hand.",
	  "off holds interrupts in stepi, nexti, step and next, so that a step does not land in an "
	  "interrupt handler. trace, continue, until, advance and finish always let them in.",
	  IN_SESSION(step_irq) },
	{ "rep", "iteration whole", "Whether a REP string instruction stops after each iteration.",
	  "", IN_SESSION(rep_whole) },
	{ "tf-hygiene", "off on", "Whether the debugger's TF is taken out of pushed flags.",
	  "While a guest is stepped by TF, the flag shows in what PUSHF, SYSCALL and event "
	  "delivery store. on repairs these images and says so in the stop; off leaves them, to "
	  "see what an unprepared debugger does.",
	  IN_SESSION(tf_hygiene) },
	{ "predict", "off on", "Whether each step is held against what the architecture says.",
	  "Before each step the processor model makes it on a copy of the state; where the stop is "
	  "another one the command ends there and both are shown, and a script ends with status 1. "
	  "Interrupts, devices and what runs freely cannot be predicted and are not judged. Steps "
	  "cost three to five times as much.",
	  false, offsetof(struct settings, predict), predict_apply, predict_show },
	{ "record", "off on", "Whether the way the guest goes is kept for reverse-stepi.",
	  "States are kept on the way and thinned out, up to 512 MiB of memory; steps cost nothing more. off "
	  "forgets what is kept at the next resume.",
	  IN_SESSION(record) },
	{ "mtf", "off on", "Whether the monitor trap flag drives the steps (engines mtf and soft).",
	  "off: TF in the guest drives them, as on engine kvm.", false,
	  offsetof(struct settings, mtf), vmcs_apply, mtf_show },
	{ "intercept db", "off on", "Whether #DB exits to the debugger (engines mtf and soft).",
	  "off: every #DB goes to the guest's own handler, an ICEBP's too.", false,
	  offsetof(struct settings, intercept_db), vmcs_apply, intercept_db_show },
	{ "intercept bp", "off on", "Whether #BP exits to the debugger (engines mtf and soft).",
	  "off: every #BP goes to the guest's own handler.", false,
	  offsetof(struct settings, intercept_bp), vmcs_apply, intercept_bp_show },
	{ "batch", "off on", "Whether engine mtf's shim may take steps by itself.",
	  "on: where the host has nothing to do between, the shim goes on from boundary to boundary "
	  "and the stops are told afterwards. They are the same either way; off only costs time.",
	  IN_SESSION(batch) },
	{ "engine", NULL, "The engine that drives the guest: auto, kvm, mtf, soft.",
	  "Changing it restarts the guest.", false, 0, engine_apply, engine_show },
	{ "source", "on off", "Whether stops show their source line.",
	  "The line follows the stop line where the guest stopped at the first instruction of a line, "
	  "or in another line, function or file than before. --no-source is the same from the start.",
	  IN_CLI(view.hidden) },
	{ "listsize", NULL, "How many lines list shows.", "A number, or unlimited.", true, 0,
	  listsize_apply, listsize_show },
	{ "directories", NULL, "Where source files are looked for.",
	  "Directories with colons between them; $cdir is where a file was compiled, $cwd the working "
	  "directory. The command directory adds to them.",
	  true, 0, directories_apply, directories_show },
	{ "substitute-path", NULL, "Directories of source files that have moved.",
	  "set substitute-path FROM TO lets names that begin with the directory FROM begin with TO; "
	  "the first rule that fits is taken. unset substitute-path drops them.",
	  true, 0, substitute_apply, substitute_show },
	{ "breakpoint pending", "off on auto",
	  "What becomes of a breakpoint at a name that no symbol has.",
	  "on: it waits for symbols loaded later (symbol-file, add-symbol-file, start). auto asks at a "
	  "terminal and refuses in scripts.",
	  IN_CLI(break_pending) },
	{ "confirm", "off on", "Whether vmstep asks before it throws something away.", "",
	  IN_SESSION(confirm) },
	{ "pagination", "off on", "Whether long output stops at a full screen of a terminal.", "",
	  IN_SESSION(pagination) },
	{ "history", "off on", "Whether the lines typed are kept for the next session.",
	  "They lie in $XDG_STATE_HOME/vmstep/history, by default ~/.local/state/vmstep/history.",
	  IN_SESSION(history_save) },
	{ "color", "auto always never", "When output is coloured.",
	  "auto: on a terminal, unless NO_COLOR is set.", true, offsetof(struct cli, color),
	  color_apply, NULL },
	{ "print pretty", "off on", "Whether each member of a structure has a line of its own.", "",
	  IN_CLI(print.pretty) },
	{ "print elements", NULL, "How many elements of an array or string are shown at most.",
	  "A number, or unlimited.", true, 0, elements_apply, elements_show },
	{ "print repeats", NULL, "How many equal elements are shown one by one at most.",
	  "More of them are shown once with \"<repeats N times>\". A number, or unlimited.", true, 0,
	  repeats_apply, repeats_show },
	{ "print max-depth", NULL, "How deep structures within structures are shown at most.",
	  "Deeper ones are shown as {...}. A number, or unlimited.", true, 0, max_depth_apply,
	  max_depth_show },
	{ "print union", "off on", "Whether unions within structures are shown.", "",
	  IN_CLI(print.unions) },
	{ "print address", "off on", "Whether the address of a pointer is shown.", "",
	  IN_CLI(print.address) },
	{ "print symbol", "off on", "Whether the symbol that a pointer points to is shown.",
	  "A function's name is shown either way.", IN_CLI(print.symbol) },
	{ "print array", "off on", "Whether each element of an array has a line of its own.", "",
	  IN_CLI(print.array) },
	{ "print array-indexes", "off on", "Whether each element of an array has its number before it.",
	  "", IN_CLI(print.indexes) },
	{ "print null-stop", "off on", "Whether an array of characters is shown up to its first NUL.",
	  "", IN_CLI(print.null_stop) },
	{ "prompt", NULL, "The prompt.", "", true, 0, prompt_apply, prompt_show },
	{ "debug-file-directory", NULL, "Where separate debug files are, DIR or DIR:DIR.",
	  "The debug information of a stripped program is looked for there by its build-id and by "
	  "its .gnu_debuglink, whose checksum must fit.",
	  false, 0, debug_dirs_apply, debug_dirs_show },
	{ "auto-load-local", "off on",
	  "Whether .vmstepinit in the working directory is read at start.",
	  "off unless your own start-up file ($XDG_CONFIG_HOME/vmstep/.vmstepinit) says on: a "
	  "command file that came with somebody's guest could run any program.",
	  IN_CLI(auto_load_local) },
	{ NULL },
};
