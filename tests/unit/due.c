/*
 * due.c - the order at one boundary (section 3) and what holds back what (section 5), every
 * combination of shadow, RF, IF and NMI blocking.
 */
#include "sem_table.h"

/* Section 3, highest first, as it stands there. */
static const enum due order[] = {
	DUE_RESET_MC, DUE_TBIT, DUE_SMI_INIT, DUE_MTF, DUE_TRAP, DUE_PREEMPTION_TIMER, DUE_NMI, DUE_INTERRUPT,
	DUE_CODE_BP, DUE_FETCH_FAULT, DUE_DECODE_FAULT, DUE_EXEC_FAULT,
};

static void check_order(void)
{
	unsigned long wrong = 0;

	tap_eq(ARRAY_SIZE(order), DUE_COUNT, "the order names all");
	for (u32 mask = 1; mask < DUE_BIT(DUE_COUNT); mask++) {
		unsigned i = 0;

		while (!(mask & DUE_BIT(order[i])))
			i++;
		wrong += due_first(mask) != order[i];
	}
	tap_eq(wrong, 0, "the first of each of the 4095 sets");
	tap_eq(due_first(0), DUE_NONE, "nothing is due");
	tap_eq(due_first(DUE_BIT(DUE_COUNT)), DUE_NONE, "a bit that is none");
	for (unsigned d = 0; d < DUE_COUNT; d++)
		tap_ok(due_name(d) && due_name(d)[0], "due %u has a name", d);
	tap_str(due_name(DUE_NONE), "nothing", "so has nothing");
}

enum { D_DUE, D_SHADOW, D_RF, D_IF, D_NMI, D_COUNT };
static const char *const shadow_names[] = { "none", "movss", "sti", "both" };
static const struct dim dims[D_COUNT] = {
	[D_DUE] = { "due", DUE_COUNT, NULL }, [D_SHADOW] = { "shadow", 4, shadow_names },
	[D_RF] = { "rf", 2, NULL },           [D_IF] = { "if", 2, NULL },
	[D_NMI] = { "nmi-blocked", 2, NULL },
};

static u64 answer_held(const u8 *v)
{
	struct due_masks m = { v[D_SHADOW], v[D_RF], v[D_IF], v[D_NMI] };
	u32 mask = DUE_BIT(v[D_DUE]);

	return due_held(mask, &m) == mask;
}

#define MOVSS (V(1) | V(3))
#define CAN_BE_HELD (V(DUE_TRAP) | V(DUE_CODE_BP) | V(DUE_NMI) | V(DUE_INTERRUPT))
static const struct row held_rows[] = {
	{ "section 4.7: nothing holds MTF, nor these", { [D_DUE] = NOT(CAN_BE_HELD) }, 0 },
	{ "section 5: MOV SS holds traps back", { [D_DUE] = V(DUE_TRAP), [D_SHADOW] = MOVSS }, 1 },
	{ "section 5: STI does not", { [D_DUE] = V(DUE_TRAP), [D_SHADOW] = NOT(MOVSS) }, 0 },
	{ "section 5: MOV SS suppresses the code breakpoint",
	  { [D_DUE] = V(DUE_CODE_BP), [D_SHADOW] = MOVSS }, 1 },
	{ "section 5: so does RF",
	  { [D_DUE] = V(DUE_CODE_BP), [D_SHADOW] = NOT(MOVSS), [D_RF] = YES }, 1 },
	{ "else it comes", { [D_DUE] = V(DUE_CODE_BP), [D_SHADOW] = NOT(MOVSS), [D_RF] = NO }, 0 },
	{ "SDM Masking ... When Switching Stacks: NMI",
	  { [D_DUE] = V(DUE_NMI), [D_SHADOW] = MOVSS }, 1 },
	{ "SDM Handling Multiple NMIs",
	  { [D_DUE] = V(DUE_NMI), [D_SHADOW] = NOT(MOVSS), [D_NMI] = YES }, 1 },
	{ "else it comes", { [D_DUE] = V(DUE_NMI), [D_SHADOW] = NOT(MOVSS), [D_NMI] = NO }, 0 },
	{ "SDM Masking Maskable Hardware Interrupts: IF=0",
	  { [D_DUE] = V(DUE_INTERRUPT), [D_IF] = NO }, 1 },
	{ "section 1: either shadow",
	  { [D_DUE] = V(DUE_INTERRUPT), [D_IF] = YES, [D_SHADOW] = NOT(V(0)) }, 1 },
	{ "else it comes", { [D_DUE] = V(DUE_INTERRUPT), [D_IF] = YES, [D_SHADOW] = V(0) }, 0 },
};

int main(void)
{
	struct due_masks all = { SHADOW_MOV_SS, true, false, true };
	const u32 every = DUE_BIT(DUE_COUNT) - 1;

	check_order();
	TABLE_CHECK("held", dims, held_rows, answer_held);
	tap_eq(due_held(every, &all), CAN_BE_HELD, "held of all at once");
	tap_eq(due_held(DUE_BIT(DUE_MTF) | DUE_BIT(DUE_TRAP), &all), DUE_BIT(DUE_TRAP), "only of what is due");
	return tap_done();
}
