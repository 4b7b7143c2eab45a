/* fuzz_language.c - programs: scanned, parsed, formatted, elaborated and, if small and right, compiled.
 *
 * Checks besides: formatting a program that parses gives one that parses, and is not changed by formatting.
 */
#include "escape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ast.h"
#include "cli.h"
#include "compile.h"
#include "emit.h"

/* Compiling takes a hundred times as long as reading: one in so many inputs is compiled. */
enum { PER_JOB = 200, LARGE = 3000, COMPILED = 16 };

static Job *job;
static int runs;
static FILE *nowhere;

/* A job is used for many inputs, so that the prelude is not parsed for each. */
static Job *fresh(void)
{
	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	if (runs++ % PER_JOB == 0) {
		escape_end();
		escape_begin();
		job = job_new();
		job->check = true;
	}
	job->nerror = 0;
	job->usage = false;
	return job;
}

static void format_twice(Job *j, int file)
{
	const Out *once = fmt_source(j, file);
	if (!once || !once->n || j->nerror)
		return;
	int again = source_add(j, "again.nn", once->text, once->n, false);
	const Out *twice = fmt_source(j, again);
	if (!twice || j->nerror || twice->n != once->n || memcmp(twice->text, once->text, once->n))
		abort();
}

/* level -1: only elaborated. */
static void compile(Job *j, int file, int level)
{
	Module *m = elaborate(j, file, 0, 0, 0, 0);
	if (diag_flush(j, nowhere) || !m)
		return;
	Options opt = { .level = level, .target = "generic", .prefix = "m" };
	int nodes = m->eval->n + (m->grad ? m->grad->n : 0);
	if (level >= 0 && nodes < LARGE && !compile_passes(m, &opt, 0, 0)) {
		Out *o = out_new(j->mem);
		emit_trainer(o, m, &opt);
	}
}

static unsigned fnv1a(const uint8_t *data, size_t n)
{
	unsigned h = 2166136261u;
	for (size_t i = 0; i < n; i++)
		h = (h ^ data[i]) * 16777619u;
	return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n > 1 << 16)
		return 0;
	escape_begin();
	Job *j = fresh();
	int file = source_add(j, "m.nn", (const char *)data, n, false);
	format_twice(j, file);
	diag_flush(j, nowhere);
	unsigned hash = fnv1a(data, n);
	if (!j->nerror)
		compile(j, file, hash / 4 % COMPILED ? -1 : (int)(hash % 4));
	escape_pause();
	return 0;
}
