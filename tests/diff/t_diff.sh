#!/bin/sh
# t_diff.sh - the differential test of the processor model, short: a fixed seed. `make diff` is the long one.
exec "${O:-build}/tests/diff/diff" 40000 1
