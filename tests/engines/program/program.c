/*
 * program.c - compiled C of some size for t_program.py: sorting, CRC-32, SHA-256, arithmetic on big
 * numbers, compression. Freestanding, general registers only; it prints a line for each result,
 * which Python computes, too.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

enum { DATA = 3000, WORDS = 24, SORT = 300 };

static u8 data[DATA], packed[2 * DATA], again[DATA];

/* GCC calls these by itself. */
void *memcpy(void *to, const void *from, unsigned long n)
{
	u8 *t = to;
	const u8 *f = from;

	while (n--)
		*t++ = *f++;
	return to;
}

void *memset(void *to, int c, unsigned long n)
{
	void *p = to;

	__asm__ volatile("rep stosb" : "+D"(p), "+c"(n) : "a"(c) : "memory");
	return to;
}

static void out(u16 port, u8 v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static void put(const char *s)
{
	while (*s)
		out(0xe9, *s++);
}

static void put_hex(u32 v)
{
	for (int i = 28; i >= 0; i -= 4)
		out(0xe9, "0123456789abcdef"[v >> i & 15]);
}

static void put_number(u64 v)
{
	char text[24], *p = text + sizeof(text) - 1;

	*p = '\0';
	do
		*--p = '0' + v % 10;
	while (v /= 10);
	put(p);
}

static u32 lcg(u32 *s)
{
	return *s = *s * 1664525u + 1013904223u;
}

static void data_fill(void)
{
	u32 s = 1;

	for (u32 i = 0; i < DATA; i++)
		data[i] = i % 7 < 4 ? lcg(&s) >> 24 : "abracadabra"[i % 11];
}

/* --- CRC-32 --- */

static u32 crc32(const u8 *p, u32 n)
{
	u32 table[256], c;

	for (u32 i = 0; i < 256; i++) {
		c = i;
		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
		table[i] = c;
	}
	for (c = ~0u; n--; p++)
		c = table[(c ^ *p) & 255] ^ c >> 8;
	return ~c;
}

/* --- SHA-256 --- */

static u32 ror(u32 v, int n)
{
	return v >> n | v << (32 - n);
}

/* w * x in words of 32 bits, x of two. */
static void words_times(u32 *w, int n, u64 x)
{
	u32 in[4];

	for (int i = 0; i < n; i++) {
		in[i] = w[i];
		w[i] = 0;
	}
	for (int i = 0; i < n; i++) {
		u64 carry = 0;

		for (int j = 0; i + j < n; j++) {
			carry += (u64)in[i] * (j == 0   ? (u32)x
					       : j == 1 ? (u32)(x >> 32)
							: 0) +
				 w[i + j];
			w[i + j] = carry;
			carry >>= 32;
		}
	}
}

/* The constants are computed: 32 bits behind the point of the square and cube roots of primes. */
static u32 root_fraction(u32 prime, int power)
{
	u64 x = 0;

	for (int bit = 36; bit >= 0; bit--) {
		u64 y = x | 1ull << bit;
		u32 w[4] = { (u32)y, (u32)(y >> 32) };

		for (int i = 1; i < power; i++)
			words_times(w, 4, y);
		if (w[power] < prime && (power == 3 || !w[3]))
			x = y;
	}
	return x;
}

static void sha_constants(u32 *k, u32 *h)
{
	u32 n = 0;

	for (u32 p = 2; n < 64; p++) {
		u32 d = 2;

		while (d * d <= p && p % d)
			d++;
		if (d * d <= p)
			continue;
		if (n < 8)
			h[n] = root_fraction(p, 2);
		k[n++] = root_fraction(p, 3);
	}
}

static void sha_block(const u32 *k, u32 *h, const u8 *p)
{
	u32 w[64], v[8];

	for (int i = 0; i < 16; i++)
		w[i] = (u32)p[4 * i] << 24 | p[4 * i + 1] << 16 | p[4 * i + 2] << 8 | p[4 * i + 3];
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + (ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       w[i - 7] + (ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10);
	for (int i = 0; i < 8; i++)
		v[i] = h[i];
	for (int i = 0; i < 64; i++) {
		u32 a = v[7] + (ror(v[4], 6) ^ ror(v[4], 11) ^ ror(v[4], 25)) +
			((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
		u32 b = (ror(v[0], 2) ^ ror(v[0], 13) ^ ror(v[0], 22)) +
			((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

		for (int j = 7; j > 0; j--)
			v[j] = v[j - 1];
		v[4] += a;
		v[0] = a + b;
	}
	for (int i = 0; i < 8; i++)
		h[i] += v[i];
}

static void sha256(const u8 *p, u32 n)
{
	static u32 k[64], start[8];
	u32 h[8], rest = n % 64;
	u8 last[128] = { 0 };

	if (!k[0])
		sha_constants(k, start);
	memcpy(h, start, sizeof(h));
	for (u32 i = 0; i + 64 <= n; i += 64)
		sha_block(k, h, p + i);
	memcpy(last, p + n - rest, rest);
	last[rest] = 0x80;
	for (int i = 0; i < 8; i++)
		last[(rest < 56 ? 63 : 127) - i] = (u64)n * 8 >> 8 * i;
	sha_block(k, h, last);
	if (rest >= 56)
		sha_block(k, h, last + 64);
	put("sha256 ");
	for (int i = 0; i < 8; i++)
		put_hex(h[i]);
	put("\n");
}

/* --- sorting --- */

static int compare_words(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static int compare_bytes(const void *a, const void *b)
{
	return (int)*(const signed char *)a - *(const signed char *)b;
}

static void sort(u8 *p, int n, int size, int (*compare)(const void *, const void *))
{
	u8 tmp[8];

	for (int gap = n / 2; gap; gap /= 2)
		for (int i = gap; i < n; i++) {
			int j = i;

			memcpy(tmp, p + i * size, size);
			for (; j >= gap && compare(p + (j - gap) * size, tmp) > 0; j -= gap)
				memcpy(p + j * size, p + (j - gap) * size, size);
			memcpy(p + j * size, tmp, size);
		}
}

static void sort_all(void)
{
	int words[SORT];
	signed char bytes[SORT];
	u32 s = 7;

	for (int i = 0; i < SORT; i++) {
		words[i] = lcg(&s);
		bytes[i] = words[i] >> 16;
	}
	sort((u8 *)words, SORT, 4, compare_words);
	sort((u8 *)bytes, SORT, 1, compare_bytes);
	put("words ");
	put_hex(crc32((u8 *)words, sizeof(words)));
	put("\nbytes ");
	put_hex(crc32((u8 *)bytes, sizeof(bytes)));
	put("\n");
}

/* --- big numbers: 120! and a Fibonacci number, in words of 32 bits, printed in decimal --- */

static void big_print(u32 *w)
{
	static char text[WORDS * 10 + 1];
	char *p = text + sizeof(text) - 1;
	u32 any;

	do {
		u64 rest = 0;

		any = 0;
		for (int i = WORDS - 1; i >= 0; i--) {
			rest = rest << 32 | w[i];
			any |= w[i] = rest / 10;
			rest %= 10;
		}
		*--p = '0' + rest;
	} while (any);
	put(p);
	put("\n");
}

static void factorial(u32 n)
{
	u32 w[WORDS] = { 1 };

	for (u32 f = 2; f <= n; f++) {
		u64 carry = 0;

		for (int i = 0; i < WORDS; i++) {
			carry += (u64)w[i] * f;
			w[i] = carry;
			carry >>= 32;
		}
	}
	put("factorial ");
	big_print(w);
}

static void fibonacci(u32 n)
{
	u32 a[WORDS] = { 0 }, b[WORDS] = { 1 };

	while (n--) {
		u64 carry = 0;

		for (int i = 0; i < WORDS; i++) {
			u32 old = b[i];

			carry += (u64)a[i] + b[i];
			b[i] = carry;
			a[i] = old;
			carry >>= 32;
		}
	}
	put("fibonacci ");
	big_print(a);
}

/* Signed and unsigned division, shifts and products of 64 bits; modular powers. */
static u64 power_mod(u64 base, u64 e, u64 m)
{
	u64 r = 1;

	for (base %= m; e; e >>= 1, base = base * base % m)
		if (e & 1)
			r = r * base % m;
	return r;
}

static void arithmetic(void)
{
	u64 sum = 0;
	u32 s = 3;

	for (int i = 0; i < 400; i++) {
		u64 a = (u64)lcg(&s) << 32 | lcg(&s), b = (u64)(lcg(&s) | 1) << (i % 31);
		long long c = (long long)a >> (i % 64), d = (int)lcg(&s) | 1;

		sum = sum * 31 + a / b + a % b + (u64)(c / d) + (u64)(c % d) + a * b +
		      (a >> (i % 64)) + (a << (i % 63));
	}
	put("arithmetic ");
	put_number(sum);
	put("\npower ");
	put_number(power_mod(123456789, 987654321, 4294967291u));
	put("\n");
}

/* --- compression: back references of 3 to 18 bytes within 4 KiB, found by a hash --- */

static u32 pack(const u8 *p, u32 n, u8 *to)
{
	static u16 last[4096];
	u32 at = 0, len = 0;

	memset(last, 0xff, sizeof(last));
	while (at < n) {
		u8 *flags = to + len++;

		*flags = 0;
		for (int bit = 0; bit < 8 && at < n; bit++) {
			u32 h = at + 3 <= n
					? (p[at] * 2654435761u ^ p[at + 1] * 40503u ^ p[at + 2]) &
						  4095
					: 0,
			    m = 0;
			u32 from = last[h];

			if (at + 3 <= n && from < at && at - from < 4096)
				while (m < 18 && at + m < n && p[from + m] == p[at + m])
					m++;
			if (at + 3 <= n)
				last[h] = at;
			if (m >= 3) {
				*flags |= 1 << bit;
				to[len++] = (at - from) & 255;
				to[len++] = (at - from) >> 8 << 4 | (m - 3);
				at += m;
			} else {
				to[len++] = p[at++];
			}
		}
	}
	return len;
}

static u32 unpack(const u8 *p, u32 n, u8 *to)
{
	u32 at = 0, len = 0;

	while (at < n) {
		u32 flags = p[at++];

		for (int bit = 0; bit < 8 && at < n; bit++)
			if (flags >> bit & 1) {
				u32 back = p[at] | (p[at + 1] >> 4) << 8, m = (p[at + 1] & 15) + 3;

				for (at += 2; m--; len++)
					to[len] = to[len - back];
			} else {
				to[len++] = p[at++];
			}
	}
	return len;
}

static void compress(void)
{
	u32 n = pack(data, DATA, packed), m = unpack(packed, n, again);

	put("packed ");
	put_number(n);
	put(" again ");
	put_number(m);
	put(" crc ");
	put_hex(crc32(again, m));
	put("\n");
}

void _start(void)
{
	data_fill();
	put("crc32 ");
	put_hex(crc32(data, DATA));
	put("\n");
	sha256(data, DATA);
	sha256((const u8 *)"abc", 3);
	sort_all();
	factorial(120);
	fibonacci(1000);
	arithmetic();
	compress();
	put("end\n");
	out(0xf4, 0);
	for (;;)
		__asm__ volatile("hlt");
}
