# The rig: real kvm_intel inside Bochs, from Debian packages (docs/rig.md).
#
#   make check-rig                   run every case of the rig
#   make check-rig RIG_KERNEL=6.12   on the other kernel
#   make rig-evidence                run it and keep what was seen in docs/rig-evidence
#   make check-rig RIG_CPU=amd       kvm_amd instead
#   RIG_CACHE=dir                    where the downloads are kept (default: in the build folder)

RIG        := $(O)/rig
RIG_KERNEL ?= 6.1
RIG_CACHE  ?= $(RIG)/cache
RIG_ROOT   := $(RIG)/root
RIG_CPU    ?= intel
RIG_OUT     = $(RIG)/run-$(RIG_KERNEL)$(if $(filter amd,$(RIG_CPU)),-amd)
# Programs of the rig's guest are static and never built with sanitizers: they run as they are.
RIG_CFLAGS := -std=gnu11 $(WARN) -O2 -static

RIG_CASES := $(patsubst tests/rig/guest/%,$(RIG_ROOT)/%,$(wildcard tests/rig/guest/t_*)) $(RIG_ROOT)/session.sh $(RIG_ROOT)/corpus.sh

$(RIG_ROOT)/.bin/rig-out: tests/rig/guest/rig-out.c
$(RIG_ROOT)/kfacts: $(wildcard tests/rig/kfacts/*.c tests/rig/kfacts/*.h) src/probe/lab.c src/probe/lab.h

$(RIG_ROOT)/.bin/rig-out $(RIG_ROOT)/kfacts:
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(RIG_CFLAGS) -D_GNU_SOURCE -Iinclude -Isrc -s -o $@ $(filter %.c,$^)

$(RIG_ROOT)/%.sh: tests/rig/guest/%.sh
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

rig-root: $(RIG_ROOT)/.bin/rig-out $(RIG_ROOT)/kfacts $(RIG_CASES)

# A case that was renamed or removed must not run on from an older build.
check-rig: rig-root
	$(Q)rm -f $(filter-out $(RIG_CASES),$(wildcard $(RIG_ROOT)/t_*))
	$(Q)tests/rig/check.sh $(RIG_OUT) $(RIG_CACHE) $(RIG_KERNEL) $(RIG_ROOT) $(RIG_CPU)

# What makes the emulator's SVM fit for kvm_amd; loaded by the emulator, so never with sanitizers.
$(RIG)/errata.so: tests/rig/amd/errata.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 -shared -fPIC -o $@ $<

rig-root: $(RIG)/errata.so

# Evidence is kept per kernel, without what differs from run to run: times and costs.
rig-evidence: check-rig
	$(Q)mkdir -p docs/rig-evidence
	$(Q)for f in $(RIG_OUT)/files/*.txt; do \
	    case $$f in */seabios-*) continue ;; esac; \
	    { cat $(RIG_CACHE)/k-$(RIG_KERNEL)/version; \
	      sed -e '/TSC ticks/d' -e 's/  started [^ ]*//' -e 's/  [0-9.]* s, [0-9]* steps.s$$//' \
	          -e 's/,"started":"[^"]*"//' -e 's/,"seconds":[0-9.]*,"steps_per_s":[0-9]*//' $$f; } \
	        >docs/rig-evidence/$(RIG_KERNEL)-$$(basename $$f | sed 's/^[0-9]*_//'); done

.PHONY: check-rig rig-root rig-evidence

# --- the oracle: small guests that watch themselves, also on the bare emulated CPU -----------------

ORACLE_CFLAGS := -std=gnu11 $(WARN) -O2 -ffreestanding -fno-pic -no-pie -mno-red-zone \
                 -mgeneral-regs-only -fno-stack-protector -fcf-protection=none \
                 -fno-asynchronous-unwind-tables -nostdlib -static

# A program as the emulator's BIOS: $(call rom,-DBITS=n -DAT=address) where it is not entered in long mode at 4 MiB.
define rom
$(call say,AS,$@)
	$(Q)$(CC) -nostdlib -static -Wl,--build-id=none -Wl,-e,0 -Wl,--section-start=.rom=0 $(1) \
	    -DORACLE='"$(filter %.bin,$^)"' -o $@.elf $<
	$(Q)objcopy -O binary -j .rom $@.elf $@
endef

$(RIG)/oracle.elf: tests/rig/bare/oracle.ld tests/rig/bare/oracle.c tests/rig/bare/snippets.S \
                  tests/rig/bare/snippet.inc
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ORACLE_CFLAGS) -Wl,-T,$< -Wl,--build-id=none -Wl,--no-warn-rwx-segments -o $@ $(filter %.c %.S,$^)

$(RIG)/oracle.bin: $(RIG)/oracle.elf
	$(Q)objcopy -O binary $< $@

