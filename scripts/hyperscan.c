/* Hyperscan's side of speed.sh: it compiles the literals of a file, one a line,
   or its regular expressions where "regexp" follows, without regard for case, and searches a text in memory in blocks of 1 MiB,
   once for each line on standard input.

   It writes "ready SECONDS BYTES", what compiling took and the database is
   large, and for each pass "NANOSECONDS HITS": the sum of the least times of
   each block so far. */
#include <fcntl.h>
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char *map(const char *name, size_t *size) {
	struct stat st;
	int fd = open(name, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		perror(name);
		exit(1);
	}
	*size = st.st_size;
	char *p = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (p == MAP_FAILED) {
		perror(name);
		exit(1);
	}
	close(fd);
	return p;
}

static long long now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int hit(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *count) {
	++*(long long *)count;
	return 0;
}

int main(int argc, char **argv) {
	if (argc != 3 && !(argc == 4 && strcmp(argv[3], "regexp") == 0)) {
		fprintf(stderr, "usage: hyperscan TEXT LITERALS [regexp]\n");
		return 2;
	}
	size_t size, listsize;
	char *text = map(argv[1], &size), *list = map(argv[2], &listsize);
	unsigned n = 0;
	for (size_t i = 0; i < listsize; i++)
		n += list[i] == '\n';
	const char **lits = malloc(n * sizeof *lits);
	size_t *lens = malloc(n * sizeof *lens);
	unsigned *flags = malloc(n * sizeof *flags), *ids = malloc(n * sizeof *ids);
	char *p = list;
	for (unsigned i = 0; i < n; i++) {
		char *end = memchr(p, '\n', list + listsize - p);
		lits[i] = p;
		lens[i] = end - p;
		flags[i] = HS_FLAG_CASELESS;
		ids[i] = i;
		*end = 0;
		p = end + 1;
	}
	hs_database_t *db;
	hs_compile_error_t *err;
	hs_scratch_t *scratch = NULL;
	size_t dbsize = 0;
	long long start = now();
	hs_error_t compiled = argc == 4 ? hs_compile_multi(lits, flags, ids, n, HS_MODE_BLOCK, NULL, &db, &err)
	                                : hs_compile_lit_multi(lits, flags, ids, lens, n, HS_MODE_BLOCK, NULL, &db, &err);
	if (compiled != HS_SUCCESS) {
		fprintf(stderr, "hyperscan: %s\n", err->message);
		return 1;
	}
	double took = (now() - start) / 1e9;
	if (hs_alloc_scratch(db, &scratch) != HS_SUCCESS) {
		fprintf(stderr, "hyperscan: no scratch\n");
		return 1;
	}
	hs_database_size(db, &dbsize);
	printf("ready %f %zu\n", took, dbsize);
	fflush(stdout);

	const size_t block = 1 << 20;
	size_t blocks = (size + block - 1) / block;
	long long *best = calloc(blocks, sizeof *best);
	char line[16];
	while (fgets(line, sizeof line, stdin)) {
		long long hits = 0, sum = 0;
		for (size_t b = 0; b < blocks; b++) {
			size_t len = size - b * block < block ? size - b * block : block;
			long long t = now();
			if (hs_scan(db, text + b * block, len, 0, scratch, hit, &hits) != HS_SUCCESS) {
				fprintf(stderr, "hyperscan: scan failed\n");
				return 1;
			}
			t = now() - t;
			if (best[b] == 0 || t < best[b])
				best[b] = t;
			sum += best[b];
		}
		printf("%lld %lld\n", sum, hits);
		fflush(stdout);
	}
	return 0;
}
