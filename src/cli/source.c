/* source.c - where command lines come from: the terminal, a file, a stored list; see cli.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "term.h"

enum { DEPTH_MAX = 64 }; /* of sources within sources: a script that sources itself ends there */

void lines_free(char **lines)
{
	for (char **p = lines; p && *p; p++)
		free(*p);
	free(lines);
}

/* Appends `line` (taken over) to a NULL-terminated list of n lines. */
static bool line_append(char ***lines, size_t n, char *line)
{
	char **p = realloc(*lines, (n + 2) * sizeof(*p));

	if (!p || !line) {
		free(line);
		if (p)
			*lines = p;
		return false;
	}
	p[n] = line;
	p[n + 1] = NULL;
	*lines = p;
	return true;
}

char **lines_copy(char *const *lines)
{
	char **ret = calloc(1, sizeof(*ret));

	for (size_t n = 0; ret && lines[n]; n++) {
		if (!line_append(&ret, n, strdup(lines[n]))) {
			lines_free(ret);
			return NULL;
		}
	}
	return ret;
}

void lines_extend(char ***lines, char *const *more)
{
	size_t n = 0;

	while (*lines && (*lines)[n])
		n++;
	while (*more && line_append(lines, n, strdup(*more))) {
		n++;
		more++;
	}
}

/* One physical line without its end. 0, 1 at the end of the file, -EINTR. */
static int file_line(struct source *src, char **ret)
{
	size_t size = 0;
	char *buf = NULL;
	ssize_t n = getline(&buf, &size, src->file);

	if (n < 0) {
		const bool interrupted = ferror(src->file) && errno == EINTR;

		clearerr(src->file);
		free(buf);
		return interrupted ? -EINTR : 1;
	}
	while (n && (buf[n - 1] == '\n' || buf[n - 1] == '\r'))
		buf[--n] = '\0';
	/* A NUL would end the line unseen, and half a command is another command. */
	if (memchr(buf, '\0', n)) {
		free(buf);
		buf = strdup("^@ (NUL) in the line");
		if (!buf)
			return 1;
	}
	*ret = buf;
	return 0;
}

static int physical_line(struct cli *c, const char *prompt, char **ret)
{
	struct source *src = c->src;
	int r;

	if (src->lines) {
		if (!*src->lines)
			return 1;
		*ret = strdup(*src->lines++);
		r = *ret ? 0 : 1;
	} else if (src->file) {
		r = file_line(src, ret);
	} else {
		/* Any prompt but the session's own asks for a part of a block. */
		r = input_line(c, prompt ? prompt : ">", prompt != c->prompt, ret);
	}
	if (!r)
		src->line++;
	return r;
}

int source_line(struct cli *c, const char *prompt, char **ret)
{
	char *more, *line;
	int r = physical_line(c, prompt, ret);

	/* A backslash at the end joins the next line. */
	while (!r && (line = *ret)[0] && line[strlen(line) - 1] == '\\') {
		if (physical_line(c, ">", &more))
			break;
		line[strlen(line) - 1] = '\0';
		*ret = malloc(strlen(line) + strlen(more) + 1);
		if (*ret)
			strcat(strcpy(*ret, line), more);
		free(line);
		free(more);
		if (!*ret)
			return 1;
	}
	return r;
}

static bool line_is(const char *line, const char *word)
{
	const size_t n = strlen(word);

	line = blanks_skip(line);
	return !strncmp(line, word, n) && !*blanks_skip(line + n) &&
	       (!line[n] || line[n] == ' ' || line[n] == '\t' || line[n] == '#');
}

/* The word of a command that has a body, NULL if the line opens none. */
static const char *body_opener(const char *line)
{
	static const char *const openers[] = { "define", "document", "if", "while", "commands" };
	const struct command *k;

	line = blanks_skip(line);
	k = command_lookup(line, command_word(line));
	for (size_t i = 0; k && i < ARRAY_SIZE(openers); i++)
		if (!strcmp(k->name, openers[i]))
			return openers[i];
	return NULL;
}

/* Follows nesting: `docs` is 0, or the depth at which a document's text (no commands) began. */
static void body_nest(const char *line, unsigned *depth, unsigned *docs)
{
	const char *opener;

	if (line_is(line, "end")) {
		if (*docs == *depth)
			*docs = 0;
		--*depth;
		return;
	}
	opener = *docs ? NULL : body_opener(line);
	if (opener) {
		++*depth;
		if (!strcmp(opener, "document"))
			*docs = *depth;
	}
}

