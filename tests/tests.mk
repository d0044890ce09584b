# --- tests ---------------------------------------------------------------------------------------
# check-unit: every tests/unit/NAME.c is a program linked with libvmstep.a, every tests/unit/t_*.sh
# a script that gets the build folder in O; both print TAP, kept in $(O)/tests/unit/NAME.tap.

UNIT_BINS    := $(patsubst %.c,$(O)/%,$(sort $(wildcard tests/unit/*.c)))
UNIT_SCRIPTS := $(sort $(wildcard tests/unit/t_*.sh))

$(O)/tests/unit/%: tests/unit/%.c $(O)/libvmstep.a $(O)/.flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(O)/libvmstep.a $(LDFLAGS) $(LDLIBS)

-include $(UNIT_BINS:=.d)

check-unit: $(UNIT_BINS) $(UNIT_SCRIPTS)
	$(Q)O=$(O) CC="$(CC)" tests/unit/run $^

.PHONY: check-unit
