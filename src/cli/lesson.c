/* lesson.c - `vmstep lesson`: the list, and the session a lesson is played in (lesson_play.c). */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "lesson_play.h"
#include "session_main.h"

static int lessons_list(struct output *out)
{
	struct err err = { 0 };
	struct lesson *l;
	struct strbuf b;
	int r;

	strbuf_init(&b);
	for (size_t i = 0; !(r = lesson_builtin(i, &l, &err)); i++) {
		strbuf_addf(&b, "%-16s %s\n", l->name, l->title);
		lesson_destroy(l);
	}
	strbuf_adds(&b, "\nvmstep lesson NAME plays one; --batch shows it with every answer, -e "
			"chooses the engine.\n");
	output_add(out, strbuf_str(&b), b.n);
	strbuf_deinit(&b);
	if (r == -ENOENT)
		return STATUS_OK;
	output_error(out, true, err.text);
	return STATUS_INTERNAL;
}

/* On what a lesson that needs MTF runs where the user did not say, or said kvm, which has none. */
static const char *mtf_engine(void)
{
	const struct engine_ops *ops = engine_find("mtf");
	struct engine_probe probe = { 0 };

	if (ops)
		ops->probe(&probe);
	return probe.works ? "mtf" : "soft";
}

static const char *engine_choose(const struct options *opt, const struct lesson *l,
				 struct output *out)
{
	const char *name = opt->cfg.engine, *other;
	struct strbuf b;

	if (!l->needs_mtf || (name && strcmp(name, "kvm") && strcmp(name, "auto")))
		return name;
	other = mtf_engine();
	if (name && !strcmp(name, "kvm")) {
		strbuf_init(&b);
		strbuf_addf(&b,
			    "This lesson needs the monitor trap flag, which KVM_SET_GUEST_DEBUG "
			    "does not offer: "
			    "it runs on engine %s.\n",
			    other);
		output_add(out, strbuf_str(&b), b.n);
		strbuf_deinit(&b);
	}
	return other;
}

static int lesson_run(const struct options *opt, const struct lesson *l, int symbols,
		      struct output *out)
{
	struct session_config cfg = opt->cfg;
	char path[40];
	const char *files[] = { path, NULL };
	struct strbuf hex;
	int status;

	strbuf_init(&hex);
	lesson_hex(l, &hex);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", symbols);
	cfg.engine = engine_choose(opt, l, out);
	cfg.guest.hex = strbuf_str(&hex);
	cfg.guest.mode = l->mode;
	cfg.guest.has_load = true;
	cfg.guest.load = l->load;
	cfg.symbols = files;
	status = session_with(opt, cfg, out, lesson_play, l);
	strbuf_deinit(&hex);
	return status;
}

int lesson_command(const struct options *opt, struct output *out)
{
	struct err err = { 0 };
	struct lesson *l;
	int status, symbols;

	if (!opt->n_args)
		return lessons_list(out);
	if (lesson_find(opt->args[0], &l, &err)) {
		output_error(out, true, err.text);
		return STATUS_USAGE;
	}
	if (lesson_symbols(l, &symbols, &err)) {
		output_error(out, true, err.text);
		status = STATUS_INTERNAL;
	} else {
		status = lesson_run(opt, l, symbols, out);
		close(symbols);
	}
	lesson_destroy(l);
	return status;
}
