/*
 * type_questions.h - every question about a file's types, variables, their places, calls and macros, for the
 * fuzzers and the sweep of damage.
 */
#ifndef FUZZ_TYPE_QUESTIONS_H
#define FUZZ_TYPE_QUESTIONS_H

#include <errno.h>
#include <vmstep/macro.h>
#include <vmstep/scope.h>
#include "symbols.h"

static int reg(void *arg, unsigned number, u64 *ret, struct err *err)
{
	*ret = 0x1000 + number * 16;
	return number < 17 ? 0 : err_set(err, ENODATA, "no such register");
}

static int memory(void *arg, u64 addr, void *buf, size_t n, struct err *err)
{
	memset(buf, (int)addr, n);
	return addr < 1 << 24 ? 0 : err_set(err, EFAULT, "no memory there");
}

static int cfa(void *arg, u64 *ret, struct err *err)
{
	*ret = 0x8000;
	return 0;
}

static const struct location_ops ops = { .reg = reg, .memory = memory, .cfa = cfa, .entry_reg = reg };

static void type_ask(const struct ctype *t)
{
	struct strbuf out;
	u64 offset;

	if (!t)
		return;
	strbuf_init(&out);
	ctype_name(t, &out);
	ctype_declare(t, "x", &out);
	ctype_describe(t, false, &out, NULL);
	ctype_describe(t, true, &out, NULL);
	ctype_size(t);
	ctype_same(t, ctype_strip(t));
	ctype_member(ctype_strip(t), "next", 4, &offset);
	strbuf_deinit(&out);
}

struct asked {
	struct symbols *s;
	u64 pc;
	unsigned n;
};

static bool type_name(void *arg, const struct source_name *n)
{
	struct asked *a = arg;

	for (int space = CTYPES_TYPEDEF; space <= CTYPES_ENUM; space++)
		type_ask(ctype_find(a->s, true, a->pc, space, n->name));
	return ++a->n < 60;
}

static void variable_ask(struct asked *a, const struct variable *v)
{
	struct place place;
	struct strbuf out;
	u64 n;

	strbuf_init(&out);
	type_ask(v->type);
	variable_place(v, a->pc, &ops, &place, NULL);
	variable_count(v, a->pc, &ops, &n);
	variable_static(v, &n);
	variable_describe(v, a->pc, &out, NULL);
	strbuf_deinit(&out);
}

static bool variable_each(void *arg, const struct scope_block *block, const struct variable *v)
{
	struct asked *a = arg;

	variable_ask(a, v);
	return ++a->n < 40;
}

static bool variable_name(void *arg, const struct source_name *n)
{
	struct asked *a = arg;
	struct scope_at at = { true, a->pc, SCOPE_INNERMOST };
	struct variable v;

	if (variable_find(a->s, &at, n->name, &v))
		variable_ask(a, &v);
	return ++a->n < 40;
}

static bool macro_each_one(void *arg, const struct macro *m)
{
	struct macro_place place[MACRO_NESTING];
	struct macro_scope *at = arg;
	struct strbuf out;

	strbuf_init(&out);
	strbuf_addf(&out, "%.*s(1, x) + %.*s", (int)m->n_name, m->name, (int)m->n_name, m->name);
	macro_expand(at, strbuf_str(&out), &out, NULL);
	macro_places(at, m, place);
	strbuf_deinit(&out);
	return ++at->line < 100; /* how many so far; the scope itself is found already */
}

static void macros_ask(struct symbols *s, u64 pc)
{
	struct macro_place place[MACRO_NESTING];
	struct macro_scope at;
	struct source_line line;
	struct macro m;

	if (!source_line_at(s, pc, &line) || !macro_scope_at(s, pc, line.file, line.line, &at))
		return;
	macro_find(&at, "LIMIT", 5, &m);
	macro_scope_places(&at, place);
	at.line = 0;
	macro_each(&at, true, NULL, macro_each_one, &at);
}

static void place_ask(struct symbols *s, u64 pc)
{
	struct scope_at at = { true, pc, SCOPE_INNERMOST };
	struct asked a = { s, pc, 0 };
	struct tail_call tail[8];
	u64 v;

	tail_calls(s, pc, pc - 60, tail, ARRAY_SIZE(tail));
	scope_keeps_registers(s, pc);
	scope_each(s, &at, variable_each, &a, NULL);
	for (unsigned r = 0; r < 8; r++)
		call_site_value(s, pc, pc - 40, r, &ops, &v, NULL);
}

static void fuzz_types(struct symbols *s)
{
	struct asked a = { .s = s, .pc = fuzz_code(s) + 20 };

	source_names_each(s, SOURCE_TYPE, "", false, type_name, &a);
	a.n = 0;
	source_names_each(s, SOURCE_VARIABLE, "", false, variable_name, &a);
	for (u64 i = 0; i < 48; i++)
		place_ask(s, fuzz_code(s) + i * 5);
	for (u64 i = 0; i < 4; i++)
		macros_ask(s, fuzz_code(s) + i * 60);
	ctype_pointer_size(s);
}

#endif
