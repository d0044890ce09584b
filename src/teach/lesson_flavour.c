/* lesson_flavour.c - names of the engines, as lessons tell them apart. */
#include <string.h>
#include "lesson.h"

static const struct {
	const char *name;
	u8 flavours;
} flavours[] = {
	{ "soft", LESSON_SOFT }, { "mtf", LESSON_MTF }, { "kvm", LESSON_KVM },
	{ "pvm", LESSON_PVM },   { "vmx", LESSON_VMX },
};

const char *lesson_flavour_name(u8 flavour)
{
	for (size_t i = 0; i < ARRAY_SIZE(flavours); i++)
		if (flavours[i].flavours == flavour)
			return flavours[i].name;
	return "?";
}

static u8 flavour_of(const char *word, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(flavours); i++)
		if (strlen(flavours[i].name) == n && !memcmp(flavours[i].name, word, n))
			return flavours[i].flavours;
	return 0;
}

/* "kvm,pvm: TEXT": the mask, and *text moved behind it; all where TEXT begins otherwise. */
u8 lesson_flavours_take(const char **text, const char *end_chars)
{
	const char *p = *text;
	u8 mask = 0;

	for (;;) {
		const size_t n = strcspn(p, ", :\n");
		const u8 one = flavour_of(p, n);

		if (!one)
			return LESSON_ALL;
		mask |= one;
		p += n;
		if (*p != ',')
			break;
		p++;
	}
	if (!*p || !strchr(end_chars, *p))
		return LESSON_ALL;
	p++;
	*text = p + strspn(p, " ");
	return mask;
}
