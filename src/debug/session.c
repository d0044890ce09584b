/* session.c - life of a session: create, start, kill, replace the guest or the engine; see
 * session.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"

/* ---- the guest ------------------------------------------------------------------------------- */

static int make_start_stop(struct session *s, struct err *err)
{
	struct stop st = { .kind = RECORD_STOP,
			   .first = CAUSE_START,
			   .causes = CAUSE_BIT(CAUSE_START) };
	int rc = state_fill_stop(s, &st, err);

	if (rc)
		return rc;
	s->last = st;
	s->has_last = true;
	s->n_stops = 0;
	return 0;
}

static int load_machine(struct session *s, struct err *err)
{
	int rc = machine_create(&s->cfg.machine, &s->machine, err);

	return rc ?: machine_load(s->machine, &s->cfg.guest, err);
}

static int start_engine(struct session *s, struct err *err)
{
	struct engine *e = NULL;
	int rc = s->ops->create(s->machine, &e, err);

	if (rc)
		return rc;
	s->engine = e;
	s->points_dirty = true;
	return points_apply(s, err);
}

static void take_down(struct session *s)
{
	struct engine *e = s->engine;

	checkpoints_destroy(s);
	s->alive = false;
	s->engine = NULL; /* first: session_interrupt() may come at any time */
	if (e)
		e->ops->destroy(e);
	machine_destroy(s->machine);
	s->machine = NULL;
	s->has_last = false;
	s->pending_once = EVENT_AUTO;
	s->event_queued = false;
	s->frames.selected = 0;
	state_forget(s);
}

void note(struct session *s, const char *fmt, ...)
{
	char text[700];
	va_list ap;

	if (!s->note)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->note(s->note_arg, text);
}

static void checkpoints_tell(struct session *s)
{
	if (s->n_checkpoints)
		note(s, "The checkpoints are gone with the guest they were of.");
}

static const struct settings default_settings = {
	.icebp = EVENT_AUTO,
	.int3 = EVENT_AUTO,
	.skip = SKIP_CORRECTED,
	.mtf = true,
	.intercept_db = true,
	.intercept_bp = true,
	.batch = true,
	.tf_hygiene = true,
	.confirm = true,
	.pagination = true,
	.history_save = true,
};

int session_create(const struct session_config *cfg, struct session **ret, struct err *err)
{
	struct session *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_set(err, ENOMEM, "no memory for the session");
	s->settings = default_settings;
	s->exit_value = -1;
	s->next_point = 1;
	s->types = ctype_pool_create();
	rc = s->types ? config_copy(s, cfg, err)
		      : err_set(err, ENOMEM, "no memory for the session");
	if (!rc)
		rc = engine_choose(s, s->cfg.engine, err);
	if (!rc && ring_init(&s->ring, RING_SLOTS))
		rc = err_set(err, ENOMEM, "no memory for the session");
	if (!rc)
		rc = session_symbols_refresh(s, err);
	if (rc) {
		session_destroy(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void session_destroy(struct session *s)
{
	if (!s)
		return;
	take_down(s);
	points_destroy(s);
	values_destroy(s);
	frames_destroy(s);
	session_symbols_drop(s);
	if (s->ring.slot)
		ring_deinit(&s->ring);
	config_clear(s);
	free(s);
}

int session_start(struct session *s, struct err *err)
{
	int rc;

	if (!s->cfg.guest.path && !s->cfg.guest.hex)
		return err_set(err, ENOENT, "there is no guest; name one with file");
	rc = engine_check(s, err);
	if (rc)
		return rc;
	checkpoints_tell(s);
	take_down(s);
	rc = load_machine(s, err); /* first: a broken image is told once, by its loader */
	if (!rc)
		rc = session_symbols_refresh(s, err);
	if (!rc)
		rc = start_engine(s, err);
	if (!rc)
		rc = make_start_stop(s, err);
	if (rc) {
		take_down(s);
		return rc;
	}
	s->exit_value = -1;
	s->inline_hidden = 0;
	s->alive = true;
	points_forget_stop(s);
	points_refresh_values(s);
	points_at_start(s, &s->last);
	return 0;
}

int session_kill(struct session *s, struct err *err)
{
	if (!s->engine)
		return err_set(err, ESRCH, "the guest is not running");
	checkpoints_tell(s);
	take_down(s);
	return 0;
}

bool session_alive(const struct session *s)
{
	return s->alive;
}

bool session_has_guest(const struct session *s)
{
	return s->engine;
}

int session_set_guest(struct session *s, const struct guest_spec *spec, struct err *err)
{
	struct guest_spec old = s->cfg.guest;
	struct guest_spec new = *spec;
	char *old_modules[MODULES_MAX];
	int rc;

	memcpy(old_modules, s->modules, sizeof(old_modules));
	memset(s->modules, 0, sizeof(s->modules));
	if (new.modules == (const char *const *)s->modules) /* made from session_config() */
		new.modules = (const char *const *)old_modules;
	rc = config_copy_guest(s, &new, err);
	if (rc) { /* the old one stays */
		config_clear_guest(s);
		s->cfg.guest = old;
		memcpy(s->modules, old_modules, sizeof(old_modules));
		return rc;
	}
	config_free_guest(&old, old_modules);
	return session_symbols_refresh(s, err);
}

const struct session_config *session_config(const struct session *s)
{
	return &s->cfg;
}

struct machine *session_machine(struct session *s)
{
	return s->machine;
}

struct engine *session_engine(struct session *s)
{
	return s->engine;
}

const char *session_engine_name(const struct session *s)
{
	return s->ops ? s->ops->name : "none";
}

const char *session_engine_reason(const struct session *s)
{
	return s->engine_reason;
}

int session_set_engine(struct session *s, const char *name, struct err *err)
{
	const struct engine_ops *old = s->ops;
	char old_reason[sizeof(s->engine_reason)];
	int rc;

	memcpy(old_reason, s->engine_reason, sizeof(old_reason));
	rc = engine_choose(s, name, err);
	if (!rc)
		rc = engine_check(s, err);
	if (rc) {
		s->ops = old;
		memcpy(s->engine_reason, old_reason, sizeof(old_reason));
		return rc;
	}
	return s->engine ? session_start(s, err) : 0;
}

struct settings *session_settings(struct session *s)
{
	return &s->settings;
}

void session_set_watcher(struct session *s, const struct session_watcher *w)
{
	s->watcher = w ? *w : (struct session_watcher){ 0 };
}

void session_set_note(struct session *s, session_note_fn *fn, void *arg)
{
	s->note = fn;
	s->note_arg = arg;
}

void session_interrupt(struct session *s)
{
	struct engine *e = s->engine;

	if (e)
		e->ops->interrupt(e);
}

const struct stop *session_last_stop(const struct session *s)
{
	return s->has_last ? &s->last : NULL;
}

unsigned session_inline_hidden(const struct session *s)
{
	return s->inline_hidden;
}

int session_exit_value(const struct session *s)
{
	return s->exit_value;
}
