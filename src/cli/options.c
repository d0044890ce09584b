/* options.c - the option table and its parser; see options.h. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>

#include "options.h"
#include "output.h"

enum { LONG_BASE = 256 }; /* getopt's value for the row i */

/* The place of `value` among blank-separated `words`, -1 if it is none of them. */
static int word_index(const char *words, const char *value)
{
	const size_t n = strlen(value);
	int i = 0;

	for (const char *p = words; *p; i++) {
		const size_t len = strcspn(p, " ");

		if (len == n && n && !memcmp(p, value, n))
			return i;
		p += len + strspn(p + len, " ");
	}
	return -1;
}

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

static int set_module(struct options *o, const char *value, struct err *err)
{
	const char **p = realloc(o->modules, (o->n_modules + 2) * sizeof(*p));

	if (!p)
		return err_set(err, ENOMEM, "no memory for the command line");
	o->modules = p;
	p[o->n_modules++] = value;
	p[o->n_modules] = NULL;
	return 0;
}

static int set_symbols(struct options *o, const char *value, struct err *err)
{
	const char **p = realloc(o->symbols, (o->n_symbols + 2) * sizeof(*p));

	if (!p)
		return err_set(err, ENOMEM, "no memory for the command line");
	o->symbols = p;
	p[o->n_symbols++] = value;
	p[o->n_symbols] = NULL;
	return 0;
}

static int set_color(struct options *o, const char *value, struct err *err)
{
	o->color = word_index("auto always never", value);
	return 0;
}

static int set_regs(struct options *o, const char *value, struct err *err)
{
	o->regs = word_index("changed all none", value);
	return 0;
}

#define ALL_SUBS (BIT(SUB_COUNT) - 1)
#define GUEST    (IN(SUB_SESSION) | IN(SUB_TRACE) | IN(SUB_COMPARE))
#define FLAG(f)  OPTION_FLAG, offsetof(struct options, f), NULL
#define TEXT(f)  OPTION_TEXT, offsetof(struct options, f), NULL
#define CALL(fn) OPTION_CALL, 0, fn

