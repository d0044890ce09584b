/* cmd_checkpoint.c - going back: checkpoint, restart, reverse-stepi; info and delete of checkpoints. */
#include <errno.h>
#include <inttypes.h>
#include <vmstep/checkpoint.h>
#include <vmstep/parse.h>

#include "cli.h"
#include "info.h"
#include "term.h"

/* ---- checkpoints ------------------------------------------------------------------------------ */

static void size_put(u64 bytes, struct strbuf *out)
{
	if (bytes < 10 << 20)
		strbuf_addf(out, "%" PRIu64 " KiB", bytes >> 10);
	else
		strbuf_addf(out, "%" PRIu64 " MiB", bytes >> 20);
}

static void memory_put(const struct checkpoint *k, struct strbuf *out)
{
	size_put(k->bytes, out);
	strbuf_adds(out, " of memory, ");
	size_put(k->own, out);
	strbuf_adds(out, " of it not shared");
}

static void checkpoint_put(struct cli *c, const struct checkpoint *k, struct strbuf *out)
{
	strbuf_addf(out, "stop #%" PRIu64 " at ", k->stop->n);
	address_format(c, k->stop->lin, out);
}

static int cmd_checkpoint(struct cli *c, const char *args, struct err *err)
{
	struct checkpoint k;
	struct strbuf out;
	u32 num;
	int r = session_checkpoint(c->s, &num, err);

	if (r)
		return r;
	k = session_checkpoint_at(c->s, session_checkpoints(c->s) - 1);
	strbuf_init(&out);
	strbuf_addf(&out, "Checkpoint %u: ", k.num);
	checkpoint_put(c, &k, &out);
	strbuf_adds(&out, ", ");
	memory_put(&k, &out);
	strbuf_addc(&out, '\n');
	say_buf(c, &out);
	strbuf_deinit(&out);
	return 0;
}

int info_checkpoints(struct cli *c, const char *args, struct err *err)
{
	const size_t n = session_checkpoints(c->s);
	struct strbuf out;

	if (!n)
		say(c, "No checkpoints; checkpoint keeps one.\n");
	strbuf_init(&out);
	for (size_t i = 0; i < n; i++) {
		const struct checkpoint k = session_checkpoint_at(c->s, i);

		strbuf_addf(&out, "%-3u ", k.num);
		checkpoint_put(c, &k, &out);
		strbuf_adds(&out, ", ");
		memory_put(&k, &out);
		strbuf_addc(&out, '\n');
	}
	say_buf(c, &out);
	strbuf_deinit(&out);
	return 0;
}

static int number_get(const char *args, const char *what, u32 *ret, struct err *err)
{
	u64 num = 0;
	int r;

	if (!*args)
		return err_set(err, EINVAL, "%s needs the number of a checkpoint, see info checkpoints", what);
	r = number_parse_range(args, what, 0, UINT32_MAX, &num, err);
	*ret = num;
	return r;
}

int checkpoint_delete(struct cli *c, const char *args, struct err *err)
{
	char word[24];
	u32 num = 0;
	int r = *args ? 0 : number_get(args, "delete checkpoint", &num, err);

	while (!r && word_take(&args, word, sizeof(word))) {
		r = number_get(word, "delete checkpoint", &num, err);
		if (!r)
			r = session_checkpoint_delete(c->s, num, err);
	}
	return r;
}

/* ---- going there ------------------------------------------------------------------------------ */

/* A trace says that the guest was put back: what comes next may have come before. */
static void went_back(struct cli *c)
{
	const struct stop *st = session_last_stop(c->s);
	const struct stop gap = { .kind = RECORD_GAP, .gap = GAP_BACK, .lin = st->lin };

	c->runs++;
	if (c->trace) {
		trace_record(c->trace, &gap);
		trace_flush(c->trace);
	}
	view_forget(c);
	stop_show(c);
}

static int cmd_restart(struct cli *c, const char *args, struct err *err)
{
	u32 num = 0;
	int r = number_get(args, "restart", &num, err);

	output_flush(&c->out);
	if (!r)
		r = session_restart(c->s, num, err);
	if (!r)
		went_back(c);
	return r;
}

static int cmd_reverse_stepi(struct cli *c, const char *args, struct err *err)
{
	bool begin;
	u64 n;
	int r = count_get(c, args, &n, err);

	if (r)
		return r;
	output_flush(&c->out);
	if (term_interrupted())
		return -EINTR;
	term_run_begin(c->s, false);
	r = session_reverse_stepi(c->s, n, &begin, err);
	term_run_end();
	if (r == -EINTR)
		say(c, "The guest is where it was.\n");
	if (r)
		return r;
	if (begin)
		say(c, "No way back is kept from before this.\n");
	went_back(c);
	return 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_checkpoint[] = {
	{ "checkpoint", NULL, GROUP_RUN, ARG_NONE, CMD_NEEDS_GUEST, "checkpoint",
	  "Keep the state of the guest, to go back to it.",
	  "All of the guest: memory, CPU, interrupt controllers, timers, devices, and the number of the stop. "
	  "Memory that is as in an earlier checkpoint is shared with it. Points keep their hit counts. Engines "
	  "soft and kvm.",
	  "checkpoint", cmd_checkpoint, NULL },
	{ "restart", NULL, GROUP_RUN, ARG_WORD, CMD_NEEDS_GUEST | CMD_CHANGES, "restart N",
	  "Put the guest back to checkpoint N.",
	  "Also a guest that has ended. On engine soft it then goes the same way again. What it writes comes "
	  "again, and a --serial or --debugcon FILE is cut to what it had written then; input it was given since "
	  "is given to it again. A trace that is on gets a gap record that says so.",
	  NULL, cmd_restart, NULL },
	{ "reverse-stepi", "rsi", GROUP_RUN, ARG_COUNT, CMD_NEEDS_GUEST | CMD_CHANGES | CMD_REPEATS,
	  "reverse-stepi [COUNT]", "Go back one instruction.",
	  "To the boundary before, as stepi counts them: the guest is put back to a state kept on the way (set "
	  "record) and run again up to there. The stop is that run's, which its evidence says; text of the guest "
	  "and points do not count meanwhile. Engine soft repeats everything. Engine kvm cannot repeat interrupts, "
	  "time and input: it looks for the state it is at by stepping, and says so when it does not come by.",
	  "reverse-stepi", cmd_reverse_stepi, NULL },
	{ NULL },
};
