/* causes.c - the causes of a stop as text: "TF+BREAK/2". */
#include "put.h"

const char *cause_family(enum cause c)
{
	switch (c) {
	case CAUSE_BREAK:
		return "BREAK/n";
	case CAUSE_UWATCH:
		return "WATCH/n";
	case CAUSE_CATCH:
		return "CATCH/n";
	default:
		return cause_name(c);
	}
}

void cause_put(const struct stop *st, enum cause c, struct strbuf *out)
{
	strbuf_adds(out, cause_name(c));
	if (c == CAUSE_BREAK || c == CAUSE_UWATCH || c == CAUSE_CATCH) {
		strbuf_addc(out, '/');
		strbuf_adddec(out, stop_point(st, c).number);
	}
}

void stop_causes(const struct stop *st, struct strbuf *out)
{
	cause_put(st, st->first, out);
	for (unsigned c = 0; c < CAUSE_COUNT; c++) {
		if (!(st->causes & CAUSE_BIT(c)) || c == st->first)
			continue;
		strbuf_addc(out, '+');
		cause_put(st, c, out);
	}
}
