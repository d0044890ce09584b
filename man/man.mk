# --- manual and shell completions ------------------------------------------------------------------
# Generated from the command, settings and option tables, and committed: a release needs no build to
# be read. tests/cli/t_generated.sh holds them against the program.

man: all
	$(Q)man/assemble $(O)/vmstep man/vmstep.1.in >$(O)/vmstep.1 && mv $(O)/vmstep.1 man/vmstep.1
	$(Q)$(O)/vmstep --dump bash >completions/vmstep.bash
	$(Q)$(O)/vmstep --dump zsh >completions/_vmstep
	$(Q)$(O)/vmstep --dump fish >completions/vmstep.fish

.PHONY: man
