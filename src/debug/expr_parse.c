/*
 * expr_parse.c - text to a tree, by recursive descent with one table of binary operators; see expr.h.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmstep/parse.h>
#include "expr.h"

struct parser {
	struct session *s;
	const char *text, *p;
	struct expr *e;
	struct err *err;
	unsigned depth;
	bool no_colon;      /* between ? and : a colon is not seg:off's */
};

static int bad(struct parser *ps, const char *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int bad(struct parser *ps, const char *at, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(ps->err, EINVAL, "column %zu: %s", (size_t)(at - ps->text) + 1, text);
}

static void blanks(struct parser *ps)
{
	while (*ps->p == ' ' || *ps->p == '\t')
		ps->p++;
}

static bool is_name_start(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* What stands at `at`, for a sentence: a word or one character. */
static const char *token_text(const char *at, char *buf, size_t size)
{
	size_t n = 0;

	while (is_name(at[n]) || (!n && at[n] == '$'))
		n++;
	if (!n)
		n = 1;
	snprintf(buf, size, "%.*s", (int)(n < size ? n : size - 1), at);
	return buf;
}

static int unexpected(struct parser *ps, const char *wanted)
{
	char word[60];

	if (!*ps->p)
		return bad(ps, ps->p, "%s was expected, but the text ends here", wanted);
	return bad(ps, ps->p, "%s was expected, not \"%s\"", wanted, token_text(ps->p, word, sizeof(word)));
}

/* ---- nodes --------------------------------------------------------------------------------------- */

static int node_new(struct parser *ps, enum node_op op, const char *at, u32 *ret)
{
	struct expr *e = ps->e;

	if (e->n == EXPR_NODES_MAX)
		return bad(ps, at, "the expression is too long");
	if (e->n == e->cap) {
		u32 cap = e->cap ? e->cap * 2 : 8;
		struct node *p = realloc(e->node, cap * sizeof(*p));

		if (!p)
			return err_set(ps->err, ENOMEM, "no memory for the expression");
		e->node = p;
		e->cap = cap;
	}
	e->node[e->n] = (struct node){ .op = op, .column = at - ps->text + 1 };
	*ret = e->n++;
	return 0;
}

static int node_args(struct parser *ps, enum node_op op, const char *at, u32 a, u32 b, u32 *ret)
{
	int rc = node_new(ps, op, at, ret);

	if (!rc) {
		ps->e->node[*ret].arg[0] = a;
		ps->e->node[*ret].arg[1] = b;
	}
	return rc;
}

static int node_const(struct parser *ps, const char *at, u64 bits, u8 size, bool is_signed, u32 *ret)
{
	int rc = node_new(ps, NODE_CONST, at, ret);

	if (!rc) {
		ps->e->node[*ret].bits = bits;
		ps->e->node[*ret].type = (struct type){ .size = size, .is_signed = is_signed };
	}
	return rc;
}

/* ---- types --------------------------------------------------------------------------------------- */

/* clang-format off */
#define TYPE(n, bytes, sign) { n, { .size = bytes, .is_signed = sign } }
static const struct {
	const char *name;
	struct type type;
} named_types[] = {
	TYPE("u8", 1, false), TYPE("u16", 2, false), TYPE("u32", 4, false),
	TYPE("u64", 8, false), TYPE("s8", 1, true), TYPE("s16", 2, true), TYPE("s32", 4, true),
	TYPE("s64", 8, true), TYPE("uint8_t", 1, false), TYPE("uint16_t", 2, false),
	TYPE("uint32_t", 4, false), TYPE("uint64_t", 8, false), TYPE("int8_t", 1, true),
	TYPE("int16_t", 2, true), TYPE("int32_t", 4, true), TYPE("int64_t", 8, true),
	TYPE("size_t", 8, false), TYPE("uintptr_t", 8, false), TYPE("bool", 1, false),
	{ "void", { .is_void = true } },
};
#undef TYPE
/* clang-format on */

static bool word_is(const char *p, const char *word)
{
	size_t n = strlen(word);

	return !strncmp(p, word, n) && !is_name(p[n]);
}

static bool take_word(struct parser *ps, const char *word)
{
	if (!word_is(ps->p, word))
		return false;
	ps->p += strlen(word);
	blanks(ps);
	return true;
}

/* unsigned, long, long long, short int, unsigned char, ... in any order C allows. */
static bool parse_c_type(struct parser *ps, struct type *ret)
{
	unsigned longs = 0, n = 0;
	bool is_unsigned = false, is_short = false, is_char = false;

	for (;; n++) {
		if (take_word(ps, "unsigned"))
			is_unsigned = true;
		else if (take_word(ps, "long"))
			longs++;
		else if (take_word(ps, "short"))
			is_short = true;
		else if (take_word(ps, "char"))
			is_char = true;
		else if (!take_word(ps, "signed") && !take_word(ps, "int"))
			break;
	}
	*ret = (struct type){ .size = is_char ? 1 : is_short ? 2 : longs ? 8 : 4, .is_signed = !is_unsigned };
	return n;
}

static bool parse_base_type(struct parser *ps, struct type *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(named_types); i++)
		if (take_word(ps, named_types[i].name)) {
			*ret = named_types[i].type;
			return true;
		}
	return parse_c_type(ps, ret);
}

/* A type with its stars at ps->p; false and nothing taken when there is none. */
static bool parse_type(struct parser *ps, struct type *ret)
{
	const char *start = ps->p;

	blanks(ps);
	if (!parse_base_type(ps, ret)) {
		ps->p = start;
		return false;
	}
	while (*ps->p == '*' && ret->depth < 8) {
		ret->depth++;
		ps->p++;
		blanks(ps);
	}
	if (ret->depth)
		ret->is_void = false;
	return true;
}

/* ---- primaries ----------------------------------------------------------------------------------- */

static int parse_assign(struct parser *ps, u32 *ret);

/* ... NUMBER:NUMBER: at least one digit each, up to 4 and 8 of them. */
static bool scan_hex(const char **p, unsigned max, u64 *ret)
{
	unsigned n = 0;
	u64 v = 0;

	if ((*p)[0] == '0' && ((*p)[1] == 'x' || (*p)[1] == 'X'))
		*p += 2;
	for (; isxdigit((unsigned char)**p) && n <= max; n++, (*p)++)
		v = v << 4 | (**p <= '9' ? **p - '0' : (**p | 0x20) - 'a' + 10);
	*ret = v;
	return n && n <= max;
}

static bool names_symbol(struct parser *ps, const char *from, const char *to)
{
	char name[16];

	snprintf(name, sizeof(name), "%.*s", (int)(to - from), from);
	return is_name_start(*from) && ps->s && session_symbols(ps->s) &&
	       symbols_find(session_symbols(ps->s), name);
}

/* 0 and *ret where a bare SEG:OFF stands; -ENOENT where not. */
static int parse_segoff_constant(struct parser *ps, u32 *ret)
{
	const char *p = ps->p, *at = ps->p;
	u64 seg, off;
	u32 a, b;
	int rc;

	if (ps->no_colon || !scan_hex(&p, 4, &seg) || *p != ':' || names_symbol(ps, at, p))
		return -ENOENT;
	p++;
	if (!scan_hex(&p, 8, &off) || is_name(*p))
		return -ENOENT;
	rc = node_const(ps, at, seg, 2, false, &a);
	if (!rc)
		rc = node_const(ps, at, off, 4, false, &b);
	if (!rc)
		rc = node_args(ps, NODE_SEGOFF, at, a, b, ret);
	ps->p = p;
	return rc;
}

static int parse_number(struct parser *ps, u32 *ret)
{
	const char *at = ps->p, *end;
	bool is_unsigned = false, is_long = false;
	char word[60];
	u64 v;
	int rc = number_scan(at, &end, &v);

	if (rc == -ERANGE)
		return bad(ps, at, "the number does not fit in 64 bits");
	for (; !rc && (*end == 'u' || *end == 'U' || *end == 'l' || *end == 'L'); end++)
		*end == 'u' || *end == 'U' ? (is_unsigned = true) : (is_long = true);
	if (rc || is_name(*end))
		return bad(ps, at, "\"%s\" is not a number; hexadecimal is written 0x...",
			   token_text(at, word, sizeof(word)));
	ps->p = end;
	return node_const(ps, at, v, v > INT32_MAX || is_long ? 8 : 4, !is_unsigned && v <= INT64_MAX, ret);
}

static bool simple_escape(char c, u64 *ret)
{
	static const char from[] = "abtnvfre0\\'\"", to[] = "\a\b\t\n\v\f\r\033\0\\'\"";
	const char *hit = c ? strchr(from, c) : NULL;

	if (hit)
		*ret = (u8)to[hit - from];
	return hit;
}

static int parse_char(struct parser *ps, u32 *ret)
{
	const char *at = ps->p++;
	u64 v;

	if (*ps->p == '\\' && ps->p[1] == 'x') {
		ps->p += 2;
		if (!scan_hex(&ps->p, 2, &v))
			return bad(ps, at, "\\x in a character constant needs one or two hexadecimal digits");
	} else if (*ps->p == '\\') {
		if (!simple_escape(ps->p[1], &v))
			return bad(ps, ps->p, "this escape is not known; \\n \\t \\0 \\\\ \\' \\xNN are");
		ps->p += 2;
	} else {
		if (!*ps->p || *ps->p == '\'')
			return bad(ps, at, "a character constant is one character between quotes, as in 'a'");
		v = (u8)*ps->p++;
	}
	if (*ps->p != '\'')
		return bad(ps, at, "a character constant is one character between quotes, as in 'a'");
	ps->p++;
	return node_const(ps, at, (s64)(s8)v, 1, true, ret);
}

static int parse_history(struct parser *ps, const char *at, bool absolute, u32 *ret)
{
	u64 number = absolute ? 0 : ps->p - at - 1; /* $ 0, $$ 1 back */
	const char *end = ps->p;
	int rc;

	if (isdigit((unsigned char)*ps->p)) {
		number = strtoull(ps->p, (char **)&end, 10);
		ps->p = end;
	}
	if (is_name(*end) || number > UINT32_MAX)
		return bad(ps, at, "a value of the history is written $N or $$N with a decimal N");
	rc = node_new(ps, NODE_HISTORY, at, ret);
	if (!rc) {
		ps->e->node[*ret].history.absolute = absolute;
		ps->e->node[*ret].history.number = number;
	}
	return rc;
}

static int parse_register(struct parser *ps, const char *at, const char *name, u32 *ret)
{
	const struct reg_desc *reg = reg_find(name);
	int rc;

	if (!strcasecmp(name, "pc"))
		return node_new(ps, NODE_PC, at, ret);
	if (reg && reg->size > 8)
		return bad(ps, at, "$%s is wider than 64 bits and cannot be used in an expression; see info all-registers",
			   name);
	rc = node_new(ps, reg ? NODE_REG : NODE_VAR, at, ret);
	if (rc)
		return rc;
	if (reg)
		ps->e->node[*ret].reg = reg;
	else
		ps->e->node[*ret].name = strdup(name);
	return reg || ps->e->node[*ret].name ? 0 : err_set(ps->err, ENOMEM, "no memory for the expression");
}

static int parse_dollar(struct parser *ps, u32 *ret)
{
	const char *at = ps->p++;
	char name[64];
	size_t n = 0;

	if (*ps->p == '$')
		ps->p++;
	else if (isdigit((unsigned char)*ps->p))
		return parse_history(ps, at, true, ret);
	if (!is_name_start(*ps->p))
		return parse_history(ps, at, false, ret);
	if (ps->p[-1] == '$' && ps->p - at == 2)
		return bad(ps, at, "a name has one $");
	while (is_name(ps->p[n]))
		n++;
	if (n >= sizeof(name))
		return bad(ps, at, "the name of this variable is too long (at most %zu characters)", sizeof(name) - 1);
	memcpy(name, ps->p, n);
	name[n] = '\0';
	ps->p += n;
	return parse_register(ps, at, name, ret);
}

/* Characters of symbols: also compilers' suffixes (foo.part.0) and versions of local names. */
static bool is_symbol_char(const char *p)
{
	return is_name(*p) || *p == '$' || (*p == '.' && is_name(p[1]));
}

static int parse_symbol(struct parser *ps, u32 *ret)
{
	const char *at = ps->p;
	struct symbols *symbols = ps->s ? session_symbols(ps->s) : NULL;
	const struct symbol *sym;
	char name[512];
	size_t n = 0;
	int rc;

	while (is_symbol_char(at + n))
		n++;
	snprintf(name, sizeof(name), "%.*s", (int)n, at);
	sym = symbols && n < sizeof(name) ? symbols_find(symbols, name) : NULL;
	if (!sym && !symbols)
		return bad(ps, at, "there is no symbol \"%.100s\", as no symbols are loaded; see --symbols", name);
	if (!sym)
		return bad(ps, at, "there is no symbol \"%.100s\"; registers are written $%.100s", name, name);
	ps->p += n;
	rc = node_new(ps, NODE_SYMBOL, at, ret);
	if (rc)
		return rc;
	ps->e->node[*ret].bits = sym->addr;
	ps->e->node[*ret].type = (struct type){ .depth = 1, .symbol = true };
	if (sym->size == 1 || sym->size == 2 || sym->size == 4 || sym->size == 8)
		ps->e->node[*ret].type.size = sym->size;
	return 0;
}

static int parse_paren(struct parser *ps, u32 *ret)
{
	const char *at = ps->p++;
	bool no_colon = ps->no_colon;
	int rc;

	ps->no_colon = false;
	rc = parse_assign(ps, ret);
	ps->no_colon = no_colon;
	if (rc)
		return rc;
	blanks(ps);
	if (*ps->p != ')')
		return *ps->p ? unexpected(ps, "an operator or )") : bad(ps, at, "this ( is never closed");
	ps->p++;
	return 0;
}

static int parse_primary(struct parser *ps, u32 *ret)
{
	int rc;

	blanks(ps);
	rc = isxdigit((unsigned char)*ps->p) ? parse_segoff_constant(ps, ret) : -ENOENT;
	if (rc != -ENOENT)
		return rc;
	if (isdigit((unsigned char)*ps->p))
		return parse_number(ps, ret);
	if (*ps->p == '\'')
		return parse_char(ps, ret);
	if (*ps->p == '$')
		return parse_dollar(ps, ret);
	if (*ps->p == '(')
		return parse_paren(ps, ret);
	if (is_name_start(*ps->p))
		return parse_symbol(ps, ret);
	return unexpected(ps, "a number, register, symbol or (");
}

/* ---- operators ----------------------------------------------------------------------------------- */

static int parse_index(struct parser *ps, u32 *ret)
{
	const char *at = ps->p++;
	bool no_colon = ps->no_colon;
	u32 index, sum;
	int rc;

	ps->no_colon = false;
	rc = parse_assign(ps, &index);
	ps->no_colon = no_colon;
	if (rc)
		return rc;
	blanks(ps);
	if (*ps->p != ']')
		return *ps->p ? unexpected(ps, "]") : bad(ps, at, "this [ is never closed");
	ps->p++;
	rc = node_args(ps, NODE_ADD, at, *ret, index, &sum);
	return rc ?: node_args(ps, NODE_DEREF, at, sum, 0, ret);
}

static int parse_postfix(struct parser *ps, u32 *ret)
{
	int rc = parse_primary(ps, ret);

	while (!rc) {
		const char *end = ps->p; /* a blank not followed by [ belongs to whoever comes next */

		blanks(ps);
		if (*ps->p == '[') {
			rc = parse_index(ps, ret);
			continue;
		}
		if ((ps->p[0] == '+' || ps->p[0] == '-') && ps->p[1] == ps->p[0])
			return bad(ps, ps->p, "++ and -- are not known; write x += 1");
		if (*ps->p == '(' && end == ps->p)
			return bad(ps, ps->p, "functions of the guest cannot be called");
		if ((*ps->p == '.' && is_name_start(ps->p[1])) || (ps->p[0] == '-' && ps->p[1] == '>'))
			return bad(ps, ps->p, "members of structures are not known; cast an address, as in *(u32*)(ptr + 8)");
		ps->p = end;
		break;
	}
	return rc;
}

static int parse_unary(struct parser *ps, u32 *ret);

static int parse_cast(struct parser *ps, const char *at, const struct type *type, u32 *ret)
{
	u32 a;
	int rc;

	blanks(ps);
	if (*ps->p != ')')
		return unexpected(ps, "the ) behind a type");
	ps->p++;
	rc = parse_unary(ps, &a);
	if (!rc)
		rc = node_args(ps, NODE_CAST, at, a, 0, ret);
	if (!rc)
		ps->e->node[*ret].type = *type;
	return rc;
}

static int parse_sizeof(struct parser *ps, const char *at, u32 *ret)
{
	struct type type;

	ps->p += strlen("sizeof");
	blanks(ps);
	if (*ps->p++ != '(' || !parse_type(ps, &type) || *ps->p != ')')
		return bad(ps, at, "sizeof takes a type in parentheses, as in sizeof(u32)");
	ps->p++;
	return node_const(ps, at, type.depth ? 8 : type.size, 8, false, ret);
}

static int parse_prefix(struct parser *ps, enum node_op op, const char *at, u32 *ret)
{
	u32 a;
	int rc;

	if ((*at == '+' || *at == '-') && at[1] == at[0])
		return bad(ps, at, "++ and -- are not known; write x += 1");
	if (*at == '&' && at[1] == '&')
		return bad(ps, at, "a number, register, symbol or ( was expected, not \"&&\"");
	ps->p++;
	rc = parse_unary(ps, &a);
	return rc ?: node_args(ps, op, at, a, 0, ret);
}

static int parse_unary_at(struct parser *ps, u32 *ret)
{
	static const struct {
		char c;
		u8 op;
	} prefixes[] = { { '-', NODE_NEG }, { '+', NODE_PLUS }, { '!', NODE_NOT }, { '~', NODE_COMPL },
			 { '*', NODE_DEREF }, { '&', NODE_ADDR } };
	const char *at = ps->p;
	struct type type;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (*at == prefixes[i].c)
			return parse_prefix(ps, prefixes[i].op, at, ret);
	if (*at == '(') {
		ps->p++;
		if (parse_type(ps, &type))
			return parse_cast(ps, at, &type, ret);
		ps->p = at;
	}
	if (word_is(at, "sizeof"))
		return parse_sizeof(ps, at, ret);
	return parse_postfix(ps, ret);
}

static int parse_unary(struct parser *ps, u32 *ret)
{
	int rc;

	blanks(ps);
	if (++ps->depth > EXPR_DEPTH_MAX)
		return bad(ps, ps->p, "the expression is nested too deeply");
	rc = parse_unary_at(ps, ret);
	ps->depth--;
	return rc;
}

/* Longest first where one is the start of another. gdb's place for @: looser than + and -. */
static const struct binary {
	const char *text;
	u8 op, level;
} binaries[] = {
	{ "||", NODE_LOR, 1 },  { "&&", NODE_LAND, 2 }, { "==", NODE_EQ, 6 },  { "!=", NODE_NE, 6 },
	{ "<<", NODE_SHL, 8 },  { ">>", NODE_SHR, 8 },  { "<=", NODE_LE, 7 },  { ">=", NODE_GE, 7 },
	{ "<", NODE_LT, 7 },    { ">", NODE_GT, 7 },    { "|", NODE_OR, 3 },   { "^", NODE_XOR, 4 },
	{ "&", NODE_AND, 5 },   { "@", NODE_REPEAT, 9 },{ "+", NODE_ADD, 10 }, { "-", NODE_SUB, 10 },
	{ "*", NODE_MUL, 11 },  { "/", NODE_DIV, 11 },  { "%", NODE_MOD, 11 },
};

/* The operator at ps->p, unless it is an assignment (op=); NULL if none. */
static const struct binary *binary_at(const struct parser *ps)
{
	for (size_t i = 0; i < ARRAY_SIZE(binaries); i++) {
		const struct binary *b = &binaries[i];
		size_t n = strlen(b->text);

		if (strncmp(ps->p, b->text, n))
			continue;
		if (ps->p[n] == '=' && b->op != NODE_LT && b->op != NODE_GT && b->level != 6 && b->level != 7)
			return NULL;
		return b;
	}
	return NULL;
}

static int parse_binary(struct parser *ps, unsigned level, u32 *ret)
{
	int rc = parse_unary(ps, ret);

	while (!rc) {
		const char *end = ps->p, *at;
		const struct binary *b;
		u32 right;

		blanks(ps);
		at = ps->p;
		b = binary_at(ps);
		if (!b || b->level < level) {
			ps->p = end;
			break;
		}
		ps->p += strlen(b->text);
		rc = parse_binary(ps, b->level + 1, &right);
		if (!rc)
			rc = node_args(ps, b->op, at, *ret, right, ret);
	}
	return rc;
}

static int parse_segoff(struct parser *ps, u32 *ret)
{
	int rc = parse_binary(ps, 1, ret);
	const char *end = ps->p, *at;
	u32 off;

	if (rc || ps->no_colon)
		return rc;
	blanks(ps);
	at = ps->p;
	if (*at != ':') {
		ps->p = end;
		return 0;
	}
	ps->p++;
	rc = parse_binary(ps, 1, &off);
	return rc ?: node_args(ps, NODE_SEGOFF, at, *ret, off, ret);
}

static int parse_conditional(struct parser *ps, u32 *ret)
{
	const char *end, *at;
	bool no_colon = ps->no_colon;
	u32 yes, no, cond;
	int rc = parse_segoff(ps, ret);

	if (rc)
		return rc;
	end = ps->p;
	blanks(ps);
	at = ps->p;
	if (*at != '?') {
		ps->p = end;
		return 0;
	}
	ps->p++;
	ps->no_colon = true;
	rc = parse_assign(ps, &yes);
	ps->no_colon = no_colon;
	if (rc)
		return rc;
	blanks(ps);
	if (*ps->p != ':')
		return unexpected(ps, "the : that belongs to ?");
	ps->p++;
	cond = *ret;
	rc = parse_assign(ps, &no);
	if (!rc)
		rc = node_args(ps, NODE_COND, at, cond, yes, ret);
	if (!rc)
		ps->e->node[*ret].arg[2] = no;
	return rc;
}

static bool is_assignable(const struct node *n)
{
	return n->op == NODE_REG || n->op == NODE_PC || n->op == NODE_VAR || n->op == NODE_DEREF;
}

/* `=` or `op=` at p: its operator and length; 0 if it is none. */
static size_t assignment_at(const char *p, u8 *ret_op)
{
	*ret_op = NODE_ASSIGN;
	if (p[0] == '=' && p[1] != '=')
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(binaries); i++) {
		const struct binary *b = &binaries[i];
		size_t n = strlen(b->text);

		if (b->level >= 3 && b->level != 6 && b->level != 7 && b->op != NODE_REPEAT &&
		    !strncmp(p, b->text, n) && p[n] == '=' && p[n + 1] != '=') {
			*ret_op = b->op;
			return n + 1;
		}
	}
	return 0;
}

