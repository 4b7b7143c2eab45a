/* gen_models.c - random programs through the compiler, with oracles that are not it.
 *
 *     gen_models [--seed S] [--count N] [--size K]    tries seeds S .. S + N - 1 in process
 *     gen_models --seed S --print                     prints the program of a seed
 *     gen_models --seed S --reduce                    shrinks the failing program of a seed; prints it
 *                                                     (with --compiled: one that fails as C)
 *     gen_models --check FILE...                      programs from files; with --reduce: shrunk
 *     gen_models --coverage [--count N]               what N programs are made of, as a table
 *     gen_models --compiled bits|fast|double --cc CC --cflags FLAGS [--count N] [--dir DIR]
 *                                                     as C, 25 programs to a file (batch.h)
 *                                                     (with --check: the files instead); --keep leaves
 *                                                     programs and results in DIR for torch_ref.py
 *     --calm                                          without random numbers in training
 *     --files                                         each reads files of some source
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

#include "batch.h"
#include "coverage.h"
#include "generate.h"
#include "oracle.h"
#include "shrink.h"

enum { PER_CHILD = 500, PER_UNIT = 25, MOST_FAILURES = 50 };

typedef struct {
	uint64_t seed, count;
	int size, files;
	bool print, shrink, coverage;
	unsigned how;                  /* CALM, FROM_FILES                                       */
	char **file;
	bool compiled;
	BatchOptions *batch;           /* shared with children                                  */
} Asked;

static int batch_of(uint64_t seed) { return (int)(seed % 3) * 3 + 1; }
static int level_of(uint64_t seed) { return (int)(seed / 3 % 4); }

/* About `size` statements, more or fewer. */
static int size_of(const Asked *a, uint64_t seed) { return a->size / 2 + (int)(seed * 2654435761u % (unsigned)(a->size + 1)); }

static char *program(const Asked *a, uint64_t seed) { return generate(seed, size_of(a, seed), a->how); }

static const char *said(const Asked *a)
{
	static const char *const form[] = { "", "--calm ", "--files ", "--calm --files " };
	return form[a->how];
}

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
	       r->stage, r->what, said(a), a->size, (unsigned long long)r->seed);
	++*failures;
	return r->seed + 1;
}

/* One unit of C of several programs, compiled and run in a child; after a failure those behind it are tried
 * again without it. */
