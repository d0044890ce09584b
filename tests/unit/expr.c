/*
 * expr.c - expressions: grammar, precedence, types, memory, assignment, history, every error. The
 * guest is the scripted engine's: registers as set here, memory of a real machine.
 */
#include "tap.h"
#include "elf_bytes.h"
#include "fake_engine.h"

static struct session *s;
static struct err err;

static const struct elf_sym syms[] = {
	{ "main", 0x100000, 0x20, STT_FUNC, STB_GLOBAL, ELF_TEXT },
	{ "counter", 0x110000, 4, STT_OBJECT, STB_GLOBAL, ELF_TEXT },
	{ "big", 0x110100, 8, STT_OBJECT, STB_GLOBAL, ELF_TEXT },
	{ "table", 0x110200, 40, STT_OBJECT, STB_GLOBAL, ELF_TEXT },
	{ "foo.part.0", 0x100040, 16, STT_FUNC, STB_LOCAL, ELF_TEXT },
	{ "beef", 0x100050, 8, STT_FUNC, STB_GLOBAL, ELF_TEXT },
};

static const struct beat still[] = { { .off = 0 } };

static void start(const char *mode)
{
	struct session_config cfg = { .guest = { .hex = "90909090", .mode = mode } };
	struct elf_file f;
	const char *path;

	elf_build(&f, 1, SHT_SYMTAB, syms, ARRAY_SIZE(syms));
	path = elf_write(&f, f.n);
	cfg.symbols = (const char *const[]){ path, NULL };
	cfg.machine.serial = cfg.machine.debugcon = "null";
	memset(&fake, 0, sizeof(fake));
	FAKE_LOAD(still);
	if (session_create(&cfg, &s, &err) || session_start(s, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	unlink(path);
}

static void put(u64 addr, u64 v, size_t n)
{
	session_write(s, addr, &v, n, &err);
}

/* clang-format off */
static const struct {
	const char *text;
	u64 bits;
	const char *type; /* u or s and the size, p for a pointer */
} values[] = {
	/* constants */
	{ "0", 0, "s4" }, { "31", 31, "s4" }, { "0x1f", 31, "s4" }, { "017", 15, "s4" }, { "0b101", 5, "s4" },
	{ "0xffffffffffffffff", UINT64_MAX, "u8" }, { "0x80000000", 0x80000000, "s8" }, { "5u", 5, "u4" },
	{ "5ul", 5, "u8" }, { "5L", 5, "s8" },
	{ "'a'", 'a', "s1" }, { "'\\n'", '\n', "s1" }, { "'\\0'", 0, "s1" }, { "'\\x41'", 'A', "s1" },
	{ "'\\''", '\'', "s1" }, { "'\\\\'", '\\', "s1" },
	/* precedence, each pair of neighbours */
	{ "2+3*4", 14, "s4" }, { "(2+3)*4", 20, "s4" }, { "20-4-3", 13, "s4" }, { "100/10/2", 5, "s4" },
	{ "7%4*2", 6, "s4" }, { "1<<2+1", 8, "s4" }, { "1+1<<2", 8, "s4" }, { "1<<2<8", 1, "s4" }, { "4>>1==2", 1, "s4" },
	{ "1<2==1", 1, "s4" }, { "6&3==3", 0, "s4" }, { "(6&3)==2", 1, "s4" }, { "5^1&3", 4, "s4" },
	{ "4|1^1", 4, "s4" }, { "1|2&&0", 0, "s4" }, { "1||0&&0", 1, "s4" }, { "0||0?1:2", 2, "s4" },
	{ "1?2:3", 2, "s4" }, { "0?2:0?3:4", 4, "s4" }, { "1 ? 0 ? 5 : 6 : 7", 6, "s4" },
	{ "1?10:20", 10, "s4" }, { "1,2", 2, "s4" }, { "(1,2)+1", 3, "s4" },
	{ "$_strlen(\"abc\")", 3, "s4" }, { "$_streq(\"ab\", \"ab\")", 1, "s4" }, { "$_streq(\"ab\", \"abc\")", 0, "s4" },
	{ "$_regex(\"kernel\", \"k.*l$\")", 1, "s4" }, { "$_regex(\"kernel\", \"ern\")", 0, "s4" },
	{ "$_memeq(\"abcd\", \"abce\", 3)", 1, "s4" }, { "$_memeq(\"abcd\", \"abce\", 4)", 0, "s4" },
	{ "$_isvoid($nosuch)", 1, "s4" }, { "$_isvoid(0)", 0, "s4" },
	{ "-2+3", 1, "s4" }, { "- -2", 2, "s4" }, { "!0", 1, "s4" }, { "!!7", 1, "s4" }, { "~0", UINT64_MAX, "s4" },
	{ "+5", 5, "s4" }, { "-2*-3", 6, "s4" }, { "!1+1", 1, "s4" }, { "~1&3", 2, "s4" },
	{ "1==1!=0", 1, "s4" }, { "3>=3", 1, "s4" }, { "3<=2", 0, "s4" }, { "2>1", 1, "s4" },
	/* 64-bit arithmetic, C's signs */
	{ "-1", UINT64_MAX, "s4" }, { "5-6", UINT64_MAX, "s4" }, { "0x7fffffff+1", 0x80000000, "s8" },
	{ "0xffffffff+1", 0x100000000, "s8" }, { "0xffffffffffffffff+2", 1, "u8" },
	{ "-7/2", (u64)-3, "s4" }, { "-7%2", (u64)-1, "s4" }, { "-8>>1", (u64)-4, "s4" }, { "(u64)-8>>1", 0x7ffffffffffffffc, "u8" },
	{ "1<<63", BIT64(63), "s8" }, { "1<<64", 0, "s4" }, { "-1>>200", UINT64_MAX, "s4" },
	{ "(s64)0x8000000000000000/-1", BIT64(63), "s8" }, { "(s64)0x8000000000000000%-1", 0, "s8" },
	{ "-1 < 1u", 0, "s4" }, { "-1 < (u64)1", 0, "s4" }, { "-1 < (u8)1", 1, "s4" }, { "(s64)-1 < (u32)1", 1, "s4" },
	{ "0xffff800000000000 > 5", 1, "s4" }, { "sizeof(u32)*2", 8, "u8" }, { "sizeof(char*)", 8, "u8" },
	/* casts */
	{ "(u8)0x1ff", 0xff, "u1" }, { "(s8)0xff", UINT64_MAX, "s1" }, { "(char)0x80", (u64)-128, "s1" },
	{ "(unsigned char)-1", 0xff, "u1" }, { "(short)0x18000", (u64)-32768, "s2" }, { "(unsigned)-1", 0xffffffff, "u4" },
	{ "(long long)1", 1, "s8" }, { "(unsigned long)-1", UINT64_MAX, "u8" }, { "(uint16_t)65537", 1, "u2" },
	{ "(int32_t)0xffffffff", UINT64_MAX, "s4" }, { "(u8)1+(u8)255", 256, "s4" }, { "(void*)5", 5, "p0" },
	{ "(u32*)0x500", 0x500, "p4" }, { "(u8)(1)+2", 3, "s4" }, { "-(u8)1", UINT64_MAX, "s4" },
	{ "(unsigned long long int)7", 7, "u8" }, { "(bool)3", 3, "u1" },
	{ "sizeof 5", 4, "u8" }, { "sizeof(1 + 1L)", 8, "u8" }, { "sizeof(int[3])", 12, "u8" }, { "sizeof(long double)", 16, "u8" },
	{ "sizeof *(u16*)0", 2, "u8" }, { "sizeof \"abc\"", 4, "u8" }, { "\"abc\"[1]", 'b', "s1" }, { "sizeof(int (*)(char))", 8, "u8" },
	{ "(int)1.9", 1, "s4" }, { "(int)-1.9", (u64)-1, "s4" }, { "1.5 > 1", 1, "s4" }, { "!0.0", 1, "s4" }, { "2.0 == 2", 1, "s4" },
	{ "(_Bool)0.5", 1, "u1" }, { "(_Bool)8", 1, "u1" }, { "(int)(5 / 2.0 * 2)", 5, "s4" }, { "(int)(.5e1 + 1.)", 6, "s4" },
	{ "(const char *)5 + 1", 6, "p1" }, { "(int (*)[3])0x10 + 1", 0x1c, "p0" }, { "'\\101'", 'A', "s1" },
	/* registers: rax = -2, rsp = 180000, rbp = 120008 */
	{ "$rax", (u64)-2, "s8" }, { "$eax", (u64)-2, "s4" }, { "$al", (u64)-2, "s1" }, { "$ah", (u64)-1, "s1" },
	{ "$rsp", 0x180000, "p0" }, { "$sp", 0x180000, "p0" }, { "$rip", 0x100000, "p0" }, { "$pc", 0x100000, "p0" },
	{ "$RAX", (u64)-2, "s8" }, { "$rax < 0", 1, "s4" }, { "$rip > 5", 1, "s4" }, { "$rsp - 8", 0x17fff8, "p0" },
	{ "$fp+1", 0x120009, "p0" }, { "$rsp-$rbp", 0x180000 - 0x120008, "s8" },
	/* symbols */
	{ "main", 0x100000, "p0" }, { "main+4", 0x100004, "p0" }, { "&main", 0x100000, "p0" }, { "foo.part.0", 0x100040, "p0" },
	{ "*counter", 0x11223344, "u4" }, { "*big", 0x8877665544332211, "u8" }, { "table-main", 0x10200, "s8" },
	{ "counter+4", 0x110004, "p0" }, { "main==0x100000", 1, "s4" }, { "beef:0x10", 0, "error" },
	/* memory: 110200: 01 02 03 ... */
	{ "*(u8*)0x110200", 1, "u1" }, { "*(u16*)0x110200", 0x201, "u2" }, { "*(u32*)table", 0x4030201, "u4" },
	{ "*(s8*)0x110240", (u64)-1, "s1" }, { "((u16*)0x110200)[2]", 0x605, "u2" }, { "((u8*)table)[3]+1", 5, "s4" },
	{ "*((u32*)table+1)", 0x8070605, "u4" }, { "*(u32*)(table+1)", 0x5040302, "u4" }, { "1+(u32*)0x10", 0x14, "p4" },
	{ "(u32*)0x20-(u32*)0x10", 4, "s8" }, { "&*(u8*)5", 5, "p1" }, { "&((u32*)0x100)[3]", 0x10c, "p4" },
	{ "*0x110200", 0x0807060504030201, "s8" }, { "**(u64**)0x110300", 0x0807060504030201, "u8" },
	{ "*(u64*)*(u64*)0x110300", 0x0807060504030201, "u8" }, { "-*(u8*)table", UINT64_MAX, "s4" },
	{ "!*(u8*)table", 0, "s4" }, { "*(u8*)table*2", 2, "s4" }, { "*$rbp", 0x1234, "s8" },
	/* side conditions are not evaluated */
	{ "0 && *(u8*)0x7fffffff0000", 0, "s4" }, { "1 || 1/0", 1, "s4" }, { "1 ? 2 : 1/0", 2, "s4" },
	/* blanks */
	{ "  1  +\t2  ", 3, "s4" }, { "( u32 * ) 0x500", 0x500, "p4" }, { "- 1", UINT64_MAX, "s4" },
};

static const struct {
	const char *text, *sentence;
} errors[] = {
	{ "", "column 1: a number, register, symbol or ( was expected, but the text ends here" },
	{ "1 +", "column 4: a number, register, symbol or ( was expected, but the text ends here" },
	{ "1 + * 2 +", "column 10: a number, register, symbol or ( was expected, but the text ends here" },
	{ "1 2", "column 3: an operator or the end was expected, not \"2\"" },
	{ "(1", "column 1: this ( is never closed" },
	{ "(1 2)", "column 4: an operator or ) was expected, not \"2\"" },
	{ "1)", "column 2: an operator or the end was expected, not \")\"" },
	{ ")", "column 1: a number, register, symbol or ( was expected, not \")\"" },
	{ "nosuch", "column 1: there is no symbol \"nosuch\"; registers are written $nosuch" },
	{ "1 + nosuch", "column 5: there is no symbol \"nosuch\"; registers are written $nosuch" },
	{ "0x", "column 1: \"0x\" is not a number; hexadecimal is written 0x..." },
	{ "09", "column 1: \"09\" is not a number; hexadecimal is written 0x..." },
	{ "7c00", "column 1: \"7c00\" is not a number; hexadecimal is written 0x..." },
	{ "99999999999999999999", "column 1: the number does not fit in 64 bits" },
	{ "'ab'", "column 1: a character constant is one character between quotes, as in 'a'" },
	{ "''", "column 1: a character constant is one character between quotes, as in 'a'" },
	{ "'a", "column 1: a character constant is one character between quotes, as in 'a'" },
	{ "'\\q'", "column 2: this escape is not known; \\n \\t \\0 \\\\ \\' \\xNN are" },
	{ "'\\xg'", "column 1: \\x in a character constant needs one or two hexadecimal digits" },
	{ "1 = 2", "column 3: what is left of = is neither a register, a variable nor memory" },
	{ "1 += 2", "column 3: what is left of += is neither a register, a variable nor memory" },
	{ "$rax + 1 = 2", "column 10: what is left of = is neither a register, a variable nor memory" },
	{ "main = 2", "column 6: a symbol is an address; to write to the memory there say *(u32*)NAME = ..." },
	{ "$x++", "column 1: $x has no value yet; give it one with set $x = ..." },
	{ "--$x", "column 3: $x has no value yet; give it one with set $x = ..." },
	{ "5++", "column 2: what stands at ++ is neither a register, a variable nor memory" },
	{ "--(1 + 2)", "column 1: what stands at -- is neither a register, a variable nor memory" },
	{ "main(1)", "column 5: functions of the guest cannot be called" },
	{ "main.x", "column 1: there is no symbol \"main.x\"; registers are written $main.x" },
	{ "$rax->x", "column 5: only structures, unions and pointers to them have members; cast an address, as in ((struct task *)ptr)->pid" },
	{ "(u32", "column 5: the ) behind a type was expected, but the text ends here" },
	{ "(u32 5", "column 6: the ) behind a type was expected, not \"5\"" },
	{ "sizeof(main)", "column 1: the size of what is at this symbol is not known" },
	{ "sizeof", "column 7: a number, register, symbol or ( was expected, but the text ends here" },
	{ "struct task", "column 1: a type is no value; see ptype, whatis and sizeof" },
	{ "(struct nosuch *)5", "column 9: there is no struct type named \"nosuch\"" },
	{ "\"abc", "column 1: this string is never closed" },
	{ "1.5 % 2", "column 5: this operator is for integers, not for floats" },
	{ "(int [2)5", "column 6: the number of elements was expected, as in [16]" },
	{ "5 . 3", "column 3: an operator or the end was expected, not \".\"" },
	{ "1 ? 2", "column 6: the : that belongs to ? was expected, but the text ends here" },
	{ "((u8*)1)[2", "column 9: this [ is never closed" },
	{ "((u8*)1)[2 3", "column 12: ] was expected, not \"3\"" },
	{ "&&1", "column 1: a number, register, symbol or ( was expected, not \"&&\"" },
	{ "$1x", "column 1: a value of the history is written $N or $$N with a decimal N" },
	{ "$$x", "column 1: a name has one $" },
	{ "1/0", "column 2: division by zero" },
	{ "1%0", "column 2: division by zero" },
	{ "$nothing + 1", "column 1: $nothing has no value yet; give it one with set $nothing = ..." },
	{ "*table", "column 1: the size of what is at this symbol is not known; cast it, as in *(u32*)NAME" },
	{ "*main", "column 1: the size of what is at this symbol is not known; cast it, as in *(u32*)NAME" },
	{ "&5", "column 1: only what lies in memory has an address" },
	{ "&$rax", "column 1: only what lies in memory has an address" },
	{ "5@2", "column 2: only what lies in memory can be repeated with @, as in *(u32*)0x500@4" },
	{ "*(u8*)table@0", "column 12: the count behind @ must be from 1 to 1048576" },
	{ "*(u8*)0x7fffffff0000", "cannot read memory at 0x7fffffff0000: no page is mapped there" },
	{ "(void)1 + 1", "column 1: a value was expected, but this has none" },
	{ "$1", "the value history has no $1; it is empty" },
	{ "$xmm0", "column 1: $xmm0 is wider than 64 bits and cannot be used in an expression; see info all-registers" },
	{ "0x12345:$rip", "column 8: a segment is a number of 16 bits" },
	{ "1,", "column 3: a number, register, symbol or ( was expected, but the text ends here" },
	{ "$_strlen()", "column 10: a number, register, symbol or ( was expected, not \")\"" },
	{ "$_streq(1)", "column 1: $_streq takes 2 arguments" },
	{ "$_strlen(\"a\", 2)", "column 1: $_strlen takes 1 argument" },
	{ "$_nosuch(1)", "column 1: there is no function $_nosuch; $_strlen, $_streq, $_regex, $_memeq and $_isvoid are known" },
	{ "1 = = 2", "column 3: what is left of = is neither a register, a variable nor memory" },
	{ "$x = ", "column 6: a number, register, symbol or ( was expected, but the text ends here" },
	{ "\x80", "column 1: a number, register, symbol or ( was expected, not \"\x80\"" },
};
/* clang-format on */

static const char *type_text(const struct value *v)
{
	static char buf[8];

	if (v->is_void)
		return "void";
	snprintf(buf, sizeof(buf), "%c%u",
		 v->is_pointer  ? 'p'
		 : v->is_signed ? 's'
				: 'u',
		 v->is_pointer ? v->pointee_size : v->size);
	return buf;
}

static void test_values(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct value v = { 0 };

		if (!strcmp(values[i].type, "error")) {
			tap_ok(expr_value(s, values[i].text, &v, &err) < 0, "%s is refused",
			       values[i].text);
			continue;
		}
		if (expr_value(s, values[i].text, &v, &err)) {
			tap_str(err.text, "(a value)", "%s", values[i].text);
			continue;
		}
		tap_eq(v.bits, values[i].bits, "%s", values[i].text);
		tap_str(type_text(&v), values[i].type, "%s: type", values[i].text);
	}
}

static void test_errors(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct value v;

		memset(&err, 0, sizeof(err));
		tap_ok(expr_value(s, errors[i].text, &v, &err) < 0, "\"%s\" is refused",
		       errors[i].text);
		tap_str(err.text, errors[i].sentence, "\"%s\": sentence", errors[i].text);
	}
}

