/*
 * icebp64.S - INT1, INT3 and INT n of a guest with handlers of its own. The stop at F1 and CC is
 * shown behind them with the inner skip done; the next resume delivers; the handler's first
 * instruction is a stop that retired nothing; its frame returns behind the F1; and then exactly one
 * stop an instruction. An INT n has no stop between: it retires, and the handler is the boundary.
 */
	.include "guest64.inc"

	.text
	HANDLER h_db, 1, first="EVENT vector=1 x5; EVENT vector=1 retired=1"
	HANDLER h_bp, 3, first="EVENT vector=3; EVENT vector=3 retired=1"
	HANDLER h_80, 0x80, first="EVENT vector=128 retired=1"

main:
	GATE 1, h_db
	GATE 3, h_bp
	GATE 0x80, h_80

	CASE "icebp"
	nop
	S "TF"
	.byte 0xf1
	S "ICEBP; TF"
	nop
	S "TF"
	END

	CASE "icebp twice"
	nop
	S "TF"
	.byte 0xf1
	S "ICEBP; TF"
	.byte 0xf1
	S "ICEBP; TF"
	nop
	S "TF"
	END

	CASE "icebp with prefixes"
	.byte 0x66, 0xf1
	S "ICEBP; TF"
	.byte 0x48, 0xf1
	S "ICEBP; TF"
	nop
	S "TF"
	END

	CASE "int3"
	nop
	S "TF"
	int3
	S "INT3; TF"
	nop
	S "TF"
	END

	/* CD 03 is no breakpoint: through the IDT like any other INT n. */
	CASE "int 3 as CD 03"
	nop
	S "TF"
	.byte 0xcd, 3
	S "TF"
	nop
	S "TF"
	END

	CASE "int 1 as CD 01"
	nop
	S "TF"
	.byte 0xcd, 1
	S "TF"
	nop
	S "TF"
	END

	CASE "int 0x80"
	nop
	S "TF"
	int 0x80
	S "TF"
	nop
	S "TF"
	END
	ret
