/*
 * dr64.S - the guest's own debug registers. What of them a debugger on plain KVM can keep is K8:
 * without USE_HW_BP the guest's registers are the processor's, and its hits are ours to pass on.
 */
	.include "guest64.inc"

	.data
	.balign 8
watched: .quad 0

	.text
	HANDLER h_db, 1, first="EVENT vector=1", pvm="-", why="K11"

main:
	GATE 1, h_db
	/* A first write faults in the host's page tables, and such an exit leaves RF set. */
	mov dword ptr [watched], 0

	CASE "mov dr"
	mov rax, dr7
	S "TF"
	mov dr7, rax
	S "TF"
	mov eax, OFFSET watched
	S "TF"
	mov dr0, rax
	S "TF"
	mov rax, dr0
	S "TF"
	END
	mov edx, eax
	call hex_print

	mov eax, 0xd0402
	mov dr7, rax
	CASE "data breakpoint of the guest"
	nop
	S "TF"
	mov dword ptr [watched], 1
	S "TF+WATCH|WATCH+TF; TF", pvm="TF", why="K11"
	mov eax, [watched]
	S "TF"
	nop
	S "TF"
	END
	mov eax, 0x400
	mov dr7, rax

	/* Bn of a breakpoint that DR7 does not enable is no cause. */
	CASE "a disabled breakpoint is none"
	mov dword ptr [watched], 2
	S "TF"
	nop
	S "TF"
	END
	ret
