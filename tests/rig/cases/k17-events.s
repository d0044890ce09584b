# K17: #UD, #GP, #PF, INT n and INT3 are seen from their handlers' first instruction
# run: trace -e kvm GUEST
# stop: TF ud_at
# stop: EVENT on_ud
# stop: TF ud_ret
# stop: TF int_at
# stop: EVENT on_int
# stop: TF gp_load
# stop: TF gp_at
# stop: EVENT on_gp
# stop: TF gp_fix
# stop: TF gp_ret
# stop: TF pf_load
# stop: TF pf_at
# stop: EVENT on_pf
# stop: TF pf_fix
# stop: TF pf_ret
# stop: TF bp_at
# stop: INT3 end
# stop: EVENT on_bp
# stop: TF end
# stop: HLT behind
	.include "case.inc"
	GATE 3, on_bp
	GATE 6, on_ud
	GATE 13, on_gp
	GATE 14, on_pf
	GATE 64, on_int
_start:	IDT_LOAD
ud_at:	ud2
int_at:	int $0x40
gp_load: movl $0xfff8, %eax
gp_at:	movl %eax, %ds
pf_load: movabsq $0x7fff00000000, %rbx
pf_at:	movl (%rbx), %eax
bp_at:	int3
end:	hlt
behind:	nop
on_ud:	addq $2, (%rsp)
ud_ret:	iretq
on_int:	iretq
on_gp:	addq $8, %rsp
gp_fix:	addq $2, (%rsp)
gp_ret:	iretq
on_pf:	addq $8, %rsp
pf_fix:	addq $2, (%rsp)
pf_ret:	iretq
on_bp:	iretq
