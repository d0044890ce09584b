/*
 * checkpoint.h - going back: states of the guest the user keeps by number, and the way it came, which is
 * run again to a boundary before the one it is at. Implemented by src/debug/checkpoint.c and
 * src/debug/reverse.c, used by cli/.
 *
 * A state is everything of the guest: memory, CPU, chips, devices, the stop shown there and its number. Of
 * the debugger's it holds nothing: points keep their hit counts, settings and variables their values.
 */
#ifndef VMSTEP_CHECKPOINT_H
#define VMSTEP_CHECKPOINT_H

#include <vmstep/session.h>

struct checkpoint {
	u32 num;
	const struct stop *stop; /* the guest's last stop then */
	u64 bytes, own;          /* of memory it holds, and of that what no other one shares, now */
};

/* Keep the state the guest is in. -ENOTSUP with the reason where the engine cannot. */
int session_checkpoint(struct session *s, u32 *ret_num, struct err *err);
/* Back to it, also from a guest that has ended; its stop is the session's last. */
int session_restart(struct session *s, u32 num, struct err *err);
int session_checkpoint_delete(struct session *s, u32 num, struct err *err);
size_t session_checkpoints(const struct session *s);
struct checkpoint session_checkpoint_at(const struct session *s, size_t i); /* by number, i from 0 */

/*
 * `count` boundaries back, as stepi counts them: the state kept last before is put back and the guest run
 * to there again, without its text and without counting points. The stop is that run's, and says so
 * (DID_REPLAY). Where the way that is kept begins later, the guest is left at its beginning and *ret_begin
 * set. On failure, Ctrl-C (-EINTR) included, the guest is where it was.
 */
int session_reverse_stepi(struct session *s, u64 count, bool *ret_begin, struct err *err);

#endif
