/* jsonl_did.c - what was done at a stop, as a member of its JSON record; see put.h. */
#include "put.h"

/* "inner-skip:0x401006": the word, then what it was done to. Which operands a word has. */
enum {
	DID_HAS_ARG = BIT(0),
	DID_HAS_A = BIT(1),
	DID_HAS_B = BIT(2),
	DID_HAS_PLACE = BIT(3),
	DID_HAS_RULE = BIT(4)
};
static const struct {
	const char *word;
	u8 has;
} dids[DID_KIND_COUNT] = {
	[DID_INNER_SKIP] = { "inner-skip", DID_HAS_B },
	[DID_OUTER_SKIP] = { "outer-skip", DID_HAS_B },
	[DID_NO_SKIP] = { "no-skip", DID_HAS_A },
	[DID_DELIVER] = { "deliver", DID_HAS_ARG | DID_HAS_B },
	[DID_SWALLOW] = { "swallow", DID_HAS_ARG },
	[DID_REPAIR_TF] = { "repair-tf", DID_HAS_PLACE | DID_HAS_A },
	[DID_COMPLETE_IO] = { "complete-io", 0 },
	[DID_EMULATE] = { "emulate-int", DID_HAS_ARG },
	[DID_GUEST_DB] = { "guest-db", DID_HAS_A },
	[DID_WAIT_HLT] = { "wait-hlt", 0 },
	[DID_WRONG_SKIP] = { "wrong-skip", DID_HAS_RULE },
	[DID_LEAKED] = { "leaked-tf", 0 },
	[DID_EMULATE_HLT] = { "emulate-hlt", 0 },
	[DID_EMULATE_SYSCALL] = { "emulate-syscall", 0 },
	[DID_TOOK_BACK] = { "took-back", DID_HAS_A },
	[DID_EMULATE_IRET] = { "emulate-iret", 0 },
	[DID_REPLAY] = { "replay", DID_HAS_A },
	[DID_PUT_BACK_DB] = { "put-back-db", DID_HAS_A },
};

const char *did_word(enum did_kind d)
{
	return dids[d].word;
}

static void did_one(const struct did *d, struct strbuf *out)
{
	static const char *const places[] = { ":pushf", ":frame", ":r11" };
	u8 has = dids[d->kind].has;

	strbuf_addc(out, '"');
	strbuf_adds(out, dids[d->kind].word);
	if (has & DID_HAS_ARG) {
		strbuf_addc(out, ':');
		strbuf_adddec(out, d->arg);
	}
	if (has & DID_HAS_PLACE)
		strbuf_adds(out, places[d->arg % ARRAY_SIZE(places)]);
	if (has & DID_HAS_RULE) {
		strbuf_addc(out, ':');
		strbuf_adds(out, skip_policy_name(d->arg));
	}
	if (has & (DID_HAS_A | DID_HAS_B)) {
		strbuf_addc(out, ':');
		strbuf_addhex(out, has & DID_HAS_B ? d->b : d->a, true);
	}
	strbuf_addc(out, '"');
}

void jsonl_did_put(const struct stop *st, struct strbuf *out)
{
	PUT(out, ",\"did\":[");
	for (unsigned i = 0; i < st->n_did; i++) {
		if (i)
			strbuf_addc(out, ',');
		did_one(&st->did[i], out);
	}
	strbuf_addc(out, ']');
}
