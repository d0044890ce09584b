#!/bin/sh
# The corpus on engine mtf.
case " $RIG_ENGINES " in
*" mtf "*) ;;
*)
	echo "ok - rig: corpus on mtf # SKIP this processor has no VMX"
	exit 0
	;;
esac
# shellcheck source=tests/rig/guest/corpus.sh
. ./corpus.sh
corpus_run mtf
exit 0
