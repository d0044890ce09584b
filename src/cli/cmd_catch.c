/* cmd_catch.c - catch: points at events. */
#include <errno.h>
#include <string.h>
#include <vmstep/parse.h>

#include "cli.h"

static int catch_set(struct cli *c, struct upoint *proto, const char *name, const char *args,
		     struct err *err)
{
	char what[200];
	struct upoint *p;
	int r;

	snprintf(what, sizeof(what), "%s%s%s", name, *args ? " " : "", args);
	proto->type = UPOINT_CATCH;
	proto->enabled = true;
	proto->what = what;
	r = session_catch(c->s, proto, &p, err);
	if (!r) {
		c->last_point = p->num;
		point_show(c, p);
	}
	return r;
}

static int catch_plain(struct cli *c, u32 bit, const char *name, const char *args, struct err *err)
{
	if (*args)
		return err_set(err, EINVAL, "catch %s takes no argument", name);
	return catch_set(c, &(struct upoint){ .catches = bit }, name, args, err);
}

static int catch_icebp(struct cli *c, const char *args, struct err *err)
{
	return catch_plain(c, CATCH_ICEBP, "icebp", args, err);
}

static int catch_int3(struct cli *c, const char *args, struct err *err)
{
	return catch_plain(c, CATCH_INT3, "int3", args, err);
}

static int catch_hlt(struct cli *c, const char *args, struct err *err)
{
	return catch_plain(c, CATCH_HLT, "hlt", args, err);
}

static int catch_mmio(struct cli *c, const char *args, struct err *err)
{
	return catch_plain(c, CATCH_MMIO, "mmio", args, err);
}

static int catch_msr(struct cli *c, const char *args, struct err *err)
{
	return catch_plain(c, CATCH_MSR, "msr", args, err);
}

static int catch_cr(struct cli *c, const char *args, struct err *err)
{
	return catch_plain(c, CATCH_CR, "cr", args, err);
}

/* PORT, FIRST-LAST, or nothing for all. */
static int catch_io(struct cli *c, const char *args, struct err *err)
{
	struct upoint p = { .catches = CATCH_IO, .port_hi = 0xffff };
	u64 lo, hi;
	const char *end;

	if (*args) {
		int r = number_scan(args, &end, &lo);

		hi = lo;
		if (!r && *blanks_skip(end) == '-')
			r = number_scan(blanks_skip(blanks_skip(end) + 1), &end, &hi);
		if (r || *blanks_skip(end) || lo > hi || hi > 0xffff)
			return err_set(err, EINVAL,
				       "catch io: \"%s\" is no port and no range of ports, as in "
				       "0x3f8 or 0x60-0x64",
				       args);
		p.port_lo = lo;
		p.port_hi = hi;
	}
	return catch_set(c, &p, "io", args, err);
}

static int exception_number(const char *word, u64 *ret)
{
	return exception_find(word, ret) ? 0 : number_parse_range(word, "vector", 0, 31, ret, NULL);
}

static int catch_exception(struct cli *c, const char *args, struct err *err)
{
	struct upoint p = { .catches = CATCH_EXCEPTION };
	const char *rest = args;
	char word[32];
	u64 v;

	while (word_take(&rest, word, sizeof(word))) {
		if (exception_number(word, &v))
			return err_set(err, EINVAL,
				       "catch exception: \"%s\" is no exception, give a vector of "
				       "0 to 31 or a name such as #PF",
				       word);
		p.vectors |= BIT(v);
	}
	return catch_set(c, &p, "exception", args, err);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct command catches[] = {
	{ "io", NULL, GROUP_POINTS, ARG_WORD, 0, "catch io [PORT[-PORT]]", "Stop at port accesses.",
	  "Without PORT at all of them.", "catch io 0x3f8", catch_io, NULL },
	{ "mmio", NULL, GROUP_POINTS, ARG_NONE, 0, "catch mmio",
	  "Stop at accesses to addresses that are no memory.", "", "catch mmio", catch_mmio, NULL },
	{ "msr", NULL, GROUP_POINTS, ARG_NONE, 0, "catch msr", "Stop at RDMSR and WRMSR.", "", NULL,
	  catch_msr, NULL },
	{ "cr", NULL, GROUP_POINTS, ARG_NONE, 0, "catch cr",
	  "Stop at moves to and from control registers.", "", NULL, catch_cr, NULL },
	{ "exception", NULL, GROUP_POINTS, ARG_WORD, 0, "catch exception [VECTOR|NAME]...",
	  "Stop when an exception is delivered.",
	  "VECTOR is 0 to 31, NAME as in #PF; without one, all of them.", "catch exception #UD",
	  catch_exception, NULL },
	{ "hlt", NULL, GROUP_POINTS, ARG_NONE, 0, "catch hlt", "Stop at HLT.", "", "catch hlt",
	  catch_hlt, NULL },
	{ "icebp", NULL, GROUP_POINTS, ARG_NONE, 0, "catch icebp", "Stop at the guest's own ICEBP.",
	  "Without it continue delivers or drops the event as set icebp says and does not stop.",
	  "catch icebp", catch_icebp, NULL },
	{ "int3", NULL, GROUP_POINTS, ARG_NONE, 0, "catch int3", "Stop at the guest's own INT3.",
	  "", "catch int3", catch_int3, NULL },
	{ NULL },
};
const struct command commands_catch[] = {
	{ "catch", NULL, GROUP_POINTS, ARG_SUBCOMMAND, CMD_PREFIX, "catch EVENT",
	  "Stop at an event.", "help catch EVENT says more of each.", "catch hlt", NULL, catches },
	{ NULL },
};
