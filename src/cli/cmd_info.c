/* cmd_info.c - info: the stop, the engine, the machine; the table of all of them. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "info.h"
#include "term.h"

/* ---- the stop -----------------------------------------------------------------------------------
 */

static int info_stop(struct cli *c, const char *args, struct err *err)
{
	const struct stop *st = session_last_stop(c->s);
	struct strbuf out;

	if (!st)
		return err_set(err, ESRCH,
			       "info stop: there was no stop yet, start the guest first");
	strbuf_init(&out);
	stop_describe(c->s, st, &out);
	say_buf(c, &out);
	strbuf_deinit(&out);
	return 0;
}

/* ---- engine and machine -------------------------------------------------------------------------
 */

static int engine_info(struct cli *c, const char *what, struct strbuf *out, struct err *err)
{
	struct engine *e = session_engine(c->s);

	if (!e)
		return err_set(err, ESRCH,
			       "info %s: the guest is not running, start it with start or run",
			       what);
	return e->ops->info(e, what, out, err);
}

static int engine_say(struct cli *c, const char *what, struct err *err)
{
	struct strbuf out;
	int r;

	strbuf_init(&out);
	r = engine_info(c, what, &out, err);
	say_buf(c, &out);
	strbuf_deinit(&out);
	return r;
}

static int info_engine(struct cli *c, const char *args, struct err *err)
{
	const char *reason = session_engine_reason(c->s);

	/* The reason ends with what the engine's own lines begin with. */
	say(c, "Engine %s: %.*s\n", session_engine_name(c->s),
	    session_engine(c->s) ? (int)strcspn(reason, ";") : (int)strlen(reason), reason);
	return session_engine(c->s) ? engine_say(c, "engine", err) : 0;
}

static int info_events(struct cli *c, const char *args, struct err *err)
{
	return engine_say(c, "events", err);
}

/* Each engine says itself whether it has a VMCS to show. */
static int info_vmcs(struct cli *c, const char *args, struct err *err)
{
	return engine_say(c, "vmcs", err);
}

static int info_apic(struct cli *c, const char *args, struct err *err)
{
	return engine_say(c, "apic", err);
}

static int info_files(struct cli *c, const char *args, struct err *err)
{
	const struct guest_spec *g = &session_config(c->s)->guest;
	struct machine *m = session_machine(c->s);
	struct symbols *syms = session_symbols(c->s);
	struct strbuf out;

	strbuf_init(&out);
	if (m)
		machine_describe(m, &out);
	else if (g->path || g->hex)
		strbuf_addf(&out, "Guest: %s%s, not running\n", g->path ? "" : "bytes ",
			    g->path ? g->path : g->hex);
	else
		strbuf_adds(&out, "No guest: name one with file FILE.\n");
	if (m && machine_pty(m))
		strbuf_addf(&out, "Serial port on %s\n", machine_pty(m));
	strbuf_addf(&out, "Symbols: %zu\n", syms ? symbols_count(syms) : 0);
	say_buf(c, &out);
	strbuf_deinit(&out);
	info_symbol_files(c);
	return 0;
}

static int info_io(struct cli *c, const char *args, struct err *err)
{
	const struct machine *m = session_machine(c->s);
	const struct unknown_access *u;
	size_t n;

	u = machine_unknown(m, &n);
	if (!n) {
		say(c, "Every port and address the guest used so far has a device or memory behind "
		       "it.\n");
		return 0;
	}
	say(c, "Nobody answers at (reads gave all ones, writes were dropped):\n");
	for (size_t i = 0; i < n; i++)
		say(c,
		    "  %s 0x%0*" PRIx64 "  %u byte%s  reads %" PRIu64 ", writes %" PRIu64
		    ", last value 0x%" PRIx64 "\n",
		    u[i].mmio ? "mmio" : "port", u[i].mmio ? 9 : 4, u[i].addr, u[i].size,
		    u[i].size == 1 ? " " : "s", u[i].reads, u[i].writes, u[i].last_value);
	return 0;
}

/* ---- the cli's own ------------------------------------------------------------------------------
 */

