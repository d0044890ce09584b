/*
 * tail_call.c - functions that left by a jump, found from the call sites around (DWARF 5, "Call Site
 * Entries"); see tail_calls() in scope.h. The rules are gdb's: a way that cannot be told makes all of them
 * unknown, and of several ways only what they have in common is told.
 */
#include <string.h>
#include <vmstep/scope.h>
#include "call_site.h"
#include "private.h"

enum { CHAIN_MAX = 32, SITES_MAX = 64, WAYS_MAX = 2000 };

/* A tail call in a function. */
struct jump {
	u64 site;   /* its DIE */
	u64 pc;     /* link address behind it, or its own */
	bool at;    /* it is its own */
	u64 target; /* DIE of the function it goes to; 0: it does not say */
};

struct search {
	struct dwfile *f;
	const struct site_function *callee;
	struct jump chain[CHAIN_MAX], found[CHAIN_MAX];
	unsigned n, n_found;
	unsigned callers, callees; /* of found: how many all ways begin with, end with */
	unsigned ways;             /* tried */
	bool any, unknown, many;   /* many: nothing common */
};

/* ---- the tail calls of a function ------------------------------------------------------------ */

struct jumps {
	struct jump jump[SITES_MAX];
	unsigned n;
};

static enum dw_walk jump_take(void *arg, struct dwfile *f, Dwarf_Die die, u16 tag, unsigned depth)
{
	struct jumps *js = arg;
	struct jump j = { .site = dw_offset(die) };

	if ((tag == DW_TAG_call_site || tag == DW_TAG_GNU_call_site) && site_is_tail(die) &&
	    js->n < SITES_MAX) {
		if (!dw_addr(die, DW_AT_call_return_pc, &j.pc) && !dw_addr(die, DW_AT_low_pc, &j.pc))
			j.at = dw_addr(die, DW_AT_call_pc, &j.pc);
		if (!site_target(die, &j.target))
			j.target = 0;
		js->jump[js->n++] = j;
	}
	return tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine ? DW_INTO : DW_OVER;
}

static bool says_all(Dwarf_Die die)
{
	return dw_flag(die, DW_AT_call_all_calls) || dw_flag(die, DW_AT_call_all_tail_calls) ||
	       dw_flag(die, DW_AT_GNU_all_call_sites) || dw_flag(die, DW_AT_GNU_all_tail_call_sites);
}

/* The attribute may stand at the abstract function that this one is an instance of. */
static bool all_known(struct dwfile *f, Dwarf_Die die)
{
	Dwarf_Die origin = NULL;
	bool all = says_all(die);
	u64 to;

	if (!all && dw_ref(die, DW_AT_abstract_origin, &to))
		origin = dw_die(f, to);
	all = all || (origin && says_all(origin));
	dw_free(origin);
	return all;
}

static void jumps_of(struct dwfile *f, u64 function, struct jumps *ret)
{
	Dwarf_Die die = dw_die(f, function);

	ret->n = 0;
	if (die && all_known(f, die))
		dw_walk(f, die, jump_take, ret);
	dw_free(die);
}

/* ---- the ways -------------------------------------------------------------------------------- */

static bool is_on_the_way(const struct search *q, const struct jump *j)
{
	for (unsigned i = 0; i < q->n; i++)
		if (q->chain[i].site == j->site)
			return true;
	return false;
}

/* One more way from the caller to the callee: what it has in common with those before stays. */
static void way_take(struct search *q)
{
	unsigned common = 0;

	if (!q->any) {
		memcpy(q->found, q->chain, sizeof(q->found));
		q->n_found = q->callers = q->callees = q->n;
		q->any = true;
		return;
	}
	while (common < q->callers && common < q->n && q->found[common].site == q->chain[common].site)
		common++;
	q->callers = common;
	for (common = 0; common < q->callees && common < q->n &&
			 q->found[q->n_found - 1 - common].site == q->chain[q->n - 1 - common].site;)
		common++;
	q->callees = common;
	q->many = !q->callers && !q->callees;
}

/* The unit a function is in may be another one than its caller's. */
static u64 function_of(struct search *q, u64 target)
{
	struct dwunit *u = dw_unit_of(q->f, target);

	return u ? site_instance(q->f, u, target) : 0;
}

static void ways_from(struct search *q, u64 target)
{
	struct jumps js;
	u64 function;

	if (!target || ++q->ways > WAYS_MAX)
		q->unknown = true;
	if (q->unknown || q->many)
		return;
	if (site_is_function(q->callee, target)) {
		way_take(q);
		return;
	}
	function = function_of(q, target);
	if (function)
		jumps_of(q->f, function, &js);
	for (unsigned i = 0; function && i < js.n && q->n < CHAIN_MAX; i++) {
		if (is_on_the_way(q, &js.jump[i]))
			continue;
		q->chain[q->n++] = js.jump[i];
		ways_from(q, js.jump[i].target);
		q->n--;
	}
}

/* ---- what is told of them -------------------------------------------------------------------- */

static struct tail_call told(struct dwfile *f, const struct jump *j)
{
	u64 pc = dw_to_guest(f, j->at ? j->pc : j->pc - 1);

	return (struct tail_call){ .pc = j->at ? pc : pc + 1, .lookup = pc };
}

/* Innermost first: what all end with, then what all begin with. */
static unsigned tell(const struct search *q, struct tail_call *ret, unsigned max)
{
	unsigned n = 0, callees = q->callees, callers = q->callers;

	if (callers == q->n_found) /* one way */
		callees = 0;
	for (unsigned i = 0; i < callees && n < max; i++)
		ret[n++] = told(q->f, &q->found[q->n_found - 1 - i]);
	for (unsigned i = callers; i-- > 0 && n < max;)
		ret[n++] = told(q->f, &q->found[i]);
	for (unsigned i = 0; i < n; i++)
		if (!ret[i].lookup)
			return 0;
	return n;
}

unsigned tail_calls(struct symbols *s, u64 pc, u64 callee_pc, struct tail_call *ret, unsigned max)
{
	struct dwfile *f = s ? dw_file_at(s, pc) : NULL;
	struct site_function caller, callee;
	struct search q = { .f = f, .callee = &callee };
	struct dwunit *from = NULL, *to = NULL;
	u64 link, callee_link, target = 0;
	Dwarf_Die site;

	if (f && dw_to_link(f, pc, &link) && dw_to_link(f, callee_pc, &callee_link)) {
		from = dw_unit_at(f, link - 1);
		to = dw_unit_at(f, callee_link);
	}
	if (!from || !to)
		return 0;
	caller = site_function_at(f, from, link - 1);
	callee = site_function_at(f, to, callee_link);
	site = caller.die && callee.die ? dw_die(f, site_returning(f, caller.die, link)) : NULL;
	if (!site)
		return 0;
	if (site_target(site, &target) && !site_is_function(&callee, target))
		ways_from(&q, target);
	dw_free(site);
	return q.unknown || q.many || !q.any ? 0 : tell(&q, ret, max);
}
