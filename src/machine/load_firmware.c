/*
 * load_firmware.c - a PC firmware image: ROM that ends at 4 GiB, its last 128 KiB also below 1 MiB,
 * and a CPU as it comes out of RESET at f000:fff0 with CS based at ffff0000.
 */
#include "internal.h"

#include <errno.h>
#include <inttypes.h>

int firmware_rom_size(const struct image *img, u64 *ret, struct err *err)
{
	if (img->size < KIB(64) || img->size > MIB(16) || img->size & 0xfff)
		return err_set(
			err, EINVAL,
			"%s is %#" PRIx64
			" bytes long, firmware has 64K to 16M in steps of 4K: give a whole image",
			img->name, img->size);
	*ret = img->size;
	return 0;
}

int load_firmware(struct machine *m, const struct image *img, struct err *err)
{
	u64 low = img->size < KIB(128) ? img->size : KIB(128);
	int rc = extent_load(m, img, 0, img->size, RAM_HOLE_END - img->size, img->size,
			     "the firmware", err);

	/* The low copy is RAM, as on a PC whose chipset was told to shadow it. */
	if (!rc)
		rc = extent_load(m, img, img->size - low, low, MIB(1) - low, low,
				 "the firmware's low copy", err);
	if (!rc)
		boot_state_reset(&m->boot);
	return rc;
}
