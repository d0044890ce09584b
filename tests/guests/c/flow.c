/*
 * flow.c - calls, loops, recursion, inlined functions, a switch and a function pointer: what source
 * stepping, breakpoints and backtraces are tried on.
 */
#include "start.h"
#include "flow.h"

volatile int sink;
int calls;

__attribute__((noinline)) int add(int a, int b)
{
	int sum = a + b;

	calls++;
	return sum;
}

__attribute__((noinline)) int factorial(int n)
{
	if (n <= 1)
		return 1;
	return n * factorial(n - 1);
}

static __attribute__((noinline)) int loop(int n)
{
	int total = 0;

	for (int i = 0; i < n; i++) {
		int square = i * i;

		total += square;
		if (total > 50)
			break;
	}
	return total;
}

static __attribute__((noinline)) int choose(int what)
{
	switch (what) {
	case 0:
		return add(1, 2);
	case 1:
		return factorial(3);
	default:
		return scale(what);
	}
}

static int oneliner(void) { return sink; }

static __attribute__((noinline)) int through(int (*fn)(int), int v)
{
	int got = fn(v);

	return got + 1;
}

static inline int small(int v)
{
	sink = v;
	return clamp(v, 0, 9);
}

__attribute__((noinline)) int many(int a, int b, int c, int d, int e, int f, int g, int h)
{
	char text[16];
	int i;

	for (i = 0; i < 15; i++)
		text[i] = 'a' + i;
	text[i] = 0;
	sink = text[a & 7];
	return a + b + c + d + e + f + g + h;
}

int main(void)
{
	int result = 0;

	result += add(2, 3);
	result += factorial(4);
	result += loop(6);
	for (int i = 0; i < 3; i++)
		result += choose(i);
	result += through(factorial, 3);
	result += small(result);
	result += oneliner();
	result += many(1, 2, 3, 4, 5, 6, 7, 8);
	sink = result;
	return result & 0x7f;
}