$(RIG)/oracle.rom: tests/rig/bare/rom.S $(RIG)/oracle.bin
	$(call rom,)

$(RIG_ROOT)/oracle.bin: $(RIG)/oracle.bin
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

rig-root: $(RIG)/oracle.rom $(RIG_ROOT)/oracle.bin

# events.S in each width, for the bare CPU and engine soft.
EVENTS_AT_16 := 0x1000
EVENTS_AT_32 := 0x100000
EVENTS_AT_64 := 0x100000

$(RIG)/events%.elf: tests/rig/bare/oracle.ld tests/rig/bare/events.c tests/rig/bare/events.S \
                    tests/rig/bare/snippet.inc
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GNU_AS) $(ORACLE_CFLAGS) -m$* -DBITS=$* -Wl,--defsym=LOAD=$(EVENTS_AT_$*) -Wl,-T,$< \
	    -Wl,--build-id=none -Wl,--no-warn-rwx-segments -o $@ $(filter %.c %.S,$^)

$(RIG)/events%.bin: $(RIG)/events%.elf
	$(Q)objcopy -O binary $< $@

$(RIG)/events%.rom: tests/rig/bare/rom.S $(RIG)/events%.bin
	$(call rom,-DBITS=$* -DAT=$(EVENTS_AT_$*))

rig-root: $(RIG)/events16.rom $(RIG)/events32.rom $(RIG)/events64.rom
# t_oracle.py runs them on engine soft: no rig needed.
check: $(RIG)/oracle.elf $(RIG)/events16.bin $(RIG)/events32.elf $(RIG)/events64.elf

# The corpus in each mode, for the bare CPU (corpus_bare.py).
CORPUS_BITS_real   := 16
CORPUS_BITS_prot   := 32
CORPUS_BITS_v86    := 32
CORPUS_BITS_long   := 64
CORPUS_BITS_compat := 64

$(RIG)/corpus-%.bin: $(O)/tests/guests/corpus-%.elf
	$(Q)mkdir -p $(@D)
	$(Q)objcopy -O binary -j .text -j .data $< $@

$(RIG)/corpus-%.rom: tests/rig/bare/rom.S $(RIG)/corpus-%.bin
	$(call rom,-DBITS=$(CORPUS_BITS_$*) -DAT=$(if $(filter real,$*),0x1000,0x2000))

rig-root: $(CORPUS_MODES:%=$(RIG)/corpus-%.rom)
.SECONDARY: $(CORPUS_MODES:%=$(RIG)/corpus-%.bin)

# random.c: 32-bit protected mode, compared line by line; RIG_SEED picks the cases.
RIG_SEED ?= 1

$(RIG)/random.elf: tests/rig/bare/oracle.ld tests/rig/bare/random.c tests/rig/bare/random.S
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GNU_AS) $(ORACLE_CFLAGS) -m32 -DSEED=$(RIG_SEED) -Wl,--defsym=LOAD=$(EVENTS_AT_32) -Wl,-T,$< \
	    -Wl,--build-id=none -Wl,--no-warn-rwx-segments -o $@ $(filter %.c %.S,$^)

$(RIG)/random.bin: $(RIG)/random.elf
	$(Q)objcopy -O binary $< $@

$(RIG)/random.rom: tests/rig/bare/rom.S $(RIG)/random.bin
	$(call rom,-DBITS=32 -DAT=$(EVENTS_AT_32))

rig-root: $(RIG)/random.rom

.SECONDARY: $(RIG)/events16.elf $(RIG)/events32.bin $(RIG)/events64.bin

# --- the shim on the bare emulated CPU ---------------------------------------------------------------

