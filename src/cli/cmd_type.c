/* cmd_type.c - whatis and ptype: types of expressions and by name. */
#include <errno.h>
#include <string.h>

#include "cli.h"

/* "/o" and the like; only o means something here. */
static int flags_take(const char **args, bool *ret_offsets, struct err *err)
{
	const char *p = *args;

	*ret_offsets = false;
	if (*p != '/')
		return 0;
	for (p++; *p && *p != ' ' && *p != '\t'; p++) {
		/* Methods, typedefs and templates of classes: C has none to leave out. */
		if (!strchr("omtrd", *p))
			return err_set(err, EINVAL, "\"%c\" is no flag here, only /o (offsets) is",
				       *p);
		*ret_offsets |= *p == 'o';
	}
	*args = blanks_skip(p);
	return 0;
}

/* The type that the text names, else that of the expression it is. */
static int type_get(struct cli *c, const char *text, const struct ctype **ret, bool *ret_named,
		    struct err *err)
{
	struct err why = { 0 };
	struct value v;
	int r;

	*ret_named = true;
	r = *text ? expr_ctype(c->s, text, ret, &why) : -EINVAL;
	if (!r)
		return 0;
	/* "struct nosuch" is told as that. */
	if (!strncmp(text, "struct ", 7) || !strncmp(text, "union ", 6) ||
	    !strncmp(text, "enum ", 5)) {
		if (err)
			*err = why;
		return r;
	}
	*ret_named = false;
	r = expr_value_type(c->s, *text ? text : "$", &v, err);
	if (!r)
		*ret = v.is_void ? ctype_builtin("void") : value_type(c->s, &v);
	return r;
}

/* "[/FLAGS] TYPE-OR-EXPR" */
static int type_ask(struct cli *c, const char *args, const struct ctype **ret, bool *ret_named,
		    bool *ret_offsets, struct err *err)
{
	int r = flags_take(&args, ret_offsets, err);

	return r ?: type_get(c, args, ret, ret_named, err);
}

static int cmd_whatis(struct cli *c, const char *args, struct err *err)
{
	const struct ctype *t;
	struct strbuf out;
	bool named, offsets;
	int r = type_ask(c, args, &t, &named, &offsets, err);

	if (r)
		return r;
	/* Of a typedef's name what it stands for, one level of it. */
	if (named && t->kind == CTYPE_TYPEDEF)
		t = t->target;
	strbuf_init(&out);
	strbuf_adds(&out, "type = ");
	ctype_name(t, &out);
	strbuf_addc(&out, '\n');
	say_buf(c, &out);
	strbuf_deinit(&out);
	return 0;
}

static int cmd_ptype(struct cli *c, const char *args, struct err *err)
{
	const struct ctype *t;
	struct strbuf out;
	bool named, offsets;
	int r = type_ask(c, args, &t, &named, &offsets, err);

	if (r)
		return r;
	strbuf_init(&out);
	if (offsets && (t->kind == CTYPE_STRUCT || t->kind == CTYPE_UNION))
		strbuf_adds(&out, "/* offset      |    size */  ");
	strbuf_adds(&out, "type = ");
	r = ctype_describe(t, offsets, &out, err);
	strbuf_addc(&out, '\n');
	say_buf(c, &out);
	strbuf_deinit(&out);
	return r;
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_type[] = {
	{ "whatis", NULL, GROUP_DATA, ARG_EXPR, 0, "whatis EXPR|TYPE",
	  "The type of an expression, by its name.",
	  "Nothing is read from the guest, which need not run. Of the name of a typedef what it "
	  "stands for is shown.",
	  "whatis 1 + 1", cmd_whatis, NULL },
	{ "ptype", "pt", GROUP_DATA, ARG_EXPR, 0, "ptype[/o] EXPR|TYPE",
	  "The type of an expression in full.",
	  "Structures, unions and enums are shown with what is in them, typedefs as what they stand "
	  "for. With /o members have their offsets and sizes, and holes are marked.",
	  "ptype unsigned long", cmd_ptype, NULL },
	{ NULL },
};
