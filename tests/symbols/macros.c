/*
 * macros.c - the preprocessor's macros at each line: defined, undone, defined anew, with arguments, from
 * headers. tests/symbols/t_macros.py builds it with each form of macro information.
 */
#define BEFORE 1
#include "macros.h"
#define LIMIT 42
#define ADD(a, b) ((a) + (b))
#define STR(x) #x
#define XSTR(x) STR(x)
#define CAT(a, b) a##b
#define CAT3(a, b, c) a##b##c
#define TWICE(x) ADD(x, x)
#define VAR(fmt, ...) fmt, __VA_ARGS__
#define GNU(fmt, args...) fmt , ## args
#define SELF SELF + 1
#define PING PONG + 1
#define PONG PING * 2
#define EMPTY
#define NOTHING() 7
#define MINUS -1
#define NAMED(args...) ADD(args)
#define FUNCTION_LIKE ADD
#define MEMBER at.x
#define SIZE sizeof(struct point)
#define TEXT "a \"text\""
#define PARENS (LIMIT)

struct point {
	int x, y;
};

int limited = 3;
struct line {
	struct point at;
} line = { { 5, 6 } };

int first(int n)
{
	int a = n + LIMIT;
#undef LIMIT
#define LIMIT 43
	a += LIMIT;
#undef LIMIT
	return a + limited;
}

#define LATE 9

int main(void)
{
	line.at.y = WIDTH(2);
	return first(LATE) + line.MEMBER;
}
