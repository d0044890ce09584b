/*
 * image.c - the file a guest comes from: opened once, read in pieces straight into guest memory,
 * and told apart by content.
 */
#include "internal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEX_TEXT_MAX = 1 << 20 };

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Blanks, commas, "0x" and "\x" may stand between bytes; a byte is two digits. */
static const char *hex_skip(const char *p)
{
	for (;;) {
		if (isspace((unsigned char)*p) || *p == ',')
			p++;
		else if ((p[0] == '0' || p[0] == '\\') && (p[1] == 'x' || p[1] == 'X'))
			p += 2;
		else
			return p;
	}
}

int image_open_hex(struct image *img, const char *hex, struct err *err)
{
	size_t n = 0;

	*img = (struct image){ .name = "--hex", .fd = -1 };
	if (strlen(hex) > HEX_TEXT_MAX)
		return err_set(err, E2BIG,
			       "--hex holds more than %d characters: put the bytes into a file",
			       HEX_TEXT_MAX);
	img->mem = malloc(strlen(hex) / 2 + 1);
	if (!img->mem)
		return err_set(err, ENOMEM, "--hex: out of memory");
	for (const char *p = hex_skip(hex); *p; p = hex_skip(p), n++) {
		int hi = hex_digit(p[0]), lo = hi < 0 ? -1 : hex_digit(p[1]);

		if (lo < 0) {
			image_deinit(img);
			return err_set(err, EINVAL,
				       "--hex: character %zu, \"%.4s\", is no byte: give pairs of "
				       "hex digits such as "
				       "\"90 f1 90\"",
				       (size_t)(p - hex) + 1, p);
		}
		img->mem[n] = (u8)(hi << 4 | lo);
		p += 2;
	}
	img->size = n;
	if (n)
		return 0;
	image_deinit(img);
	return err_set(err, EINVAL,
		       "--hex holds no byte: give pairs of hex digits such as \"90 f1 90\"");
}

static int check_regular(struct image *img, struct err *err)
{
	struct stat st;

	if (fstat(img->fd, &st))
		return err_set(err, errno, "%s: %s", img->name, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, EISDIR, "%s is a directory: give a guest image", img->name);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s is no regular file: copy it to one first",
			       img->name);
	if (!st.st_size)
		return err_set(err, ENODATA, "%s is empty: give a guest image", img->name);
	img->size = (u64)st.st_size;
	return 0;
}

int image_open(struct image *img, const char *path, struct err *err)
{
	int rc;

	*img = (struct image){ .fd = -1 };
	snprintf(img->name, sizeof(img->name), "%s", path);
	img->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (img->fd < 0)
		return err_set(err, errno, "cannot open the guest %s: %s", img->name,
			       strerror(errno));
	rc = check_regular(img, err);
	if (rc)
		image_deinit(img);
	return rc;
}

void image_deinit(struct image *img)
{
	if (img->fd >= 0)
		close(img->fd);
	free(img->mem);
	img->fd = -1;
	img->mem = NULL;
	img->size = 0;
}

size_t image_peek(const struct image *img, u64 off, void *buf, size_t n)
{
	size_t done = 0;

	if (off >= img->size)
		return 0;
	if (n > img->size - off)
		n = (size_t)(img->size - off);
	if (img->fd < 0) {
		memcpy(buf, img->mem + off, n);
		return n;
	}
	while (done < n) {
		ssize_t got = pread(img->fd, (u8 *)buf + done, n - done, (off_t)(off + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

int image_read(const struct image *img, u64 off, void *buf, u64 n, const char *what,
	       struct err *err)
{
	if (off + n < off || off + n > img->size)
		return err_set(err, ENODATA,
			       "%s: %s should be %#" PRIx64 " bytes at offset %#" PRIx64
			       ", but the file ends at %#" PRIx64
			       ": it is cut off or damaged, get it again",
			       img->name, what, n, off, img->size);
	if (image_peek(img, off, buf, (size_t)n) != n)
		return err_set(err, EIO,
			       "%s: reading %s at offset %#" PRIx64 " failed: try another copy",
			       img->name, what, off);
	return 0;
}

/* A PC starts at the image's last 16 bytes: firmware has a jump there, possibly behind a NOP or
 * WBINVD. */
static bool is_firmware(const struct image *img)
{
	u8 v[16];
	size_t i = 0;

	if (img->size < KIB(64) || img->size > MIB(16) || img->size & 0xfff)
		return false;
	if (image_peek(img, img->size - sizeof(v), v, sizeof(v)) != sizeof(v))
		return false;
	while (i < 4 && (v[i] == 0x90 || (v[i] == 0x0f && v[i + 1] == 0x09)))
		i += v[i] == 0x90 ? 1 : 2;
	return v[i] == 0xea || v[i] == 0xe9 || v[i] == 0xeb;
}

/* Truncated files of a known format go to its loader, which can say what is missing. */
enum image_kind image_detect(const struct image *img)
{
	u8 h[0x210] = { 0 };
	size_t n = image_peek(img, 0, h, sizeof(h));

	if (multiboot_find(img) >= 0)
		return IMAGE_MULTIBOOT;
	if (n >= 4 && !memcmp(h, "\177ELF", 4))
		return h[4] == 1 ? IMAGE_ELF32 : IMAGE_ELF64;
	if (n >= 0x206 && !memcmp(h + 0x202, "HdrS", 4))
		return IMAGE_BZIMAGE;
	if (img->size == 512 && h[510] == 0x55 && h[511] == 0xaa)
		return IMAGE_BOOT_SECTOR;
	if (is_firmware(img))
		return IMAGE_FIRMWARE;
	return IMAGE_FLAT;
}

const char *image_kind_name(enum image_kind k)
{
	static const char *const name[] = {
		[IMAGE_AUTO] = "unknown",
		[IMAGE_FLAT] = "flat",
		[IMAGE_BOOT_SECTOR] = "boot sector",
		[IMAGE_ELF64] = "ELF64",
		[IMAGE_ELF32] = "ELF32",
		[IMAGE_MULTIBOOT] = "multiboot",
		[IMAGE_FIRMWARE] = "firmware",
		[IMAGE_BZIMAGE] = "bzImage",
	};

	return (size_t)k < ARRAY_SIZE(name) ? name[k] : "unknown";
}
