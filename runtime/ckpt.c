/* ckpt.c - when, and under which names, checkpoints are written; how --resume begins.
 *
 * Out:   NAME.ckpt, the newest; with `keep` above 1 older ones as NAME.stepK.ckpt (with k-fold
 *        NAME.foldF.stepK.ckpt).
 * Holds: an older checkpoint is removed only after a newer one is on the disk; one with numbers
 *        that are not finite is never written.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt_ckpt.h"
#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"

/* The number of the format. */
#define FORMAT "1"

enum { KEEP = 3 };

/* Where the program does not say when, no more than this part of the time goes into them. */
#define SHARE 0.02

static const char *folder(const Trainer *t)
{
	return t->o->out ? t->o->out : ".";
}

/* NAME and an ending, under --out. */
static char *path_of(const Trainer *t, const char *ending)
{
	char *name = rt_text("%s%s", t->m->name, ending), *path = rt_join(folder(t), name);
	rt_free(name);
	return path;
}

char *rt_ckpt_path(const Trainer *t)
{
	return path_of(t, ".ckpt");
}

/* ---- older ones --------------------------------------------------------------------------- */

typedef struct {
	char *path;
	int64_t fold, step;
} Older;

static bool digits(const char **s, int64_t *v)
{
	char *end;
	if (!isdigit((unsigned char)**s))
		return false;
	errno = 0;
	*v = strtoll(*s, &end, 10);
	*s = end;
	return errno == 0;
}

/* foldF.stepK.ckpt or stepK.ckpt */
static bool parse(const char *s, Older *o)
{
	o->fold = 1;
	if (!strncmp(s, "fold", 4)) {
		s += 4;
		if (!digits(&s, &o->fold) || *s++ != '.')
			return false;
	}
	if (strncmp(s, "step", 4))
		return false;
	s += 4;
	return digits(&s, &o->step) && !strcmp(s, ".ckpt");
}

static int by_age(const void *x, const void *y)
{
	const Older *a = x, *b = y;
	if (a->fold != b->fold)
		return a->fold < b->fold ? -1 : 1;
	return a->step < b->step ? -1 : a->step > b->step;
}

/* Sorted, the oldest first. */
static Older *older_ones(const Trainer *t, int *n)
{
	int all;
	char *prefix = rt_text("%s.", t->m->name), **name = rt_list(folder(t), prefix, &all);
	Older *list = rt_alloc((size_t)all, sizeof *list, "names");
	*n = 0;
	for (int i = 0; i < all; i++)
		if (parse(name[i] + strlen(prefix), &list[*n]))
			list[(*n)++].path = rt_join(folder(t), name[i]);
	qsort(list, (size_t)*n, sizeof *list, by_age);
	rt_list_free(name, all);
	rt_free(prefix);
	return list;
}

static void free_older(Older *list, int n)
{
	for (int i = 0; i < n; i++)
		rt_free(list[i].path);
	rt_free(list);
}

static int keep(const Trainer *t)
{
	return t->m->train && t->m->train->keep ? t->m->train->keep : KEEP;
}

/* NAME.ckpt is about to be replaced. */
static void put_aside(const Trainer *t, const char *path)
{
	const Checkpoints *c = &t->ckpt;
	char *ending = t->folds ? rt_text(".fold%d.step%lld.ckpt", c->fold, (long long)c->step)
	                        : rt_text(".step%lld.ckpt", (long long)c->step);
	char *as = path_of(t, ending);
	rt_keep_as(path, as);
	rt_free(ending);
	rt_free(as);
}

/* Removes what is older than the `keep` newest up to the one just written. */
static void thin_out(const Trainer *t)
{
	int n, before = 0;
	Older *list = older_ones(t, &n), now = { 0, t->ckpt.fold, t->ckpt.step };
	while (before < n && by_age(&list[before], &now) < 0)
		before++;
	for (int i = 0; i < before - (keep(t) - 1); i++)
		rt_remove(list[i].path);
	free_older(list, n);
}

/* ---- writing ------------------------------------------------------------------------------ */

void rt_ckpt_save(Trainer *t)
{
	Checkpoints *c = &t->ckpt;
	int fold = t->folds ? t->folds->number : 1;
	double begin = rt_now();
	if (!t->files.save || !rt_monitor_finite(t->run))
		return;
	char *path = path_of(t, ".ckpt");
	bool moved = c->fold && (c->fold != fold || c->step != t->feed->step);
	if (!c->data)
		c->data = rt_data_hash(t->data);
	if (moved && keep(t) > 1)
		put_aside(t, path);
	TensorWriter *w = rt_tensors_new();
	rt_tensors_note(w, "nnc.checkpoint", FORMAT);
	rt_tensors_note(w, "nnc.version", t->m->nnc_version);
	rt_tensors_note(w, "nnc.source", t->m->source);
	rt_ckpt_note_settings(t, w);
	rt_ckpt_write(t, w, path);
	c->fold = fold;
	c->step = t->feed->step;
	if (moved)
		thin_out(t);
	rt_free(path);
	c->at = rt_now();
	c->seconds = c->at - begin;
}