static uint64_t run_unit(const Asked *a, Report *r, uint64_t from, uint64_t to, int *failures)
{
	fflush(stdout);
	r->failed = false;
	pid_t p = fork();
	if (!p) {
		char *text[PER_UNIT];
		uint64_t seed[PER_UNIT];
		int n = 0;
		for (uint64_t s = from; s < to; s++, n++) {
			seed[n] = s;
			text[n] = program(a, s);
		}
		r->seed = from;
		alarm(600);
		_exit(!batch_run(a->batch, r, text, seed, n));
	}
	int status = 0;
	waitpid(p, &status, 0);
	if (!status) {
		r->programs += to - from;
		return to;
	}
	if (!r->failed)
		snprintf(r->what, sizeof r->what, WIFSIGNALED(status) ? "signal %d" : "exit status %d",
		         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	static const char *const mode[] = { "bits", "fast", "double" };
	printf("seed %llu: %s: %s\n    repeat: gen_models %s--size %d --seed %llu --reduce --compiled %s --cc %s --cflags '%s'\n",
	       (unsigned long long)r->seed, r->stage, r->what, said(a), a->size, (unsigned long long)r->seed,
	       mode[a->batch->mode], a->batch->cc, a->batch->cflags);
	++*failures;
	uint64_t bad = r->seed;
	if (!strcmp(r->stage, "compile") && !strstr(r->what, "seed_")) {
		*failures = MOST_FAILURES;     /* not the programs' mistake */
		return to;
	}
	/* those before it have passed if it failed when run */
	if (strstr(r->stage, "batch of"))
		return bad + 1;
	for (uint64_t s = from; s < to && *failures < MOST_FAILURES; s++)
		if (s != bad)
			run_unit(a, r, s, s + 1, failures);
	return to;
}

static int run_compiled(const Asked *a, Report *r)
{
	int failures = 0;
	time_t said = time(0), now;
	uint64_t end = a->seed + a->count, s = a->seed;
	while (s < end && failures < MOST_FAILURES) {
		s = run_unit(a, r, s, end - s > PER_UNIT ? s + PER_UNIT : end, &failures);
		if ((now = time(0)) - said >= 60) {
			printf("... %llu programs, %d failures\n", (unsigned long long)(s - a->seed), failures);
			said = now;
		}
	}
	printf("%llu programs as C (%lu of them with files, %lu for inference), %d failures", (unsigned long long)(s - a->seed),
	       a->batch->files, a->batch->inferred, failures);
	if (a->batch->mode == FAST)
		printf("; largest error %.3f of its bound, %lu elements not judged of %lu", a->batch->worst,
		       a->batch->unjudged, a->batch->judged + a->batch->unjudged);
	printf("\n");
	return failures > 0;
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
	printf("%llu programs (%lu of them without differences, %lu in forward mode, off by %.1e), %d failures\n",
	       (unsigned long long)(s - a->seed), r->nodiff, r->forward, r->worst, failures);
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

/* How one program is checked. */
typedef struct { const Asked *a; int B, level; uint64_t seed; } How;

static void in_process(void *arg, Report *r, const char *text)
{
	const How *h = arg;
	check_text(r, text, h->B, h->level);
}

static void as_c(void *arg, Report *r, const char *text)
{
	const How *h = arg;
	char *one = strdup(text);
	if (one)
		batch_run(h->a->batch, r, &one, &h->seed, 1);
}

/* Shrunk if asked for. */
static bool one(How *h, Report *r, char *text, const char *what)
{
	const Asked *a = h->a;
	Check *check = a->compiled ? as_c : in_process;
	enum { SECONDS = 60 };
	r->seed = h->seed;
	if (a->shrink)
		text = shrink(check, h, r, text, SECONDS);
	else
		check_apart(check, h, r, text, SECONDS);
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
			ok &= one(&(How){ a, 1 + k * 2, k, 0 }, r, file_text(a->file[i]), a->file[i]);
	return ok;
}

/* Files as C at -O2 with batches of 33, in one unit. */
static int files_compiled(const Asked *a, Report *r)
{
	enum { AT_O2_OF_33 = 10, PERIOD = 12 };        /* by the rules of batch.c */
	char **text = calloc((size_t)a->files, sizeof *text);
	uint64_t *seed = calloc((size_t)a->files, sizeof *seed);
	for (int i = 0; text && seed && i < a->files; i++) {
		text[i] = file_text(a->file[i]);
		seed[i] = (uint64_t)(AT_O2_OF_33 + PERIOD * i);
	}
	if (!text || !seed || batch_run(a->batch, r, text, seed, a->files))
		return 0;
	uint64_t i = (r->seed - AT_O2_OF_33) / PERIOD;
	printf("%s: %s: %s\n", i < (uint64_t)a->files ? a->file[i] : "?", r->stage, r->what);
	return 1;
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
			a->how |= CALM;
		else if (!strcmp(name, "--files"))
			a->how |= FROM_FILES;
		else if (i + 1 < argc && !strcmp(name, "--seed"))
			a->seed = strtoull(argv[++i], 0, 10);
		else if (i + 1 < argc && !strcmp(name, "--count"))
			a->count = strtoull(argv[++i], 0, 10);
		else if (i + 1 < argc && !strcmp(name, "--size"))
			a->size = atoi(argv[++i]);
		else if (i + 1 < argc && !strcmp(name, "--cc"))
			a->batch->cc = argv[++i];
		else if (i + 1 < argc && !strcmp(name, "--cflags"))
			a->batch->cflags = argv[++i];
		else if (!strcmp(name, "--keep"))
			a->batch->keep = true;
		else if (i + 1 < argc && !strcmp(name, "--dir"))
			a->batch->dir = argv[++i];
		else if (i + 1 < argc && !strcmp(name, "--compiled")) {
			const char *mode = argv[++i];
			a->compiled = true;
			a->batch->mode = *mode == 'b' ? BITS : *mode == 'f' ? FAST : DOUBLE;
		} else if (i + 1 < argc && !strcmp(name, "--check")) {
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
	struct { Report r; BatchOptions batch; } *shared =
		mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 3;
	Report *r = &shared->r;
	a.batch = &shared->batch;
	*a.batch = (BatchOptions){ .cc = "cc", .cflags = "", .dir = "." };
	if (!arguments(&a, argc, argv))
		return 2;
	if (a.compiled && !a.shrink)
		return a.files ? files_compiled(&a, r) : run_compiled(&a, r);
	if (a.files)
		return !files(&a, r);
	if (a.coverage)
		return coverage_words(a.seed, a.count, a.size);
	if (a.print || a.shrink) {
		char *text = program(&a, a.seed), what[32];
		snprintf(what, sizeof what, "seed %llu", (unsigned long long)a.seed);
		if (!a.print)
			return !one(&(How){ &a, batch_of(a.seed), level_of(a.seed), a.seed }, r, text, what);
		fputs(text, stdout);
		free(text);
		return 0;
	}
	return run_all(&a, r);
}
