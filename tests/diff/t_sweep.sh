#!/bin/sh
# t_sweep.sh - every opcode of every map on KVM and on the processor model: which are instructions.
exec "${O:-build}/tests/diff/diff" sweep
