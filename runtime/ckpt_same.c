/* ckpt_same.c - whether a checkpoint is of this run: model, data, settings.
 *
 * Holds: what changes the numbers of a run is compared; threads, logs, folders and the time limit
 *        are not.  A setting may differ only if it stands on this command line.
 *
 * Each row is written as "set.NAME" with its value as text.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rt_ckpt.h"
#include "rt_fail.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_str.h"

typedef struct {
	char *name, *value;
	const char *flag;  /* what sets it: "--epochs ", "--set NAME="; 0: nothing may change it */
	bool given;        /* it stands on this command line */
} Row;

typedef struct {
	Row *row;
	int n, cap;
} Settings;

/* ---- the rows ----------------------------------------------------------------------------- */

static void add(Settings *l, const char *name, char *value, const char *flag, bool given)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		l->row = rt_grow(l->row, (size_t)l->n, (size_t)l->cap, sizeof *l->row, "settings");
	}
	l->row[l->n++] = (Row){ rt_text("%s", name), value, flag, given };
}

static char *number(double v)
{
	Str text = { 0 };
	rt_str_number(&text, v);
	return text.s;
}

static char *length(double v)
{
	return v > 0 ? number(v) : rt_text("-");
}

/* Do consts decide it, some of which stand on the command line?  (One that differs and does not is a
 * row of its own.) */
static bool set_by_const(const Trainer *t, nnrt_once_kind kind)
{
	bool some = false, given = false;
	for (int i = 0; i < t->m->nonce; i++)
		some |= t->m->onces[i].kind == kind;
	for (int i = 0; i < t->m->nsetting; i++)
		given |= t->o->given[i] != 0;
	return some && given;
}

static void add_loop(Settings *l, const Trainer *t)
{
	static const char *const name[] = { "clip_value", "clip_norm", "accumulate", "ema" };
	const nnrt_train *p = t->m->train;
	const Options *o = t->o;
	bool given = o->epochs > 0 || o->steps > 0, schedule = p && p->batch_knob && !o->batch;
	int64_t batch = o->batch ? o->batch : p && p->batch ? p->batch : 32;
	add(l, "epochs", length(given ? o->epochs : p ? p->epochs : 0), "--epochs ",
	    given || set_by_const(t, NNRT_ONCE_EPOCHS));
	add(l, "steps", length(given ? o->steps : p ? p->steps : 0), "--steps ",
	    given || set_by_const(t, NNRT_ONCE_STEPS));
	add(l, "batch",
	    schedule    ? rt_text("schedule")
	    : batch < 0 ? rt_text("all")
	                : rt_text("%lld", (long long)batch),
	    "--batch ", o->batch != 0 || set_by_const(t, NNRT_ONCE_BATCH));
	add(l, "seed", rt_text("%" PRIu64, rt_options_seed(o, t->m)), "--seed ",
	    o->seed_given || set_by_const(t, NNRT_ONCE_SEED));
	for (int i = 0; i < NNRT_NUMBERS; i++)
		add(l, name[i],
		    isnan(o->number[i]) ? rt_text("as in the program") : number(o->number[i]),
		    "--set ", !isnan(o->number[i]));
}

static Settings rows_of(const Trainer *t)
{
	const nnrt_model *m = t->m;
	const Options *o = t->o;
	Settings l = { 0, 0, 0 };
	add(&l, "model", rt_text("%s", m->source_hash), 0, false);
	add(&l, "nnc", rt_text("%s %s", m->nnc_version, m->options ? m->options : ""), 0, false);
	add(&l, "data", rt_text("%016" PRIx64, t->ckpt.data), 0, false);
	add_loop(&l, t);
	for (int i = 0; i < m->nsetting; i++)
		add(&l, m->setting[i].name, number(o->setting[i]), "--set ", o->given[i]);
	add(&l, "freeze", rt_text("%s", o->freeze ? o->freeze : "-"), "--freeze ", o->freeze != 0);
	/* these two may not change, even if the command line says so */
	add(&l, "overfit", length((double)o->overfit), "--overfit ", false);
	add(&l, "fold", length(o->fold), "--fold ", false);
	return l;
}

static void free_rows(Settings *l)
{
	for (int i = 0; i < l->n; i++) {
		rt_free(l->row[i].name);
		rt_free(l->row[i].value);
	}
	rt_free(l->row);
}

