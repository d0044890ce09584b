/*
 * symbols.c - the index of symbols: which name covers an address, which of several names is found,
 * and files that are damaged at every place.
 */
#include "tap.h"
#include "elf_bytes.h"
#include <errno.h>
#include <vmstep/symbols.h>

#define SYM(n, v, s, t, b, sec)                                                                    \
	{                                                                                          \
		n, v, s, STT_##t, STB_##b, sec                                                     \
	}

/* .text is 1000..10ff, .data 2000..203f. */
static const struct elf_sym syms[] = {
	SYM("start", 0x1000, 0, NOTYPE, GLOBAL, ELF_TEXT),
	SYM("main", 0x1010, 0x20, FUNC, GLOBAL, ELF_TEXT),
	SYM("main_alias", 0x1010, 0x20, FUNC, WEAK, ELF_TEXT),
	SYM("inner_label", 0x1018, 0, NOTYPE, LOCAL, ELF_TEXT),
	SYM("after_gap", 0x1040, 4, FUNC, LOCAL, ELF_TEXT),
	SYM("label", 0x1060, 0, NOTYPE, LOCAL, ELF_TEXT),
	SYM("last", 0x10f0, 0, FUNC, GLOBAL, ELF_TEXT),
	SYM("text_end", 0x1100, 0, NOTYPE, GLOBAL, ELF_TEXT),
	SYM("counter", 0x2000, 8, OBJECT, GLOBAL, ELF_DATA),
	SYM("table", 0x2008, 0x20, OBJECT, GLOBAL, ELF_DATA),
	SYM("table_mid", 0x2010, 4, OBJECT, LOCAL, ELF_DATA),
	SYM("dup", 0x1070, 1, FUNC, LOCAL, ELF_TEXT),
	SYM("dup", 0x1080, 1, FUNC, GLOBAL, ELF_TEXT),
	SYM("dup", 0x1078, 1, FUNC, WEAK, ELF_TEXT),
	SYM("STACK_TOP", 0x9000, 0, NOTYPE, GLOBAL, SHN_ABS),
	SYM("missing", 0, 0, NOTYPE, GLOBAL, SHN_UNDEF),
	SYM("file.c", 0, 0, FILE, LOCAL, SHN_ABS),
	SYM("section", 0x1000, 0, SECTION, LOCAL, ELF_TEXT),
	SYM("tls", 0x10, 4, TLS, GLOBAL, ELF_DATA),
};
enum { NAMED = 15 }; /* of them an address has a name */

static struct err err;

static struct symbols *load(int is64, uint32_t table)
{
	struct symbols *s = NULL;
	struct elf_file f;
	const char *path;

	elf_build(&f, is64, table, syms, ARRAY_SIZE(syms));
	path = elf_write(&f, f.n);
	if (symbols_load(path, 0, &s, &err))
		printf("# %s\n", err.text);
	unlink(path);
	return s;
}

/* clang-format off */
static const struct {
	u64 addr;
	const char *text, *why;
} at[] = {
	{ 0x0fff, NULL, "before the first" },
	{ 0x1000, "start", "a label names its address" },
	{ 0x100f, "start+0xf", "and reaches to the next symbol" },
	{ 0x1010, "main", "the global name wins over the weak one" },
	{ 0x1018, "main+0x8", "a function wins over a label in it" },
	{ 0x102f, "main+0x1f", "to the function's last byte" },
	{ 0x1030, NULL, "which is its end" },
	{ 0x1043, "after_gap+0x3", "a local function" },
	{ 0x1044, NULL, "a gap belongs to nobody" },
	{ 0x106f, "label+0xf", "a label without size ends at the next symbol" },
	{ 0x10ff, "last+0xf", "a function without size ends with its section" },
	{ 0x1100, "text_end", "a label at a section's end names that address" },
	{ 0x1101, NULL, "and no more" },
	{ 0x2007, "counter+0x7", "an object" },
	{ 0x2010, "table_mid", "the nearer of two objects" },
	{ 0x2014, "table+0xc", "behind it the outer one again" },
	{ 0x2028, NULL, "to its end" },
	{ 0x9000, "STACK_TOP", "an absolute symbol names its value" },
	{ 0x9001, NULL, "and covers nothing" },
	{ UINT64_MAX, NULL, "the end of the address space" },
};
/* clang-format on */