void rt_ckpt_sometimes(Trainer *t)
{
	const nnrt_train *p = t->m->train;
	const Checkpoints *c = &t->ckpt;
	bool given = p && p->checkpoint > 0;
	if (given ? rt_trainer_due(t, p->checkpoint, p->checkpoint_steps)
	          : rt_trainer_due(t, 1, false) && (rt_now() - c->at) * SHARE >= c->seconds)
		rt_ckpt_save(t);
}

/* ---- going on ----------------------------------------------------------------------------- */

static char *newest(const Trainer *t)
{
	char *path = path_of(t, ".ckpt");
	if (rt_exists(path))
		return path;
	int n;
	Older *list = older_ones(t, &n);
	if (n == 0) {
		rt_error(RT_FILE, "R6", "%s: there is no checkpoint to go on from", path);
		rt_help("name one: `--resume FILE`, or the folder that it is in: `--out DIR`");
		rt_exit(RT_FILE);
	}
	rt_warn(0, "%s is missing: going on from %s", path, list[n - 1].path);
	rt_free(path);
	path = rt_text("%s", list[n - 1].path);
	free_older(list, n);
	return path;
}

void rt_ckpt_open(Trainer *t)
{
	Checkpoints *c = &t->ckpt;
	char *path = t->o->checkpoint ? rt_text("%s", t->o->checkpoint) : newest(t),
	     *own = path_of(t, ".ckpt");
	TensorFile *f = rt_tensors_read(path, "R6");
	const char *format = rt_tensors_meta(f, "nnc.checkpoint");
	if (!format || !rt_tensors_meta(f, "nnc.xxh64"))
		rt_fail(RT_FILE, "R6", "%s: is no checkpoint; weights are given with --weights",
		        path);
	if (strcmp(format, FORMAT))
		rt_fail(RT_FILE, "R6", "%s: is a checkpoint of format %.20s; this trainer reads %s",
		        path, format, FORMAT);
	c->data = rt_data_hash(t->data);
	c->changed = rt_ckpt_compare(t, f) > 0;
	c->from = f;
	c->own = !t->o->checkpoint || rt_same_file(path, own);
	if (rt_same_file(path, own)) {
		c->fold = rt_ckpt_fold(t);
		c->step = rt_ckpt_number(f, "step");
	}
	rt_free(path);
	rt_free(own);
}

int rt_ckpt_fold(const Trainer *t)
{
	bool folds = t->m->data->folds && !t->o->fold;
	int64_t before = folds ? rt_ckpt_number(t->ckpt.from, "folds") : 0;
	if (before < 0 || (folds && before >= t->m->data->folds))
		rt_fail(RT_FILE, "R6", "%s: there is no fold %lld", t->ckpt.from->path,
		        (long long)before + 1);
	return (int)before + 1;
}

/* NAME beside a checkpoint NAME.ckpt or NAME.stepK.ckpt, without ending; 0: it is called otherwise. */
static char *base_of(const char *path)
{
	size_t n = strlen(path);
	if (n < 5 || strcmp(path + n - 5, ".ckpt"))
		return 0;
	n -= 5;
	static const char *const part[] = { ".step", ".fold" };
	for (int i = 0; i < 2; i++) {
		size_t k = n;
		while (k > 0 && isdigit((unsigned char)path[k - 1]))
			k--;
		if (k >= 5 && k < n && !strncmp(path + k - 5, part[i], 5))
			n = k - 5;
	}
	return rt_text("%.*s", (int)n, path);
}

/* Logs that are text, as they stand beside the checkpoint, go to where this run's will be. */
static void copy_logs(Trainer *t)
{
	static const char *const ending[] = { ".csv", ".jsonl" };
	char *base = base_of(t->ckpt.from->path), *text[2] = { 0, 0 };
	size_t n[2] = { 0, 0 };
	for (int i = 0; i < 2 && base; i++) {
		char *path = rt_text("%s%s", base, ending[i]);
		if (rt_exists(path) && !rt_is_folder(path)) {
			Reader *f = rt_open(path, false, "R7");
			text[i] = rt_alloc(rt_file_bytes(f), 1, path);
			n[i] = rt_read_some(f, text[i], rt_file_bytes(f));
			rt_close(f);
		}
		rt_free(path);
	}
	rt_results_begin(&t->files, t->m, t->o);
	for (int i = 0; i < 2; i++) {
		char *path = path_of(t, ending[i]);
		bool wanted = i ? t->o->jsonl : t->o->csv;
		if (text[i] && wanted) {
			Writer *w = rt_create(path);
			rt_write(w, text[i], n[i]);
			rt_commit(w);
		}
		rt_free(path);
		rt_free(text[i]);
	}
	rt_free(base);
}

