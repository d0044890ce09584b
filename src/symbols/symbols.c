/* symbols.c - life of a set of files; see symbols.h. */
#include <errno.h>
#include <stdlib.h>
#include "private.h"

static int load(struct symbols *s, const struct symbol_file *file, size_t n, const char *debug_dirs,
		struct err *err)
{
	s->file = calloc(n + 1, sizeof(*s->file));
	if (!s->file)
		return err_set(err, ENOMEM, "no memory for the symbols");
	for (size_t i = 0; i < n; i++) {
		int rc = dwfile_open(&file[i], i, debug_dirs, &s->file[i], err);

		if (rc)
			return rc;
		s->file[i]->set = s;
		s->n_files++;
		rc = elf_symbols_check(s->file[i], err);
		if (rc)
			return rc;
	}
	return 0;
}

void symbols_destroy(struct symbols *s)
{
	if (!s)
		return;
	for (u32 i = 0; i < s->n_files; i++)
		dwfile_close(s->file[i]);
	free(s->file);
	free(s->entry);
	free(s->by_name);
	free(s->reach);
	free(s);
}

int symbols_load_files(const struct symbol_file *file, size_t n, const char *debug_dirs,
		       struct symbols **ret, struct err *err)
{
	struct symbols *s = calloc(1, sizeof(*s));
	int rc = s ? load(s, file, n, debug_dirs, err)
		   : err_set(err, ENOMEM, "no memory for the symbols");

	if (rc) {
		symbols_destroy(s);
		return rc;
	}
	*ret = s;
	return 0;
}

int symbols_load(const char *path, u64 bias, struct symbols **ret, struct err *err)
{
	struct symbol_file one = { .path = path, .bias = bias };

	return symbols_load_files(&one, 1, NULL, ret, err);
}

size_t symbols_files(const struct symbols *s)
{
	return s->n_files;
}

const char *symbols_file(const struct symbols *s, size_t i, u64 *ret_bias)
{
	if (i >= s->n_files)
		return NULL;
	*ret_bias = s->file[i]->bias;
	return s->file[i]->path;
}

const char *symbols_debug_file(struct symbols *s, size_t i)
{
	struct dwfile *f = dw_file(s, i);

	if (!f || dw_ready(f, NULL))
		return NULL;
	return f->debug_path ?: f->path;
}

void symbols_areas(struct symbols *s, size_t i, bool (*each)(void *arg, const struct symbol_area *),
		   void *arg)
{
	struct dwfile *f = dw_file(s, i);

	for (u32 j = 0; f && j < f->n_areas; j++) {
		const struct dwarea *a = &f->area[j];
		struct symbol_area out = {
			.name = a->name,
			.start = a->start + a->bias,
			.end = a->end + a->bias,
			.code = a->code,
			.writable = a->writable,
			.has_bytes = dw_bytes(f, a->start, 1) != NULL,
		};

		if (!each(arg, &out))
			return;
	}
}
