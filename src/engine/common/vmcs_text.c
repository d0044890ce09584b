/* vmcs_text.c - see vmcs_text.h. */
#include "engine/common/vmcs_text.h"

#define NAME(name, code) { #name, code },
struct field {
	const char *name;
	u16 code;
};
static const struct field leave[] = { MAILBOX_EXIT(NAME) };
static const struct field core[] = { MAILBOX_CORE(NAME) };
static const struct field sys[] = { MAILBOX_SYS(NAME) };
static const struct field control[] = { MAILBOX_CONTROL(NAME) };
static const struct field more[] = { MAILBOX_MORE(NAME) };
#undef NAME

static const struct {
	const struct field *field;
	unsigned n;
} groups[] = {
	[VMCS_EXIT] = { leave, ARRAY_SIZE(leave) },
	[VMCS_CORE] = { core, ARRAY_SIZE(core) },
	[VMCS_SYS] = { sys, ARRAY_SIZE(sys) },
	[VMCS_CONTROL] = { control, ARRAY_SIZE(control) },
	[VMCS_MORE] = { more, ARRAY_SIZE(more) },
};

void vmcs_fields_put(struct strbuf *out, const char *title, enum vmcs_group g, const u64 *v)
{
	const struct field *f = groups[g].field;

	strbuf_addf(out, "%s:\n", title);
	for (unsigned i = 0; i < groups[g].n; i++)
		strbuf_addf(out, "  %04x  %-16s %#llx\n", f[i].code, f[i].name, (unsigned long long)v[i]);
}
