/*
 * lesson_got.c - what a stop has under each key of a lesson's conditions, as text: one function and
 * one row a key.
 */
#include <linux/kvm.h>
#include <string.h>
#include <vmstep/trace.h>
#include "lesson.h"

static void got_addr(u64 v, struct strbuf *out)
{
	strbuf_addhex(out, v, true);
}

static void got_at(const struct lesson_at *at, struct strbuf *out)
{
	got_addr(at->stop->lin, out);
}

/* Where the report itself was: not moved by a skip. */
static void got_exit(const struct lesson_at *at, struct strbuf *out)
{
	const struct evidence *ev = &at->stop->ev;

	if (ev->kind == EVIDENCE_KVM)
		got_addr(ev->kvm.reason == KVM_EXIT_DEBUG ? ev->kvm.pc : ev->kvm.rip, out);
	else if (ev->kind == EVIDENCE_VMX || ev->kind == EVIDENCE_SOFT)
		got_addr(ev->vmx.rip, out);
	else
		strbuf_adds(out, "none");
}

static void got_insn(const struct lesson_at *at, struct strbuf *out)
{
	const struct stop *st = at->stop;
	char text[128];

	insn_format(mode_bits(st->mode), st->bytes, st->n_bytes, st->lin, NULL, NULL, text,
		    sizeof(text));
	strbuf_addn(out, text, strcspn(text, " "));
}

static void got_retired(const struct lesson_at *at, struct strbuf *out)
{
	strbuf_addsdec(out, at->stop->retired);
}

static void got_shadow(const struct lesson_at *at, struct strbuf *out)
{
	static const char *const names[] = { "none", "mov-ss", "sti", "sti+mov-ss" };

	strbuf_adds(out, at->stop->shadow_known ? names[at->stop->shadow & 3] : "unknown");
}

/* The bits a #DB's report has: DR6 from KVM, the exit qualification from VMX. */
static void got_bits(const struct lesson_at *at, struct strbuf *out)
{
	const struct evidence *ev = &at->stop->ev;
	char bits[80];
	u64 v = 0;

	if (ev->kind == EVIDENCE_KVM && ev->kvm.reason == KVM_EXIT_DEBUG)
		v = ev->kvm.dr6;
	else if (ev->kind == EVIDENCE_VMX || ev->kind == EVIDENCE_SOFT)
		v = ev->vmx.qualification;
	dr6_format(v | 0xffff0ff0, bits, sizeof(bits));
	if (!strcmp(bits, "[]"))
		strbuf_adds(out, "none");
	else
		strbuf_addn(out, bits + 1, strlen(bits) - 2);
}

static void got_pending_dbg(const struct lesson_at *at, struct strbuf *out)
{
	const struct evidence *ev = &at->stop->ev;
	const bool vmx = ev->kind == EVIDENCE_VMX || ev->kind == EVIDENCE_SOFT;
	const u64 v = vmx ? ev->vmx.pending_dbg : 0;
	const char *before = "";

	if (v & PDBG_BS) {
		strbuf_adds(out, "BS");
		before = ",";
	}
	for (unsigned i = 0; i < 4; i++)
		if (v & BIT(i)) {
			strbuf_addf(out, "%sB%u", before, i);
			before = ",";
		}
	if (!out->n)
		strbuf_adds(out, vmx ? "none" : "unknown");
}

static void got_vector(const struct lesson_at *at, struct strbuf *out)
{
	if (at->stop->has_event && !at->stop->event_rep)
		strbuf_adddec(out, at->stop->event_vector);
	else
		strbuf_adds(out, "none");
}

static void got_type(const struct lesson_at *at, struct strbuf *out)
{
	const struct evidence *ev = &at->stop->ev;

	if ((ev->kind == EVIDENCE_VMX || ev->kind == EVIDENCE_SOFT) && ev->vmx.intr_info & BIT(31))
		strbuf_adddec(out, ev->vmx.intr_info >> 8 & 7);
	else
		strbuf_adds(out, "none");
}

static void got_pending(const struct lesson_at *at, struct strbuf *out)
{
	if (at->stop->pending)
		strbuf_adddec(out, at->stop->pending_vector);
	else
		strbuf_adds(out, "none");
}

static void got_did(const struct lesson_at *at, struct strbuf *out)
{
	for (unsigned i = 0; i < at->stop->n_did; i++)
		strbuf_addf(out, "%s%s", i ? "," : "", did_word(at->stop->did[i].kind));
	if (!out->n)
		strbuf_adds(out, "none");
}

static void got_proof(const struct lesson_at *at, struct strbuf *out)
{
	strbuf_adds(out, at->stop->proof == PROOF_DEDUCED ? "deduced" : "seen");
}

static void got_stops(const struct lesson_at *at, struct strbuf *out)
{
	strbuf_adddec(out, at->stops);
}

static const struct lesson_key keys[] = {
	{ "at", got_at, AS_ADDRESS },         { "exit", got_exit, AS_ADDRESS },
	{ "insn", got_insn, AS_TEXT },        { "retired", got_retired, AS_TEXT },
	{ "shadow", got_shadow, AS_TEXT },    { "bits", got_bits, AS_TEXT },
	{ "pdbg", got_pending_dbg, AS_TEXT }, { "vector", got_vector, AS_TEXT },
	{ "type", got_type, AS_TEXT },        { "pending", got_pending, AS_TEXT },
	{ "did", got_did, AS_MEMBER },        { "proof", got_proof, AS_TEXT },
	{ "stops", got_stops, AS_TEXT },
};

const struct lesson_key *lesson_key_find(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i].name) == n && !memcmp(keys[i].name, name, n))
			return &keys[i];
	return NULL;
}
