/* teach_lesson.c - the format of lessons: what is read, and one sentence for each thing that is
 * wrong. */
#include <vmstep/lesson.h>
#include "tap.h"

#define HEAD "lesson x\ntitle T\nguest long\ncode\n  a: 90 | nop\n  b: ff c0 | inc eax\n"

static void reads(void)
{
	static const char text[] =
		HEAD "  d: 01 02 | .data\n# a comment\nsay one\n  two\n\nask kvm,pvm: Q?\n"
		     "choice at=b stops=1 : X\nreply R\ndo stepi\nexpect vmx: STEP at=b\nanswer A\n"
		     "differs pvm K2: because\ntry more\n";
	struct lesson *l = NULL;
	struct err err = { 0 };
	struct strbuf hex;
	u64 addr = 0;

	if (lesson_parse(text, sizeof(text) - 1, "f", &l, &err)) {
		tap_str(err.text, "", "a lesson is read");
		return;
	}
	tap_str(l->name, "x", "its name");
	tap_str(l->mode, "long", "its mode");
	tap_eq(l->load, 0x100000, "where it is loaded");
	tap_eq(l->n_code, 3, "its code");
	tap_eq(l->n_items, 9, "its items");
	tap_str(l->item[0].text, "one two", "a line that goes on");
	tap_eq(l->item[1].flavours, LESSON_KVM | LESSON_PVM, "an item of two flavours");
	tap_str(l->item[2].cond, "at=b stops=1", "a choice's conditions");
	tap_eq(l->item[5].flavours, LESSON_VMX, "vmx is soft and mtf");
	tap_str(l->item[7].cond, "K2", "the number of a difference");
	tap_eq(l->item[7].flavours, LESSON_PVM, "and where it is");
	tap_ok(lesson_label(l, "b", 1, &addr) && addr == 0x100001, "a label's address");
	tap_ok(!lesson_label(l, "c", 1, &addr), "a label that is none");
	strbuf_init(&hex);
	lesson_hex(l, &hex);
	tap_str(strbuf_str(&hex), "90ffc00102", "the bytes");
	strbuf_deinit(&hex);
	lesson_destroy(l);
}

static void refuses(const char *text, const char *sentence)
{
	struct lesson *l = NULL;
	struct err err = { 0 };
	const int r = lesson_parse(text, strlen(text), "f", &l, &err);

	tap_ok(r < 0 && !l, "refused: %s", sentence);
	tap_str(err.text, sentence, "in one sentence");
}

static void sentences(void)
{
	refuses("", "f: this is no lesson: it has no name (a line \"lesson NAME\")");
	refuses("lesson x\n", "f: this is no lesson: it has no title");
	refuses("lesson x\ntitle T\nguest long\n", "f: this is no lesson: it has no code");
	refuses("lesson x\nnonsense here\n",
		"f:2: no item of a lesson begins with \"nonsense here\"");
	refuses("  hello\n", "f:1: nothing before goes on with \"hello\"");
	refuses("guest deep\n", "f:1: a guest is real, protected or long, not \"deep\"");
	refuses("code\n", "f:1: code comes behind guest, which says in which mode: \"\"");
	refuses("guest long\ncode\n  90 nop\n",
		"f:3: a line of code is \"[LABEL:] BYTES | TEXT\", not \"90 nop\"");
	refuses("guest long\ncode\n  90 | hlt\n",
		"f:3: these bytes are \"nop\", 1 of them, not \"hlt\"");
	refuses("guest long\ncode\n  90 90 | nop\n",
		"f:3: these bytes are \"nop\", 1 of them, not \"nop\"");
	refuses(HEAD "choice TF : X\n", "f:7: no question is open for \"TF : X\"");
	refuses(HEAD "ask Q\nchoice TF X\n", "f:8: a choice is \"CONDITION : TEXT\": \"TF X\"");
	refuses(HEAD "ask Q\nreply R\n", "f:8: a reply belongs straight behind its choice: \"R\"");
	refuses(HEAD "ask Q\nask R\n",
		"f:8: a question inside a question, the one before has no answer yet: \"R\"");
	refuses(HEAD "ask Q\nchoice TF : X\n", "f: the last question has no answer");
	refuses(HEAD "differs K2: why\n", "f:7: differs names no engine: \"K2: why\"");
	refuses(HEAD "expect NOSUCH\n", "f:7: no stop has a cause \"NOSUCH\"");
	refuses(HEAD "expect TF at=c\n", "f:7: \"c\" is no label of this lesson's code");
	refuses(HEAD "expect TF color=red\n", "f:7: no condition is called \"color\"");
}

/* Each lesson of the program can be read, once. */
static void builtin(void)
{
	struct err err = { 0 };
	struct lesson *l;
	size_t n = 0;
	int r;

	while (!(r = lesson_builtin(n, &l, &err))) {
		struct lesson *same = NULL;

		tap_ok(!lesson_find(l->name, &same, &err) && !strcmp(same->title, l->title),
		       "lesson %s", l->name);
		lesson_destroy(same);
		lesson_destroy(l);
		n++;
	}
	tap_str(err.text, "", "no lesson is refused");
	tap_ok(n >= 12, "at least twelve lessons");
	tap_ok(lesson_find("/nonexistent/x.lesson", &l, &err) < 0, "a file that is not there");
	tap_str(err.text,
		"/nonexistent/x.lesson: cannot read this lesson: No such file or directory",
		"and its sentence");
}

int main(void)
{
	reads();
	sentences();
	builtin();
	return tap_done();
}