static void test_nesting(void)
{
	static char text[200001];
	struct value v;

	memset(text, '(', 100000);
	strcpy(text + 100000, "1");
	tap_ok(expr_value(s, text, &v, &err) < 0, "100000 parentheses are refused");
	tap_str(err.text, "column 101: the expression is nested too deeply", "with a sentence");
	for (size_t i = 0; i < 100000; i++)
		memcpy(text + 2 * i, "1+", 2);
	strcpy(text + 199998, "11");
	tap_ok(expr_value(s, text, &v, &err) < 0, "100000 sums are refused");
	text[1199] = '\0';
	tap_eq(expr_value(s, text, &v, &err), 0, "600 are not");
	tap_eq(v.bits, 600, "and give 600");
	memset(text, '-', 10);
	for (size_t i = 0; i < 100000; i++)
		memcpy(text + 2 * i, "- ", 2);
	strcpy(text + 200000 - 2, "1");
	tap_ok(expr_value(s, text, &v, &err) < 0, "100000 signs are refused");
	memset(text, 'a', 5000);
	text[0] = '$';
	text[5000] = '\0';
	tap_ok(expr_value(s, text, &v, &err) < 0, "a name of 5000 characters is refused");
	tap_ok(expr_value(s, text + 1, &v, &err) < 0, "as a symbol too");
}

