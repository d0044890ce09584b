/*
 * bios_services.c - the least a boot sector expects below itself: an interrupt vector table as PC
 * firmware leaves it, so that a message printed through INT 10h reaches the debug console and a
 * missing disk is an error code and not a crash. It is no firmware: for real services boot one.
 *
 * Every vector points at an IRET at f000:ff53, where PC firmware has its own, except the services
 * below and #DE, #UD and #NM, which are stops.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>

enum { BIOS_SEG = 0xf000, BIOS_OFF = 0xe000, IRET_OFF = 0xff53 };

/*
 * Copied to f000:e000, position independent. Results in flags go to the image on the stack: BP+6
 * after PUSH BP. The table in front of the code holds {vector, offset from the start}.
 */
asm(".pushsection .rodata\n"
    "bios_services_start:\n"
    "	.code16\n"
    "	.macro entry vector, label\n"
    "	.word \\vector, \\label - bios_services_start\n"
    "	.endm\n"
    "	entry 0x10, video\n"
    "	entry 0x11, equipment\n"
    "	entry 0x12, memory_size\n"
    "	entry 0x13, no_service\n" /* disks: none, AH=01 invalid function, CF=1 */
    "	entry 0x14, no_service\n"
    "	entry 0x15, no_system\n"
    "	entry 0x16, keyboard\n"
    "	entry 0x17, no_service\n"
    "	entry 0x18, no_boot\n"
    "	entry 0x19, no_boot\n"
    "	entry 0x1a, clock\n"
    "	.word 0xffff\n"
    "	.purgem entry\n"
    "video:\n" /* AH=0e: teletype; AH=0f: mode 3, 80 columns, page 0; AH=03: cursor; else nothing */
    "	cmp $0x0e, %ah\n"
    "	jne 1f\n"
    "	out %al, $0xe9\n"
    "	iret\n"
    "1:	cmp $0x0f, %ah\n"
    "	jne 2f\n"
    "	mov $0x5003, %ax\n"
    "	mov $0, %bh\n"
    "	iret\n"
    "2:	cmp $0x03, %ah\n"
    "	jne 3f\n"
    "	mov $0x0607, %cx\n"
    "	mov $0, %dx\n"
    "3:	iret\n"
    "equipment:\n"
    "	mov $0x0002, %ax\n"
    "	iret\n"
    "memory_size:\n"
    "	mov $640, %ax\n"
    "	iret\n"
    "no_system:\n" /* INT 15h: AH=86 and CF=1 mean "not supported" */
    "	mov $0x86, %ah\n"
    "	jmp fail\n"
    "no_service:\n"
    "	mov $0x01, %ah\n"
    "fail:\n"
    "	push %bp\n"
    "	mov %sp, %bp\n"
    "	orw $1, 6(%bp)\n"
    "	pop %bp\n"
    "	iret\n"
    "keyboard:\n" /* AH=01, 11: no key (ZF=1); AH=00, 10: wait for one, which never comes */
    "	test $0x01, %ah\n"
    "	jnz 4f\n"
    "	test $0x02, %ah\n"
    "	jnz 5f\n"
    "6:	sti\n"
    "	hlt\n"
    "	jmp 6b\n"
    "4:	push %bp\n"
    "	mov %sp, %bp\n"
    "	orw $0x40, 6(%bp)\n"
    "	pop %bp\n"
    "	iret\n"
    "5:	mov $0, %al\n"
    "	iret\n"
    "clock:\n"
    "	mov $0, %ax\n"
    "	mov $0, %cx\n"
    "	mov $0, %dx\n"
    "	iret\n"
    "no_boot:\n"
    "	call 7f\n"
    "	.asciz \"No bootable device.\\r\\n\"\n"
    "7:	pop %si\n"
    "8:	lodsb %cs:(%si), %al\n"
    "	test %al, %al\n"
    "	jz 9f\n"
    "	out %al, $0xe9\n"
    "	jmp 8b\n"
    "9:	cli\n"
    "	hlt\n"
    "	jmp 9b\n"
    "bios_services_end:\n"
    "	.code64\n"
    "	.popsection\n");

extern const u8 bios_services_start[], bios_services_end[];

int bios_services_build(struct machine *m, struct err *err)
{
	static const u8 fault_vectors[] = { EXC_DE, EXC_UD, EXC_NM };
	static const u8 iret = 0xcf;
	size_t size = (size_t)(bios_services_end - bios_services_start);
	int rc = extent_take(m, (BIOS_SEG << 4) + BIOS_OFF, 0x10000 - BIOS_OFF,
			     "vmstep's BIOS services", err);

	if (rc)
		return rc;
	memory_put(m, (BIOS_SEG << 4) + BIOS_OFF, bios_services_start, size);
	memory_put(m, (BIOS_SEG << 4) + IRET_OFF, &iret, 1);
	for (unsigned v = 0; v < 256; v++)
		ivt_set(m, (u8)v, BIOS_SEG, IRET_OFF);
	for (const u8 *e = bios_services_start; get_le16(e) != 0xffff; e += 4)
		ivt_set(m, (u8)get_le16(e), BIOS_SEG, (u16)(BIOS_OFF + get_le16(e + 2)));
	env_build_real(m, fault_vectors, sizeof(fault_vectors));
	return 0;
}
