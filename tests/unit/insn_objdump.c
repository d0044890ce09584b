/*
 * Instruction lengths against objdump's, an opinion that is not ours: all of a PC firmware image, read
 * as 32-bit and as 16-bit code (data included, so that rare encodings occur), and this very program.
 */
#include <stdlib.h>
#include <unistd.h>
#include <vmstep/insn.h>

#include "tap.h"

#define FIRMWARE "/usr/share/seabios/bios.bin"

/* objdump shows what the processor refuses with #UD: LOCK where it is not allowed, segment registers 6
 * and 7, MOV to CS; and it calls some invalid ones (bad). */
static bool comparable(const char *text)
{
	return !strstr(text, "(bad)") && !strstr(text, "lock ") && !strchr(text, '?') &&
	       !strstr(text, "mov    cs,") && text[0];
}

/* "  401000:\t48 89 c3\tmov ..." -> the bytes; 0 for other lines. */
static size_t line_parse(char *line, u8 code[16], const char **ret_text)
{
	char *at = strchr(line, '\t'), *text = at ? strchr(at + 1, '\t') : NULL;
	size_t n = 0;

	if (!text || line[0] != ' ')
		return 0;
	*text = '\0';
	*ret_text = text + 1;
	for (char *p = at + 1, *end; n < 16; p = end) {
		code[n] = strtoul(p, &end, 16);
		if (end == p)
			break;
		n++;
	}
	return n;
}

static void compare(unsigned bits, const char *command, unsigned at_least)
{
	unsigned seen = 0, bad = 0;
	char line[1024];
	FILE *f = popen(command, "r");

	while (f && fgets(line, sizeof(line), f)) {
		const char *text;
		struct insn in;
		u8 code[16];
		size_t n = line_parse(line, code, &text);

		if (!n || n > INSN_MAX || !comparable(text))
			continue;
		insn_decode(bits, code, n, &in);
		seen++;
		if (in.facts.length != n && bad++ < 10)
			tap_eq(in.facts.length, n, "%u-bit length of %s", bits, strtok((char *)text, "\n"));
	}
	if (f)
		pclose(f);
	tap_eq(bad, 0, "%u-bit: lengths unlike objdump's, of %u", bits, seen);
	tap_ok(seen >= at_least, "%u-bit: at least %u instructions compared", bits, at_least);
}

int main(void)
{
	char self[300], command[400];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (system("command -v objdump >/dev/null 2>&1")) {
		tap_skip("lengths against objdump", "no objdump here: install binutils");
		return tap_done();
	}
	if (access(FIRMWARE, R_OK)) {
		tap_skip("16- and 32-bit lengths against objdump", "no " FIRMWARE ": make deps");
	} else {
		compare(32, "LC_ALL=C objdump -D -w -b binary -m i386 -M intel --insn-width=15 " FIRMWARE, 20000);
		compare(16, "LC_ALL=C objdump -D -w -b binary -m i8086 -M intel --insn-width=15 " FIRMWARE, 20000);
	}
	if (tap_ok(n > 0, "this program's name")) {
		self[n] = '\0';
		snprintf(command, sizeof(command), "LC_ALL=C objdump -d -w -M intel --insn-width=15 '%s'", self);
		compare(64, command, 1000);
	}
	return tap_done();
}
