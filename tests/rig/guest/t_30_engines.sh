#!/bin/sh
# vmstep knows that this KVM is backed by VMX.
./vmstep engines
if ./vmstep engines | grep -q '^kvm  *works  *hardware'; then
	echo "ok - rig: vmstep engines: kvm stands on hardware virtualization"
else
	echo "not ok - rig: vmstep engines: got $(./vmstep engines | head -1), wanted kvm works, hardware"
fi
