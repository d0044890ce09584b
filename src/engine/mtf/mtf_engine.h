/*
 * mtf_engine.h - what the rest of src/engine/ sees of engine mtf.
 */
#ifndef VMSTEP_MTF_ENGINE_H
#define VMSTEP_MTF_ENGINE_H

#include <vmstep/engine.h>

extern const struct engine_ops mtf_engine_ops;

#endif
