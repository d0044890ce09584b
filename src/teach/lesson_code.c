/*
 * lesson_code.c - the guest of a lesson: bytes with the text the disassembler must agree with, its
 * labels as an ELF file that exists in memory only, so that stops, break and list name them.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vmstep/parse.h>
#include "lesson.h"

static unsigned code_bits(const struct lesson *l)
{
	return !strcmp(l->mode, "real") ? 16 : !strcmp(l->mode, "long") ? 64 : 32;
}

/* The text of `data` lines begins with a dot: nothing is decoded. */
static int text_check(const struct lesson *l, const struct lesson_line *c, struct err *err)
{
	struct insn insn;
	char text[128];

	if (c->text[0] == '.')
		return 0;
	insn_decode(code_bits(l), c->bytes, c->n, &insn);
	insn_format(code_bits(l), c->bytes, c->n, c->addr, NULL, NULL, text, sizeof(text));
	if (insn.facts.length != c->n || strcmp(text, c->text))
		return err_set(err, EINVAL, "these bytes are \"%s\", %u of them, not \"%.60s\"",
			       text, insn.facts.length, c->text);
	return 0;
}

/* "[LABEL:] BYTES | TEXT" */
static int line_split(const char *text, struct lesson_line *c, struct err *err)
{
	const char *bar = strchr(text, '|'), *colon = strchr(text, ':');
	char hex[80];

	if (!bar)
		return err_set(err, EINVAL,
			       "a line of code is \"[LABEL:] BYTES | TEXT\", not \"%.60s\"", text);
	if (colon && colon < bar) {
		c->label = strndup(text, colon - text);
		text = colon + 1;
	}
	if ((size_t)(bar - text) >= sizeof(hex))
		return err_set(err, EINVAL, "too many bytes for one line of code: \"%.40s...\"",
			       text);
	memcpy(hex, text, bar - text);
	hex[bar - text] = '\0';
	c->text = strdup(bar + 1 + strspn(bar + 1, " \t"));
	if (!c->text)
		return err_set(err, ENOMEM, "no memory for the lesson");
	return hex_bytes_parse(hex, "code", c->bytes, sizeof(c->bytes), &c->n, err);
}

int lesson_code_line(struct lesson *l, u64 *addr, const char *text, struct err *err)
{
	struct lesson_line *more = realloc(l->code, (l->n_code + 1) * sizeof(*more)), *c;
	int r;

	if (!more)
		return err_set(err, ENOMEM, "no memory for the lesson");
	l->code = more;
	c = &more[l->n_code++];
	*c = (struct lesson_line){ .addr = *addr };
	r = line_split(text, c, err);
	if (r)
		return r;
	*addr += c->n;
	return text_check(l, c, err);
}

bool lesson_label(const struct lesson *l, const char *name, size_t n, u64 *ret)
{
	for (size_t i = 0; i < l->n_code; i++) {
		const char *label = l->code[i].label;

		if (!label || strlen(label) != n || memcmp(label, name, n))
			continue;
		*ret = l->code[i].addr;
		return true;
	}
	return false;
}

void lesson_hex(const struct lesson *l, struct strbuf *out)
{
	for (size_t i = 0; i < l->n_code; i++)
		strbuf_addbytes(out, l->code[i].bytes, l->code[i].n);
}

void lesson_listing(const struct lesson *l, struct strbuf *out)
{
	for (size_t i = 0; i < l->n_code; i++) {
		const struct lesson_line *c = &l->code[i];

		strbuf_addf(out, "  %6llx  %-9s %s\n", (unsigned long long)c->addr,
			    c->label ? c->label : "", c->text);
	}
}

/* ---- symbols -----------------------------------------------------------------------------------
 */

enum { S_NULL, S_TEXT, S_SYMTAB, S_STRTAB, S_COUNT };

static size_t labels_count(const struct lesson *l)
{
	size_t n = 1;

	for (size_t i = 0; i < l->n_code; i++)
		n += l->code[i].label != NULL;
	return n;
}

