/*
 * load_multiboot.c - kernels with a Multiboot (version 1) header, started as the Multiboot
 * Specification 0.6.96 says in "Machine state".
 */
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	HEADER_MAGIC = 0x1badb002,
	BOOT_MAGIC = 0x2badb002,
	SEARCH = 8192,
	HF_PAGE_ALIGN = 1,
	HF_MEMORY = 2,
	HF_VIDEO = 4,
	HF_ADDRESSES = 0x10000,
	HF_MANDATORY = 0xffff,
};

struct mb_header {
	u32 offset; /* in the file */
	u32 flags;
	u32 header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr;
};

s64 multiboot_find(const struct image *img)
{
	u8 buf[SEARCH];
	size_t n = image_peek(img, 0, buf, sizeof(buf));

	for (size_t i = 0; i + 12 <= n; i += 4)
		if (get_le32(buf + i) == HEADER_MAGIC &&
		    get_le32(buf + i) + get_le32(buf + i + 4) + get_le32(buf + i + 8) == 0)
			return (s64)i;
	return -1;
}

static int header_read(const struct image *img, struct mb_header *ret, struct err *err)
{
	s64 at = multiboot_find(img);
	u8 h[32] = { 0 };
	int rc;

	if (at < 0)
		return err_set(err, EINVAL,
			       "%s has no Multiboot header (magic 1badb002 with a checksum) in its "
			       "first 8 KiB: load it as "
			       "another kind",
			       img->name);
	ret->offset = (u32)at;
	rc = image_read(img, (u64)at, h, 12, "the Multiboot header", err);
	if (rc)
		return rc;
	ret->flags = get_le32(h + 4);
	if (ret->flags & HF_ADDRESSES) {
		rc = image_read(img, (u64)at, h, sizeof(h), "the Multiboot header with addresses",
				err);
		if (rc)
			return rc;
	}
	ret->header_addr = get_le32(h + 12);
	ret->load_addr = get_le32(h + 16);
	ret->load_end_addr = get_le32(h + 20);
	ret->bss_end_addr = get_le32(h + 24);
	ret->entry_addr = get_le32(h + 28);
	/* A boot loader must refuse requirements (bits 0-15) that it does not know or cannot meet.
	 */
	if (ret->flags & HF_MANDATORY & ~(HF_PAGE_ALIGN | HF_MEMORY | HF_VIDEO))
		return err_set(err, ENOTSUP,
			       "%s: the Multiboot header at offset %#x requires features %#x that "
			       "vmstep does not have: "
			       "build it without them",
			       img->name, ret->offset, ret->flags & HF_MANDATORY);
	if (ret->flags & HF_VIDEO)
		return err_set(err, ENOTSUP,
			       "%s: the Multiboot header at offset %#x requires a video mode, and "
			       "this machine has no "
			       "screen: clear flag bit 2",
			       img->name, ret->offset);
	return 0;
}

/* The address-field form: the bytes from load_addr on are the kernel, whatever the format. */
static int load_addresses(struct machine *m, const struct image *img, const struct mb_header *h,
			  u64 *ret_end, struct err *err)
{
	u64 back = (u64)h->header_addr - h->load_addr, off = h->offset - back;
	u64 n, size;

	if (h->load_addr > h->header_addr || back > h->offset)
		return err_set(err, EINVAL,
			       "%s: the Multiboot header at offset %#x says load_addr %#x for "
			       "header_addr %#x, which would "
			       "begin before the file: correct the addresses",
			       img->name, h->offset, h->load_addr, h->header_addr);
	n = h->load_end_addr ? (u64)h->load_end_addr - h->load_addr : img->size - off;
	if (h->load_end_addr && h->load_end_addr <= h->header_addr)
		return err_set(err, EINVAL,
			       "%s: the Multiboot header at offset %#x says load_end_addr %#x, "
			       "before the header itself: "
			       "correct the addresses",
			       img->name, h->offset, h->load_end_addr);
	size = h->bss_end_addr ? (u64)h->bss_end_addr - h->load_addr : n;
	if (h->bss_end_addr && (h->bss_end_addr < h->load_addr || size < n))
		return err_set(err, EINVAL,
			       "%s: the Multiboot header at offset %#x says bss_end_addr %#x, "
			       "before the end of the loaded "
			       "part: correct the addresses",
			       img->name, h->offset, h->bss_end_addr);
	if (h->entry_addr < h->load_addr || h->entry_addr - h->load_addr >= size)
		return err_set(err, EINVAL,
			       "%s: the Multiboot header at offset %#x says entry_addr %#x, "
			       "outside what it loads: correct "
			       "the addresses",
			       img->name, h->offset, h->entry_addr);
	*ret_end = h->load_addr + size;
	return extent_load(m, img, off, n, h->load_addr, size, "the Multiboot kernel", err);
}

static int load_kernel(struct machine *m, const struct image *img, const struct mb_header *h,
		       u64 *ret_entry, u64 *ret_end, struct err *err)
{
	struct elf_info info;
	int rc;

	*ret_entry = h->entry_addr;
	if (h->flags & HF_ADDRESSES)
		return load_addresses(m, img, h, ret_end, err);
	rc = elf_load_segments(m, img, &info, err);
	if (rc)
		return err_prefix(err,
				  "Multiboot header without addresses, so the file must be ELF");
	if (!info.entry_inside || info.entry_phys > UINT32_MAX)
		return err_set(err, EINVAL,
			       "%s: its entry %#" PRIx64
			       " lies in no segment loaded below 4 GiB: link it with -e SYMBOL",
			       img->name, info.entry);
	*ret_entry = info.entry_phys;
	*ret_end = info.end;
	return 0;
}

int load_multiboot(struct machine *m, const struct image *img, struct err *err)
{
	struct mb_header h = { 0 };
	u64 entry = 0, end = 0;
	u32 info = 0;
	int rc = header_read(img, &h, err);

	if (!rc)
		rc = load_kernel(m, img, &h, &entry, &end, err);
	if (!rc)
		rc = multiboot_info_build(m, img, end > MIB(1) ? end : MIB(1), &info, err);
	if (rc)
		return rc;
	/* "Machine state": flat 32-bit segments, paging off, A20 on, interrupts off. */
	boot_state_protected(&m->boot, (u32)entry);
	m->boot.gpr[GPR_RAX] = BOOT_MAGIC;
	m->boot.gpr[GPR_RBX] = info;
	return env_build_protected(m, err);
}
