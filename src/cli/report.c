/* report.c - `vmstep report`: traces as a page of HTML. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "output.h"
#include "session_main.h"

static int page_write(const char *path, const struct strbuf *page, struct output *out, struct err *err)
{
	FILE *f;
	bool bad;

	if (!path) {
		output_add(out, strbuf_str(page), page->n);
		return 0;
	}
	f = fopen(path, "we");
	if (!f)
		return err_set(err, errno, "%s: cannot create it: %s", path, strerror(errno));
	bad = fwrite(page->s, 1, page->n, f) != page->n;
	bad |= fclose(f) != 0;
	return bad ? err_set(err, errno, "%s: cannot write it: %s", path, strerror(errno)) : 0;
}

int report_command(const struct options *opt, struct output *out)
{
	struct err err = { 0 };
	struct strbuf page, notes;
	int r;

	strbuf_init(&page);
	strbuf_init(&notes);
	r = trace_report(opt->args, opt->n_args, &page, &notes, &err);
	if (!r)
		r = page_write(opt->output, &page, out, &err);
	for (char *line = notes.n ? notes.s : NULL, *end; line && *line; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		output_error(out, true, line);
	}
	if (r)
		output_error(out, true, err.text);
	r = r || notes.n ? STATUS_COMMAND : STATUS_OK;
	strbuf_deinit(&page);
	strbuf_deinit(&notes);
	return r;
}