static void test_at(int is64)
{
	struct symbols *s = load(is64, SHT_SYMTAB);
	char buf[80];

	if (!tap_ok(s != NULL, "ELF%d loads", is64 ? 64 : 32))
		return;
	tap_eq(symbols_count(s), NAMED, "ELF%d: symbols that name an address", is64 ? 64 : 32);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		tap_str(symbols_format(s, at[i].addr, buf, sizeof(buf)) ? buf : NULL, at[i].text,
			"ELF%d %#llx: %s", is64 ? 64 : 32, (unsigned long long)at[i].addr,
			at[i].why);
	symbols_destroy(s);
}

static void test_find(void)
{
	struct symbols *s = load(1, SHT_SYMTAB);
	const struct symbol *sym;

	tap_eq(symbols_find(s, "dup")->addr, 0x1080, "of three names the global one is found");
	sym = symbols_find(s, "table");
	tap_eq(sym->size, 0x20, "with its size");
	tap_eq(sym->kind, 'O', "and kind");
	tap_ok(sym->global && !sym->weak, "and binding");
	tap_ok(!symbols_find(s, "missing"), "undefined symbols are no addresses");
	tap_ok(!symbols_find(s, "tab"), "a prefix is no name");
	tap_ok(!symbols_find(s, "zzz"), "behind the last");
	tap_ok(!symbols_find(s, ""), "the empty name");
	symbols_destroy(s);
}

static char names[200];
static unsigned left;

static bool collect(void *arg, const struct symbol *s)
{
	strcat(names, s->name);
	strcat(names, " ");
	return --left;
}

static void test_complete(void)
{
	struct symbols *s = load(1, SHT_SYMTAB);

	names[0] = '\0';
	left = 100;
	symbols_complete(s, "ma", collect, NULL);
	tap_str(names, "main main_alias ", "completion in alphabetical order");
	names[0] = '\0';
	left = 2;
	symbols_complete(s, "", collect, NULL);
	tap_str(names, "STACK_TOP after_gap ", "stops when told");
	symbols_destroy(s);
}

static void test_tables(void)
{
	struct symbols *s = load(1, SHT_DYNSYM);
	struct elf_file f;
	const char *path;

	tap_eq(symbols_count(s), NAMED, ".dynsym serves where there is no .symtab");
	symbols_destroy(s);
	s = load(1, SHT_PROGBITS);
	tap_eq(symbols_count(s), 0, "a file without symbols is an empty index");
	tap_ok(!symbols_at(s, 0x1000), "that covers nothing");
	tap_ok(!symbols_find(s, "main"), "and has no names");
	symbols_destroy(s);
	elf_build(&f, 1, SHT_SYMTAB, syms, ARRAY_SIZE(syms));
	path = elf_write(&f, f.n);
	tap_eq(symbols_load(path, 0xffff800000000000, &s, &err), 0, "with a bias");
	tap_eq(symbols_find(s, "main")->addr, 0xffff800000001010, "addresses are moved");
	tap_eq(symbols_at(s, 0xffff8000000010ff)->addr, 0xffff8000000010f0, "sections' ends too");
	symbols_destroy(s);
	unlink(path);
}

static void one_sentence(const struct err *e, const char *path, const char *name)
{
	tap_ok(e->text[0] && strstr(e->text, path) && !strchr(e->text, '\n'),
	       "%s: one sentence names the file: %s", name, e->text);
}

