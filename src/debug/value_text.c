/* value_text.c - the text a value is or points to, as a string of this program; see expr.h. */
#include <errno.h>
#include <string.h>
#include "private.h"

enum { TEXT_MAX = 65536 };

/* The contents of an array of characters, wherever they are. */
static int text_of_array(struct session *s, const struct value *v, struct strbuf *out,
			 struct err *err)
{
	u64 size = ctype_size(v->type), off = 0;
	int rc = 0;
	u8 c = 1;

	for (; !rc && c && off < size && off < TEXT_MAX; off++) {
		rc = value_bytes(s, v, off, &c, 1, err);
		if (!rc && c)
			strbuf_addc(out, c);
	}
	return rc;
}

static int text_in_memory(struct session *s, u64 addr, struct strbuf *out, struct err *err)
{
	char buf[256], *nul = NULL;
	size_t start = out->n, n = sizeof(buf);

	while (!nul && out->n - start < TEXT_MAX) {
		n = state_read_some(s, addr + (out->n - start), buf, sizeof(buf));
		if (!n)
			return session_read(s, addr + (out->n - start), buf, 1, err) ?: -EFAULT;
		nul = memchr(buf, 0, n);
		strbuf_addn(out, buf, nul ? (size_t)(nul - buf) : n);
	}
	return 0;
}

int value_text(struct session *s, const struct value *v, struct strbuf *out, struct err *err)
{
	const struct ctype *t = v->type ? ctype_bare(v->type) : NULL;

	if (v->optimized_out)
		return err_set(err, ENODATA, "the text has been optimized out");
	if (t && t->kind == CTYPE_ARRAY && ctype_size(t->target) == 1)
		return text_of_array(s, v, out, err);
	if (t && !ctype_is_scalar(t))
		return err_set(err, EINVAL, "a text was expected: characters or a pointer to them");
	return text_in_memory(s, v->bits, out, err);
}
