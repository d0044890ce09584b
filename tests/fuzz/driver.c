/*
 * driver.c - runs a fuzz target without a fuzzer: the corpus as it is, then inputs mutated from it
 *by a seed. A target is LLVMFuzzerTestOneInput() in a file of its own, so that libFuzzer's main
 *fits, too.
 *
 *	TARGET [-n INPUTS] [-s SEED] [-k FILE] CORPUS...
 *
 * FILE always holds the input that runs: after a crash it is the one. A target that finds something
 * wrong aborts. Prints TAP.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INPUT_MAX = 1 << 16, CORPUS_MAX = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct input {
	uint8_t *data;
	size_t n;
};

static struct {
	struct input corpus[CORPUS_MAX];
	size_t n_corpus;
	uint64_t seed, ran;
	uint8_t *kept; /* size, then the bytes */
} f;

static uint64_t random_next(void)
{
	uint64_t z = (f.seed += 0x9e3779b97f4a7c15ull);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static void input_run(const uint8_t *data, size_t n)
{
	uint64_t size = n;

	if (f.kept) {
		memcpy(f.kept, &size, 8);
		memcpy(f.kept + 8, data, n);
	}
	LLVMFuzzerTestOneInput(data, n);
	f.ran++;
}

static void corpus_add_file(const char *path)
{
	uint8_t *data = malloc(INPUT_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 && data ? read(fd, data, INPUT_MAX) : -1;

	if (fd >= 0)
		close(fd);
	if (n < 0 || f.n_corpus == CORPUS_MAX) {
		free(data);
		return;
	}
	f.corpus[f.n_corpus++] = (struct input){ data, n };
}

/* In the order of their names, so that a seed gives the same run everywhere. */
static void corpus_add(const char *path)
{
	struct dirent **names;
	struct stat st;
	char file[4096];
	int n;

	if (stat(path, &st))
		return;
	if (!S_ISDIR(st.st_mode)) {
		corpus_add_file(path);
		return;
	}
	n = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			corpus_add_file(file);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static size_t mutate_once(uint8_t *p, size_t n)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xff };
	size_t at = n ? random_next() % n : 0, len;

	switch (random_next() % 7) {
	case 0:
		p[at] ^= 1u << random_next() % 8;
		return n;
	case 1:
		p[at] = random_next();
		return n;
	case 2:
		p[at] = edges[random_next() % sizeof(edges)];
		return n;
	case 3: /* a run of noise */
		for (len = random_next() % 16; len && at < n; len--)
			p[at++] = random_next();
		return n;
	case 4: /* one byte more */
		if (n == INPUT_MAX)
			return n;
		memmove(p + at + 1, p + at, n - at);
		p[at] = random_next();
		return n + 1;
	case 5: /* one byte less */
		memmove(p + at, p + at + 1, n - at - 1);
		return n - 1;
	default: /* copied within */
		len = random_next() % (n - at) % 32;
		memmove(p + random_next() % (n - len), p + at, len);
		return n;
	}
}

static void mutated_run(void)
{
	static uint8_t buf[INPUT_MAX];
	const struct input *a = &f.corpus[random_next() % f.n_corpus];
	size_t n = a->n;

	memcpy(buf, a->data, n);
	for (unsigned i = 1 + random_next() % 12; i && n > 1; i--)
		n = mutate_once(buf, n);
	input_run(buf, n);
}

static void kept_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || ftruncate(fd, INPUT_MAX + 8))
		return;
	f.kept = mmap(NULL, INPUT_MAX + 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (f.kept == MAP_FAILED)
		f.kept = NULL;
	close(fd);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	uint64_t want = 0;
	int c;

	f.seed = 1;
	while ((c = getopt(argc, argv, "n:s:k:")) != -1) {
		if (c == 'n')
			want = strtoull(optarg, NULL, 0);
		else if (c == 's')
			f.seed = strtoull(optarg, NULL, 0);
		else if (c == 'k')
			kept_open(optarg);
		else
			return 2;
	}
	for (int i = optind; i < argc; i++)
		corpus_add(argv[i]);
	if (!f.n_corpus) {
		puts("not ok - the corpus can be read: got no inputs, wanted at least 1");
		return 1;
	}
	for (size_t i = 0; i < f.n_corpus; i++)
		input_run(f.corpus[i].data, f.corpus[i].n);
	while (f.ran < want)
		mutated_run();
	printf("ok - %s: %llu inputs from %zu seeds\n", name, (unsigned long long)f.ran,
	       f.n_corpus);
	for (size_t i = 0; i < f.n_corpus; i++)
		free(f.corpus[i].data);
	return 0;
}
