/*
 * kvm_engine.h - what the rest of src/engine/ sees of engine kvm.
 */
#ifndef VMSTEP_KVM_ENGINE_H
#define VMSTEP_KVM_ENGINE_H

#include <vmstep/engine.h>

extern const struct engine_ops kvm_engine_ops;

#endif
