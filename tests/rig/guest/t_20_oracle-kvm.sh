#!/bin/sh
# The self-watching guest on plain KVM; the host compares what it printed.
exec ./kfacts oracle <oracle.bin
