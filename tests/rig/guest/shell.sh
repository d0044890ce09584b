#!/bin/sh
# What make rig-shell shows: vmstep on a guest that is there, then a shell for more.
stty sane 115200 rows 24 cols 100
exec 3<&0 # the terminal, for the stty of the loop, whose input is the pipe
tr ' ' '\n' </proc/cmdline | while read -r word; do
	case $word in
	rig.rows=0 | rig.cols=0) ;; # a terminal that does not know its size
	rig.rows=*) stty rows "${word#*=}" <&3 ;;
	rig.cols=*) stty cols "${word#*=}" <&3 ;;
	esac
done
echo
echo "rig: $(uname -r), kvm_intel nested=$(cat /sys/module/kvm_intel/parameters/nested); guests are in /t/guests and /t/cases; exit ends the machine"
[ -x ./vmstep ] && ./vmstep --hex "90 f1 90 cc 90 0f a2 f4"
exec sh
