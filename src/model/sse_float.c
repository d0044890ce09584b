/*
 * sse_float.c - floating-point arithmetic of XMM registers, and conversions that stay in them. The host
 * computes under the guest's rounding, DAZ and FTZ (sse.c).
 */
#include "model/sse.h"

/* Sums, products, conversions to singles, sums of neighbours; then what never leaves the range. */
#define SUM_PS(X) X(ADDPS) X(SUBPS) X(ADDSUBPS)
#define SUM_SS(X) X(ADDSS) X(SUBSS)
#define SUM_PD(X) X(ADDPD) X(SUBPD) X(ADDSUBPD)
#define SUM_SD(X) X(ADDSD) X(SUBSD)
#define PRODUCT_PS(X) X(MULPS) X(DIVPS)
#define PRODUCT_SS(X) X(MULSS) X(DIVSS)
#define PRODUCT_PD(X) X(MULPD) X(DIVPD)
#define PRODUCT_SD(X) X(MULSD) X(DIVSD)
#define NARROW_PD(X) X(CVTPD2PS)
#define NARROW_SD(X) X(CVTSD2SS)
#define PAIRS(X) X(HADDPS) X(HSUBPS) X(HADDPD) X(HSUBPD)
#define NEVER(X)                                                                                   \
	X(SQRTPS) X(SQRTPD) X(SQRTSS) X(SQRTSD) X(MINPS) X(MINPD) X(MINSS) X(MINSD) X(MAXPS)       \
	X(MAXPD) X(MAXSS) X(MAXSD) X(RCPPS) X(RCPSS) X(RSQRTPS) X(RSQRTSS) X(CVTPS2PD) X(CVTSS2SD) \
	X(CVTDQ2PS) X(CVTDQ2PD) X(CVTPS2DQ) X(CVTTPS2DQ) X(CVTPD2DQ) X(CVTTPD2DQ)

SUM_PS(HOST_OP)
SUM_SS(HOST_OP)
SUM_PD(HOST_OP)
SUM_SD(HOST_OP)
PRODUCT_PS(HOST_OP)
PRODUCT_SS(HOST_OP)
PRODUCT_PD(HOST_OP)
PRODUCT_SD(HOST_OP)
NARROW_PD(HOST_OP)
NARROW_SD(HOST_OP)
PAIRS(HOST_OP)
NEVER(HOST_OP)

static const struct sse_lanes sum_ps = { .size = 4, .n = 4, .source = 4 };
static const struct sse_lanes sum_ss = { .size = 4, .n = 1, .source = 4 };
static const struct sse_lanes sum_pd = { .size = 8, .n = 2, .source = 8 };
static const struct sse_lanes sum_sd = { .size = 8, .n = 1, .source = 8 };
static const struct sse_lanes product_ps = { .size = 4, .n = 4, .source = 4, .product = true };
static const struct sse_lanes product_ss = { .size = 4, .n = 1, .source = 4, .product = true };
static const struct sse_lanes product_pd = { .size = 8, .n = 2, .source = 8, .product = true };
static const struct sse_lanes product_sd = { .size = 8, .n = 1, .source = 8, .product = true };
static const struct sse_lanes narrow_pd = { .size = 4, .n = 2, .source = 8, .product = true };
static const struct sse_lanes narrow_sd = { .size = 4, .n = 1, .source = 8, .product = true };
static const struct sse_lanes pairs_HADDPS = { .size = 4, .n = 4, .source = 4, .pairs = host_ADDPS };
static const struct sse_lanes pairs_HSUBPS = { .size = 4, .n = 4, .source = 4, .pairs = host_SUBPS };
static const struct sse_lanes pairs_HADDPD = { .size = 8, .n = 2, .source = 8, .pairs = host_ADDPD };
static const struct sse_lanes pairs_HSUBPD = { .size = 8, .n = 2, .source = 8, .pairs = host_SUBPD };

#define ROW(name, lanes)     { ZYDIS_MNEMONIC_##name, 0, lanes, sse_float, host_##name },
#define ROW_SUM_PS(name)     ROW(name, &sum_ps)
#define ROW_SUM_SS(name)     ROW(name, &sum_ss)
#define ROW_SUM_PD(name)     ROW(name, &sum_pd)
#define ROW_SUM_SD(name)     ROW(name, &sum_sd)
#define ROW_PRODUCT_PS(name) ROW(name, &product_ps)
#define ROW_PRODUCT_SS(name) ROW(name, &product_ss)
#define ROW_PRODUCT_PD(name) ROW(name, &product_pd)
#define ROW_PRODUCT_SD(name) ROW(name, &product_sd)
#define ROW_NARROW_PD(name)  ROW(name, &narrow_pd)
#define ROW_NARROW_SD(name)  ROW(name, &narrow_sd)
#define ROW_PAIRS(name)      ROW(name, &pairs_##name)
#define ROW_NEVER(name)      ROW(name, NULL)

const struct sse_row sse_float_rows[] = {
	SUM_PS(ROW_SUM_PS)
	SUM_SS(ROW_SUM_SS)
	SUM_PD(ROW_SUM_PD)
	SUM_SD(ROW_SUM_SD)
	PRODUCT_PS(ROW_PRODUCT_PS)
	PRODUCT_SS(ROW_PRODUCT_SS)
	PRODUCT_PD(ROW_PRODUCT_PD)
	PRODUCT_SD(ROW_PRODUCT_SD)
	NARROW_PD(ROW_NARROW_PD)
	NARROW_SD(ROW_NARROW_SD)
	PAIRS(ROW_PAIRS)
	NEVER(ROW_NEVER)
	{ 0 },
};