static int body_end_missing(const char *what, char **body, char **body_else, int r, struct err *err)
{
	lines_free(body);
	lines_free(body_else);
	if (r == -EINTR)
		return -EINTR;
	return err_set(err, EINVAL, "%s: its end is missing, close the block with a line \"end\"",
		       what);
}

int source_body(struct cli *c, const char *what, char ***ret, char ***ret_else, struct err *err)
{
	unsigned depth = 1, docs = !strcmp(what, "document");
	char **list[2] = { calloc(1, sizeof(char *)), NULL };
	size_t n = 0;
	int at = 0;

	for (;;) {
		char *line;
		int r = source_line(c, ">", &line);

		if (r)
			return body_end_missing(what, list[0], list[1], r, err);
		body_nest(line, &depth, &docs);
		if (!depth) {
			free(line);
			break;
		}
		if (ret_else && depth == 1 && !at && line_is(line, "else")) {
			free(line);
			list[1] = calloc(1, sizeof(char *));
			at = 1;
			n = 0;
			continue;
		}
		if (!line_append(&list[at], n++, line))
			return body_end_missing(what, list[0], list[1], -EINTR, err);
	}
	*ret = list[0];
	if (ret_else)
		*ret_else = list[1];
	else
		lines_free(list[1]);
	return 0;
}

/* "FILE:LINE: " before the sentence, unless a block of the same file has put it there. */
static int error_place(const struct source *src, int r, struct err *err)
{
	char place[sizeof(err->text)];
	int n;

	if (!src->name || r == -EINTR || !err)
		return r;
	n = snprintf(place, sizeof(place), "%s:", src->name);
	if (!strncmp(err->text, place, n))
		return r;
	/* Of a thousand definitions that call each other the first few are enough; the sentence must be seen. */
	if (err->code != ELOOP || strlen(err->text) < sizeof(err->text) / 2)
		err_prefix(err, "%s:%u", src->name, src->line);
	return r;
}

/* What belongs to the points just hit, before the next line. A command in it that resumes the guest
 * ends its list; the next hit brings the next list. */
static int point_commands_run(struct cli *c, struct err *err)
{
	int r = 0;

	while (!r && c->point_commands && !c->quit) {
		char **lines = c->point_commands;
		struct source src = { .name = "commands", .lines = lines, .of_point = true };

		c->point_commands = NULL;
		r = source_run(c, &src, err);
		lines_free(lines);
	}
	return r;
}

int line_run(struct cli *c, const char *line, bool point_commands, struct err *err)
{
	int r = command_execute(c, line, err);

	return r || !point_commands ? r : point_commands_run(c, err);
}

int source_run(struct cli *c, struct source *src, struct err *err)
{
	const u64 runs = c->runs;
	char *line;
	int r = 0;

	if (c->depth >= DEPTH_MAX)
		return err_set(err, ELOOP,
			       "%s: commands nested more than %d deep, does it call itself?",
			       src->name ? src->name : "input", DEPTH_MAX);
	src->up = c->src;
	c->src = src;
	c->depth++;
	while (!r && !c->quit && !c->flow && !(src->of_point && c->runs != runs) &&
	       source_line(c, NULL, &line) == 0) {
		r = line_run(c, line, !src->of_point, err);
		if (r)
			error_place(src, r, err);
		else if (term_interrupted() || term_ending() || c->out.quit)
			r = -EINTR; /* q at a full screen ends the rest, too */
		free(line);
	}
	c->depth--;
	c->src = src->up;
	return r;
}

int lines_run(struct cli *c, char *const *lines, const char *name, struct err *err)
{
	struct source src = { .name = name, .lines = lines };

	return source_run(c, &src, err);
}

int file_run(struct cli *c, const char *path, struct err *err)
{
	struct source src = { .name = path, .file = fopen(path, "re") };
	struct stat st;
	int r;

	if (src.file && fstat(fileno(src.file), &st) == 0 && S_ISDIR(st.st_mode)) {
		fclose(src.file);
		return err_set(err, EISDIR, "%s: cannot read commands from it: it is a directory", path);
	}
	if (!src.file)
		return err_set(err, errno, "%s: cannot read commands from it: %s", path,
			       strerror(errno));
	r = source_run(c, &src, err);
	fclose(src.file);
	return r;
}