const struct option_row option_table[] = {
	{ "engine", 'e', "NAME", "kvm mtf soft auto", GUEST,
	  "How the guest is driven: kvm (KVM_SET_GUEST_DEBUG), mtf (monitor trap flag), soft (CPU "
	  "model) or auto, the default.",
	  TEXT(cfg.engine) },
	{ "x", 'x', "FILE", NULL, IN(SUB_SESSION), "Run the commands in FILE.", CALL(set_x) },
	{ "ex", 0, "CMD", NULL, IN(SUB_SESSION),
	  "Run the command CMD. -x and -ex are run in the order given.", CALL(set_ex) },
	{ "batch", 0, NULL, NULL, IN(SUB_SESSION),
	  "Leave after the commands of -x and -ex; ask nothing.", FLAG(batch) },
	{ "quiet", 'q', NULL, NULL, IN(SUB_SESSION) | IN(SUB_TRACE), "No banner, no progress.",
	  FLAG(quiet) },
	{ "no-source", 0, NULL, NULL, IN(SUB_SESSION), "Show no source lines at stops.",
	  FLAG(no_source) },
	{ "nx", 0, NULL, NULL, IN(SUB_SESSION), "Read no .vmstepinit.", FLAG(no_init) },
	{ "steps", 'n', "N", NULL, IN(SUB_TRACE) | IN(SUB_COMPARE), "End after N stops.",
	  CALL(set_steps) },
	{ "output", 'o', "FILE", NULL, IN(SUB_TRACE),
	  "Write the trace to FILE and the guest's text to standard output.", TEXT(output) },
	{ "format", 'f', "FORMAT", "text jsonl", IN(SUB_TRACE),
	  "Format of the trace: text (the default) or jsonl.", TEXT(format) },
	{ "json", 0, NULL, NULL, IN(SUB_TRACE), "The same as --format jsonl.", FLAG(json) },
	{ "regs", 0, "WHICH", "changed all none", IN(SUB_TRACE),
	  "Registers in each JSON record: changed (the default), all or none.", CALL(set_regs) },
	{ "memory", 'm', "SIZE", NULL, GUEST, "Size of the guest's RAM, such as 16M or 1G.",
	  CALL(set_memory) },
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

const struct subcommand_row subcommand_table[SUB_COUNT] = {
	[SUB_SESSION] = { NULL, "[OPTION]... GUEST",
			  "a session: interactive on a terminal, else commands from standard "
			  "input" },
	[SUB_TRACE] = { "trace", "trace [OPTION]... GUEST", "step and write a trace, no prompt" },
	[SUB_COMPARE] = { "compare", "compare [OPTION]... GUEST",
			  "the same guest on several engines, stops side by side",
			  "this version has one engine, so that there is nothing to compare; write "
			  "a trace on each host and use vmstep diff" },
	[SUB_DIFF] = { "diff", "diff A B", "first difference of two traces, with context" },
	[SUB_PROBE] = { "probe", "probe [OPTION]...",
			"what this host's KVM does with each debug event, against the architecture",
			"this version has no probe yet; vmstep engines says what each engine "
			"stands on" },
	[SUB_LESSON] = { "lesson", "lesson [NAME]", "a guided experiment; without NAME the list",
			 "this version has no lessons yet; in a session, why and predict explain "
			 "each stop" },
	[SUB_ENGINES] = { "engines", "engines",
			  "which engines work here; for each that does not, why and what to do" },
};

const struct exit_row exit_table[] = {
	{ STATUS_OK, "done; also at the step limit and when the guest wrote its exit port" },
	{ STATUS_COMMAND, "a command or script failed; vmstep diff: the traces differ" },
	{ STATUS_USAGE, "wrong usage" },
	{ STATUS_ENGINE, "the engine is not available" },
	{ STATUS_IMAGE, "the guest image was refused" },
	{ STATUS_DIED, "the guest died (triple fault, exit that cannot be handled) in batch" },
	{ STATUS_INTERNAL, "internal fault" },
	{ STATUS_SIGINT, "ended by SIGINT" },
	{ STATUS_SIGTERM, "ended by SIGTERM" },
	{ 0, NULL },
};

static size_t rows(void)
{
	size_t n = 0;

	while (option_table[n].name)
		n++;
	return n;
}

/* What getopt wants, from the table: out has room for every row. */
static void getopt_tables(char *shorts, struct option *longs)
{
	*shorts++ = ':';
	for (const struct option_row *r = option_table; r->name; r++) {
		const int index = r - option_table;

		longs[index] = (struct option){ r->name, r->arg ? required_argument : no_argument,
						NULL, LONG_BASE + index };
		if (r->letter) {
			*shorts++ = r->letter;
			if (r->arg)
				*shorts++ = ':';
		}
	}
	longs[rows()] = (struct option){ 0 };
	*shorts = '\0';
}

static const struct option_row *row_of(int value)
{
	if (value >= LONG_BASE)
		return &option_table[value - LONG_BASE];
	for (const struct option_row *r = option_table; r->name; r++)
		if (r->letter == value)
			return r;
	return NULL;
}

const char *option_dashes(const struct option_row *r)
{
	return strlen(r->name) <= 2 ? "-" : "--";
}

static int option_apply(struct options *o, const struct option_row *r, const char *value,
			struct err *err)
{
	if (!(r->subs & IN(o->sub)))
		return err_set(err, EINVAL, "%s%s does not go with %s%s, see vmstep%s%s --help",
			       option_dashes(r), r->name,
			       o->sub == SUB_SESSION ? "a session" : "vmstep ",
			       o->sub == SUB_SESSION ? "" : subcommand_table[o->sub].name,
			       o->sub == SUB_SESSION ? "" : " ",
			       o->sub == SUB_SESSION ? "" : subcommand_table[o->sub].name);
	if (r->values && word_index(r->values, value) < 0)
		return err_set(err, EINVAL, "%s%s: \"%s\" is none of: %s", option_dashes(r),
			       r->name, value, r->values);
	switch (r->kind) {
	case OPTION_FLAG:
		*(bool *)((char *)o + r->offset) = true;
		return 0;
	case OPTION_TEXT:
		*(const char **)((char *)o + r->offset) = value;
		return 0;
	case OPTION_CALL:
		return r->set(o, value, err);
	}
	return 0;
}

/* getopt took argv[optind - 1] last; a cluster of letters keeps optind where it is. */
static int option_refuse(int c, char **argv, struct err *err)
{
	const char *word = optind > 0 ? argv[optind - 1] : argv[optind];

	if (c == ':') {
		const struct option_row *r = row_of(optopt);

		return err_set(err, EINVAL, "option %s needs %s", word, r ? r->arg : "an argument");
	}
	if (optopt >= LONG_BASE)
		return err_set(err, EINVAL, "option %s takes no argument", word);
	return err_set(err, EINVAL, "there is no option %s (or it is ambiguous), see vmstep --help",
		       word);
}

static int options_scan(int argc, char **argv, struct options *o, struct err *err)
{
	char shorts[2 * ARRAY_SIZE(option_table) + 2];
	struct option longs[ARRAY_SIZE(option_table)];
	int c, r;

	getopt_tables(shorts, longs);
	optind = 0;
	opterr = 0;
	/* long_only: -ex and -nx are gdb's spelling. */
	while ((c = getopt_long_only(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row = c == ':' || c == '?' ? NULL : row_of(c);

		r = row ? option_apply(o, row, optarg, err) : option_refuse(c, argv, err);
		if (r)
			return r;
	}
	o->args = argv + optind;
	o->n_args = argc - optind;
	return 0;
}

/* How many operands belong to the subcommand. */
static int operands_check(struct options *o, struct err *err)
{
	static const u8 most[SUB_COUNT] = { [SUB_SESSION] = 1,
					    [SUB_TRACE] = 1,
					    [SUB_COMPARE] = 1,
					    [SUB_DIFF] = 2,
					    [SUB_LESSON] = 1 };
	const bool has_guest = BIT(o->sub) & GUEST;

	if (o->n_args > most[o->sub])
		return err_set(err, EINVAL, "\"%s\" is one operand too many, see vmstep --help",
			       o->args[most[o->sub]]);
	if (o->sub == SUB_DIFF && o->n_args < 2)
		return err_set(err, EINVAL, "diff needs two traces: vmstep diff A B");
	if (has_guest && o->n_args && o->cfg.guest.hex)
		return err_set(err, EINVAL,
			       "--hex runs bytes instead of a file: leave out \"%s\" or --hex",
			       o->args[0]);
	if (has_guest && o->n_args)
		o->cfg.guest.path = o->args[0];
	if (o->sub == SUB_TRACE && !o->cfg.guest.path && !o->cfg.guest.hex)
		return err_set(err, EINVAL,
			       "trace needs a guest: vmstep trace GUEST, or --hex \"90 f1 90\"");
	if (o->json && o->format && strcmp(o->format, "jsonl"))
		return err_set(err, EINVAL, "--json and --format %s contradict each other",
			       o->format);
	return 0;
}

static enum subcommand sub_of(const char *word)
{
	for (int i = 1; i < SUB_COUNT; i++)
		if (word && !strcmp(subcommand_table[i].name, word))
			return i;
	return SUB_SESSION;
}

int options_parse(int argc, char **argv, struct options *ret, struct err *err)
{
	int r;

	*ret = (struct options){ .cfg.machine.stdio_in = -1 };
	if (argc == 3 && !strcmp(argv[1], "--dump")) {
		ret->dump = argv[2];
		return 0;
	}
	ret->sub = sub_of(argc > 1 ? argv[1] : NULL);
	if (ret->sub != SUB_SESSION) {
		argc--;
		argv++;
	}
	r = options_scan(argc, argv, ret, err);
	if (r)
		return r;
	ret->cfg.guest.modules = ret->modules;
	ret->cfg.symbols = ret->symbols;
	return ret->help || ret->version ? 0 : operands_check(ret, err);
}

void options_deinit(struct options *o)
{
	free(o->start);
	free(o->modules);
	free(o->symbols);
}
