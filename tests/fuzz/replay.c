/* replay.c - runs a target on files, built by any compiler: `fuzz_idx FILE...`, and with a number as first
 * argument that many mutations of each file by a small generator of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"

static uint64_t state = 88172645463325252u;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

/* A few bytes changed, a piece cut, doubled or moved. */
static size_t mutate(uint8_t *to, const uint8_t *from, size_t n)
{
	memcpy(to, from, n);
	for (uint64_t k = draw() % 8; k > 0 && n > 0; k--)
		to[draw() % n] = (uint8_t)(draw() % 3 ? draw() : UINT64_C(1) << draw() % 8);
	if (n > 1 && draw() % 4 == 0) {
		size_t at = draw() % n, len = draw() % (n - at);
		memmove(to + at, to + at + len, n - at - len);
		n -= len;
	}
	return n;
}

static size_t read_file(const char *path, uint8_t **data)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		exit(2);
	}
	*data = malloc(1 << 20);
	size_t n = fread(*data, 1, 1 << 20, f);
	fclose(f);
	return n;
}

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? strtol(argv[1], 0, 10) : 0, done = 0;
	for (int i = 2; i < argc; i++) {
		uint8_t *data, *copy = malloc(1 << 20);
		size_t n = read_file(argv[i], &data);
		for (long k = -1; k < rounds; k++, done++) {
			size_t m = k < 0 ? n : mutate(copy, data, n);
			/* memory of its exact size, so that reading past the end is seen */
			uint8_t *exact = malloc(m ? m : 1);
			memcpy(exact, k < 0 ? data : copy, m);
			LLVMFuzzerTestOneInput(exact, m);
			free(exact);
		}
		free(copy);
		free(data);
	}
	printf("%ld executions\n", done);
	return 0;
}
