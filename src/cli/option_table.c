/* option_table.c - the rows of the command line: subcommands, options, exit statuses; see options.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>

#include "options.h"
#include "output.h"

static int start_add(struct options *o, bool is_file, const char *text, struct err *err)
{
	struct start_command *p = realloc(o->start, (o->n_start + 1) * sizeof(*p));

	if (!p)
		return err_set(err, ENOMEM, "no memory for the command line");
	o->start = p;
	p[o->n_start++] = (struct start_command){ is_file, text };
	return 0;
}

static int set_x(struct options *o, const char *value, struct err *err)
{
	return start_add(o, true, value, err);
}

static int set_ex(struct options *o, const char *value, struct err *err)
{
	return start_add(o, false, value, err);
}

static int set_steps(struct options *o, const char *value, struct err *err)
{
	return number_parse_range(value, "--steps", 1, UINT64_MAX, &o->steps, err);
}

static int set_memory(struct options *o, const char *value, struct err *err)
{
	int r = size_parse(value, "--memory", &o->cfg.machine.mem_size, err);

	if (!r && !o->cfg.machine.mem_size)
		return err_set(err, EINVAL, "--memory: a guest without memory cannot run, try 64M");
	return r;
}

static int set_seed(struct options *o, const char *value, struct err *err)
{
	return number_parse(value, "--seed", &o->cfg.machine.seed, err);
}

static int set_load(struct options *o, const char *value, struct err *err)
{
	int r = number_parse(value, "--load", &o->cfg.guest.load, err);

	o->cfg.guest.has_load = !r;
	return r;
}

static int set_entry(struct options *o, const char *value, struct err *err)
{
	o->cfg.guest.has_entry = true;
	o->cfg.guest.entry = value;
	return 0;
}

/* One more in a list that ends with NULL. */
static int list_add(const char ***list, size_t *n, const char *value, struct err *err)
{
	const char **p = realloc(*list, (*n + 2) * sizeof(*p));

	if (!p)
		return err_set(err, ENOMEM, "no memory for the command line");
	*list = p;
	p[(*n)++] = value;
	p[*n] = NULL;
	return 0;
}

static int set_module(struct options *o, const char *value, struct err *err)
{
	return list_add(&o->modules, &o->n_modules, value, err);
}

static int set_symbols(struct options *o, const char *value, struct err *err)
{
	return list_add(&o->symbols, &o->n_symbols, value, err);
}

static int set_color(struct options *o, const char *value, struct err *err)
{
	o->color = option_word("auto always never", value);
	return 0;
}

static int set_regs(struct options *o, const char *value, struct err *err)
{
	o->regs = option_word("changed all none", value);
	return 0;
}

#define ALL_SUBS (BIT(SUB_COUNT) - 1)
#define GUEST    IN_GUEST
#define FLAG(f)  OPTION_FLAG, offsetof(struct options, f), NULL, 0
#define TEXT(f)  OPTION_TEXT, offsetof(struct options, f), NULL, 0
#define CALL(fn) OPTION_CALL, 0, fn, 0
/* Several values for the subcommands `subs`. */
#define LIST(f, subs) OPTION_TEXT, offsetof(struct options, f), NULL, subs

