#!/bin/sh
# Debian's SeaBIOS from the reset vector, 20,000 steps, and what it prints when it runs free. Judged
# on the host (seabios.py): searching that much text costs minutes on an emulated processor. Each byte handed over costs too: text, not JSON.
./vmstep -q -nx --batch -e kvm --debugcon /tmp/stepped -ex 'set rep whole' -ex 'trace on /tmp/bios.txt' -ex 'stepi 20000' bios.bin
echo "rig: ended with status $?"
timeout 4 ./vmstep -q -nx --batch -e kvm --debugcon /tmp/free -ex continue bios.bin >/tmp/free.log 2>&1
for f in bios.txt stepped free; do rig-out file seabios-$f /tmp/$f; done
exit 0
