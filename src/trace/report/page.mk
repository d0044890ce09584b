# What the page of `vmstep report` is made of: one style sheet, and scripts in the order of their layers.
PAGE     := src/trace/report/page
PAGE_JS  := $(foreach f,trace rows lanes timeline table details view,$(PAGE)/$(f).js)

$(O)/page.js: $(PAGE_JS)
	$(Q)mkdir -p $(@D)
	$(Q)cat $^ >$@

$(O)/src/trace/report/page.o: $(O)/page.js $(PAGE)/page.css
$(O)/src/trace/report/page.o: CPPFLAGS += -DPAGE_JS='"$(O)/page.js"' -DPAGE_CSS='"$(PAGE)/page.css"'
