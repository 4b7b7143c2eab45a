/* results.c - the files of a run.
 *
 * Holds: nothing that an earlier run wrote is overwritten; a run that fails before its first
 *        step touches no file.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <math.h>
#include <stdio.h>

#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_results.h"

static const char *const ending[] = { ".safetensors", ".last.safetensors",
	                              ".ckpt",        ".csv",
	                              ".svg",         ".html" };
enum { ENDINGS = sizeof ending / sizeof *ending };

Results rt_results_new(const nnrt_model *m, const Options *o)
{
	const char *dir = o->out ? o->out : ".";
	char *base = rt_join(dir, m->name);
	Results f = { rt_text("%s.safetensors", base), rt_text("%s.last.safetensors", base),
		      rt_text("%s.csv", base), !o->no_save, !o->no_save && o->csv };
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
	if (!f->log)
		return;
	char *head = rt_csv_head(m);
	Writer *w = rt_create(f->csv);
	rt_print(w, "%s", head);
	rt_commit(w);
	rt_free(head);
}

void rt_results_line(const Results *f, const nnrt_model *m, const LogLine *line)
{
	if (!f->log)
		return;
	char *text = rt_csv_line(m, line);
	rt_append(f->csv, text);
	rt_free(text);
}

/* ---- CSV
 * ------------------------------------------------------------------------------------- */

static char *add(char *line, char *piece)
{
	char *longer = rt_text("%s%s", line, piece);
	rt_free(line);
	rt_free(piece);
	return longer;
}

/* Several losses get a column each, behind their sum. */
char *rt_csv_head(const nnrt_model *m)
{
	char *line = rt_text("epoch,step,seconds,lr,batch");
	for (int val = 0; val < 2; val++) {
		const char *prefix = val ? "val_" : "";
		line = add(line, rt_text(",%sloss", prefix));
		for (int i = 0; m->nloss > 1 && i < m->nloss; i++)
			line = add(line, rt_text(",%s%s", prefix, m->loss[i]));
		for (int i = 0; i < m->nmetric; i++)
			if (!m->metric[i].table)
				line = add(line, rt_text(",%s%s", prefix, m->metric[i].name));
	}
	return add(line, rt_text("\n"));
}

static char *number(double v)
{
	return isnan(v) ? rt_text(",") : rt_text(",%.9g", v);
}

char *rt_csv_line(const nnrt_model *m, const LogLine *l)
{
	char *line =
		rt_text("%lld,%lld,%.3f", (long long)l->epoch, (long long)l->step, l->seconds);
	line = add(line, number(l->lr));
	line = add(line, rt_text(",%lld", (long long)l->batch));
	for (int val = 0; val < 2; val++) {
		const Scores *s = val ? l->val : l->train;
		line = add(line, number(s ? s->loss : NAN));
		for (int i = 0; m->nloss > 1 && i < m->nloss; i++)
			line = add(line, number(s ? s->part[i] : NAN));
		for (int i = 0; i < m->nmetric; i++)
			if (!m->metric[i].table)
				line = add(line, number(s ? s->metric[i] : NAN));
	}
	return add(line, rt_text("\n"));
}