static int info_display(struct cli *c, const char *args, struct err *err)
{
	if (!c->n_displays)
		say(c, "There are no auto-display expressions now.\n");
	else
		say(c, "Auto-display expressions now in effect:\nNum Enb Expression\n");
	for (size_t i = 0; i < c->n_displays; i++)
		say(c, "%u:   %c  %s%s%s\n", c->displays[i].num, c->displays[i].enabled ? 'y' : 'n',
		    c->displays[i].format, *c->displays[i].format ? " " : "", c->displays[i].text);
	return 0;
}

static int info_settings(struct cli *c, const char *args, struct err *err)
{
	settings_show(c);
	return 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

#define GUEST CMD_NEEDS_GUEST

const struct command commands_info[] = {
	{ "registers", "r reg", GROUP_STATE, ARG_REGISTER, GUEST, "info registers [NAME]...",
	  "General, segment, control and debug registers.",
	  "Control and debug registers are decoded. With names, any register of info "
	  "all-registers.",
	  "info registers", info_registers, NULL },
	{ "all-registers", "all", GROUP_STATE, ARG_REGISTER, GUEST, "info all-registers",
	  "Every register, hidden parts of segments included.", "", "info all-registers",
	  info_all_registers, NULL },
	{ "breakpoints", "b br watchpoints", GROUP_POINTS, ARG_POINT, 0, "info breakpoints [N]",
	  "Points: breaks, watches, catches.",
	  "Shows also how the engine notices each and what that costs.", "info breakpoints",
	  points_info, NULL },
	{ "checkpoints", "checkpoint", GROUP_STATE, ARG_NONE, 0, "info checkpoints",
	  "The checkpoints, and the memory they hold.", "", "info checkpoints", info_checkpoints, NULL },
	{ "stop", NULL, GROUP_STATE, ARG_NONE, 0, "info stop",
	  "Every field of the current stop, with its raw evidence.", "", "info stop", info_stop,
	  NULL },
	{ "symbol", "sym", GROUP_STATE, ARG_EXPR, 0, "info symbol ADDR",
	  "The symbol an address belongs to.", "", "info symbol 0", info_symbol, NULL },
	{ "functions", "fun", GROUP_STATE, ARG_LOCATION, 0, "info functions [-q] [-n] [-t TYPE] [REGEX]",
	  "The functions of the program.",
	  "By source file and with their types, then those only the symbol table names. With REGEX, "
	  "those whose name matches it; -t, whose type matches; -n leaves the symbol table's out, -q "
	  "the heading.",
	  "info functions main", info_functions, NULL },
	{ "variables", "var", GROUP_STATE, ARG_LOCATION, 0, "info variables [-q] [-n] [-t TYPE] [REGEX]",
	  "The variables of the program.",
	  "At file scope, as info functions; data and labels of the symbol table at the end.",
	  "info variables", info_variables, NULL },
	{ "types", NULL, GROUP_STATE, ARG_LOCATION, 0, "info types [-q] [REGEX]",
	  "The types of the program.", "Those with a name, as info functions.", "info types",
	  info_types, NULL },
	{ "sources", NULL, GROUP_STATE, ARG_FILE, 0, "info sources [REGEX]",
	  "The source files of the program.", "Of every file that symbols were read from.",
	  "info sources", info_sources, NULL },
	{ "frame", "f", GROUP_STATE, ARG_COUNT, GUEST, "info frame [N|level N|function NAME]",
	  "The selected frame, or that one.",
	  "Its address (CFA), what it is called by and how that was found, where it has saved its "
	  "caller's registers.",
	  "info frame", info_frame, NULL },
	{ "locals", "lo", GROUP_STATE, ARG_NONE, GUEST, "info locals",
	  "The variables of the selected frame's function.",
	  "Those of the innermost block come first. What the compiler kept no value of is shown as "
	  "<optimized out>.", "info locals", info_locals, NULL },
	{ "args", "ar", GROUP_STATE, ARG_NONE, GUEST, "info args",
	  "The arguments of the selected frame's function.", "", "info args", info_args, NULL },
	{ "scope", "sc", GROUP_STATE, ARG_LOCATION, 0, "info scope LOCATION",
	  "The variables a place in the code sees, and where they lie.", "", NULL, info_scope, NULL },
	{ "address", "ad", GROUP_STATE, ARG_EXPR, 0, "info address NAME",
	  "Where a variable or function lies.", "", "info address main", info_address, NULL },
	{ "macro", NULL, GROUP_STATE, ARG_NONE, 0, "info macro [-all] NAME",
	  "The definition of a macro, and where it is.",
	  "The one that holds at the selected frame's line; -all (-a): every one its unit has. Known "
	  "where the compiler was told to: gcc -g3, clang -g -fdebug-macro.", NULL, info_macro, NULL },
	{ "macros", NULL, GROUP_STATE, ARG_LOCATION, 0, "info macros [LOCATION]",
	  "All macros that hold at a place.", "Without LOCATION at the selected frame's line.", NULL,
	  info_macros, NULL },
	{ "line", NULL, GROUP_STATE, ARG_LOCATION, 0, "info line [LOCATION]",
	  "The code of a source line, or the line of an address.",
	  "LOCATION is as in list; without it the line shown last. x/i goes on at the line's code.",
	  "info line *0", info_line, NULL },
	{ "source", NULL, GROUP_STATE, ARG_NONE, 0, "info source", "The source file looked at.",
	  "Its name, where it was compiled, where it was found.", "info source", info_source, NULL },
	{ "engine", NULL, GROUP_STATE, ARG_NONE, 0, "info engine",
	  "The engine, what it stands on, what it can show.", "", "info engine", info_engine,
	  NULL },
	{ "vmcs", NULL, GROUP_STATE, ARG_NONE, GUEST, "info vmcs",
	  "The fields of the VMCS, on engines that have one.", "", NULL, info_vmcs, NULL },
	{ "apic", NULL, GROUP_STATE, ARG_NONE, GUEST, "info apic",
	  "Interrupt controllers and timers, on engine soft, which has them itself.", "", NULL, info_apic,
	  NULL },
	{ "events", NULL, GROUP_STATE, ARG_NONE, GUEST, "info events",
	  "Pending and injected events, shadows.", "", "info events", info_events, NULL },
	{ "idt", NULL, GROUP_STATE, ARG_NONE, GUEST, "info idt",
	  "Interrupt descriptor or vector table.", "", "info idt", info_idt, NULL },
	{ "gdt", NULL, GROUP_STATE, ARG_NONE, GUEST, "info gdt", "Global descriptor table.", "",
	  "info gdt", info_gdt, NULL },
	{ "tss", NULL, GROUP_STATE, ARG_NONE, GUEST, "info tss",
	  "Task state segment: the stacks of each level.", "", "info tss", info_tss, NULL },
	{ "paging", NULL, GROUP_STATE, ARG_NONE, GUEST, "info paging",
	  "The paging mode; translate walks the tables.", "", "info paging", info_paging, NULL },
	{ "io", NULL, GROUP_STATE, ARG_NONE, GUEST, "info io",
	  "Ports and addresses the guest used that nobody answers.", "", "info io", info_io, NULL },
	{ "files", "file", GROUP_STATE, ARG_NONE, 0, "info files",
	  "The guest image, memory, devices, and the files symbols come from.",
	  "With the sections of each and where they are.", "info files", info_files, NULL },
	{ "display", NULL, GROUP_DATA, ARG_NONE, 0, "info display", "The displays.", "",
	  "info display", info_display, NULL },
	{ "settings", "set", GROUP_HELP, ARG_NONE, 0, "info settings",
	  "All settings and their values, as show.", "", "info settings", info_settings, NULL },
	{ NULL },
};

const struct command commands_state[] = {
	{ "info", "i inf", GROUP_STATE, ARG_SUBCOMMAND, CMD_PREFIX, "info WHAT",
	  "Show state: registers, points, tables, the stop.", "help info lists what there is.",
	  "info registers", NULL, commands_info },
	{ NULL },
};