static void test_errors(void)
{
	struct symbols *s = NULL;
	struct elf_file f = { .b = "not an ELF file at all", .n = 22 };
	const char *path = elf_write(&f, f.n);

	memset(&err, 0, sizeof(err));
	tap_eq(symbols_load(path, 0, &s, &err), -ENOEXEC, "a text file is refused");
	one_sentence(&err, path, "text");
	unlink(path);
	tap_eq(symbols_load(path, 0, &s, &err), -ENOENT, "a missing file is refused");
	one_sentence(&err, path, "missing");
	tap_eq(symbols_load("/tmp", 0, &s, &err) != 0, 1, "a folder is refused");
	tap_ok(!s, "nothing is returned then");
}

/* Every length: either an error with its sentence, or an index (possibly empty) that can be asked. */
static void test_truncated(void)
{
	unsigned crashed = 0, silent = 0, loaded = 0, refused = 0;
	struct elf_file f;

	elf_build(&f, 1, SHT_SYMTAB, syms, ARRAY_SIZE(syms));
	for (size_t n = 0; n < f.n; n++) {
		const char *path = elf_write(&f, n);
		struct symbols *s = NULL;

		memset(&err, 0, sizeof(err));
		if (!symbols_load(path, 0, &s, &err)) {
			loaded++;
			crashed += symbols_at(s, 0x1010) != NULL && symbols_count(s) == 0;
			symbols_destroy(s);
		} else {
			refused++;
			silent += !err.text[0] || s;
		}
		unlink(path);
	}
	tap_eq(crashed, 0, "truncated at every length: no nonsense");
	tap_eq(silent, 0, "every refusal has its sentence");
	tap_eq(loaded, 0, "a file without its section headers is damaged, not empty (%u refused)",
	       refused);
}

/* One byte wrong at every place of the tables: no crash, names always end. */
static void test_damaged(void)
{
	static const uint8_t values[] = { 0x00, 0xff, 0x80, 0x41 };
	unsigned runs = 0, long_names = 0;
	struct elf_file good, f;

	elf_build(&good, 1, SHT_SYMTAB, syms, ARRAY_SIZE(syms));
	for (size_t i = 0; i < good.n; i++)
		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			struct symbols *s = NULL;
			const char *path;
			char buf[80];

			if (i >= 64 && i < good.symtab)
				continue;
			f = good;
			f.b[i] = values[v];
			path = elf_write(&f, f.n);
			runs++;
			if (!symbols_load(path, 0, &s, &err)) {
				for (u64 a = 0xff0; a < 0x1110; a += 8)
					if (symbols_format(s, a, buf, sizeof(buf)))
						long_names += strlen(buf) > 60;
				left = 1000;
				names[0] = '\0';
				symbols_destroy(s);
			}
			unlink(path);
		}
	tap_ok(runs > 1000, "%u files with one wrong byte", runs);
	tap_eq(long_names, 0, "none gives a name that never ends");
}

/* Many labels at one address and many symbols: not quadratic. */
static void test_many(void)
{
	enum { N = 300 };
	static struct elf_sym many[N];
	static char text[N][8];
	struct symbols *s = NULL;
	struct elf_file f;
	const char *path;

	for (unsigned i = 0; i < 100; i++) {
		sprintf(text[i], "l%02u", i);
		many[i] = (struct elf_sym)SYM(text[i], i < 50 ? 0x1000 : 0x1000 + i, 0, NOTYPE,
					      LOCAL, ELF_TEXT);
	}
	elf_build(&f, 1, SHT_SYMTAB, many, 100);
	path = elf_write(&f, f.n);
	symbols_load(path, 0, &s, &err);
	unlink(path);
	tap_str(symbols_at(s, 0x1010)->name, "l00", "of labels at one address the first by name");
	tap_str(symbols_at(s, 0x1063)->name, "l99", "each of the others ends at the next");
	symbols_destroy(s);
}

int main(void)
{
	test_at(1);
	test_at(0);
	test_find();
	test_complete();
	test_tables();
	test_errors();
	test_truncated();
	test_damaged();
	test_many();
	return tap_done();
}
