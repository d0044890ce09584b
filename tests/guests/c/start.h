/*
 * start.h - what every C guest begins and ends with: _start on the stack vmstep provides, main(), and
 * the exit port with main's value. Freestanding; included once, by the guest's first file.
 */
#ifndef GUEST_START_H
#define GUEST_START_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

int main(void);

#ifdef __x86_64__
#define GUEST_ALIGN "and $-16, %rsp\n"
#else
#define GUEST_ALIGN "and $-16, %esp\n"
#endif

__asm__(".text\n"
	".globl _start\n"
	".type _start, @function\n"
	"_start:\n" GUEST_ALIGN
	"	call main\n"
	"	out %al, $0xf4\n"
	"1:	hlt\n"
	"	jmp 1b\n"
	".size _start, . - _start\n"
	".section .note.GNU-stack,\"\",@progbits\n"
	".text\n");

/* The compilers may call these for structures, whatever the flags say. */
void *memset(void *p, int c, __SIZE_TYPE__ n)
{
	for (u8 *b = p; n--;)
		*b++ = c;
	return p;
}

void *memcpy(void *to, const void *from, __SIZE_TYPE__ n)
{
	const u8 *f = from;

	for (u8 *t = to; n--;)
		*t++ = *f++;
	return to;
}

#endif
