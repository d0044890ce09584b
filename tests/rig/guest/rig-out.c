/*
 * rig-out - the guest's way out of the emulator.
 *
 *   ... | rig-out         copy standard input to port E9, which Bochs prints on its standard output
 *   rig-out file NAME F   print the file F framed for the host: "\n@file NAME BYTES\n", the bytes
 *   rig-out quit          end the emulated machine: "Shutdown" to port 8900
 */
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <sys/reboot.h>
#include <unistd.h>

static int input_copy(void)
{
	static char buf[65536];
	ssize_t n;

	while ((n = read(0, buf, sizeof(buf))) > 0)
		outsb(0xe9, buf, (unsigned long)n);
	return 0;
}

static int file_print(const char *name, const char *path)
{
	static char buf[65536];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f || fseek(f, 0, SEEK_END)) {
		printf("not ok - rig-out: got no file %s, wanted one\n", path);
		return 1;
	}
	printf("\n@file %s %ld\n", name, ftell(f));
	rewind(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		fwrite(buf, 1, n, stdout);
	fclose(f);
	return 0;
}

static int machine_quit(void)
{
	const char *p;

	sync();
	for (p = "Shutdown"; *p; p++)
		outb((unsigned char)*p, 0x8900);
	return reboot(RB_POWER_OFF);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "file"))
		return file_print(argv[2], argv[3]);
	if (iopl(3)) {
		perror("rig-out: iopl");
		return 1;
	}
	return argc == 2 && !strcmp(argv[1], "quit") ? machine_quit() : input_copy();
}