void rt_ckpt_note_settings(const Trainer *t, TensorWriter *w)
{
	Settings l = rows_of(t);
	for (int i = 0; i < l.n; i++) {
		char *key = rt_text("set.%s", l.row[i].name);
		rt_tensors_note(w, key, l.row[i].value);
		rt_free(key);
	}
	free_rows(&l);
}

/* ---- comparing ---------------------------------------------------------------------------- */

/* The value in the file if it differs, or 0. */
static const char *other(const TensorFile *f, const Row *r)
{
	char *key = rt_text("set.%s", r->name);
	const char *v = rt_tensors_meta(f, key);
	rt_free(key);
	v = v ? v : "-";
	return strcmp(v, r->value) ? v : 0;
}

/* One of the two lengths stands for both. */
static bool allowed(const Row *r)
{
	return r->flag && r->given;
}

/* What would bring the settings of the file back, as far as the command line can; 0: it cannot. */
static char *repair(const Trainer *t, const TensorFile *f, const Settings *l)
{
	Str s = { 0 };
	rt_str_add(&s, "%s", "");
	for (int i = 0; i < l->n; i++) {
		const Row *r = &l->row[i];
		const char *then = other(f, r);
		bool keep = !strcmp(r->name, "overfit") || !strcmp(r->name, "fold");
		if (!then && keep)
			then = r->value;
		if (!then || allowed(r) || !strcmp(then, "-"))
			continue;
		if (!r->flag || strchr(then, ' ')) {
			rt_str_free(&s);
			return 0;
		}
		bool set = !strcmp(r->flag, "--set ");
		rt_str_add(&s, " %s%s%s%s", r->flag, set ? r->name : "", set ? "=" : "", then);
	}
	char *command = rt_ckpt_resume(t, t->o->checkpoint, s.s);
	rt_str_free(&s);
	return command;
}

/* What can be done with a checkpoint that this run cannot go on from. */
static void suggest_weights(const TensorFile *f, bool model)
{
	char *base = rt_ckpt_base(f->path);
	char *last = rt_text("%s.last.safetensors", base ? base : f->path);
	if (rt_exists(last))
		rt_help("what was learnt can be used all the same: `%s train --weights %s%s`",
		        program_invocation_name, last, model ? " --partial" : "");
	rt_free(last);
	rt_free(base);
}


static _Noreturn void refuse(const Trainer *t, const TensorFile *f, const Settings *l, int n)
{
	int wide[2] = { 10, 10 };
	for (int i = 0; i < l->n; i++) {
		const char *then = other(f, &l->row[i]);
		if (!then || allowed(&l->row[i]))
			continue;
		int a = (int)strlen(l->row[i].name), b = (int)strlen(then);
		wide[0] = a > wide[0] ? a : wide[0];
		wide[1] = b > wide[1] ? b : wide[1];
	}
	rt_error(RT_FILE, "R6", "%s: the checkpoint is of another run: %d %s", f->path, n,
	         n == 1 ? "thing differs" : "things differ");
	rt_note("%-*s  %-*s  %s", wide[0], "", wide[1], "checkpoint", "now");
	for (int i = 0; i < l->n; i++) {
		const char *then = other(f, &l->row[i]);
		if (then && !allowed(&l->row[i]))
			rt_note("%-*s  %-*s  %s", wide[0], l->row[i].name, wide[1], then,
			        l->row[i].value);
	}
	char *command = repair(t, f, l);
	if (command)
		rt_help("say on the command line what it shall be: `%s`", command);
	else
		suggest_weights(f, other(f, &l->row[0]) != 0);
	rt_exit(RT_FILE);
}

int rt_ckpt_compare(const Trainer *t, const TensorFile *f)
{
	Settings l = rows_of(t);
	int wrong = 0, changed = 0;
	for (int i = 0; i < l.n; i++) {
		if (!other(f, &l.row[i]))
			continue;
		if (allowed(&l.row[i]))
			changed++;
		else
			wrong++;
	}
	if (wrong)
		refuse(t, f, &l, wrong);
	for (int i = 0; i < l.n && changed; i++) {
		const char *then = other(f, &l.row[i]);
		if (then && !t->o->quiet)
			rt_warn(0, "going on with %s = %s (the checkpoint has %s)", l.row[i].name,
			        l.row[i].value, then);
	}
	free_rows(&l);
	return changed;
}
