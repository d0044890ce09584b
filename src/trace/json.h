/*
 * json.h - reading one line of JSON without building anything: members of an object as slices of
 * the line. Enough to read traces back and to refuse what is not JSON. Internal to src/trace/.
 */
#ifndef VMSTEP_TRACE_JSON_H
#define VMSTEP_TRACE_JSON_H

#include <vmstep/types.h>

struct slice {
	const char *s; /* into the line, not terminated; NULL: absent */
	size_t n;
};

/* Behind the value that starts at `p` (blanks before it allowed); NULL when it is not JSON. */
const char *json_skip(const char *p, const char *end);

struct json_members {
	const char *p, *end;
	bool first;
};
/* `line` holds one object and nothing else: false otherwise, with *ret_bad where it goes wrong. The
 * whole line is checked here, so that json_next() cannot fail. */
bool json_object(struct json_members *m, const char *line, size_t n, size_t *ret_bad);
/* The next member; strings keep their quotes. False at the end. */
bool json_next(struct json_members *m, struct slice *ret_key, struct slice *ret_value);

#endif
