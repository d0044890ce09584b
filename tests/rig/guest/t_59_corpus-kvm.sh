#!/bin/sh
# The corpus on engine kvm.
# shellcheck source=tests/rig/guest/corpus.sh
. ./corpus.sh
corpus_run kvm
exit 0
