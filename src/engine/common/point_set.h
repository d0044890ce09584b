/*
 * point_set.h - the user's points, found by address however many there are: a filter of one bit and a
 * binary search for code, sorted ranges for data. Used by the engines that look at every address.
 */
#ifndef VMSTEP_ENGINE_POINT_SET_H
#define VMSTEP_ENGINE_POINT_SET_H

#include <vmstep/engine.h>
#include <vmstep/model.h>

struct data_point {
	struct point p;
	u64 value;     /* as last seen */
};
struct point_set {
	struct point *code;          /* by address */
	struct data_point *data;     /* by address */
	struct model_range *ranges;  /* of data[], for model_watch() */
	u64 *filter;                 /* a bit for each model_break_hash() of a code point; NULL: none */
	size_t n_code, n_data;
};
/* Copies of p[0..n), `got` and `cost` filled. On failure *s is as it was. */
int point_set_make(struct point_set *s, struct point *p, size_t n, struct err *err);
void point_set_deinit(struct point_set *s);
const struct point *point_set_code(const struct point_set *s, u64 lin);
/* The first data point that [lin, lin + size) overlaps, from index *i on, which is moved behind it; NULL:
 * no more. Begin with *i = 0. */
struct data_point *point_set_data(const struct point_set *s, u64 lin, u64 size, size_t *i);

#endif
