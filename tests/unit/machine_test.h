/*
 * machine_test.h - what the tests of src/machine/ share: a machine from bytes, collected console
 * text, port accesses, little-endian writing, and "cut off at every length".
 */
#ifndef VMSTEP_MACHINE_TEST_H
#define VMSTEP_MACHINE_TEST_H

#include "tap.h"

#include <stdlib.h>
#include <fcntl.h>
#include <unistd.h>

#include <vmstep/machine.h>

static struct {
	char text[1 << 16];
	size_t n;
} console[CONSOLE_COUNT];

static inline void console_collect(void *arg, enum console_channel ch, const u8 *data, size_t n)
{
	for (size_t i = 0; i < n && console[ch].n + 1 < sizeof(console[ch].text); i++)
		console[ch].text[console[ch].n++] = (char)data[i];
	console[ch].text[console[ch].n] = 0;
}

static inline void console_clear(void)
{
	memset(console, 0, sizeof(console));
}

static inline struct machine *machine_new(u64 mem_size, const struct guest_spec *spec,
					  struct err *err)
{
	struct machine_config cfg = { .mem_size = mem_size,
				      .stdio_in = -1,
				      .write = console_collect };
	struct machine *m = NULL;

	memset(err, 0, sizeof(*err));
	if (machine_create(&cfg, &m, err))
		return NULL;
	if (!machine_load(m, spec, err))
		return m;
	machine_destroy(m);
	return NULL;
}

static char temp_path[64];

static inline void temp_remove(void)
{
	if (*temp_path)
		unlink(temp_path);
}

/* The bytes as a file; one at a time, removed at exit. */
static inline const char *temp_file(const void *bytes, size_t n)
{
	int fd;

	if (!*temp_path) {
		snprintf(temp_path, sizeof(temp_path), "/tmp/vmstep-unit-XXXXXX");
		fd = mkstemp(temp_path);
		atexit(temp_remove);
	} else {
		fd = open(temp_path, O_WRONLY | O_TRUNC);
	}
	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		perror(temp_path);
	if (fd >= 0)
		close(fd);
	return temp_path;
}

static inline struct machine *machine_from(const void *bytes, size_t n, struct guest_spec spec,
					   struct err *err)
{
	spec.path = temp_file(bytes, n);
	return machine_new(0, &spec, err);
}

/* One claim: this image is refused by a sentence that holds `part`. */
static inline void refused(const void *bytes, size_t n, struct guest_spec spec, const char *part,
			   const char *name)
{
	struct err err;
	struct machine *m = machine_from(bytes, n, spec, &err);

	tap_ok(!m && strstr(err.text, part), "%s: refused with \"%s\" (%s)", name, part,
	       m ? "loaded" : err.text);
	machine_destroy(m);
}

/*
 * Every prefix of an image shorter than `need` must be refused with a sentence, never crash; one
 * claim in all. The kind is given, since a short prefix looks like any bytes.
 */
static inline void refused_when_cut(const u8 *bytes, size_t need, struct guest_spec spec,
				    const char *name)
{
	size_t wrong = 0, first = 0;

	for (size_t n = 0; n < need; n++) {
		struct err err;
		struct machine *m = machine_from(bytes, n, spec, &err);

		if (m || !err.text[0] || strlen(err.text) + 1 >= sizeof(err.text)) {
			if (!wrong++)
				first = n;
		}
		machine_destroy(m);
	}
	tap_ok(!wrong,
	       "%s: all %zu prefixes are refused with a sentence (%zu were not, first %zu bytes)",
	       name, need, wrong, first);
}

static inline u32 port_in(struct machine *m, u16 port, unsigned size)
{
	u32 v = 0;

	machine_pio(m, false, port, size, &v);
	return v;
}

static inline void port_out(struct machine *m, u16 port, unsigned size, u32 v)
{
	machine_pio(m, true, port, size, &v);
}

static inline void le16(u8 *p, u16 v)
{
	p[0] = (u8)v;
	p[1] = (u8)(v >> 8);
}

static inline void le32(u8 *p, u32 v)
{
	le16(p, (u16)v);
	le16(p + 2, (u16)(v >> 16));
}

static inline void le64(u8 *p, u64 v)
{
	le32(p, (u32)v);
	le32(p + 4, (u32)(v >> 32));
}

static inline u32 get32(const u8 *p)
{
	return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static inline u64 get64(const u8 *p)
{
	return get32(p) | (u64)get32(p + 4) << 32;
}

#endif