static int parse_assign_at(struct parser *ps, u32 *ret)
{
	int rc = parse_conditional(ps, ret);
	const char *end = ps->p, *at;
	u32 right;
	size_t n;
	u8 op;

	if (rc)
		return rc;
	blanks(ps);
	at = ps->p;
	n = assignment_at(at, &op);
	if (!n) {
		ps->p = end;
		return 0;
	}
	if (ps->e->node[*ret].op == NODE_SYMBOL)
		return bad(ps, at, "a symbol is an address; to write to the memory there say *(u32*)NAME = ...");
	if (!is_assignable(&ps->e->node[*ret]))
		return bad(ps, at, "what is left of %.*s is neither a register, a variable nor memory", (int)n, at);
	ps->p += n;
	rc = parse_assign(ps, &right);
	if (!rc)
		rc = node_args(ps, NODE_ASSIGN, at, *ret, right, ret);
	if (!rc)
		ps->e->node[*ret].assign_op = op;
	return rc;
}

static int parse_assign(struct parser *ps, u32 *ret)
{
	int rc;

	if (++ps->depth > EXPR_DEPTH_MAX)
		return bad(ps, ps->p, "the expression is nested too deeply");
	rc = parse_assign_at(ps, ret);
	ps->depth--;
	return rc;
}

