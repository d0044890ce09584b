/* parse.c - numbers and sizes as users type them; see parse.h. */
#include <errno.h>
#include <string.h>
#include <vmstep/parse.h>

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return 255;
}

/* Splits off the base's prefix. */
static unsigned base_scan(const char **s)
{
	const char *p = *s;

	if (p[0] != '0' || !p[1])
		return 10;
	if ((p[1] | 0x20) == 'x') {
		*s += 2;
		return 16;
	}
	if ((p[1] | 0x20) == 'b') {
		*s += 2;
		return 2;
	}
	return digit_value(p[1]) < 10 ? 8 : 10;
}

int number_scan(const char *s, const char **ret_end, u64 *ret)
{
	const unsigned base = base_scan(&s);
	const char *start = s;
	bool big = false;
	u64 v = 0;

	for (; digit_value(*s) < base; s++)
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, digit_value(*s), &v))
			big = true;
	/* A digit of a larger base does not end a number: "09" is a typing error. Letters may
	 * ("10xb"). */
	if (s == start || digit_value(*s) < 10)
		return -EINVAL;
	if (big)
		return -ERANGE;
	*ret_end = s;
	*ret = v;
	return 0;
}

static int number_complain(int code, const char *s, const char *what, struct err *err)
{
	if (code == -ERANGE)
		return err_set(err, ERANGE, "%s: %s does not fit in 64 bits", what, s);
	if (!*s)
		return err_set(err, EINVAL, "%s: a number is missing", what);
	return err_set(err, EINVAL, "%s: \"%s\" is no number (write 10, 0xa or 012)", what, s);
}

int number_parse(const char *s, const char *what, u64 *ret, struct err *err)
{
	const char *end;
	u64 v;
	int r = number_scan(s, &end, &v);

	if (r == 0 && *end)
		r = -EINVAL;
	if (r)
		return number_complain(r, s, what, err);
	*ret = v;
	return 0;
}

int number_parse_range(const char *s, const char *what, u64 min, u64 max, u64 *ret, struct err *err)
{
	u64 v = 0;
	int r = number_parse(s, what, &v, err);

	if (r)
		return r;
	if (v < min || v > max)
		return err_set(err, ERANGE, "%s: %s is outside %llu to %llu", what, s,
			       (unsigned long long)min, (unsigned long long)max);
	*ret = v;
	return 0;
}

/* "", "K", "KiB", "KB": the shift, or -1. */
static int unit_shift(const char *s)
{
	static const char units[] = "kmgt";
	const char *u;

	if (!*s)
		return 0;
	u = strchr(units, *s | 0x20);
	if (!u)
		return -1;
	s++;
	if (*s == 'i')
		s++;
	if ((*s | 0x20) == 'b')
		s++;
	return *s ? -1 : 10 * (int)(u - units + 1);
}

int size_parse(const char *s, const char *what, u64 *ret, struct err *err)
{
	const char *end;
	int shift, r;
	u64 v;

	r = number_scan(s, &end, &v);
	if (r)
		return number_complain(r, s, what, err);
	shift = unit_shift(end);
	if (shift < 0)
		return err_set(err, EINVAL, "%s: \"%s\" is no size (write 65536, 64K, 16M or 1G)",
			       what, s);
	if (shift && v >> (64 - shift))
		return err_set(err, ERANGE, "%s: %s does not fit in 64 bits", what, s);
	*ret = v << shift;
	return 0;
}

static const char *separators_skip(const char *s)
{
	s += strspn(s, " \t\r\n,:");
	if (s[0] == '0' && (s[1] | 0x20) == 'x')
		s += 2;
	return s;
}

int hex_bytes_parse(const char *s, const char *what, u8 *buf, size_t max, size_t *ret_n,
		    struct err *err)
{
	size_t n = 0;

	for (s = separators_skip(s); *s; s = separators_skip(s)) {
		if (digit_value(s[0]) > 15 || digit_value(s[1]) > 15)
			return err_set(err, EINVAL,
				       "%s: \"%.10s\" is no byte in hex: two digits each, as in "
				       "\"90 f1 90\"",
				       what, s);
		if (n == max)
			return err_set(err, E2BIG, "%s: more than %zu bytes", what, max);
		buf[n++] = digit_value(s[0]) << 4 | digit_value(s[1]);
		s += 2;
	}
	if (!n)
		return err_set(err, EINVAL, "%s: no bytes given, as in \"90 f1 90\"", what);
	*ret_n = n;
	return 0;
}
