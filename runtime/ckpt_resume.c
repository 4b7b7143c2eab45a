/* ckpt_resume.c - how --resume begins, and the command that does.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rt_ckpt.h"
#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"

static char *newest(const Trainer *t)
{
	char *path = rt_ckpt_name(t, ".ckpt");
	if (rt_exists(path))
		return path;
	int n;
	Older *list = rt_ckpt_older(t, &n);
	if (n == 0) {
		rt_error(RT_FILE, "R6", "%s: there is no checkpoint to go on from", path);
		rt_help("name one: `--resume FILE`, or the folder that it is in: `--out DIR`");
		rt_exit(RT_FILE);
	}
	rt_warn(0, "%s is missing: going on from %s", path, list[n - 1].path);
	rt_free(path);
	path = rt_text("%s", list[n - 1].path);
	rt_ckpt_older_free(list, n);
	return path;
}

void rt_ckpt_open(Trainer *t)
{
	Checkpoints *c = &t->ckpt;
	char *path = t->o->checkpoint ? rt_text("%s", t->o->checkpoint) : newest(t),
	     *own = rt_ckpt_name(t, ".ckpt");
	TensorFile *f = rt_tensors_read(path, "R6");
	const char *format = rt_tensors_meta(f, "nnc.checkpoint");
	if (!format || !rt_tensors_meta(f, "nnc.xxh64"))
		rt_fail(RT_FILE, "R6", "%s: is no checkpoint; weights are given with --weights",
		        path);
	if (strcmp(format, CKPT_FORMAT))
		rt_fail(RT_FILE, "R6", "%s: is a checkpoint of format %.20s; this trainer reads %s",
		        path, format, CKPT_FORMAT);
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

char *rt_ckpt_base(const char *path)
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
	char *base = rt_ckpt_base(t->ckpt.from->path), *text[2] = { 0, 0 };
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
		char *path = rt_ckpt_name(t, ending[i]);
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

void rt_ckpt_files(Trainer *t)
{
	if (!t->files.save)
		return;
	rt_ckpt_clean_up(t);
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

static char *followed_by(char *s, const char *word)
{
	char *q = quoted(word), *longer = rt_text("%s %s", s, q);
	rt_free(q);
	rt_free(s);
	return longer;
}

/* Options with a value, the first `leave` of which a command leaves out: a run that goes on has weights,
 * and settings say the others anew. */
static const char *const left_out[] = { "--weights", "--overfit", "--fold" };
enum { KEEPS_ALL = 0, GOES_ON = 1, SAID_ANEW = 3 };

/* The words of this command line behind s. */
static char *with_words(const Options *o, char *s, int leave)
{
	for (int i = 1; i < o->argc; i++) {
		const char *word = o->argv[i];
		bool out = i == o->command_at || (leave && !strcmp(word, "--partial")) ||
		           word == o->checkpoint || !strncmp(word, "--resume", 8);
		for (int k = 0; k < leave && !out; k++) {
			size_t n = strlen(left_out[k]);
			out = !strncmp(word, left_out[k], n) && (!word[n] || word[n] == '=');
			i += out && !word[n];
		}
		if (!out)
			s = followed_by(s, word);
	}
	return s;
}

char *rt_ckpt_resume(const Trainer *t, const char *path, const char *settings)
{
	char *s = rt_text("%s train --resume", program_invocation_name);
	if (path)
		s = followed_by(s, path);
	char *begun = rt_text("%s%s", s, settings ? settings : "");
	rt_free(s);
	return with_words(t->o, begun, settings ? SAID_ANEW : GOES_ON);
}

char *rt_ckpt_from_start(const Trainer *t)
{
	return with_words(t->o, rt_text("%s train", program_invocation_name), KEEPS_ALL);
}

char *rt_ckpt_command(const Trainer *t)
{
	return rt_ckpt_resume(t, 0, 0);
}
