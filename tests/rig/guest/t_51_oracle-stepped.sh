#!/bin/sh
# The same under vmstep, every instruction stepped: whoever is stepped must not notice.
./vmstep -q -nx --batch -e kvm --debugcon /tmp/stepped -ex 'stepi 500000' oracle.elf
cat /tmp/stepped