static u64 code_end(const struct lesson *l)
{
	const struct lesson_line *last = &l->code[l->n_code - 1];

	return last->addr + last->n;
}

/* A label names the code up to the next one. */
static u64 label_size(const struct lesson *l, size_t i)
{
	const u64 start = l->code[i].addr;

	while (++i < l->n_code)
		if (l->code[i].label)
			return l->code[i].addr - start;
	return code_end(l) - start;
}

/* Header, symbols, names, sections; .text has no bytes here, the guest has them. */
static void elf_put(const struct lesson *l, struct strbuf *names, struct strbuf *out)
{
	const size_t n = labels_count(l), symtab = sizeof(Elf64_Ehdr),
		     strtab = symtab + n * sizeof(Elf64_Sym);
	Elf64_Ehdr h = { .e_ident = ELFMAG,
			 .e_type = ET_EXEC,
			 .e_machine = EM_X86_64,
			 .e_version = EV_CURRENT,
			 .e_entry = l->load,
			 .e_ehsize = sizeof(h),
			 .e_shentsize = sizeof(Elf64_Shdr),
			 .e_shnum = S_COUNT };
	Elf64_Sym sym = { 0 };
	Elf64_Shdr sec[S_COUNT] = { { 0 } };

	strbuf_addc(names, '\0');
	h.e_ident[EI_CLASS] = ELFCLASS64;
	h.e_ident[EI_DATA] = ELFDATA2LSB;
	h.e_ident[EI_VERSION] = EV_CURRENT;
	strbuf_addn(out, &h, sizeof(h));
	strbuf_addn(out, &sym, sizeof(sym));
	for (size_t i = 0; i < l->n_code; i++) {
		const struct lesson_line *c = &l->code[i];

		if (!c->label)
			continue;
		sym = (Elf64_Sym){ .st_name = names->n,
				   .st_info = ELF64_ST_INFO(
					   STB_GLOBAL, c->text[0] == '.' ? STT_OBJECT : STT_FUNC),
				   .st_shndx = S_TEXT,
				   .st_value = c->addr,
				   .st_size = label_size(l, i) };
		strbuf_addn(out, &sym, sizeof(sym));
		strbuf_addn(names, c->label, strlen(c->label) + 1);
	}
	strbuf_addn(out, names->s, names->n);
	sec[S_TEXT] = (Elf64_Shdr){ .sh_type = SHT_NOBITS,
				    .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
				    .sh_addr = l->load,
				    .sh_size = code_end(l) - l->load,
				    .sh_addralign = 1 };
	sec[S_SYMTAB] = (Elf64_Shdr){ .sh_type = SHT_SYMTAB,
				      .sh_offset = symtab,
				      .sh_size = n * sizeof(sym),
				      .sh_link = S_STRTAB,
				      .sh_info = 1,
				      .sh_entsize = sizeof(sym),
				      .sh_addralign = 8 };
	sec[S_STRTAB] = (Elf64_Shdr){
		.sh_type = SHT_STRTAB, .sh_offset = strtab, .sh_size = names->n, .sh_addralign = 1
	};
	while (out->n % 8)
		strbuf_addc(out, '\0');
	((Elf64_Ehdr *)out->s)->e_shoff = out->n;
	strbuf_addn(out, sec, sizeof(sec));
}

int lesson_symbols(const struct lesson *l, int *ret_fd, struct err *err)
{
	struct strbuf names, out;
	int fd = memfd_create("lesson", MFD_CLOEXEC);
	bool fine;

	if (fd < 0)
		return err_set(err, errno, "no memory file for the lesson's labels: %s",
			       strerror(errno));
	strbuf_init(&names);
	strbuf_init(&out);
	elf_put(l, &names, &out);
	fine = !names.failed && !out.failed && write(fd, out.s, out.n) == (ssize_t)out.n;
	strbuf_deinit(&names);
	strbuf_deinit(&out);
	if (!fine) {
		close(fd);
		return err_set(err, ENOMEM, "no memory for the lesson's labels");
	}
	*ret_fd = fd;
	return 0;
}
