/* point_create.c - a new point of each kind, checked before it has a number; see session.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/location.h>
#include "private.h"

/* What a catch costs that the engine cannot do while the guest runs free. */
static const char stepping_cost[] =
	"continue single-steps to find it: some thousand times slower than running free";

static int check_watch(struct session *s, const struct upoint *p, struct err *err)
{
	u64 value;

	if (p->len != 1 && p->len != 2 && p->len != 4 && p->len != 8)
		return err_set(
			err, EINVAL,
			"cannot watch %u bytes: a watchpoint has 1, 2, 4 or 8; give a size as in *(u32*)0x%llx",
			p->len, (unsigned long long)p->addr);
	return s->engine ? state_read_uint(s, p->addr, p->len, &value, err) : 0;
}

int point_create(enum upoint_type type, const char *what, bool temporary, struct upoint **ret,
		 struct err *err)
{
	struct upoint *p = calloc(1, sizeof(*p));

	if (!p || !(p->what = strdup(what ?: ""))) {
		point_free(p);
		return err_set(err, ENOMEM, "no memory for the point");
	}
	p->type = type;
	p->temporary = temporary;
	*ret = p;
	return 0;
}

int session_break_at(struct session *s, enum upoint_type type, const char *what,
		     const struct location *at, size_t n, bool exact, bool temporary,
		     const char *condition, struct upoint **ret, struct err *err)
{
	struct upoint *p;
	int rc = point_create(type, what, temporary, &p, err);

	if (rc)
		return rc;
	p->len = 1;
	p->exact = exact;
	rc = places_set(p, at, n, err);
	if (!rc && condition)
		rc = point_compile(s, p, condition, err);
	if (rc) {
		point_free(p);
		return rc;
	}
	return point_enter(s, p, ret, err);
}

int session_break(struct session *s, enum upoint_type type, const char *what, u64 addr, u8 len,
		  bool temporary, const char *condition, struct upoint **ret, struct err *err)
{
	struct upoint *p;
	int rc;

	if (type == UPOINT_BREAK || type == UPOINT_HBREAK) {
		struct location l;

		location_of_address(s, addr, &l);
		return session_break_at(s, type, what, &l, 1, !what || !*what || *what == '*',
					temporary, condition, ret, err);
	}
	rc = point_create(type, what, temporary, &p, err);
	if (rc)
		return rc;
	p->addr = addr;
	p->len = len;
	if (point_is_watch(p))
		rc = check_watch(s, p, err);
	if (!rc && condition)
		rc = point_compile(s, p, condition, err);
	if (rc) {
		point_free(p);
		return rc;
	}
	if (point_is_watch(p))
		watch_read(s, p, &p->old_value);
	return point_enter(s, p, ret, err);
}

int session_catch(struct session *s, const struct upoint *proto, struct upoint **ret,
		  struct err *err)
{
	struct upoint *p;
	int rc = 0;

	if (!proto->catches || (proto->catches & ~CATCH_ALL))
		return err_set(
			err, EINVAL,
			"nothing to catch; say one of io, mmio, msr, cr, exception, hlt, icebp, int3");
	p = calloc(1, sizeof(*p));
	if (!p || !(p->what = strdup(proto->what ?: ""))) {
		point_free(p);
		return err_set(err, ENOMEM, "no memory for the catchpoint");
	}
	p->type = UPOINT_CATCH;
	p->temporary = proto->temporary;
	p->catches = proto->catches;
	p->vectors = proto->vectors;
	p->port_lo = proto->port_lo;
	p->port_hi = proto->port_hi;
	p->ignore = proto->ignore;
	if (s->ops && (p->catches & ~s->ops->catches)) {
		p->got = POINT_HOW_ADDRESS;
		p->cost = stepping_cost;
	}
	if (proto->condition)
		rc = point_compile(s, p, proto->condition, err);
	if (rc) {
		point_free(p);
		return rc;
	}
	return point_enter(s, p, ret, err);
}