const struct option_row option_table[] = {
	{ "engine", 'e', "NAME", "kvm mtf soft auto", GUEST | IN(SUB_LESSON),
	  "How the guest is driven: kvm (KVM_SET_GUEST_DEBUG), mtf (monitor trap flag), soft (CPU "
	  "model) or auto, the default. compare takes several with commas between, by default all "
	  "that work here.",
	  LIST(cfg.engine, IN(SUB_COMPARE)) },
	{ "x", 'x', "FILE", NULL, IN(SUB_SESSION), "Run the commands in FILE.", CALL(set_x) },
	{ "ex", 0, "CMD", NULL, IN(SUB_SESSION),
	  "Run the command CMD. -x and -ex are run in the order given.", CALL(set_ex) },
	{ "batch", 0, NULL, NULL, IN(SUB_SESSION) | IN(SUB_LESSON),
	  "Leave after the commands of -x and -ex; ask nothing. A lesson shows every answer.", FLAG(batch) },
	{ "quiet", 'q', NULL, NULL,
	  IN(SUB_SESSION) | IN(SUB_TRACE) | IN(SUB_COMPARE) | IN(SUB_PREDICT),
	  "No banner, no progress; compare and predict show only what differs.", FLAG(quiet) },
	{ "no-source", 0, NULL, NULL, IN(SUB_SESSION), "Show no source lines at stops.",
	  FLAG(no_source) },
	{ "nx", 0, NULL, NULL, IN(SUB_SESSION), "Read no .vmstepinit.", FLAG(no_init) },
	{ "steps", 'n', "N", NULL, IN(SUB_TRACE) | IN(SUB_COMPARE) | IN(SUB_PREDICT),
	  "End after N stops.", CALL(set_steps) },
	{ "known", 0, "FILE", NULL, IN(SUB_COMPARE),
	  "Differences that FILE lists do not count. Its lines: FIELD INSTRUCTION ENGINE REASON.",
	  TEXT(known) },
	{ "against", 0, "FILE", NULL, IN(SUB_PROBE),
	  "Tell what differs from the results in FILE, written by vmstep probe --json.",
	  TEXT(against) },
	{ "output", 'o', "FILE", NULL, IN(SUB_TRACE) | IN(SUB_REPORT),
	  "Write the trace, or the page, to FILE; beside a trace the guest's text goes to standard "
	  "output.",
	  TEXT(output) },
	{ "format", 'f', "FORMAT", "text jsonl", IN(SUB_TRACE),
	  "Format of the trace: text (the default) or jsonl.", TEXT(format) },
	{ "json", 0, NULL, NULL, IN(SUB_TRACE) | IN(SUB_COMPARE) | IN(SUB_PREDICT) | IN(SUB_PROBE),
	  "JSON Lines; the same as --format jsonl.", FLAG(json) },
	{ "regs", 0, "WHICH", "changed all none", IN(SUB_TRACE),
	  "Registers in each JSON record: changed (the default), all or none.", CALL(set_regs) },
	{ "memory", 'm', "SIZE", NULL, GUEST, "Size of the guest's RAM, such as 16M or 1G.",
	  CALL(set_memory) },
	{ "seed", 0, "NUMBER", NULL, GUEST,
	  "What RDRAND and RDSEED count on from (engine soft; 0 unless given).", CALL(set_seed) },
	{ "mode", 0, "MODE", "real protected long", GUEST,
	  "CPU mode a flat binary or --hex starts in.", TEXT(cfg.guest.mode) },
	{ "load", 0, "ADDR", NULL, GUEST, "Physical address a flat binary is loaded at.",
	  CALL(set_load) },
	{ "entry", 0, "ADDR", NULL, GUEST,
	  "Physical address of the first instruction, or SEG:OFF in real mode.", CALL(set_entry) },
	{ "hex", 0, "BYTES", NULL, GUEST,
	  "Run these bytes instead of a file, as in --hex \"90 f1 90\".", TEXT(cfg.guest.hex) },
	{ "append", 0, "TEXT", NULL, GUEST, "Command line of a multiboot guest or a bzImage.",
	  TEXT(cfg.guest.append) },
	{ "module", 0, "FILE", NULL, GUEST,
	  "Multiboot module, arguments may follow the name; may be repeated.", CALL(set_module) },
	{ "initrd", 0, "FILE", NULL, GUEST, "Initial RAM disk of a bzImage.",
	  TEXT(cfg.guest.initrd) },
	{ "symbols", 0, "FILE", NULL, GUEST,
	  "Take symbols and source from this ELF file, not the guest's; may be repeated.",
	  CALL(set_symbols) },
	{ "serial", 0, "WHERE", NULL, GUEST,
	  "COM1: stdio, null, pty or a file; WHERE,in=FILE takes the guest's input from FILE.",
	  TEXT(cfg.machine.serial) },
	{ "debugcon", 0, "WHERE", NULL, GUEST,
	  "Debug consoles, ports e9 and 402: stdio, null or a file.", TEXT(cfg.machine.debugcon) },
	{ "guest-status", 0, NULL, NULL, IN(SUB_SESSION) | IN(SUB_TRACE),
	  "Pass on the value the guest wrote to its exit port as the exit status.",
	  FLAG(guest_status) },
	{ "color", 0, "WHEN", "auto always never", ALL_SUBS,
	  "Colour: auto (a terminal and no NO_COLOR), always or never.", CALL(set_color) },
	{ "help", 'h', NULL, NULL, ALL_SUBS, "Show this text.", FLAG(help) },
	{ "version", 0, NULL, NULL, ALL_SUBS, "Show the version.", FLAG(version) },
	{ NULL },
};

_Static_assert(ARRAY_SIZE(option_table) <= OPTIONS_MAX, "options.c has room for every row");

const struct subcommand_row subcommand_table[SUB_COUNT] = {
	[SUB_SESSION] = { NULL, "[OPTION]... GUEST",
			  "a session: interactive on a terminal, else commands from standard "
			  "input" },
	[SUB_TRACE] = { "trace", "trace [OPTION]... GUEST", "step and write a trace, no prompt" },
	[SUB_COMPARE] = { "compare", "compare [OPTION]... GUEST",
			  "the same guest on several engines, stops side by side" },
	[SUB_DIFF] = { "diff", "diff A B", "first difference of two traces, with context" },
	[SUB_PREDICT] = { "predict", "predict [OPTION]... GUEST",
			  "step a guest and hold each stop against what the architecture says comes" },
	[SUB_REPORT] = { "report", "report TRACE... -o FILE",
			 "traces as one page of HTML: a timeline and every stop's evidence" },
	[SUB_PROBE] = { "probe", "probe [OPTION]...",
			"what this host's KVM does with each debug event, against the architecture" },
	[SUB_LESSON] = { "lesson", "lesson [OPTION]... [NAME]",
			 "a guided experiment; without NAME the list" },
	[SUB_ENGINES] = { "engines", "engines",
			  "which engines work here; for each that does not, why and what to do" },
};

const struct exit_row exit_table[] = {
	{ STATUS_OK, "done; also at the step limit and when the guest wrote its exit port" },
	{ STATUS_COMMAND, "a command or script failed; diff, compare, predict, probe: it differs; "
			  "report: a trace is damaged" },
	{ STATUS_USAGE, "wrong usage" },
	{ STATUS_ENGINE, "the engine is not available" },
	{ STATUS_IMAGE, "the guest image was refused" },
	{ STATUS_DIED, "the guest died (triple fault, exit that cannot be handled) in batch" },
	{ STATUS_INTERNAL, "internal fault" },
	{ STATUS_SIGINT, "ended by SIGINT" },
	{ STATUS_SIGTERM, "ended by SIGTERM" },
	{ 0, NULL },
};
