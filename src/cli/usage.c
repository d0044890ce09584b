/* usage.c - --help and --version, made from the option table. */
#include <string.h>

#include "options.h"

enum { HELP_COLUMN = 26, HELP_WIDTH = 100 };

/* "-e, --engine NAME", "-x FILE", "-ex CMD" */
static void option_names(const struct option_row *r, struct strbuf *out)
{
	const bool is_long = strlen(r->name) > 2;

	strbuf_adds(out, "  ");
	if (r->letter && is_long)
		strbuf_addf(out, "-%c, ", r->letter);
	else if (is_long)
		strbuf_adds(out, "    ");
	strbuf_addf(out, "%s%s", is_long ? "--" : "-", r->name);
	if (r->arg)
		strbuf_addf(out, " %s", r->arg);
}

/* Words of `text` from column HELP_COLUMN on; `line` is where the current line starts. */
static void words_wrap(struct strbuf *out, size_t line, const char *text)
{
	bool first = true;

	while (*text) {
		const size_t n = strcspn(text, " ");

		if (!first && out->n - line + 1 + n > HELP_WIDTH) {
			strbuf_addc(out, '\n');
			line = out->n;
			strbuf_pad(out, line + HELP_COLUMN, 0);
		} else if (!first) {
			strbuf_addc(out, ' ');
		}
		strbuf_addn(out, text, n);
		text += n + strspn(text + n, " ");
		first = false;
	}
	strbuf_addc(out, '\n');
}

static void options_list(enum subcommand sub, struct strbuf *out)
{
	for (const struct option_row *r = option_table; r->name; r++) {
		const size_t line = out->n;

		if (sub != SUB_SESSION && !(r->subs & IN(sub)))
			continue;
		option_names(r, out);
		strbuf_pad(out, line + HELP_COLUMN, 2);
		words_wrap(out, line, r->help);
	}
}

static void subcommands_list(struct strbuf *out)
{
	for (int i = 0; i < SUB_COUNT; i++) {
		const size_t line = out->n;

		strbuf_addf(out, "%s vmstep %s",
			    i ? "      " : "Usage:", subcommand_table[i].usage);
		strbuf_pad(out, line + 42, 2);
		strbuf_addf(out, "%s\n", subcommand_table[i].help);
	}
}

static void exit_list(struct strbuf *out)
{
	strbuf_adds(out, "\nExit status:\n");
	for (const struct exit_row *e = exit_table; e->meaning; e++)
		strbuf_addf(out, "  %3d  %s\n", e->status, e->meaning);
}

void usage_text(enum subcommand sub, struct strbuf *out)
{
	const struct subcommand_row *row = &subcommand_table[sub];

	if (sub == SUB_SESSION) {
		subcommands_list(out);
		strbuf_adds(out, "\nGUEST is a flat binary, a boot sector, an ELF64 or ELF32 file, "
				 "a multiboot kernel or a PC\n"
				 "firmware image. vmstep steps it under KVM and says at every stop "
				 "why it stopped.\n\nOptions:\n");
	} else {
		strbuf_addf(out, "Usage: vmstep %s\n\n%s\n\nOptions:\n", row->usage, row->help);
	}
	options_list(sub, out);
	exit_list(out);
	if (sub == SUB_SESSION)
		strbuf_adds(
			out,
			"\nIn a session: help, help COMMAND, apropos WORD. Manual: man vmstep.\n");
}

void version_text(struct strbuf *out)
{
	strbuf_adds(out, "vmstep " VMSTEP_VERSION "\n"
			 "Licence GPL-3.0-or-later: free software, without warranty.\n");
}