RIG_SHIM_SRCS := $(wildcard tests/rig/shim/*.c tests/rig/shim/*.S) $(SHIM_SRCS) \
                 $(SHIM_X86:%=src/x86/%.c)

$(RIG)/shim-bare.bin: tests/rig/shim/shim.ld $(RIG_SHIM_SRCS) $(wildcard src/shim/*.h) include/vmstep/mailbox.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SHIM_CFLAGS) -fno-pie -no-pie -mcmodel=large -DSHIM_BARE -nostdlib -static -Wl,-T,$< -Wl,--build-id=none \
	    -Wl,--no-warn-rwx-segments -o $(@:.bin=.elf) $(RIG_SHIM_SRCS)
	$(Q)objcopy -O binary $(@:.bin=.elf) $@

$(RIG)/shim-bare.rom: tests/rig/bare/rom.S $(RIG)/shim-bare.bin
	$(call rom,)

rig-root: $(RIG)/shim-bare.rom

# --- a session by hand -----------------------------------------------------------------------------

rig-root: $(RIG_ROOT)/shell.sh

# Ctrl-] ends the emulator; RIG_KERNEL picks the kernel.
rig-shell: rig-root
	$(Q)tests/rig/fetch.sh $(RIG_CACHE) $(RIG_KERNEL)
	$(Q)tests/rig/image.sh $(RIG_CACHE)/k-$(RIG_KERNEL) $(RIG_ROOT) $(RIG)/shell.iso rig.shell=1 \
	    $$(stty size 2>/dev/null | sed 's/^\(.*\) \(.*\)$$/rig.rows=\1 rig.cols=\2/')
	$(Q)tests/rig/boot.py --bochs $(RIG_CACHE)/bochs --iso $(RIG)/shell.iso --out $(RIG)/shell --shell

.PHONY: rig-shell

# --- vmstep itself ---------------------------------------------------------------------------------

RIG_CASE_SRCS := $(wildcard tests/rig/cases/*.s)
RIG_CASE_OUT  := $(patsubst tests/rig/cases/%.s,$(RIG_ROOT)/cases/%.elf,$(RIG_CASE_SRCS))

$(RIG_ROOT)/cases/%.elf: tests/rig/cases/%.s tests/rig/cases/case.inc tests/rig/cases/held.inc
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(if $(filter %32,$*),-m32) -nostdlib -static -Wl,--build-id=none -Wl,-Ttext=0x400000 -Wa,-Itests/rig/cases -o $@ $<
	$(Q)cp $< $(@:.elf=.s)

$(RIG_ROOT)/vmstep: $(O)/vmstep tests/rig/libs.sh
	$(Q)mkdir -p $(@D)
	$(Q)tests/rig/libs.sh $< $(RIG_ROOT)
	$(Q)cp $< $@ && strip $@

$(RIG_ROOT)/oracle.elf: $(RIG)/oracle.elf
	$(Q)cp $< $@

# Firmware nobody here wrote: Debian's package seabios.
$(RIG_ROOT)/bios-256k.bin: /usr/share/seabios/bios-256k.bin
	$(Q)cp $< $@

rig-root: $(RIG_ROOT)/oracle.elf $(RIG_ROOT)/bios-256k.bin
rig-root: $(RIG_CASE_OUT) $(if $(wildcard src/main.c),$(RIG_ROOT)/vmstep)

# --- the guests, traced on engine mtf --------------------------------------------------------------

# What the corpus has in every mode, and at length under the guest's own TF, is not traced a second time.
RIG_GUESTS := $(filter-out %bench.bin %bench.elf %notice.elf %flags64.elf $(foreach n,16.elf 16.bin 32.elf 64.elf,%events$(n) %hardware$(n)) \
              $(CORPUS),$(GUESTS))

rig-root: guests
	$(Q)rm -rf $(RIG_ROOT)/guests
	$(Q)mkdir -p $(RIG_ROOT)/guests
	$(Q)cp $(RIG_GUESTS) $(RIG_ROOT)/guests/

# The corpus and its sessions: GUEST.HOW.WHERE, where amd is engine kvm on kvm_amd. Those with points (int3, hard) are two
# thirds of their time.
RIG_CORPUS_HOWS := $(foreach m,$(CORPUS_MODES),$(foreach h,stepped free int3 hard deliver swallow,$(m).$(h)))
RIG_SESSIONS    := $(foreach e,kvm mtf amd,$(RIG_CORPUS_HOWS:%=$(RIG_ROOT)/corpus/corpus-%.$(e)))
rig_word         = $(word $(1),$(subst ., ,$(notdir $@)))

$(RIG_SESSIONS): $(CORPUS) $(wildcard tests/guests/*.py tests/guests/corpus/*.txt)
	$(Q)mkdir -p $(@D)
	$(Q)cp $(CORPUS) $(@D)/
	$(Q)python3 tests/guests/corpus_run.py commands $(O)/tests/guests/$(call rig_word,1).elf $(call rig_word,2) \
	    $(patsubst amd-rig,kvm-amd,$(call rig_word,3)-rig) >$@

rig-root: $(RIG_SESSIONS)

# The program that tries to notice its debugger, and its sessions: notice.HOW.ENGINE.
RIG_NOTICE := $(foreach e,kvm mtf,$(foreach h,free stepped int3 hard,$(RIG_ROOT)/notice/notice.$(h).$(e)))

$(RIG_NOTICE): $(O)/tests/guests/notice.elf tests/guests/transparency.py
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $(@D)/
	$(Q)python3 tests/guests/transparency.py commands $(call rig_word,2) $(call rig_word,3)-rig >$@

rig-root: $(RIG_NOTICE)

# Sessions under `set predict on`: predict.GUEST.ENGINE; the boot sectors are copied below.
RIG_PREDICTED := demo boot mbr corpus-real corpus-prot corpus-long
RIG_PREDICT   := $(foreach e,kvm mtf,$(RIG_PREDICTED:%=$(RIG_ROOT)/predict/predict.%.$(e)))

$(RIG_PREDICT): guests $(wildcard tests/guests/*.py tests/guests/corpus/*.txt)
	$(Q)mkdir -p $(@D)
	$(Q)for f in $(wildcard $(O)/tests/guests/$(call rig_word,2).elf $(O)/tests/guests/$(call rig_word,2).bin); do cp $$f $(@D)/; done
	$(Q)python3 tests/guests/predictions.py commands $(O)/tests/guests/$(call rig_word,2).elf $(call rig_word,3)-rig >$@

rig-root: $(RIG_PREDICT)

# What `vmstep compare` must show to differ there.
RIG_KNOWN := $(patsubst tests/rig/%,$(RIG_ROOT)/%,$(wildcard tests/rig/compare/*.known))

$(RIG_KNOWN): $(RIG_ROOT)/%: tests/rig/%
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

rig-root: $(RIG_KNOWN)

# What is asked at each stop of a session that the host judges word for word.
$(RIG_ROOT)/why.ask: tests/guests/why.py
	$(Q)mkdir -p $(@D)
	$(Q)python3 $< ask >$@

rig-root: $(RIG_ROOT)/why.ask

# --- guests in C, stepped by line ------------------------------------------------------------------

RIG_SOURCE := $(addprefix $(RIG_ROOT)/source/,$(notdir $(wildcard tests/rig/source/*.cmds tests/guests/c/*.[ch])))
RIG_STEPPED := $(patsubst %,$(RIG_ROOT)/source/%.elf,flow irq tick)

$(RIG_STEPPED): $(RIG_ROOT)/source/%.elf: $(O)/tests/guests/c/%-gcc-O0-m64-dw5.elf
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@
$(RIG_ROOT)/source/%.cmds: tests/rig/source/%.cmds
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@
$(RIG_ROOT)/source/%: tests/guests/c/%
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

rig-root: $(RIG_STEPPED) $(RIG_SOURCE)

# --- what the probes gave on each kernel, to be held against ------------------------------------------

RIG_PROBES := $(patsubst docs/%,$(RIG_ROOT)/%,$(wildcard docs/probe/kvm-*.json))

$(RIG_ROOT)/probe/%.json: docs/probe/%.json
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

rig-root: $(RIG_PROBES)

# --- the foundation's tests: boot sectors of Debian's, engine kvm's test programs --------------------

RIG_UNIT := $(patsubst %,$(RIG_ROOT)/%,engine_step engine_events engine_points mtf_faults)

$(RIG_UNIT): $(RIG_ROOT)/%: $(O)/tests/unit/%
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@ && strip $@

$(RIG_ROOT)/boot.img: /usr/lib/grub/i386-pc/boot.img
	$(Q)cp $< $@

$(RIG_ROOT)/mbr.bin: /usr/lib/syslinux/mbr/mbr.bin
	$(Q)cp $< $@

rig-root: $(RIG_UNIT) $(RIG_ROOT)/boot.img $(RIG_ROOT)/mbr.bin

# --- the bench: what a step costs, and 100,000 of SeaBIOS counted twice --------------------------------

BENCH_ROOT := $(RIG)/bench-root

$(BENCH_ROOT)/steps: tests/rig/bench/steps.c $(O)/libvmstep.a
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)/.bin
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Isrc -o $@ $< $(O)/libvmstep.a -Wl,--wrap=ioctl $(LDFLAGS) $(LDLIBS)
	$(Q)tests/rig/libs.sh $@ $(BENCH_ROOT)

# Ten minutes; BENCH_STEPS=n for fewer steps of SeaBIOS.
bench-rig: rig-root $(BENCH_ROOT)/steps
	$(Q)cp tests/rig/bench/t_*.sh /usr/share/seabios/bios-256k.bin $(BENCH_ROOT)/
	$(Q)cp $(RIG_ROOT)/.bin/* $(BENCH_ROOT)/.bin/
	$(Q)tests/rig/fetch.sh $(RIG_CACHE) $(RIG_KERNEL)
	$(Q)tests/rig/image.sh $(RIG_CACHE)/k-$(RIG_KERNEL) $(BENCH_ROOT) $(RIG)/bench.iso \
	    rig.timeout=1200 $(BENCH_STEPS:%=rig.steps=%)
	$(Q)tests/rig/boot.py --bochs $(RIG_CACHE)/bochs --iso $(RIG)/bench.iso --out $(RIG)/bench-$(RIG_KERNEL) \
	    --files $(RIG)/bench-$(RIG_KERNEL)/files --timeout 1500 --silence 600
	$(Q)sed -n '/emulated instructions/,$$p' $(RIG)/bench-$(RIG_KERNEL)/files/steps.txt

.PHONY: bench-rig
