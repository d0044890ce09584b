/* trace_diff.c - `vmstep diff`: same, different, mixed formats, and files that are no traces. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <vmstep/trace.h>
#include "tap.h"

#define HEAD  "{\"vmstep\":1,\"schema\":1,\"engine\":\"kvm\",\"host\":\"h\",\"guest\":\"g\",\"started\":\"t\",\"policy\":{}}\n"
#define STOP(n, cause, lin, insn, regs) \
	"{\"n\":" #n ",\"cause\":\"" cause "\",\"causes\":[\"" cause "\"],\"rip\":\"" lin "\",\"retired\":1,\"lin\":\"" lin \
	"\",\"insn\":\"" insn "\",\"exit\":{\"reason\":\"x\"},\"regs\":{" regs "}}\n"
#define TOTAL(ended) "{\"total\":2,\"by_cause\":{\"TF\":2},\"gaps\":0,\"retired\":2,\"ended\":\"" ended "\",\"seconds\":1.5}\n"

#define A1 STOP(1, "TF", "0x1001", "int1", "\"rax\":\"0x1\"")
#define A2 STOP(2, "ICEBP", "0x1002", "nop", "")

static const char plain[] = HEAD A1 A2 TOTAL("HLT");
static const char text[] =
	"vmstep trace  engine kvm  guest g  host h  started t  icebp auto  int3 auto  skip corrected\n"
	"#1   TF      0x0000000000001001  -                     int1                      kvm: debug exc=1\n"
	"#2   ICEBP   0x0000000000001002  main+0x5              nop                       kvm: debug exc=1 (deduced)\n"
	"total 2  TF 1, ICEBP 1  gaps 0  ended HLT  1.5 s, 1 steps/s\n";

static char dir[] = "/tmp/vmstep-diff-XXXXXX";
static char path_a[64], path_b[64];

static void put(const char *path, const char *contents, size_t n)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(contents, 1, n, f) != n || fclose(f))
		tap_ok(false, "write %s", path);
}

/* Both files are written, compared; the answer must hold `wanted` (the output, or the error). */
static void claim_n(const char *a, size_t na, const char *b, size_t nb, int status, const char *wanted, const char *name)
{
	struct strbuf out;
	struct err err = { 0 };
	int got;

	put(path_a, a, na);
	put(path_b, b, nb);
	strbuf_init(&out);
	got = trace_diff(path_a, path_b, &out, &err);
	tap_eq(got, status, "%s: status", name);
	if (!strstr(strbuf_str(&out), wanted) && !strstr(err.text, wanted))
		tap_str(got == 2 ? err.text : strbuf_str(&out), wanted, "%s: text", name);
	else
		tap_ok(true, "%s: text", name);
	strbuf_deinit(&out);
}

static void claim(const char *a, const char *b, int status, const char *wanted, const char *name)
{
	claim_n(a, strlen(a), b, strlen(b), status, wanted, name);
}

static void same(void)
{
	claim(plain, plain, 0, "same: 2 records, 0 of them gaps", "equal traces");
	claim(plain, HEAD "" A1 A2 "{\"total\":2,\"retired\":2,\"ended\":\"HLT\",\"seconds\":9}\n", 0, "same",
	      "clock and host do not count");
	claim(text, text, 0, "same: 2 records", "equal text traces");
	claim(plain, text, 0, "same: 2 records", "the same run in both formats");
	claim(HEAD A1, HEAD A1, 0, "both traces end without a total", "two killed runs");
}

