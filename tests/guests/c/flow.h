/* flow.h - functions inlined from a header. */
static inline __attribute__((always_inline)) int clamp(int v, int low, int high)
{
	if (v < low)
		return low;
	if (v > high)
		return high;
	return v;
}

static inline __attribute__((always_inline)) int scale(int v)
{
	int twice = v * 2;

	return clamp(twice, -100, 100);
}
