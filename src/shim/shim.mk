# The L1 hypervisor of engine mtf: freestanding, linked where it runs (include/vmstep/mailbox.h),
# embedded into the program by src/engine/mtf/image.c.
SHIM_SRCS   := $(sort $(wildcard src/shim/*.c) src/shim/entry.S)
# The page walk is the engines' own.
SHIM_X86    := paging linear
SHIM_OBJS   := $(patsubst src/shim/%,$(O)/shim/%.o,$(SHIM_SRCS)) $(SHIM_X86:%=$(O)/shim/x86/%.o)
# -fPIE: data is reached relative to RIP, since the link address has more than 32 bits.
SHIM_CFLAGS := -std=gnu11 $(WARN) -O2 -ffreestanding -fPIE -fvisibility=hidden -mno-red-zone \
               -mgeneral-regs-only -fno-stack-protector -fcf-protection=none -fno-strict-aliasing \
               -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns -Iinclude

$(O)/shim/%.o: src/shim/% $(O)/.flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SHIM_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/shim/x86/%.o: src/x86/%.c $(O)/.flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(SHIM_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/shim.elf: src/shim/shim.ld $(SHIM_OBJS)
	$(call say,LD,$@)
	$(Q)$(CC) -nostdlib -static -no-pie -Wl,-T,$< -Wl,--build-id=none -Wl,--no-warn-rwx-segments -o $@ $(SHIM_OBJS)

$(O)/shim.bin: $(O)/shim.elf
	$(Q)objcopy -O binary $< $@

$(O)/src/engine/mtf/image.o: $(O)/shim.bin
$(O)/src/engine/mtf/image.o: CPPFLAGS += -DSHIM_BIN='"$(O)/shim.bin"'

-include $(SHIM_OBJS:.o=.d)
