# vmstep - see README.md. The targets a user needs: deps, all, demo, check, bench, lint, install.
#
#   make V=1                     show every command
#   make DEBUG=1                 -O0 -g3
#   make SAN=address,undefined   sanitizers
#   make O=dir                   build folder (default: build)
#   make PREFIX=/usr DESTDIR=... install

PREFIX  ?= /usr/local
DESTDIR ?=
O       ?= build
CC      ?= cc
VERSION := 0.1.0

Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-7s %s\n' $(1) $(2))

.DEFAULT_GOAL := all

include tests/deps.mk

# --- flags ---------------------------------------------------------------------------------------

CPPFLAGS += -Iinclude -Isrc -D_GNU_SOURCE -DVMSTEP_VERSION='"$(VERSION)"'
WARN     := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Wvla \
            -Wformat=2 -Wundef -Wno-unused-parameter
# clang: rows of our tables end where the rest is zero; KVM's own lists are a head and what follows it;
# inline assembly and guests are written for GNU as.
CLANG    := $(findstring clang,$(notdir $(CC)))
WARN     += $(if $(CLANG),-Wno-missing-field-initializers -Wno-gnu-variable-sized-type-not-at-end)
GNU_AS   := $(if $(CLANG),-fno-integrated-as)
# A struct stop is copied by libc, not by REP MOVS: its start alone costs as much as the copy (docs/soft.md).
COPIES   := $(if $(CLANG),,-mmemcpy-strategy=libcall:-1:noalign -mmemset-strategy=libcall:-1:noalign)
CFLAGS   ?= $(if $(DEBUG),-O0 -g3,-O2 -g)
ALL_CFLAGS = -std=gnu11 $(WARN) $(GNU_AS) $(COPIES) -fno-strict-aliasing $(CFLAGS) $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
LDLIBS   := -lreadline -lncursesw -ltinfo -ldwarf -lelf -liberty -lZydis -lZycore
# Where libdwarf has its headers depends on its version; only src/symbols includes them.
DWARF_CFLAGS := $(or $(shell pkg-config --cflags-only-I libdwarf 2>/dev/null),-I/usr/include/libdwarf)

# --- objects -------------------------------------------------------------------------------------

SRCS     := $(filter-out src/shim/%,$(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c)))
OBJS     := $(SRCS:%.c=$(O)/%.o)
LIB_OBJS := $(filter-out $(O)/src/main.o,$(OBJS))

all: $(O)/vmstep
	$(Q)[ vmstep -ef $(O)/vmstep ] || ln -sf $(O)/vmstep vmstep

# Rebuild everything when the flags change: one stamp holds them.
FLAGS_NOW := $(CC) $(CPPFLAGS) $(ALL_CFLAGS)
$(shell mkdir -p $(O); printf '%s' "$(subst ",\",$(FLAGS_NOW))" | cmp -s - $(O)/.flags || printf '%s' "$(subst ",\",$(FLAGS_NOW))" >$(O)/.flags)

$(O)/%.o: %.c $(O)/.flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/src/symbols/%.o: CPPFLAGS += $(DWARF_CFLAGS)

# The core must stay freestanding: it is also compiled into the shim.
$(O)/src/semantics/%.o: ALL_CFLAGS += -ffreestanding
# So must these, which it calls.
FREESTANDING_X86 := paging linear descriptor names
$(FREESTANDING_X86:%=$(O)/src/x86/%.o): ALL_CFLAGS += -ffreestanding

# Lessons are data (include/vmstep/lesson.h), part of the program in the order of their files' names.
LESSONS := $(sort $(wildcard src/teach/lessons/*.lesson))

$(O)/lessons.txt: $(LESSONS)
	$(Q)cat $^ >$@

$(O)/src/teach/lesson_store.o: $(O)/lessons.txt
$(O)/src/teach/lesson_store.o: CPPFLAGS += -DLESSONS='"$(O)/lessons.txt"'

$(O)/libvmstep.a: $(LIB_OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@; $(AR) rcs $@ $^

$(O)/vmstep: $(O)/src/main.o $(O)/libvmstep.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

-include $(OBJS:.o=.d)

include src/shim/shim.mk
include src/trace/report/page.mk
include man/man.mk
include tests/tests.mk
-include tests/rig/rig.mk

# --- install -------------------------------------------------------------------------------------

share := $(DESTDIR)$(PREFIX)/share

install: all
	install -D -m 755 $(O)/vmstep $(DESTDIR)$(PREFIX)/bin/vmstep
	install -D -m 644 -t $(share)/man/man1 man/*.1
	install -D -m 644 -t $(share)/man/man5 man/*.5
	install -D -m 644 -t $(share)/man/man7 man/*.7
	install -D -m 644 -t $(share)/vmstep/lessons $(LESSONS)
	install -D -m 644 completions/vmstep.bash $(share)/bash-completion/completions/vmstep
	install -D -m 644 completions/_vmstep $(share)/zsh/site-functions/_vmstep
	install -D -m 644 completions/vmstep.fish $(share)/fish/vendor_completions.d/vmstep.fish
	install -D -m 644 -t $(share)/doc/vmstep README.md ARCHITECTURE.md CHANGELOG.md LICENSE docs/*.md

clean:
	$(Q)rm -rf $(O) vmstep

.PHONY: all install clean