static u64 get(const char *text)
{
	struct value v = { .bits = 0xbadbad };

	memset(&err, 0, sizeof(err));
	if (expr_value(s, text, &v, &err))
		printf("# %s: %s\n", text, err.text);
	return v.bits;
}

static void test_assign(void)
{
	struct value v;

	tap_eq(get("$foo = 5"), 5, "a variable is set");
	tap_eq(get("$foo += 3"), 8, "op=");
	tap_eq(get("$foo <<= 2"), 32, "<<=");
	tap_eq(get("$foo - 1"), 31, "and read");
	tap_eq(get("$a = $b = 7"), 7, "= from the right");
	tap_eq(get("$a + $b"), 14, "both are set");
	tap_eq(get("$a *= $b -= 5"), 14, "op= from the right");
	tap_eq(get("*(u32*)0x110400 = 0x1122334455"), 0x22334455, "memory is cut to its type");
	tap_eq(get("*(u64*)0x110400"), 0x22334455, "and written");
	tap_eq(get("*(u16*)0x110400 |= 0x8000"), 0xc455, "op= in memory");
	tap_eq(get("((u8*)0x110400)[1] = 0"), 0, "by index");
	tap_eq(get("*(u32*)0x110400"), 0x22330055, "written");
	tap_eq(get("*(s8*)0x110400 = 0xff"), UINT64_MAX, "the value has the type's sign");
	tap_eq(get("$rax = 0x123456789"), 0x123456789, "a register");
	tap_eq(fake.rax, 0x123456789, "reaches the engine");
	tap_eq(get("$eax = 1"), 1, "a 32-bit register");
	tap_eq(get("$rax"), 1, "clears the upper half, as the CPU does");
	tap_eq(get("$al = 0xff"), UINT64_MAX, "an 8-bit one");
	tap_eq(get("$rax"), 0xff, "does not");
	tap_eq(get("$pc = main+2"), 0x100002, "$pc");
	tap_eq(fake.rip, 0x100002, "moves RIP");
	tap_eq(get("$rip = 0x100000"), 0x100000, "$rip too");
	get("$p = (u16*)table");
	tap_eq(get("*$p"), 0x201, "a variable keeps its pointer's type");
	tap_eq(get("$p[1]"), 0x403, "and its elements");
	tap_eq(get("($x = 3) + $x"), 6, "an assignment is a value");
	tap_eq(expr_value(s, "$unset", &v, &err), 0, "an unset variable alone is no error");
	tap_ok(v.is_void, "it is void");
	tap_eq(expr_value(s, "$y = $unset", &v, &err), 0, "and may be copied");
	tap_ok(expr_u64(s, "$unset", &v.bits, &err) < 0, "but is no number");
	tap_eq(get("$x == 3"), 1, "== is no assignment");
	tap_eq(get("$x <= 3"), 1, "<= neither");
	tap_eq(get("$x != 3"), 0, "!= neither");
	tap_eq(get("$x"), 3, "it kept its value");
	get("$rax = -2");
}

