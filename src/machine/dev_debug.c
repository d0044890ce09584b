/*
 * dev_debug.c - ports made for guests that are being watched: debug consoles, exit, default
 * handlers' reports, and the POST port that everybody writes to wait.
 */
#include "internal.h"

/* Both ports read e9, which is how firmware finds out that somebody listens. */
bool debugcon_io(struct machine *m, bool write, u16 port, unsigned size, u32 *data)
{
	if (write)
		console_put(m, CONSOLE_DEBUGCON, (u8)*data);
	else
		*data = 0xe9;
	return true;
}

bool exit_io(struct machine *m, bool write, u16 port, unsigned size, u32 *data)
{
	if (!write)
		return false;
	machine_raise(m, MACHINE_EXIT, *data << 1 | 1);
	return true;
}

bool exception_io(struct machine *m, bool write, u16 port, unsigned size, u32 *data)
{
	return write && size == 1 && env_report(m);
}

bool post_io(struct machine *m, bool write, u16 port, unsigned size, u32 *data)
{
	if (!write)
		*data = 0;
	return true;
}
