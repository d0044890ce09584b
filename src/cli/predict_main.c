/* predict_main.c - the subcommand predict: a whole guest, each stop held against its prediction. */
#include <inttypes.h>
#include <string.h>
#include <vmstep/teach.h>

#include "session_main.h"
#include "term.h"

struct predicting {
	const struct options *opt;
	struct output *out;
	struct session *s;
	struct checker *checker;
	struct strbuf text;
};

static void json_string(struct strbuf *out, const char *name, const char *text)
{
	strbuf_addf(out, ",\"%s\":\"", name);
	strbuf_addjson(out, text, strlen(text));
	strbuf_addc(out, '"');
}

static void json_put(struct predicting *p, const struct stop *st, const struct check *k)
{
	static const char *const results[] = { "none", "same", "differs", "open" };

	strbuf_addf(&p->text, "{\"n\":%" PRIu64 ",\"lin\":\"0x%" PRIx64 "\",\"result\":\"%s\"", st->n, st->lin,
		    results[k->result]);
	if (k->result == CHECK_OPEN)
		json_string(&p->text, "open", k->open);
	if (k->result == CHECK_SAME || k->result == CHECK_DIFFERS) {
		json_string(&p->text, "predicted", k->predicted);
		json_string(&p->text, "was", k->was);
	}
	strbuf_adds(&p->text, "}\n");
}

static void text_put(struct predicting *p, const struct stop *st, const struct check *k)
{
	const struct stop_style style = { .color = p->out->color };

	if (p->opt->quiet && k->result != CHECK_DIFFERS)
		return;
	stop_line(p->s, st, &style, &p->text);
	if (k->result == CHECK_OPEN)
		strbuf_addf(&p->text, "\n      not predicted: it depends on %s", k->open);
	strbuf_addc(&p->text, '\n');
	checker_tell(p->checker, &p->text);
}

static void flush(struct predicting *p)
{
	output_add(p->out, strbuf_str(&p->text), p->text.n);
	output_flush(p->out);
	strbuf_reset(&p->text);
}

static bool each(void *arg, const struct stop *st)
{
	struct predicting *p = arg;
	const struct check *k = checker_last(p->checker);

	if (st->kind == RECORD_GAP)
		return true;
	if (p->opt->json)
		json_put(p, st, k);
	else
		text_put(p, st, k);
	flush(p);
	return !p->out->broken && !*term_signal();
}

static void total_put(struct predicting *p)
{
	const struct check_total *t = checker_total(p->checker);

	strbuf_addf(&p->text,
		    p->opt->json ? "{\"total\":%" PRIu64 ",\"checked\":%" PRIu64 ",\"differences\":%" PRIu64
				   ",\"open\":%" PRIu64 "}\n"
				 : "total %" PRIu64 " stops: %" PRIu64 " checked, %" PRIu64
				   " differ, %" PRIu64 " could not be predicted\n",
		    t->checked + t->open, t->checked, t->differences, t->open);
	flush(p);
}

static int status_of(struct predicting *p)
{
	const struct stop *last = session_last_stop(p->s);

	if (*term_signal())
		return 128 + *term_signal();
	if (checker_total(p->checker)->differences)
		return STATUS_COMMAND;
	return last->causes & (CAUSE_BIT(CAUSE_SHUTDOWN) | CAUSE_BIT(CAUSE_ERROR)) ? STATUS_DIED : STATUS_OK;
}

static int guest_predict(struct predicting *p, struct err *err)
{
	int r;

	term_run_begin(p->s, false);
	r = session_start(p->s, err);
	if (r) {
		term_run_end();
		return start_failed_status(p->s);
	}
	r = checker_create(p->s, false, &p->checker, err);
	if (!r)
		r = session_trace(p->s, p->opt->steps, false, each, p, err);
	term_run_end();
	if (!r)
		total_put(p);
	r = r ? STATUS_COMMAND : status_of(p);
	checker_destroy(p->checker);
	return r;
}

int predict_command(const struct options *opt, struct output *out)
{
	struct session_config cfg = opt->cfg;
	struct predicting p = { .opt = opt, .out = out };
	struct err err = { 0 };
	int status;

	cfg.machine.write = guest_drop;
	cfg.machine.write_arg = out;
	if (session_create(&cfg, &p.s, &err)) {
		output_error(out, true, err.text);
		return STATUS_ENGINE;
	}
	session_set_note(p.s, note_tell, out);
	strbuf_init(&p.text);
	status = guest_predict(&p, &err);
	if (err.text[0])
		output_error(out, true, err.text);
	strbuf_deinit(&p.text);
	session_destroy(p.s);
	return status;
}