static void test_history(void)
{
	struct value v = { .bits = 11, .size = 4, .is_signed = true };

	tap_eq(expr_value(s, "$", &v, &err), 0, "$ of an empty history");
	tap_ok(v.is_void, "is void");
	v = (struct value){ .bits = 11, .size = 4 };
	tap_eq(session_history_add(s, &v), 1, "the first value is $1");
	v.bits = 22;
	session_history_add(s, &v);
	v.bits = 33;
	tap_eq(session_history_add(s, &v), 3, "the third $3");
	tap_eq(get("$"), 33, "$ is the last");
	tap_eq(get("$$"), 22, "$$ the one before");
	tap_eq(get("$$2"), 11, "$$2 two back");
	tap_eq(get("$$0"), 33, "$$0 the last");
	tap_eq(get("$2"), 22, "$2");
	tap_eq(get("$+$$"), 55, "in expressions");
	tap_ok(expr_value(s, "$4", &v, &err) < 0, "$4 is not there");
	tap_str(err.text, "the value history has no $4; it holds $1 to $3", "and says what is");
}

static void test_repeat(void)
{
	struct value v;

	tap_eq(expr_value(s, "*(u16*)table@3", &v, &err), 0, "@");
	tap_eq(v.repeat, 3, "its count");
	tap_eq(v.bits, 0x201, "the first element");
	tap_ok(v.lval_mem && v.addr == 0x110200, "and where it lies");
	tap_eq(expr_value(s, "*(u8*)table@1+3", &v, &err), 0, "@ binds looser than +");
	tap_eq(v.repeat, 4, "as in gdb");
}

