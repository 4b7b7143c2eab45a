/* runtime.h - for the tests of the trainer's library: children, files, a model without
 * arithmetic.
 *
 * What ends the program on an error is called in a child process; the test looks at its exit
 * status and at what it said on standard error.  All files lie in a folder of their own under
 * TMPDIR.
 */
#ifndef TEST_RUNTIME_H
#define TEST_RUNTIME_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nnrt.h"

/* ---- children
 * -------------------------------------------------------------------------------- */

static char said[4096]; /* by the last child, on standard error */

/* Calls f(arg) in a child; returns its exit status, 200 + the signal if one ended it. */
static inline int child(void (*f)(void *), void *arg)
{
	int end[2], status = 0;
	fflush(stdout);
	if (pipe(end))
		abort();
	pid_t id = fork();
	if (id == 0) {
		dup2(end[1], STDERR_FILENO);
		close(end[0]);
		close(end[1]);
		f(arg);
		fflush(stderr);
		_exit(0);
	}
	close(end[1]);
	size_t n = 0;
	ssize_t k;
	while ((k = read(end[0], said + n, sizeof said - 1 - n)) > 0)
		n += (size_t)k;
	said[n] = 0;
	close(end[0]);
	waitpid(id, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200 + WTERMSIG(status);
}

static inline bool has(const char *text)
{
	if (strstr(said, text))
		return true;
	fprintf(stderr, "\nexpected `%s` in: %s\n", text, said);
	return false;
}

static inline int errors_said(void)
{
	int n = 0;
	for (const char *p = said; (p = strstr(p, ": error: ")); p++)
		n++;
	return n;
}

/* ---- files
 * ----------------------------------------------------------------------------------- */

static inline void put(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f))
		abort();
}

static inline int files_here(void)
{
	DIR *d = opendir(".");
	int n = 0;
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static inline void clear(void)
{
	DIR *d = opendir(".");
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.')
			remove(e->d_name);
	closedir(d);
}

static inline size_t get(const char *path, char *to, size_t most)
{
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(to, 1, most, f) : 0;
	if (f)
		fclose(f);
	return n;
}

/* ---- a folder
 * -------------------------------------------------------------------------------- */

static char folder[512];

/* Makes a folder for this program's files and goes there. */
static inline void enter_folder(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(folder, sizeof folder, "%s/nnrt-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(folder) || chdir(folder))
		abort();
}

static inline void leave_folder(void)
{
	clear();
	if (chdir("/") || rmdir(folder))
		perror(folder);
}

/* ---- a model without arithmetic
 * --------------------------------------------------------------- */

static const nnrt_field inputs[] = {
	{ "image", NNRT_REAL, 0, 2, { 2, 3 }, 6, 0, 1, 0, 0 },
	{ "label", NNRT_CLASS, 4, 0, { 0 }, 1, 1, 1, 0, 0 },
};
static const nnrt_field columns[] = {
	{ "images", NNRT_U8, 0, 3, { 1, 2, 3 }, 6, 0, 1, 0, 0 },
	{ "labels", NNRT_CLASS, 4, 0, { 0 }, 1, 1, 1, 0, 0 },
};
static const nnrt_tensor params[] = {
	{ "a.weight", 2, { 2, 3 }, 6, 0, 1, 1, 1, 0 },
	{ "a.bias", 1, { 3 }, 3, 16, 1, 0, 1, 0 },
	{ "b.bias", 1, { 2 }, 2, 32, 1, 0, 1, 0 },
	{ "c.bias", 1, { 2 }, 2, 48, 2, 0, 1, 0 },
};
static const nnrt_tensor buffers[] = { { "a.mean", 1, { 3 }, 3, 0, 1, 0, 0, 0 } };
static const nnrt_metric metrics[] = { { "accuracy", 1, 0, 0 } };
static const char *const losses[] = { "loss1" };
static const nnrt_setting settings[] = { { "optimizer.lr", 0.5, 0, 0, 0, 0 }, { "k", 2, 1, 0, 0, 0 } };
static nnrt_data idx_data = { .source = NNRT_IDX, .path = ".", .shuffle = 1 };
static nnrt_train train = { .epochs = 2, .batch = 4, .seed = 7, .shuffle = 1 };
static nnrt_model model = {
	.abi = NNRT_ABI,
	.name = "toy",
	.source = "toy.nn",
	.source_hash = "00",
	.nnc_version = "0",
	.options = "-O2",
	.real_bytes = 4,
	.param = params,
	.nparam = 4,
	.param_len = 64,
	.buffer = buffers,
	.nbuffer = 1,
	.buffer_len = 16,
	.in = inputs,
	.nin = 2,
	.loss = losses,
	.nloss = 1,
	.metric = metrics,
	.nmetric = 1,
	.setting = settings,
	.nsetting = 2,
	.data = &idx_data,
	.column = columns,
	.ncolumn = 2,
	.train = &train,
	.arena_bytes = 8,
};

#endif
