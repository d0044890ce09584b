/*
 * linear.c - guest memory by linear address; see x86_tables.h.
 * Freestanding: the core and the shim use it too.
 */
#include <vmstep/x86_tables.h>

#include "errno_min.h"

enum { PAGE = 4096 };

int linear_to_phys(const struct cpu_state *c, const struct phys_ops *mem, u64 la, u64 *ret_gpa)
{
	struct page_walk w;

	page_walk(c, mem, la, &w);
	if (!w.present)
		return -EFAULT;
	*ret_gpa = w.gpa;
	return 0;
}

/* One of the two buffers is set. */
static int phys_move(const struct phys_ops *mem, u64 gpa, u8 *in, const u8 *out, size_t n)
{
	return in ? mem->read(mem->arg, gpa, in, n) : mem->write(mem->arg, gpa, out, n);
}

/* Within one page. A page that is only partly RAM gives its first bytes one by one. */
static size_t page_move(const struct phys_ops *mem, u64 gpa, u8 *in, const u8 *out, size_t n)
{
	size_t done;

	if (phys_move(mem, gpa, in, out, n) == 0)
		return n;
	for (done = 0; done < n; done++)
		if (phys_move(mem, gpa + done, in ? in + done : NULL, out ? out + done : NULL, 1))
			break;
	return done;
}

static size_t linear_move(const struct cpu_state *c, const struct phys_ops *mem, u64 la, u8 *in,
			  const u8 *out, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t part = PAGE - (la + done) % PAGE, moved;
		u64 gpa;

		if (part > n - done)
			part = n - done;
		if (linear_to_phys(c, mem, la + done, &gpa))
			break;
		moved = page_move(mem, gpa, in ? in + done : NULL, out ? out + done : NULL, part);
		done += moved;
		if (moved < part)
			break;
	}
	return done;
}

size_t linear_read(const struct cpu_state *c, const struct phys_ops *mem, u64 la, void *buf,
		   size_t n)
{
	return linear_move(c, mem, la, buf, NULL, n);
}

size_t linear_write(const struct cpu_state *c, const struct phys_ops *mem, u64 la, const void *buf,
		    size_t n)
{
	return linear_move(c, mem, la, NULL, buf, n);
}