static void test_prefix(void)
{
	/* clang-format off */
	static const struct {
		const char *text, *rest;
	} row[] = {
		{ "main if $rax", " if $rax" }, { "0x500, 0x600", ", 0x600" }, { "1 + 2 3", " 3" }, { "$rsp 8", " 8" },
		{ "(1) main", " main" }, { "5", "" }, { "1  ", "  " }, { "$x", "" }, { "f000:fff0 x", " x" },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		const char *end = NULL;
		struct expr *e;

		if (!tap_eq(expr_parse_prefix(s, row[i].text, &e, &end, &err), 0,
			    "prefix of \"%s\"", row[i].text))
			continue;
		tap_str(end, row[i].rest, "\"%s\": rest", row[i].text);
		expr_destroy(e);
	}
}

static void test_location(void)
{
	const char *end;
	u64 a = 0;

	tap_eq(expr_location(s, "main", &a, &err), 0, "a symbol");
	tap_eq(a, 0x100000, "is its address");
	expr_location(s, "*0x7c00", &a, &err);
	tap_eq(a, 0x7c00, "*EXPR is the address EXPR");
	expr_location(s, "*main+4", &a, &err);
	tap_eq(a, 0x100004, "of a whole expression");
	expr_location(s, " counter", &a, &err);
	tap_eq(a, 0x110000, "an object is its address, not its value");
	expr_location_prefix(s, "main if $rax", &a, &end, &err);
	tap_str(end, " if $rax", "a prefix");
	tap_ok(expr_location(s, "main foo", &a, &err) < 0, "a rest is refused");
	tap_str(err.text, "column 6: the location ends before \"foo\"", "with its column");
	tap_ok(expr_location(s, " *nosuch", &a, &err) < 0, "an unknown symbol is refused");
	tap_ok(!strncmp(err.text, "column 3: ", 10), "at its column: %s", err.text);
}

