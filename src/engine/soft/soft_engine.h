/* soft_engine.h - engine soft's row in the engine table. */
#ifndef VMSTEP_SOFT_SOFT_ENGINE_H
#define VMSTEP_SOFT_SOFT_ENGINE_H

#include <vmstep/engine.h>

extern const struct engine_ops soft_engine_ops;

#endif
