#!/bin/sh
# The self-watching guest under vmstep, run free; the host compares what it printed.
./vmstep -q -nx --batch -e kvm --debugcon /tmp/free -ex continue oracle.elf >/tmp/free.log 2>&1 || cat /tmp/free.log
cat /tmp/free