static void different(void)
{
	claim(plain, HEAD A1 STOP(2, "TF", "0x1002", "nop", "") TOTAL("HLT"), 1, "cause ICEBP / TF", "another cause");
	claim(plain, HEAD A1 STOP(2, "ICEBP", "0x1003", "nop", "") TOTAL("HLT"), 1, "rip 0x1002 / 0x1003", "another address");
	claim(plain, HEAD A1 STOP(2, "ICEBP", "0x1003", "nop", "") TOTAL("HLT"), 1, "  #1  TF  0x1001  int1\n- #2  ICEBP  0x1002  nop\n",
	      "the record before is shown");
	claim(plain, HEAD A1 A2 TOTAL("LIMIT"), 1, "ended HLT / LIMIT", "another end");
	claim(plain, HEAD A1 TOTAL("HLT"), 1, "records of different kinds", "a trace that is shorter");
	claim(plain, HEAD A1 "{\"gap\":true,\"at\":\"0x1001\",\"reason\":\"r\",\"retired\":null}\n" A2 TOTAL("HLT"), 1,
	      "+ gap  0x1001  r", "a gap in one of them");
	claim(text, HEAD A1 STOP(2, "ICEBP", "0x1002", "hlt", "") TOTAL("HLT"), 1, "instruction nop / hlt",
	      "another instruction, text against JSON");
	claim(HEAD A1 A2, plain, 1, "end of the file without a total: the run was killed", "a killed run against a whole one");
	claim(HEAD A1 "{\"n\":2,\"cau", plain, 1, "the run was killed", "a last line that was cut off");
	claim(plain, HEAD STOP(1, "TF", "0x1001", "int1", "\"rax\":\"0x2\"") A2 TOTAL("HLT"), 1,
	      "everything else is the same", "registers alone");
	claim(plain, HEAD STOP(1, "TF", "0x1001", "int1", "\"rax\":\"0x2\"") A2 TOTAL("LIMIT"), 1,
	      "registers differ first at #1 (lines 2 / 2): registers {\"rax\":\"0x1\"} / {\"rax\":\"0x2\"}\nfirst difference after 2",
	      "registers first, then the flow");
}

static void broken(void)
{
	claim("", plain, 2, "is empty", "an empty file");
	claim("hello\n", plain, 2, "line 1: neither a stop, a gap nor a total; not a trace of vmstep", "a text that is no trace");
	claim("{\"a\":1}\n", plain, 2, "line 1: neither", "JSON that is no trace");
	claim(A1, plain, 2, "no header", "a trace without its header");
	claim(HEAD "{\"n\":1,}\n", HEAD A1, 2, "line 2, column 8: not JSON; the file is damaged", "a damaged line");
	claim(HEAD "{\"n\":1,\"rip\":\"0x1\"}\n", HEAD A1, 2, "a stop without causes or lin", "a stop without its fields");
	claim(plain, HEAD A1 "#2  TF\n", 2, "b: line 3", "the second file is named");
	claim("vmstep trace  x\n#1   TF  0x1001\n", text, 2, "fields missing", "a text line that was cut");
	claim("vmstep trace  x\n#1   TF  here  -  nop  kvm:\n", text, 2, "no address", "a text line without its address");
	claim("vmstep trace  x\ngap  0x1\n", text, 2, "a gap with fields missing", "a gap that was cut");
	claim_n("{\"vmstep\":1}\n{\0}\n", 17, plain, strlen(plain), 2, "zero byte", "zero bytes");
}

static void missing(void)
{
	struct strbuf out;
	struct err err = { 0 };

	strbuf_init(&out);
	unlink(path_a);
	tap_eq(trace_diff(path_a, path_b, &out, &err), 2, "a file that is not there: status");
	tap_ok(strstr(err.text, "cannot open: No such file") != NULL, "a file that is not there: the sentence");
	strbuf_deinit(&out);
}

int main(void)
{
	if (!mkdtemp(dir))
		return tap_ok(false, "make a folder in /tmp"), tap_done();
	snprintf(path_a, sizeof(path_a), "%s/a", dir);
	snprintf(path_b, sizeof(path_b), "%s/b", dir);
	same();
	different();
	broken();
	missing();
	unlink(path_b);
	rmdir(dir);
	return tap_done();
}
