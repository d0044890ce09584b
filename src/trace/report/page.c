/* page.c - the page's style and script as they were built from page/. */
#include "trace/report/report.h"

__asm__(".pushsection .rodata\n"
	".globl page_css\n"
	"page_css: .incbin \"" PAGE_CSS "\"\n"
	".byte 0\n"
	".globl page_js\n"
	"page_js: .incbin \"" PAGE_JS "\"\n"
	".byte 0\n"
	".popsection\n");
