/* call_site.c - what a caller passed, from its call sites (DWARF 5, "Call Site Entries"; the GNU ones
 * before it are alike). */
#include <errno.h>
#include "call_site.h"
#include "location.h"

struct search {
	u64 link;      /* behind the call; 0: any tail call... */
	u64 to;        /* ...to this function: its DIE, and its abstract one */
	u64 to_origin;
	u64 die;       /* the call site; 0: not found */
	unsigned n;    /* how many there are */
};

static bool returns_to(Dwarf_Die die, u64 link)
{
	u64 pc;

	return (dw_addr(die, DW_AT_call_return_pc, &pc) || dw_addr(die, DW_AT_low_pc, &pc)) &&
	       pc == link;
}

bool site_target(Dwarf_Die die, u64 *ret)
{
	return dw_ref(die, DW_AT_call_origin, ret) || dw_ref(die, DW_AT_abstract_origin, ret);
}

bool site_is_tail(Dwarf_Die die)
{
	return dw_flag(die, DW_AT_call_tail_call) || dw_flag(die, DW_AT_GNU_tail_call);
}

static bool matches(const struct search *q, Dwarf_Die die)
{
	u64 to;

	if (q->link)
		return returns_to(die, q->link);
	return site_is_tail(die) && site_target(die, &to) && (to == q->to || to == q->to_origin);
}

static enum dw_walk look(void *arg, struct dwfile *f, Dwarf_Die die, u16 tag, unsigned depth)
{
	struct search *q = arg;

	if ((tag == DW_TAG_call_site || tag == DW_TAG_GNU_call_site) && matches(q, die)) {
		q->die = dw_offset(die);
		q->n++;
	}
	return tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine ? DW_INTO : DW_OVER;
}

/* Whether the parameter is the register: DW_AT_location is DW_OP_regN. */
static bool is_register(struct dwfile *f, struct dwunit *u, Dwarf_Die die, unsigned reg)
{
	struct location_list list;
	bool ok;

	if (location_read(f, u, die, DW_AT_location, &list, NULL))
		return false;
	ok = list.n == 1 && list.expr[0].n == 1 && list.expr[0].op[0].atom == DW_OP_reg0 + reg &&
	     reg < 32;
	location_list_free(&list);
	return ok;
}

static int parameter_value(const struct location_env *env, Dwarf_Die site, unsigned reg, u64 *ret,
			   struct err *err)
{
	struct location_list list;
	int rc = -ENODATA;

	for (Dwarf_Die d = dw_child(env->file, site); d; d = dw_next(env->file, d)) {
		if (rc != -ENODATA || !is_register(env->file, env->unit, d, reg))
			continue;
		if (location_read(env->file, env->unit, d, DW_AT_call_value, &list, NULL) &&
		    location_read(env->file, env->unit, d, DW_AT_GNU_call_site_value, &list, NULL))
			continue;
		rc = list.n ? location_compute(env, &list.expr[0], false, 0, ret, err) : -ENODATA;
		location_list_free(&list);
	}
	return rc;
}

/* The function around, whose frame base the parameter's value may use. */
static u32 function_block(struct dwfile *f, struct dwunit *u, u64 link)
{
	u32 b = dw_block_at(f, u, link);

	while (b != DW_NONE && u->block[b].tag != DW_TAG_subprogram)
		b = u->block[b].parent;
	return b;
}

struct site_function site_function_at(struct dwfile *f, struct dwunit *u, u64 link)
{
	struct site_function ret = { 0 };
	u32 b;

	dw_blocks(f, u);
	b = function_block(f, u, link);
	if (b != DW_NONE)
		ret = (struct site_function){ u->block[b].die, u->block[b].origin };
	return ret;
}

bool site_is_function(const struct site_function *fn, u64 die)
{
	return die && (die == fn->die || die == fn->origin);
}

u64 site_instance(struct dwfile *f, struct dwunit *u, u64 die)
{
	dw_blocks(f, u);
	for (u32 i = 0; i < u->n_blocks; i++)
		if (u->block[i].tag == DW_TAG_subprogram &&
		    (u->block[i].die == die || u->block[i].origin == die))
			return u->block[i].die;
	return 0;
}

static void search_in(struct dwfile *f, u64 function, struct search *q)
{
	Dwarf_Die die = function ? dw_die(f, function) : NULL;

	if (die)
		dw_walk(f, die, look, q);
	dw_free(die);
}

u64 site_returning(struct dwfile *f, u64 function, u64 link)
{
	struct search q = { .link = link };

	search_in(f, function, &q);
	return q.die;
}

/*
 * The call that leads to `callee`: the one that returns to q->link, or, where that is of another
 * function, the only tail call of that one to the callee. *ret_tail: nothing is known of the
 * registers there.
 */
static u64 call_of(struct dwfile *f, struct dwunit *u, struct search *q,
		   const struct site_function *callee, bool *ret_tail)
{
	struct search tail = { .to = callee->die, .to_origin = callee->origin };
	Dwarf_Die die = q->die ? dw_die(f, q->die) : NULL;
	u64 to = 0;
	bool known = die && site_target(die, &to);

	dw_free(die);
	*ret_tail = false;
	if (!q->die || (known && site_is_function(callee, to)))
		return q->die;
	if (!known) /* through a pointer: to whomever it is */
		return q->die;
	search_in(f, site_instance(f, u, to), &tail);
	*ret_tail = true;
	return tail.n == 1 ? tail.die : 0;
}

int call_site_value(struct symbols *s, u64 pc, u64 callee_pc, unsigned reg,
		    const struct location_ops *ops, u64 *ret, struct err *err)
{
	static const struct location_ops nothing;
	struct location_env env = { .ops = ops };
	struct site_function caller, callee;
	struct search q = { 0 };
	Dwarf_Die site = NULL;
	bool tail = false;
	u64 link;
	int rc = -ENODATA;

	env.file = s ? dw_file_at(s, pc) : NULL;
	if (env.file && dw_to_link(env.file, pc, &q.link))
		env.unit = dw_unit_at(env.file, q.link - 1);
	if (env.unit && dw_to_link(env.file, callee_pc, &link) &&
	    dw_unit_at(env.file, link) == env.unit) {
		caller = site_function_at(env.file, env.unit, q.link - 1);
		callee = site_function_at(env.file, env.unit, link);
		search_in(env.file, caller.die, &q);
		site = dw_die(env.file, call_of(env.file, env.unit, &q, &callee, &tail));
		env.pc = q.link - 1;
		env.address_size = env.unit->address_size;
		env.function = caller.die;
		if (tail)
			env.ops = &nothing;
	}
	if (site)
		rc = parameter_value(&env, site, reg, ret, err);
	dw_free(site);
	return rc == -ENODATA ? err_set(err, ENODATA, "the caller does not say what it passed") : rc;
}
