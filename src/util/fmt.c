/* fmt.c - integers to digits without printf; see strbuf.h. A traced step writes dozens of them. */
#include <vmstep/strbuf.h>

/* "00".."ff" and "00".."99": two digits a table step. */
#define H1(a) #a "0" #a "1" #a "2" #a "3" #a "4" #a "5" #a "6" #a "7" #a "8" #a "9"
#define H2(a) H1(a) #a "a" #a "b" #a "c" #a "d" #a "e" #a "f"
static const char hex_pairs[] = H2(0) H2(1) H2(2) H2(3) H2(4) H2(5) H2(6) H2(7) H2(8) H2(9) H2(a)
	H2(b) H2(c) H2(d) H2(e) H2(f);
static const char dec_pairs[] = H1(0) H1(1) H1(2) H1(3) H1(4) H1(5) H1(6) H1(7) H1(8) H1(9);
#undef H1
#undef H2

char *fmt_hex_fixed(char *p, u64 v, unsigned digits)
{
	char *q = p + digits;

	for (; q - p >= 2; v >>= 8) {
		q -= 2;
		memcpy(q, hex_pairs + 2 * (v & 0xff), 2);
	}
	if (q > p)
		*p = hex_pairs[2 * (v & 0xf) + 1];
	return p + digits;
}

char *fmt_hex(char *p, u64 v)
{
	return fmt_hex_fixed(p, v, v ? (67 - __builtin_clzll(v)) / 4 : 1);
}

char *fmt_dec(char *p, u64 v)
{
	char digits[DEC_MAX], *q = digits + DEC_MAX;
	size_t n;

	for (; v >= 100; v /= 100) {
		q -= 2;
		memcpy(q, dec_pairs + 2 * (v % 100), 2);
	}
	*--q = dec_pairs[2 * v + 1];
	if (v >= 10)
		*--q = dec_pairs[2 * v];
	n = digits + DEC_MAX - q;
	memcpy(p, q, n);
	return p + n;
}

char *fmt_bytes(char *p, const u8 *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++, p += 2)
		memcpy(p, hex_pairs + 2 * bytes[i], 2);
	return p;
}
