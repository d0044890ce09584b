/*
 * corpus.S - every case of docs/semantics.md section 12 in one mode: built five times, with MODE_REAL,
 * MODE_PROT, MODE_V86, MODE_LONG and MODE_COMPAT. README says which case exists in which mode, words.inc
 * what the words beside the instructions mean.
 */
	.intel_syntax noprefix
#include "mode.inc"
#include "words.inc"
	/* Real mode on KVM without VMX repeats INT 80 for ever, run free too. */
#ifdef MODE_REAL
	.set INT_N, 0x60
#else
	.set INT_N, 0x80
#endif
#include "start.inc"
#include "handler.inc"

	.text
	CODE_CASE
main:
#include "flow.inc"
#include "flags.inc"
#include "event.inc"
#include "shadow.inc"
#include "watch.inc"
#include "point.inc"
#include "irq.inc"
#ifdef MODE_LONG
#include "ring.inc"
#endif
#include "alone.inc"
	ret
