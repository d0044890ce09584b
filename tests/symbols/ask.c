/*
 * ask.c - answers of src/symbols/ as text, for tests that compare them with gdb's: one question a
 * line of standard input, its answer on lines behind it, then "." on a line.
 *
 *	line ADDR          FILE:LINE START END, or -
 *	function ADDR      NAME LOW HIGH, then for each inlined copy around ADDR "inlined NAME FILE:LINE"
 *	break NAME         address of each place, behind the prologue
 *	place FILE LINE    the same
 *	files, functions, variables, types
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/source.h>

static struct symbols *set;

static void ask_line(u64 addr)
{
	struct source_line l;

	if (source_line_at(set, addr, &l))
		printf("%s:%u %#llx %#llx\n", l.file->name, l.line, (long long)l.start,
		       (long long)l.end);
	else
		puts("-");
}

static void ask_function(u64 addr)
{
	struct source_function f, in[32];
	size_t n = source_inlines_at(set, addr, in, 32);

	if (source_function_at(set, addr, &f))
		printf("%s %#llx %#llx\n", f.name, (long long)f.low, (long long)f.high);
	for (size_t i = 0; i < n; i++)
		printf("inlined %s %s:%u\n", in[i].name, in[i].call_file ? in[i].call_file->name : "?",
		       in[i].call_line);
}

static void ask_break(const char *name)
{
	struct source_function *f;
	size_t n;

	if (source_functions(set, NULL, name, &f, &n, NULL))
		return;
	for (size_t i = 0; i < n; i++)
		printf("%#llx\n", (long long)source_skip_prologue(set, f[i].entry));
	free(f);
}

static void ask_place(char *file)
{
	char *line = strchr(file, ' ');
	struct source_place *p;
	size_t n;

	if (!line)
		return;
	*line++ = '\0';
	if (source_lines(set, file, strtoul(line, NULL, 10), &p, &n, NULL))
		return;
	for (size_t i = 0; i < n; i++)
		printf("%#llx\n", (long long)p[i].body);
	free(p);
}

static bool each_file(void *arg, const struct source_file *f)
{
	printf("%s\n", f->path);
	return true;
}

static bool each_name(void *arg, const struct source_name *n)
{
	printf("%s %s:%u\n", n->name, n->file ? n->file->name : "?", n->line);
	return true;
}

static void ask(char *q)
{
	if (!strncmp(q, "line ", 5))
		ask_line(strtoull(q + 5, NULL, 16));
	else if (!strncmp(q, "function ", 9))
		ask_function(strtoull(q + 9, NULL, 16));
	else if (!strncmp(q, "break ", 6))
		ask_break(q + 6);
	else if (!strncmp(q, "place ", 6))
		ask_place(q + 6);
	else if (!strcmp(q, "files"))
		source_files_each(set, each_file, NULL);
	else if (!strcmp(q, "functions"))
		source_names_each(set, SOURCE_FUNCTION, "", true, each_name, NULL);
	else if (!strcmp(q, "variables"))
		source_names_each(set, SOURCE_VARIABLE, "", true, each_name, NULL);
	else if (!strcmp(q, "types"))
		source_names_each(set, SOURCE_TYPE, "", true, each_name, NULL);
	puts(".");
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	char q[4096];

	if (argc < 2 || symbols_load(argv[1], 0, &set, &err)) {
		fprintf(stderr, "ask: %s\n", err.text);
		return 1;
	}
	while (fgets(q, sizeof(q), stdin)) {
		q[strcspn(q, "\n")] = '\0';
		ask(q);
	}
	symbols_destroy(set);
	return 0;
}