static void test_segments(void)
{
	tap_eq(get("$cs:0x10"), 0x10, "in long mode CS has no base");
	session_destroy(s);
	start("real");
	tap_eq(get("f000:fff0"), 0xffff0, "SEG:OFF in hexadecimal without 0x");
	tap_eq(get("0:7c00"), 0x7c00, "0:7c00");
	tap_eq(get("0x7c0:0x10"), 0x7c10, "with 0x");
	tap_eq(get("0x10+2 : 4+4"), 0x128, "of expressions");
	get("$cs = 0x100");
	tap_eq(get("$cs"), 0x100, "a segment register is set");
	tap_eq(get("*(0:0) == *(s16*)0"), 1,
	       "an address without a type is a word of the mode: 16 bits");
	tap_eq(get("1 ? 10 : 20"), 10, "? : is no segment");
	tap_eq(get("0 ? 10:20"), 20, "without blanks neither");
	tap_ok(expr_value(s, "beef:10", &(struct value){ 0 }, &err) < 0,
	       "a symbol before the colon is no digits");
}

/* Without a session: constants work, the rest says what is missing. */
static void test_no_guest(void)
{
	struct value v;

	session_kill(s, &err);
	tap_eq(get("1+1"), 2, "without a guest numbers work");
	tap_eq(get("f000:fff0"), 0xffff0, "addresses of real mode too");
	tap_ok(expr_value(s, "$rax", &v, &err) < 0, "registers do not");
	tap_str(err.text, "the guest is not running; start it with run or start", "and say so");
	tap_ok(expr_value(s, "*(u8*)0", &v, &err) < 0, "memory neither");
}

