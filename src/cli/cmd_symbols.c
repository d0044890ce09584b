/* cmd_symbols.c - which files symbols and source come from: symbol-file, add-symbol-file,
 * remove-symbol-file. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <vmstep/source.h>

#include "cli.h"

enum { MOVED_MAX = 64 };

/* What symbol-file and add-symbol-file are given. */
struct request {
	struct symbol_file file;
	struct symbol_section moved[MOVED_MAX];
	char path[4096], name[MOVED_MAX][80];
};

static int take_address(struct cli *c, const char **p, const char *what, u64 *ret, struct err *err)
{
	char text[256];

	if (!word_take(p, text, sizeof(text)))
		return err_set(err, EINVAL, "%s needs an address behind it", what);
	return address_get(c, text, ret, err);
}

static int take_section(struct cli *c, const char **p, struct request *r, struct err *err)
{
	size_t n = r->file.n_sections;

	if (n == MOVED_MAX)
		return err_set(err, E2BIG, "too many sections: at most %d", MOVED_MAX);
	if (!word_take(p, r->name[n], sizeof(r->name[n])))
		return err_set(err, EINVAL, "-s needs a section's name and address behind it");
	r->moved[n].name = r->name[n];
	r->file.n_sections++;
	return take_address(c, p, "-s SECTION", &r->moved[n].addr, err);
}

static int take_text(struct cli *c, const char *word, struct request *r, struct err *err)
{
	if (r->file.at_text)
		return err_set(err, EINVAL, "one address is enough, that of .text; see -s");
	r->file.at_text = true;
	return address_get(c, word, &r->file.text, err);
}

/* FILE [TEXT] [-o OFFSET] [-s SECTION ADDR]..., in any order but for the file before the address. */
static int parse(struct cli *c, const char *args, struct request *r, struct err *err)
{
	char word[4096];
	int rc = 0;

	memset(r, 0, sizeof(*r));
	r->file.section = r->moved;
	while (!rc && *args && word_take(&args, word, sizeof(word))) {
		if (!strcmp(word, "-o"))
			rc = take_address(c, &args, "-o", &r->file.bias, err);
		else if (!strcmp(word, "-s"))
			rc = take_section(c, &args, r, err);
		else if (!*r->path)
			strcpy(r->path, word);
		else
			rc = take_text(c, word, r, err);
		args = blanks_skip(args);
	}
	r->file.path = r->path;
	if (!rc && r->file.at_text && r->file.bias)
		rc = err_set(err, EINVAL, "give -o OFFSET or the address of .text, not both");
	return rc;
}

/* What was read, and what of it could not be. */
static void report(struct cli *c, const char *path)
{
	struct symbols *s = session_symbols(c->s);
	size_t last = s ? symbols_files(s) - 1 : 0;
	const char *debug = s ? symbols_debug_file(s, last) : NULL;
	struct err err = { 0 };

	if (!s)
		return;
	say(c, "%zu symbols from %s", symbols_count(s), path);
	if (debug && strcmp(debug, path))
		say(c, ", debug information from %s", debug);
	say(c, "%s.\n", debug ? "" : ", no debug information");
	if (source_trouble(s, last, &err))
		say(c, "%s\n", err.text);
}

static int cmd_symbol_file(struct cli *c, const char *args, struct err *err)
{
	struct request r;
	int rc = parse(c, args, &r, err);

	if (rc)
		return rc;
	if (!*r.path) {
		if (session_symbols(c->s) && !confirm(c, "Forget all symbols?"))
			return 0;
		return session_unload_symbols(c->s, NULL, err);
	}
	rc = session_load_symbols(c->s, &r.file, true, err);
	if (!rc)
		report(c, r.path);
	return rc;
}

static int cmd_add_symbol_file(struct cli *c, const char *args, struct err *err)
{
	struct request r;
	int rc = parse(c, args, &r, err);

	if (rc)
		return rc;
	if (!*r.path)
		return err_set(err, EINVAL, "add-symbol-file needs the path of an ELF file");
	rc = session_load_symbols(c->s, &r.file, false, err);
	if (!rc)
		report(c, r.path);
	return rc;
}

static int cmd_remove_symbol_file(struct cli *c, const char *args, struct err *err)
{
	if (!*args)
		return err_set(err, EINVAL,
			       "remove-symbol-file needs the path given to add-symbol-file");
	return session_unload_symbols(c->s, args, err);
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_symbols[] = {
	{ "symbol-file", NULL, GROUP_STATE, ARG_FILE, 0,
	  "symbol-file [FILE [TEXT] [-o OFFSET] [-s SECTION ADDR]...]",
	  "Take symbols and source from an ELF file.",
	  "They replace those there were. The file's addresses are its own; -o adds OFFSET to all of "
	  "them, TEXT says where its .text runs (for an image linked high and loaded low), -s moves "
	  "one section. Without a file all symbols are forgotten.",
	  "symbol-file ./vmstep", cmd_symbol_file, NULL },
	{ "add-symbol-file", NULL, GROUP_STATE, ARG_FILE, 0,
	  "add-symbol-file FILE [TEXT] [-o OFFSET] [-s SECTION ADDR]...",
	  "Add the symbols and source of another ELF file.",
	  "As symbol-file, beside those there are: for a boot loader and its kernel, or a program the "
	  "guest loads.",
	  "add-symbol-file ./vmstep -o 0x10000000", cmd_add_symbol_file, NULL },
	{ "remove-symbol-file", NULL, GROUP_STATE, ARG_FILE, 0, "remove-symbol-file FILE",
	  "Forget the symbols of one file.", "The one that was added last, if it was added twice.",
	  NULL, cmd_remove_symbol_file, NULL },
	{ NULL },
};
