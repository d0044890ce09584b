/*
 * shadow64.S - STI and MOV SS. MOV SS drops the step's trap: one stop behind the pair, which retired
 * two. The software flavour of /dev/kvm stops between them, as no processor does.
 */
	.include "guest64.inc"

	.text
	HANDLER h_db, 1, first="EVENT vector=1 x*"
	HANDLER h_bp, 3, first="EVENT vector=3 x*"

main:
	GATE 1, h_db
	GATE 3, h_bp
	mov ax, ss

	CASE "sti; nop"
	sti
	S "TF"
	nop
	S "TF"
	cli
	S "TF"
	END

	CASE "mov ss; nop"
	mov ss, ax
	S "-", pvm="TF", why="K2"
	nop
	S "TF retired=2", pvm="TF", why="K2"
	nop
	S "TF"
	END

	/* Of MOV SS in a row only the first is promised to have a shadow (SDM, "MOV"). */
	CASE "mov ss; mov ss; nop"
	mov ss, ax
	S "-", pvm="TF", why="K2"
	mov ss, ax
	S "?TF retired=2", pvm="TF", why="K2"
	nop
	S "TF retired=any"
	nop
	S "TF"
	END

	CASE "sti; icebp"
	sti
	S "TF"
	.byte 0xf1
	S "ICEBP; TF"
	cli
	S "TF"
	END

	CASE "mov ss; icebp"
	mov ss, ax
	S "-", pvm="TF", why="K2"
	.byte 0xf1
	S "ICEBP retired=2; TF", pvm="ICEBP; TF", why="K2"
	nop
	S "TF"
	END

	CASE "mov ss; int3"
	mov ss, ax
	S "-", pvm="TF", why="K2"
	int3
	S "INT3 retired=2; TF", pvm="INT3; TF", why="K2"
	nop
	S "TF"
	END
	ret
