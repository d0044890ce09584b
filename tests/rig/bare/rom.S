/*
 * rom.S - a BIOS of 64 KiB that does one thing: copy a program to AT and enter it in the mode that
 * BITS says: 16 (real-address, at 0:AT), 32 (protected, flat), 64 (long).
 *
 * Takes the place of the emulator's BIOS, so the program runs some thousand instructions after reset.
 * A line on port E9 parts what the program prints from what the emulator printed before it.
 * Memory in long mode: tables at 10000 (PML4, PDPT, four PDs: 4 GiB in 2 MiB pages), stack below 9000.
 */
#ifndef BITS
#define BITS 64
#define AT 0x400000
#endif
	.section .rom, "ax"
	.code16
rom_start:
	cli
	xorw %ax, %ax
	movw %ax, %ss
	movw $0x9000, %sp
	movw %ax, %es
	movw $(hello - rom_start), %si
	movw $(hello_end - hello), %cx
	movw $0xe9, %dx
	cld
	rep outsb %cs:(%si), (%dx)
#if BITS == 16
	movw $0xf000, %ax
	movw %ax, %ds
	movw $(payload - rom_start), %si
	movw $AT, %di
	movw $(payload_end - payload), %cx
	cld
	rep movsb
	ljmpw $0, $AT
#elif BITS == 32
	lgdtl %cs:(gdt_pointer - rom_start)
	movl $1, %eax
	movl %eax, %cr0
	ljmpl $0x8, $(0xf0000 + flat_entry - rom_start)

	.code32
flat_entry:
	movl $0x10, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl $(0xf0000 + payload - rom_start), %esi
	movl $AT, %edi
	movl $(payload_end - payload), %ecx
	cld
	rep movsb
	movl $AT, %eax
	jmp *%eax
#else
	/* page tables, written through ES:DI in the segment at 10000 */
	movw $0x1000, %ax
	movw %ax, %es
	xorw %di, %di
	xorl %eax, %eax
	movw $0x1800, %cx
	cld
	rep stosl
	movl $0x11007, %es:0x0
	movl $0x12007, %es:0x1000
	movl $0x13007, %es:0x1008
	movl $0x14007, %es:0x1010
	movl $0x15007, %es:0x1018
	movl $0x87, %eax
	movw $0x2000, %di
1:	movl %eax, %es:(%di)
	addl $0x200000, %eax
	addw $8, %di
	cmpw $0x6000, %di
	jne 1b
	/* straight into long mode: PAE, CR3, LME, then PE and PG at once */
	movl %cr4, %eax
	orl $0x20, %eax
	movl %eax, %cr4
	movl $0x10000, %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx
	rdmsr
	orl $0x100, %eax
	wrmsr
	lgdtl %cs:(gdt_pointer - rom_start)
	movl %cr0, %eax
	orl $0x80000001, %eax
	andl $0x9fffffff, %eax
	movl %eax, %cr0
	ljmpl $0x8, $(0xf0000 + long_entry - rom_start)

	.code64
long_entry:
	movl $0x10, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl $0x9000, %esp
	leaq payload(%rip), %rsi
	movl $AT, %edi
	movl $(payload_end - payload), %ecx
	rep movsb
	movl $AT, %eax
	jmp *%rax
#endif

	.balign 8
gdt:
#if BITS == 64
	.quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
#else
	.quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
#endif
gdt_pointer:
	.word gdt_pointer - gdt - 1
	.long 0xf0000 + gdt - rom_start

hello:	.ascii "rom: enters the program\n"
hello_end:
	.balign 16
payload:
	.incbin ORACLE
payload_end:

	.org 0xfff0
	.code16
	ljmpw $0xf000, $0
	.org 0x10000
