#!/bin/sh
# t_native.sh - the native test of the processor model, short: a fixed seed. `make native` is the long one.
exec "${O:-build}/tests/native/native" 40000 1
