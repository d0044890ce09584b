/*
 * config.h - copying a configuration into a session and freeing it. Inside src/debug/ only.
 */
#ifndef VMSTEP_DEBUG_CONFIG_H
#define VMSTEP_DEBUG_CONFIG_H

#include "private.h"

/* After a failure the session holds what config_clear() can free. */
int config_copy(struct session *s, const struct session_config *from, struct err *err);
int config_copy_guest(struct session *s, const struct guest_spec *from, struct err *err);
/* Of a guest that is not (or no more) the session's. */
void config_free_guest(struct guest_spec *g, char **modules);
void config_clear_guest(struct session *s);
void config_clear(struct session *s);

#endif
