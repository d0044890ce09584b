/* call_site.c - what a caller passed, from its call sites (DWARF 5, "Call Site Entries"; the GNU ones
 * before it are alike). */
#include <errno.h>
#include "location.h"

struct search {
	u64 link; /* behind the call */
	unsigned reg;
	u64 die;  /* the call site; 0: not found */
};

static bool returns_to(Dwarf_Die die, u64 link)
{
	u64 pc;

	return (dw_addr(die, DW_AT_call_return_pc, &pc) || dw_addr(die, DW_AT_low_pc, &pc)) &&
	       pc == link;
}

static enum dw_walk look(void *arg, struct dwfile *f, Dwarf_Die die, u16 tag, unsigned depth)
{
	struct search *q = arg;

	if ((tag == DW_TAG_call_site || tag == DW_TAG_GNU_call_site) && returns_to(die, q->link)) {
		q->die = dw_offset(die);
		return DW_STOP;
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

int call_site_value(struct symbols *s, u64 pc, unsigned reg, const struct location_ops *ops, u64 *ret,
		    struct err *err)
{
	struct location_env env = { .ops = ops };
	struct search q = { .reg = reg };
	Dwarf_Die die = NULL;
	u32 b = DW_NONE;
	int rc = -ENODATA;

	env.file = s ? dw_file_at(s, pc) : NULL;
	if (env.file && dw_to_link(env.file, pc, &q.link))
		env.unit = dw_unit_at(env.file, q.link - 1);
	if (env.unit) {
		dw_blocks(env.file, env.unit);
		b = function_block(env.file, env.unit, q.link - 1);
	}
	if (b != DW_NONE) {
		env.pc = q.link - 1;
		env.address_size = env.unit->address_size;
		env.function = env.unit->block[b].die;
		die = dw_die(env.file, env.function);
	}
	if (die)
		dw_walk(env.file, die, look, &q);
	dw_free(die);
	die = q.die ? dw_die(env.file, q.die) : NULL;
	if (die)
		rc = parameter_value(&env, die, reg, ret, err);
	dw_free(die);
	return rc == -ENODATA ? err_set(err, ENODATA, "the caller does not say what it passed") : rc;
}
