/*
 * fault64.S - faults with handlers. A delivery is a stop of its own at the handler's first
 * instruction, with nothing retired: the handler does not run unseen.
 */
	.include "guest64.inc"

	.text
	HANDLER h_ud, 6, first="EVENT vector=6 x*"
	HANDLER h_gp, 13, error=1, first="EVENT vector=13 x*"
	HANDLER h_pf, 14, error=1, first="EVENT vector=14 x*"

main:
	GATE 6, h_ud
	GATE 13, h_gp
	GATE 14, h_pf

	FIXUP 1f
	CASE "ud2"
	nop
	S "TF"
	ud2
1:	S "TF"
	nop
	S "TF"
	END

	FIXUP 2f
	movabs rbx, 0x8000000000000000
	CASE "general protection by a non-canonical address"
	mov eax, [rbx]
2:	S "TF"
	nop
	S "TF"
	END

	FIXUP 3f
	movabs rbx, 0x400000000000
	CASE "page fault"
	mov eax, [rbx]
3:	S "TF"
	nop
	S "TF"
	END
	ret
