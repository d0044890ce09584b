/* checkpoint.c - the states the user keeps; see checkpoint.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/checkpoint.h>
#include "private.h"

struct kept_state {
	u32 num;
	struct saved *v;
	struct history way; /* that led there */
};

static int no_guest(struct err *err)
{
	return err_set(err, ESRCH, "the guest is not running; start it with run or start");
}

static struct kept_state *find(const struct session *s, u32 num)
{
	for (size_t i = 0; i < s->n_checkpoints; i++)
		if (s->checkpoint[i].num == num)
			return &s->checkpoint[i];
	return NULL;
}

static int unknown(u32 num, struct err *err)
{
	return err_set(err, ENOENT, "there is no checkpoint %u, see info checkpoints", num);
}

/* One more slot. */
static int room(struct session *s, struct err *err)
{
	struct kept_state *more = realloc(s->checkpoint, (s->n_checkpoints + 1) * sizeof(*more));

	if (!more)
		return err_set(err, ENOMEM, "no memory for one more checkpoint");
	s->checkpoint = more;
	return 0;
}

/* The newest state shares the most with it. */
static const struct saved *base_of(const struct session *s)
{
	if (s->way.n)
		return s->way.state[s->way.n - 1];
	return s->n_checkpoints ? s->checkpoint[s->n_checkpoints - 1].v : NULL;
}

int session_checkpoint(struct session *s, u32 *ret_num, struct err *err)
{
	struct kept_state *k;
	struct saved *v;
	int rc = s->engine ? room(s, err) : no_guest(err);

	if (!rc)
		rc = saved_take(s, base_of(s), s->last.pending, &v, err);
	if (rc)
		return rc;
	k = &s->checkpoint[s->n_checkpoints];
	*k = (struct kept_state){ .num = s->next_checkpoint + 1, .v = v };
	if (s->way.changed) /* the stop's registers are those from before */
		state_fill_stop(s, &v->last, NULL);
	if (s->settings.record && !s->way.off) {
		history_keep(&s->way, v, s->way.changed);
		s->way.changed = false;
	}
	rc = history_copy(&k->way, &s->way, err);
	if (rc) {
		saved_unref(v);
		return rc;
	}
	s->n_checkpoints++;
	*ret_num = s->next_checkpoint = k->num;
	return 0;
}

int session_restart(struct session *s, u32 num, struct err *err)
{
	struct kept_state *k = find(s, num);
	struct history way;
	int rc = k ? history_copy(&way, &k->way, err) : unknown(num, err);

	if (rc)
		return rc;
	history_clear(&s->way);
	s->way = way;
	rc = saved_put_back(s, k->v, err);
	s->way.next = k->v->at.position;
	points_forget_stop(s);
	return rc;
}

static void kept_drop(struct kept_state *k)
{
	history_clear(&k->way);
	saved_unref(k->v);
}

int session_checkpoint_delete(struct session *s, u32 num, struct err *err)
{
	struct kept_state *k = find(s, num);

	if (!k)
		return unknown(num, err);
	kept_drop(k);
	s->n_checkpoints--;
	memmove(k, k + 1, (size_t)(s->checkpoint + s->n_checkpoints - k) * sizeof(*k));
	return 0;
}

size_t session_checkpoints(const struct session *s)
{
	return s->n_checkpoints;
}

struct checkpoint session_checkpoint_at(const struct session *s, size_t i)
{
	const struct kept_state *k = &s->checkpoint[i];
	struct checkpoint c = { .num = k->num, .stop = &k->v->last };

	machine_saved_size(k->v->machine, &c.bytes, &c.own);
	return c;
}

void checkpoints_destroy(struct session *s)
{
	for (size_t i = 0; i < s->n_checkpoints; i++)
		kept_drop(&s->checkpoint[i]);
	free(s->checkpoint);
	s->checkpoint = NULL;
	s->n_checkpoints = 0;
	s->next_checkpoint = 0;
	history_clear(&s->way);
}
