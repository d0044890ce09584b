# --- tests ---------------------------------------------------------------------------------------
# Every test prints TAP (HACKING.md) and is run by tests/run, which keeps it in $(O)/tests/KIND/.
#	tests/unit/NAME.c       a program linked with libvmstep.a
#	tests/KIND/t_*.sh, .py  a script that gets the build folder in O
# check-unit runs the first kind and the scripts beside it, check all of them.

UNIT_BINS    := $(patsubst %.c,$(O)/%,$(sort $(wildcard tests/unit/*.c)))
UNIT_SCRIPTS := $(sort $(wildcard tests/unit/t_*.sh))
SCRIPTS      := $(sort $(wildcard $(foreach k,engines cli symbols faults docs diff native fuzz,tests/$(k)/t_*.sh tests/$(k)/t_*.py)))

$(O)/tests/unit/location: CPPFLAGS += $(DWARF_CFLAGS)
$(O)/tests/unit/%: tests/unit/%.c $(O)/libvmstep.a $(O)/.flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(O)/libvmstep.a $(LDFLAGS) $(LDLIBS)

-include $(UNIT_BINS:=.d)

# Answers questions about a file's symbols and source: what tests/symbols/ compares with gdb.
ASK := $(O)/tests/symbols/ask

$(ASK): tests/symbols/ask.c $(O)/libvmstep.a $(O)/.flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(O)/libvmstep.a $(LDFLAGS) $(LDLIBS)

-include $(ASK).d

# Random instructions on KVM and on the processor model (tests/diff/diff.h); `make diff` runs a million.
DIFF      := $(O)/tests/diff/diff
DIFF_OBJS := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tests/diff/*.c)) tests/native/sse_forms.c tests/native/sse_host.c)

$(DIFF): $(DIFF_OBJS) $(O)/libvmstep.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

-include $(DIFF_OBJS:.o=.d)

diff: $(DIFF)
	$(Q)$(DIFF)

# Random instructions on this processor and on the processor model (tests/native/native.h); `make native` runs
# a million.
NATIVE      := $(O)/tests/native/native
NATIVE_OBJS := $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tests/native/*.c)) tests/diff/undefined.c)

$(NATIVE): $(NATIVE_OBJS) $(O)/libvmstep.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

-include $(NATIVE_OBJS:.o=.d)

native: $(NATIVE)
	$(Q)$(NATIVE)

# Fuzz targets with a driver that needs no fuzzer (tests/fuzz/driver.c); `make fuzz` builds all with
# sanitizers and runs each for FUZZ_INPUTS.
FUZZ_INPUTS ?= 1000000
FUZZERS     := $(patsubst tests/fuzz/%.c,$(O)/tests/fuzz/%,$(filter-out %/driver.c,$(sort $(wildcard tests/fuzz/*.c))))

$(FUZZERS): $(O)/tests/fuzz/%: $(O)/tests/fuzz/%.o $(O)/tests/fuzz/driver.o $(O)/libvmstep.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

-include $(FUZZERS:=.d)

fuzz:
	$(Q)$(MAKE) O=$(O)/fuzz SAN=address,undefined fuzz-run FUZZ_INPUTS=$(FUZZ_INPUTS)

fuzz-run: $(FUZZERS) $(O)/tests/unit/symbols_damage
	$(Q)$(O)/tests/unit/symbols_damage all
	$(Q)set -e; for f in $(FUZZERS); do \
	    $$f -n $(FUZZ_INPUTS) -s $$(date +%s) -k $$f.last tests/fuzz/corpus/$${f##*/}; done

check-unit: $(UNIT_BINS) $(UNIT_SCRIPTS)
	$(Q)O=$(O) CC="$(CC)" tests/run $^

check: all guests $(UNIT_BINS) $(ASK) $(DIFF) $(NATIVE) $(FUZZERS)
	$(Q)O=$(O) CC="$(CC)" tests/run $(UNIT_BINS) $(UNIT_SCRIPTS) $(SCRIPTS)

# --- guests --------------------------------------------------------------------------------------
# NAME64.S, NAME32.S: ELF files. NAME16.S: a flat binary, its ELF holds symbols and expectation. All
# are linked below 64 KiB (guest64.inc); the demo where programs are.

GUEST_SRCS := $(wildcard tests/guests/*.S)
GUESTS     := $(GUEST_SRCS:%.S=$(O)/%.elf) $(patsubst %.S,$(O)/%.bin,$(filter %16.S %bench.S,$(GUEST_SRCS)))
GUEST_M32  := %16 %32 bench
GUEST_AT_16 := -N -Ttext 0x1000 -e _start
GUEST_AT_demo := -Ttext 0x401000 -e main
GUEST_AT_bench := -N -Ttext 0x7c00 -e _start
GUEST_AT   := -N -Ttext 0x2000 -e _start
GUEST_LD    = ld -nostdlib -static -z noexecstack --no-warn-rwx-segments

$(O)/tests/guests/%.elf: tests/guests/%.S $(wildcard tests/guests/*.inc)
	$(call say,GUEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GNU_AS) $(if $(filter $(GUEST_M32),$*),-m32,-m64) -c -I tests/guests -o $(@:.elf=.o) $<
	$(Q)$(GUEST_LD) $(if $(filter $(GUEST_M32),$*),-m elf_i386,-m elf_x86_64) \
	    $(or $(GUEST_AT_$*),$(if $(filter %16,$*),$(GUEST_AT_16)),$(GUEST_AT)) -o $@ $(@:.elf=.o)

# The corpus: tests/guests/corpus in each mode.
CORPUS_MODES := real prot v86 long compat
CORPUS       := $(CORPUS_MODES:%=$(O)/tests/guests/corpus-%.elf) $(O)/tests/guests/corpus-real.bin
GUESTS       += $(CORPUS)
corpus_mode   = $(shell echo $* | tr a-z A-Z)
corpus_elf32  = $(filter real prot v86,$*)

$(CORPUS_MODES:%=$(O)/tests/guests/corpus-%.elf): $(O)/tests/guests/corpus-%.elf: $(wildcard tests/guests/corpus/*) tests/guests/expect.inc
	$(call say,GUEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GNU_AS) $(if $(corpus_elf32),-m32,-m64) -DMODE_$(corpus_mode) -c -o $(@:.elf=.o) tests/guests/corpus/corpus.S
	$(Q)$(GUEST_LD) $(if $(corpus_elf32),-m elf_i386,-m elf_x86_64) \
	    $(if $(filter real,$*),$(GUEST_AT_16),$(GUEST_AT)) -o $@ $(@:.elf=.o)

$(O)/tests/guests/%.bin: $(O)/tests/guests/%.elf
	$(Q)objcopy -O binary -j .text -j .data $< $@

# C guests, for symbols and source: each by both compilers, at three levels, in both widths and with
# two versions of DWARF: NAME-gcc-O0-m64-dw5.elf; some with the two before. Linked where programs are.
C_SRCS   := $(sort $(wildcard tests/guests/c/*.c))
C_KINDS  := $(foreach c,gcc clang,$(foreach o,O0 O1 O2,$(foreach m,m32 m64,$(foreach d,dw4 dw5,$(c)-$(o)-$(m)-$(d))))) \
            $(foreach c,gcc clang,$(foreach o,O0 O2,$(foreach m,m32 m64,$(foreach d,dw2 dw3,$(c)-$(o)-$(m)-$(d)))))
C_GUESTS := $(foreach s,$(C_SRCS:tests/guests/c/%.c=%),$(C_KINDS:%=$(O)/tests/guests/c/$(s)-%.elf))
C_FLAGS  := -g -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fcf-protection=none -mno-sse -mno-mmx \
            -fno-asynchronous-unwind-tables -fno-builtin -Wall -Wno-unused-function
# Interrupts come in on the stack of what they interrupt.
C_FLAGS_tick := -mno-red-zone
# -dw5 keeps what the compiler would do by itself, a section .debug_frame in both.
c_part    = $(word $(1),$(subst -, ,$(basename $(notdir $@))))

$(C_GUESTS): $(C_SRCS) $(wildcard tests/guests/c/*.h)
	$(call say,GUEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call c_part,2) $(C_FLAGS) $(C_FLAGS_$(call c_part,1)) -$(call c_part,3) -$(call c_part,4) -g$(subst dw,dwarf-,$(call c_part,5)) \
	    -c -o $(@:.elf=.o) tests/guests/c/$(call c_part,1).c
	$(Q)$(GUEST_LD) -m $(if $(filter m32,$(call c_part,4)),elf_i386,elf_x86_64) -Ttext 0x401000 -e _start \
	    -o $@ $(@:.elf=.o)

c-guests: $(C_GUESTS)
guests: $(GUESTS) $(C_GUESTS)

demo: all $(O)/tests/guests/demo.elf
	$(Q)$(O)/vmstep -q -nx --batch -x tests/guests/demo.cmds $(O)/tests/guests/demo.elf

# --- speed ---------------------------------------------------------------------------------------

$(O)/tests/bench/bare: tests/bench/bare.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 -o $@ $<

# Without libunicorn-dev there is nothing to measure engine soft against, and soft.py says so.
UNICORN := $(if $(wildcard /usr/include/unicorn/unicorn.h),$(O)/tests/bench/unicorn)
$(O)/tests/bench/unicorn: tests/bench/unicorn.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -O2 -o $@ $< -lunicorn

bench: all guests $(O)/tests/bench/bare $(UNICORN)
	$(Q)O=$(O) python3 tests/bench/bench.py
	$(Q)O=$(O) python3 tests/bench/soft.py
	$(Q)O=$(O) python3 tests/bench/flat.py
	$(Q)O=$(O) python3 tests/bench/symbols.py

# The matrix of docs/probe; lint holds it against the results.
probe-doc:
	$(Q)docs/probe.py

lint: all
	$(Q)O=$(O) CC="$(CC)" tests/docs/t_lint.sh

.PHONY: probe-doc check-unit check diff native fuzz fuzz-run guests c-guests demo bench lint
