/* macro_args.h - the parameters of a macro and what one invocation gives for them. Inside src/symbols/. */
#ifndef VMSTEP_SYMBOLS_MACRO_ARGS_H
#define VMSTEP_SYMBOLS_MACRO_ARGS_H

#include "macro_token.h"

enum { ARGUMENTS_MAX = 64 };

/* The arguments of one invocation, as written. */
struct arguments {
	struct token given[ARGUMENTS_MAX], name[ARGUMENTS_MAX];
	unsigned n;     /* parameters */
	unsigned n_given;
	bool varargs;   /* the last takes all that is left */
};

void macro_parameters(const struct macro *m, struct arguments *a);
/* From behind the ( on, *p behind the ) then; false: never closed, or too many. */
bool macro_arguments(struct arguments *a, const char **p, const char *end);
/* Whether there are as many as parameters; an empty () and a missing last "..." are put right. */
bool macro_arguments_fit(struct arguments *a);
/* Index of the parameter a token names; -1: none, or `a` is NULL. */
int macro_parameter_of(const struct arguments *a, const struct token *t);

#endif