/* Files that a killed run was writing: NAME....PROCESS-N.tmp, where there is no such process. */
static void clean_up(const Trainer *t)
{
	int n;
	char *prefix = rt_text("%s.", t->m->name), **name = rt_list(folder(t), prefix, &n);
	for (int i = 0; i < n; i++) {
		size_t len = strlen(name[i]), at = len > 4 ? len - 4 : 0;
		int64_t process = 0, k = 0;
		if (!at || strcmp(name[i] + at, ".tmp"))
			continue;
		while (at > 0 && name[i][at - 1] != '.')
			at--;
		const char *s = name[i] + at;
		if (!digits(&s, &process) || *s++ != '-' || !digits(&s, &k) || strcmp(s, ".tmp") ||
		    process < 1 || process > INT32_MAX)
			continue;
		if (kill((pid_t)process, 0) == 0 || errno != ESRCH)
			continue;
		char *path = rt_join(folder(t), name[i]);
		rt_remove(path);
		if (!t->o->quiet)
			printf("removed %s, which a killed run left behind\n", path);
		rt_free(path);
	}
	rt_list_free(name, n);
	rt_free(prefix);
}

void rt_ckpt_files(Trainer *t)
{
	if (!t->files.save)
		return;
	clean_up(t);
	if (!t->ckpt.from)
		rt_results_begin(&t->files, t->m, t->o);
	else if (!t->ckpt.own)
		copy_logs(t);
}

void rt_ckpt_start_log(Trainer *t, const LogStart *s)
{
	if (!t->ckpt.from) {
		rt_log_start(t->log, s);
		return;
	}
	size_t n;
	const void *state = rt_ckpt_bytes(t->ckpt.from, "run/log", &n);
	if (!rt_log_resume(t->log, s, state, n, t->ckpt.own))
		rt_fail(RT_FILE, "R6", "%s: the place of the logs cannot be read",
		        t->ckpt.from->path);
	t->begin -= rt_log_seconds(t->log);
}

/* Whether the run at hand ends before the checkpoint, or right there with nothing left to do. */
static bool is_beyond(const Trainer *t)
{
	const Feed *f = t->feed;
	double at = (double)f->epoch + (double)f->at / (double)f->rows->n;
	if (f->steps > 0 ? f->step > f->total : at > f->epochs)
		return true;
	return !t->why && !t->counted.open && !rt_feed_more(f);
}

void rt_ckpt_load(Trainer *t)
{
	Checkpoints *c = &t->ckpt;
	const Feed *f = t->feed;
	rt_ckpt_read(t, c->from);
	t->resumed = t->sums.count;
	if (c->changed)
		t->why = 0;
	if (!t->o->quiet)
		printf("going on from %s: step %lld, epoch %lld\n", c->from->path,
		       (long long)f->step, (long long)f->epoch + (f->at > 0));
	if (is_beyond(t)) {
		rt_error(RT_USAGE, "E0502", "--resume: %s has done %lld steps and %lld epochs already",
		         c->from->path, (long long)f->step, (long long)f->epoch);
		rt_help("give more of them with --steps or --epochs");
		rt_exit(RT_USAGE);
	}
	rt_tensors_free(c->from);
	c->from = 0;
	c->at = rt_now();
}

/* ---- the command that goes on ------------------------------------------------------------- */

/* A word as a shell reads it. */
static char *quoted(const char *word)
{
	size_t n = strlen(word);
	if (n && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                      "_./=:,+-@%") == n)
		return rt_text("%s", word);
	char *s = rt_alloc(4 * n + 3, 1, "text"), *to = s;
	*to++ = '\'';
	for (; *word; word++) {
		if (*word == '\'')
			to = stpcpy(to, "'\\'");
		*to++ = *word;
	}
	*to = '\'';
	return s;
}

char *rt_ckpt_command(const Trainer *t)
{
	const Options *o = t->o;
	char *s = rt_text("%s train --resume", program_invocation_name);
	for (int i = 1; i < o->argc; i++) {
		const char *word = o->argv[i];
		if (i == o->command_at || !strcmp(word, "--partial") || word == o->checkpoint ||
		    !strncmp(word, "--resume", 8) || !strncmp(word, "--weights=", 10))
			continue;
		if (!strcmp(word, "--weights")) { /* they are in the checkpoint */
			i++;
			continue;
		}
		char *q = quoted(word), *longer = rt_text("%s %s", s, q);
		rt_free(q);
		rt_free(s);
		s = longer;
	}
	return s;
}
