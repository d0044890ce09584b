/* err.c - failures as one sentence; see err.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <vmstep/err.h>

/* Sentences quote names from the outside (files, symbols, commands): they stay on one line. */
static void line_keep(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = ' ';
}

/* A cut sentence says so. */
static void cut_mark(char *text, size_t size, int wanted)
{
	if (wanted >= 0 && (size_t)wanted >= size)
		memcpy(text + size - 4, "...", 4);
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;
	int n;

	if (!err)
		return -code;
	/* Through a copy, since an argument may be the old sentence. */
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		strcpy(text, "the message could not be formatted");
	cut_mark(text, sizeof(text), n);
	line_keep(text);
	memcpy(err->text, text, sizeof(text));
	err->code = code;
	return -code;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;
	int n, m;

	if (!err)
		return -EINVAL;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(text))
		n = sizeof(text) - 1;
	m = snprintf(text + n, sizeof(text) - n, "%s%s", err->text[0] ? ": " : "", err->text);
	cut_mark(text, sizeof(text), n + m);
	line_keep(text);
	memcpy(err->text, text, sizeof(text));
	if (!err->code)
		err->code = EINVAL;
	return -err->code;
}
