/* results.c - the files of a run.
 *
 * Holds: nothing that an earlier run wrote is overwritten; a run that fails before its first
 *        step touches no file.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdio.h>

#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_results.h"

static const char *const ending[] = { ".safetensors", ".last.safetensors",
	                              ".ckpt",        ".csv",
	                              ".jsonl",       ".svg",
	                              ".html" };
enum { ENDINGS = sizeof ending / sizeof *ending };

Results rt_results_new(const nnrt_model *m, const Options *o)
{
	const char *dir = o->out ? o->out : ".";
	char *base = rt_join(dir, m->name);
	Results f = { rt_text("%s.safetensors", base), rt_text("%s.last.safetensors", base),
		      !o->no_save };
	rt_free(base);
	if (f.save && rt_exists(dir))
		rt_check_folder(dir);
	return f;
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

static void rename_older(const nnrt_model *m, const Options *o)
{
	char *base = rt_join(o->out ? o->out : ".", m->name), *list = rt_text("%s", "");
	int k = free_number(base), n = 0;
	for (int i = 0; i < ENDINGS; i++) {
		char *from = rt_text("%s%s", base, ending[i]),
		     *to = rt_text("%s.%d%s", base, k, ending[i]);
		if (rt_exists(from)) {
			rt_rename(from, to);
			char *longer = rt_text("%s%s%s to %s", list, n++ ? ", " : "", from, to);
			rt_free(list);
			list = longer;
		}
		rt_free(from);
		rt_free(to);
	}
	if (n && !o->quiet)
		printf("renamed older results: %s\n", list);
	rt_free(list);
	rt_free(base);
}

void rt_results_begin(const Results *f, const nnrt_model *m, const Options *o)
{
	if (!f->save)
		return;
	rt_make_folder(o->out ? o->out : ".");
	rename_older(m, o);
}
