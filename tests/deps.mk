# The Debian packages vmstep needs: to build, and to test.

DEPS_BUILD := gcc libc6-dev make pkg-config libreadline-dev libncurses-dev libelf-dev libdwarf-dev libiberty-dev \
              libzydis-dev
DEPS_TEST  := python3 jq gdb chromium gcc-multilib clang tmux mandoc shellcheck seabios syslinux-common grub-pc-bin \
              qemu-system-x86 zsh fish libunicorn-dev zlib1g-dev
DEPS_RIG   := grub-common xorriso mtools busybox-static cpio bochsbios vgabios xz-utils

DEPS := $(DEPS_BUILD) $(DEPS_TEST) $(DEPS_RIG)

deps:
	@missing=$$(dpkg-query -W -f '$${Package} $${Status}\n' $(DEPS) 2>/dev/null | \
	    awk '/ok installed/ {have[$$1]=1} END {n=split("$(DEPS)",want," "); for (i=1;i<=n;i++) if (!(want[i] in have)) printf "%s ", want[i]}'); \
	if [ -z "$$missing" ]; then echo "deps: every package is installed"; exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then sudo=; \
	elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo=sudo; \
	else echo "deps: run this as root, then go on:"; \
	     echo "  apt-get install --no-install-recommends $$missing"; exit 1; fi; \
	echo "deps: installing $$missing"; \
	$$sudo apt-get update -q >/dev/null && \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing >$(O)/deps.log 2>&1 || \
	{ tail -5 $(O)/deps.log; echo "deps: apt-get failed, the whole log is $(O)/deps.log"; exit 1; }

.PHONY: deps