/* Random texts of the grammar's own pieces: an error has a sentence, nothing crashes or hangs. */
static void test_random(void)
{
	static const char *const piece[] = {
		"1",   "0x10",  "$rax", "$x", "main", "(",  ")", "(u8)",       "(u32*)",
		"[",   "]",     "+",    "-",  "*",    "/",  "%", "&",          "|",
		"^",   "~",     "!",    "<<", ">>",   "==", "=", "+=",         "?",
		":",   "@",     "$",    "$$", "'a'",  " ",  ",", "sizeof(u8)", "0:7c00",
		"$cs", "table", "2",    ".",  "#",    "\\"
	};
	unsigned silent = 0, worked = 0, seed = 1;

	for (unsigned i = 0; i < 30000; i++) {
		char text[128] = "";
		struct value v;

		for (unsigned n = 1 + i % 9; n; n--) {
			seed = seed * 1103515245 + 12345;
			strcat(text, piece[(seed >> 16) % ARRAY_SIZE(piece)]);
		}
		memset(&err, 0, sizeof(err));
		if (!expr_value(s, text, &v, &err))
			worked++;
		else
			silent += !err.text[0] || strchr(err.text, '\n');
	}
	tap_eq(silent, 0, "30000 random expressions: every refusal has its sentence");
	tap_ok(worked > 1000, "%u of them are expressions", worked);
}