/* ---- exported ------------------------------------------------------------------------------------ */

void expr_destroy(struct expr *e)
{
	if (!e)
		return;
	for (u32 i = 0; i < e->n; i++)
		if (e->node[i].op == NODE_VAR)
			free(e->node[i].name);
	free(e->node);
	free(e);
}

int expr_parse_at(struct session *s, const char *text, const char *start, struct expr **ret,
		  const char **ret_end, struct err *err)
{
	struct parser ps = { .s = s, .text = text, .p = start, .err = err };
	int rc;

	ps.e = calloc(1, sizeof(*ps.e));
	if (!ps.e)
		return err_set(err, ENOMEM, "no memory for the expression");
	rc = parse_assign(&ps, &ps.e->root);
	if (rc) {
		expr_destroy(ps.e);
		return rc;
	}
	*ret = ps.e;
	*ret_end = ps.p;
	return 0;
}

int expr_parse_prefix(struct session *s, const char *text, struct expr **ret, const char **ret_end,
		      struct err *err)
{
	return expr_parse_at(s, text, text, ret, ret_end, err);
}

int expr_parse(struct session *s, const char *text, struct expr **ret, struct err *err)
{
	struct parser ps = { .text = text, .err = err };
	struct expr *e;
	int rc = expr_parse_prefix(s, text, &e, &ps.p, err);

	if (rc)
		return rc;
	blanks(&ps);
	if (*ps.p) {
		expr_destroy(e);
		return unexpected(&ps, "an operator or the end");
	}
	*ret = e;
	return 0;
}
