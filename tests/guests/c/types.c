/*
 * types.c - a variable of every kind of C type, with values that are easy to tell apart: what ptype,
 * print and whatis are tried on.
 */
#include "start.h"

enum colour { RED, GREEN = 5, BLUE };
enum flags { F_NONE = 0, F_READ = 1, F_WRITE = 2, F_EXEC = 4 };

struct point {
	int x, y;
};

struct bits {
	unsigned a : 3;
	int b : 5;
	unsigned : 4;
	unsigned c : 12;
	u8 whole;
	u64 wide : 40;
	_Bool yes : 1;
};

union word {
	u32 all;
	u16 half[2];
	u8 byte[4];
	struct {
		u8 low, high;
	};
};

struct list {
	struct list *next;
	int value;
};

struct forward;

struct task {
	char name[8];
	const char *text;
	struct point at;
	struct point *where;
	struct task *parent;
	struct forward *unknown;
	enum colour colour;
	enum flags flags;
	union word word;
	int (*handler)(struct task *, int);
	void (*table[3])(void);
	struct {
		int inner;
		long deep;
	};
	u8 matrix[2][3];
	int rest[];
};

typedef struct {
	float f;
	double d;
	long double ld;
} reals_t;

typedef int (*binary_fn)(int, int);
typedef const volatile struct point *odd_t;

static __attribute__((noinline)) int handle(struct task *t, int v)
{
	return t->at.x + v;
}

static void nothing(void)
{
}

int number = 42;
unsigned char small = 200;
signed char negative = -3;
char letter = 'A';
_Bool truth = 1;
short shorty = -1234;
unsigned long big = 0x12345678;
long long longest = -5000000000LL;
const char *greeting = "hello, guest";
char text[16] = "in place";
char filled[4] = { 'a', 'b', 'c', 'd' };
int array[10] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
int zeros[300];
int repeated[20] = { 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8 };
int cube[2][3][4] = { { { 1, 2, 3, 4 }, { 5 } }, { { 9 } } };
struct point origin = { 3, -4 };
struct point points[3] = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
struct point *at_origin = &origin;
struct bits bits = { 5, -7, 0xabc, 0x5a, 0x123456789aULL, 1 };
union word word = { 0x11223344 };
struct list second = { 0, 2 };
struct list first = { &second, 1 };
enum colour colour = GREEN;
enum colour no_colour = (enum colour)3;
enum flags flags = F_READ | F_EXEC;
reals_t reals = { 1.5f, -2.25, 3.0L };
double pi = 3.14159265358979;
binary_fn operation;
odd_t odd = &origin;
void *anything = &number;
volatile int changing = 7;
static int hidden = 77;
static struct task task = {
	.name = "init",
	.text = "the first",
	.at = { 10, 20 },
	.where = &origin,
	.colour = BLUE,
	.flags = F_READ | F_WRITE,
	.word = { 0xdeadbeef },
	.handler = handle,
	.table = { nothing, 0, nothing },
	.inner = 11,
	.deep = 12,
	.matrix = { { 1, 2, 3 }, { 4, 5, 6 } },
};
struct task *current = &task;

static __attribute__((noinline)) int count(void)
{
	static int times = 3;

	return ++times;
}

static __attribute__((noinline)) int locals(int a, const char *p)
{
	struct point here = { a, a + 1 };
	int counts[4] = { 1, 2, 3, 4 };
	u64 wide = 0x1122334455667788ULL;
	const char *rest = p + 1;

	for (int i = 0; i < 4; i++) {
		int inner = counts[i] * 2;

		here.x += inner;
		counts[i] = here.x;
	}
	changing = p[0] + counts[2];
	return here.x + here.y + rest[0] + (int)wide;
}

int main(void)
{
	int result = locals(5, greeting);

	result += count() + hidden + current->handler(current, 1);
	zeros[5] = result;
	number++;
	return result & 0x7f;
}
