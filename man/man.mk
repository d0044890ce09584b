# --- manual and shell completions ------------------------------------------------------------------
# Generated from the tables of commands, settings, options, topics and lessons, and committed: a release needs no build to
# be read. tests/cli/t_generated.sh holds them against the program.

man: all
	$(Q)set -e; for page in vmstep.1 vmstep-semantics.7 vmstep-lessons.7; do \
	    man/assemble $(O)/vmstep man/$$page.in >$(O)/$$page; mv $(O)/$$page man/$$page; done
	$(Q)$(O)/vmstep --dump bash >completions/vmstep.bash
	$(Q)$(O)/vmstep --dump zsh >completions/_vmstep
	$(Q)$(O)/vmstep --dump fish >completions/vmstep.fish

.PHONY: man
