/* gen_models.c - random programs through the compiler, with oracles that are not it.
 *
 *     gen_models [--seed S] [--count N] [--size K]    tries seeds S .. S + N - 1 in process
 *     gen_models --seed S --print                     prints the program of a seed
 *     gen_models --seed S --reduce                    shrinks the failing program of a seed; prints it
 *     gen_models --check FILE...                      programs from files; with --reduce: shrunk
 *     gen_models --coverage [--count N]               what N programs are made of, as a table
 *     --calm                                          without random numbers in training
 *
 * In:    seeds.   Out: a line for each failure, with the command that repeats it; status 1 if any.
 * Holds: what oracle.h says, for each of them.
 *
 * Programs run in a child process each some hundred seeds, so that a crash or an internal error names
 * its seed and the rest goes on.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "coverage.h"
#include "generate.h"
#include "oracle.h"
#include "shrink.h"

enum { PER_CHILD = 500, MOST_FAILURES = 50 };

typedef struct {
	uint64_t seed, count;
	int size, files;
	bool print, shrink, coverage, calm;
	char **file;
} Asked;

static int batch_of(uint64_t seed) { return (int)(seed % 3) * 3 + 1; }
static int level_of(uint64_t seed) { return (int)(seed / 3 % 4); }

/* About `size` statements, more or fewer. */
static int size_of(const Asked *a, uint64_t seed) { return a->size / 2 + (int)(seed * 2654435761u % (unsigned)(a->size + 1)); }

static char *program(const Asked *a, uint64_t seed) { return generate(seed, size_of(a, seed), a->calm); }

/* One child for many seeds; returns the seed after the last one that was looked at. */
static uint64_t run_some(const Asked *a, Report *r, uint64_t from, uint64_t to, int *failures)
{
	fflush(stdout);
	r->failed = false;
	pid_t p = fork();
	if (!p) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(9);
		for (uint64_t s = from; s < to; s++) {
			char *text = program(a, s);
			r->seed = s;
			alarm(60);
			check_text(r, text, batch_of(s), level_of(s));
			free(text);
			if (r->failed)
				_exit(1);
		}
		_exit(0);
	}
	int status = 0;
	waitpid(p, &status, 0);
	if (!status)
		return to;
	if (!r->failed)
		snprintf(r->what, sizeof r->what, WIFSIGNALED(status) ? "signal %d" : "exit status %d",
		         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	printf("seed %llu: %s: %s\n    repeat: gen_models %s--size %d --seed %llu --reduce\n", (unsigned long long)r->seed,
	       r->stage, r->what, a->calm ? "--calm " : "", a->size, (unsigned long long)r->seed);
	++*failures;
	return r->seed + 1;
}

static int run_all(const Asked *a, Report *r)
{
	int failures = 0;
	time_t said = time(0), now;
	uint64_t end = a->seed + a->count, s = a->seed;
	while (s < end && failures < MOST_FAILURES) {
		s = run_some(a, r, s, end - s > PER_CHILD ? s + PER_CHILD : end, &failures);
		if ((now = time(0)) - said >= 60) {
			printf("... %llu programs, %d failures\n", (unsigned long long)(s - a->seed), failures);
			said = now;
		}
	}
	int missing = a->count >= 20000 ? coverage_ops(r) : 0;
	printf("%llu programs (%lu of them without differences), %d failures\n", (unsigned long long)(s - a->seed), r->nodiff,
	       failures);
	return failures > 0 || missing > 0;
}

static char *file_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *t = calloc(1, 1 << 20);
	size_t n = f && t ? fread(t, 1, (1 << 20) - 1, f) : 0;
	if (f)
		fclose(f);
	if (!n)
		fprintf(stderr, "gen_models: %s: cannot be read\n", path);
	return t;
}

/* One program, with batches of B at this level; shrunk if asked for. */
static bool one(const Asked *a, Report *r, char *text, int B, int level, const char *what)
{
	if (a->shrink)
		text = shrink(r, text, B, level);
	else
		check_apart(r, text, B, level);
	if (a->shrink || r->failed)
		printf("%s%s: %s: %s\n", a->shrink ? text : "", what, r->stage, r->failed ? r->what : "no failure");
	free(text);
	return !r->failed;
}

static bool files(const Asked *a, Report *r)
{
	bool ok = true;
	for (int i = 0; i < a->files; i++)
		for (int k = 0; k < 4; k++)
			ok &= one(a, r, file_text(a->file[i]), 1 + k * 2, k, a->file[i]);
	return ok;
}

static bool arguments(Asked *a, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *name = argv[i];
		if (!strcmp(name, "--print"))
			a->print = true;
		else if (!strcmp(name, "--reduce"))
			a->shrink = true;
		else if (!strcmp(name, "--coverage"))
			a->coverage = true;
		else if (!strcmp(name, "--calm"))
			a->calm = true;
		else if (i + 1 < argc && !strcmp(name, "--seed"))
			a->seed = strtoull(argv[++i], 0, 10);
		else if (i + 1 < argc && !strcmp(name, "--count"))
			a->count = strtoull(argv[++i], 0, 10);
		else if (i + 1 < argc && !strcmp(name, "--size"))
			a->size = atoi(argv[++i]);
		else if (i + 1 < argc && !strcmp(name, "--check")) {
			a->file = argv + i + 1;
			while (i + 1 < argc && strncmp(argv[i + 1], "--", 2))
				i++, a->files++;
		} else {
			fprintf(stderr, "gen_models: `%s` is not known; see the head of tests/fuzz/gen_models.c\n", name);
			return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	Asked a = { .seed = 1, .count = 1, .size = 12 };
	if (!arguments(&a, argc, argv))
		return 2;
	Report *r = mmap(0, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r == MAP_FAILED)
		return 3;
	if (a.files)
		return !files(&a, r);
	if (a.coverage)
		return coverage_words(a.seed, a.count, a.size);
	if (a.print || a.shrink) {
		char *text = program(&a, a.seed), what[32];
		snprintf(what, sizeof what, "seed %llu", (unsigned long long)a.seed);
		if (!a.print)
			return !one(&a, r, text, batch_of(a.seed), level_of(a.seed), what);
		fputs(text, stdout);
		free(text);
		return 0;
	}
	return run_all(&a, r);
}
