/*
 * image.c - the shim as it was linked (src/shim/), in the program's read-only data.
 */
#include "engine/mtf/mtf.h"

__asm__(".pushsection .rodata\n"
	".balign 4096\n"
	".globl shim_image\n"
	"shim_image: .incbin \"" SHIM_BIN "\"\n"
	".globl shim_image_end\n"
	"shim_image_end: .byte 0\n"
	".popsection\n");
