/* results.c - the files of a run.
 *
 * Holds: nothing that an earlier run wrote is overwritten, and no two runs write at a time; a run
 *        that fails before its first step leaves no file and changes none.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "rt_fail.h"
#include "rt_help.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_results.h"

static const char *const ending[] = { ".safetensors", ".last.safetensors",
	                              ".ckpt",        ".csv",
	                              ".jsonl",       ".svg",
	                              ".html" };
enum { ENDINGS = sizeof ending / sizeof *ending };

static void lock(const nnrt_model *m, const Options *o)
{
	char *name = rt_text("%s.lock", m->name), *path = rt_join(o->out ? o->out : ".", name);
	rt_lock(path);
	rt_free(path);
	rt_free(name);
}

Results rt_results_new(const nnrt_model *m, const Options *o)
{
	const char *dir = o->out ? o->out : ".";
	char *base = rt_join(dir, m->name);
	Results f = { rt_text("%s.safetensors", base), rt_text("%s.last.safetensors", base),
		      !o->no_save };
	rt_free(base);
	if (f.save && rt_exists(dir)) {
		rt_check_folder(dir);
		lock(m, o);
	}
	return f;
}

void rt_results_spare(const nnrt_model *m, const Options *o, const char *data)
{
	char *base = rt_join(o->out ? o->out : ".", m->name);
	struct stat of_data, of_result;
	bool there = stat(data, &of_data) == 0 && S_ISREG(of_data.st_mode);
	for (int i = 0; there && i < ENDINGS; i++) {
		char *name = rt_text("%s%s", base, ending[i]);
		if (stat(name, &of_result) == 0 && of_result.st_dev == of_data.st_dev &&
		    of_result.st_ino == of_data.st_ino) {
			rt_error(RT_USAGE, "E0502",
			         "%s is the data of this run, and a result would take its name", data);
			rt_help("give --out DIR, or another name to the model");
			rt_exit(RT_USAGE);
		}
		rt_free(name);
	}
	rt_free(base);
}

/* The least number that no file of an earlier run carries. */
static int free_number(const char *base)
{
	for (int k = 1;; k++) {
		bool taken = false;
		for (int i = 0; i < ENDINGS; i++) {
			char *name = rt_text("%s.%d%s", base, k, ending[i]);
			taken = taken || rt_exists(name);
			rt_free(name);
		}
		if (!taken)
			return k;
	}
}

/* stepK.ckpt, foldF.stepK.ckpt: a checkpoint that is kept beside the newest. */
static bool is_kept(const char *s)
{
	int n = 0;
	sscanf(s, "fold%*[0-9].%n", &n);
	s += n;
	n = 0;
	sscanf(s, "step%*[0-9].ckpt%n", &n);
	return n && !s[n];
}

/* DIR/NAMEending becomes DIR/NAME.kending, if there is such a file; the line grows. */
static char *rename_one(const char *base, const char *end, int k, char *line)
{
	char *from = rt_text("%s%s", base, end), *to = rt_text("%s.%d%s", base, k, end);
	if (rt_exists(from)) {
		rt_rename(from, to);
		char *longer = rt_text("%s%s%s to %s", line, *line ? ", " : "", from, to);
		rt_free(line);
		line = longer;
	}
	rt_free(from);
	rt_free(to);
	return line;
}

static void rename_older(const nnrt_model *m, const Options *o)
{
	const char *dir = o->out ? o->out : ".";
	char *base = rt_join(dir, m->name), *line = rt_text("%s", "");
	int k = free_number(base), n;
	for (int i = 0; i < ENDINGS; i++)
		line = rename_one(base, ending[i], k, line);
	char *prefix = rt_text("%s.", m->name), **name = rt_list(dir, prefix, &n);
	for (int i = 0; i < n; i++)
		if (is_kept(name[i] + strlen(prefix)))
			line = rename_one(base, name[i] + strlen(m->name), k, line);
	if (*line && !o->quiet)
		printf("renamed older results: %s\n", line);
	rt_list_free(name, n);
	rt_free(prefix);
	rt_free(line);
	rt_free(base);
}

void rt_results_begin(const Results *f, const nnrt_model *m, const Options *o)
{
	if (!f->save)
		return;
	rt_make_folder(o->out ? o->out : ".");
	lock(m, o);
	rename_older(m, o);
}