static void test_condition_is_cheap(void)
{
	struct expr *e;
	struct value v;

	expr_parse(s, "$rax == -2 && $rsp", &e, &err);
	expr_eval(s, e, &v, &err);
	fake.get_regs = 0;
	for (unsigned i = 0; i < 1000; i++)
		expr_eval(s, e, &v, &err);
	tap_eq(v.bits, 1, "a compiled expression is evaluated again and again");
	tap_eq(fake.get_regs, 0, "without asking the engine for what is known");
	expr_destroy(e);
}

int main(void)
{
	start("long");
	session_set_reg(s, "rax", (u64)-2, &err);
	session_set_reg(s, "rbp", 0x120008, &err);
	put(0x120008, 0x1234, 8);
	put(0x110000, 0x11223344, 4);
	put(0x110100, 0x8877665544332211, 8);
	for (unsigned i = 0; i < 40; i++)
		put(0x110200 + i, i + 1, 1);
	put(0x110240, 0xff, 1);
	put(0x110300, 0x110200, 8);
	test_values();
	test_errors();
	test_nesting();
	test_assign();
	test_history();
	test_repeat();
	test_prefix();
	test_location();
	test_condition_is_cheap();
	test_random();
	test_segments();
	test_no_guest();
	session_destroy(s);
	return tap_done();
}
