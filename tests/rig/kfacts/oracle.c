/* oracle.c - the self-watching guest of tests/rig/bare as a guest of plain KVM, no guest debug. */
#include "kfacts.h"
#include "lab.h"

#include <stdio.h>
#include <unistd.h>

#define ORACLE_AT 0x400000u
#define PORT_PRINT 0xe9
#define PORT_EXIT 0xf4

static const uint8_t nothing[1];

static void text_print(struct lab *lab)
{
	const char *data = (const char *)lab->run + lab->run->io.data_offset;

	fwrite(data, lab->run->io.size, lab->run->io.count, stdout);
}

void cases_oracle(void)
{
	size_t have = 0;
	unsigned reason;
	struct lab lab;
	ssize_t n;

	lab_init(&lab, LAB_LONG, nothing, sizeof(nothing), 0);
	while ((n = read(0, lab.mem + ORACLE_AT + have, 65536)) > 0)
		have += (size_t)n;
	lab_rip_set(&lab, ORACLE_AT);
	case_begin("oracle", "the self-watching guest on plain KVM");
	for (;;) {
		reason = lab_run_quiet(&lab);
		if (reason != KVM_EXIT_IO || lab.run->io.port == PORT_EXIT)
			break;
		if (lab.run->io.port == PORT_PRINT)
			text_print(&lab);
	}
	check_hex("the guest reached its end", reason, KVM_EXIT_IO);
	lab_deinit(&lab);
}
