#!/bin/sh
# Debian's SeaBIOS from the reset vector, 20,000 steps on engines kvm and mtf, and what it prints when it runs free. Judged
# on the host (seabios.py): searching that much text costs minutes on an emulated processor. Each byte handed over costs too: text, not JSON.
./vmstep -q -nx --batch -e kvm --debugcon /tmp/stepped -ex 'set rep whole' -ex 'trace on /tmp/bios.txt' -ex 'stepi 20000' bios-256k.bin
echo "rig: ended with status $?"
./vmstep -q -nx --batch -e mtf --debugcon /tmp/mtf -ex 'trace on /tmp/mtf.txt' -ex 'stepi 20000' bios-256k.bin
echo "rig: ended with status $?"
timeout 4 ./vmstep -q -nx --batch -e kvm --debugcon /tmp/free -ex continue bios-256k.bin >/tmp/free.log 2>&1
for f in bios.txt mtf.txt stepped mtf free; do rig-out file seabios-$f /tmp/$f; done
exit 0
