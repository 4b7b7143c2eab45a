/* ckpt_names.c - names of checkpoints: the newest, the older ones, what a killed run left.
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
#include "rt_io.h"
#include "rt_mem.h"

enum { KEEP = 3 };

static const char *folder(const Trainer *t)
{
	return t->o->out ? t->o->out : ".";
}

char *rt_ckpt_name(const Trainer *t, const char *ending)
{
	char *name = rt_text("%s%s", t->m->name, ending), *path = rt_join(folder(t), name);
	rt_free(name);
	return path;
}

char *rt_ckpt_path(const Trainer *t)
{
	return rt_ckpt_name(t, ".ckpt");
}

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

Older *rt_ckpt_older(const Trainer *t, int *n)
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

void rt_ckpt_older_free(Older *list, int n)
{
	for (int i = 0; i < n; i++)
		rt_free(list[i].path);
	rt_free(list);
}

int rt_ckpt_keep(const Trainer *t)
{
	return t->m->train && t->m->train->keep ? t->m->train->keep : KEEP;
}

void rt_ckpt_put_aside(const Trainer *t, const char *path)
{
	const Checkpoints *c = &t->ckpt;
	char *ending = t->folds ? rt_text(".fold%d.step%lld.ckpt", c->fold, (long long)c->step)
	                        : rt_text(".step%lld.ckpt", (long long)c->step);
	char *as = rt_ckpt_name(t, ending);
	rt_keep_as(path, as);
	rt_free(ending);
	rt_free(as);
}

void rt_ckpt_thin_out(const Trainer *t)
{
	int n, before = 0;
	Older *list = rt_ckpt_older(t, &n), now = { 0, t->ckpt.fold, t->ckpt.step };
	while (before < n && by_age(&list[before], &now) < 0)
		before++;
	for (int i = 0; i < before - (rt_ckpt_keep(t) - 1); i++)
		rt_remove(list[i].path);
	rt_ckpt_older_free(list, n);
}

void rt_ckpt_clean_up(const Trainer *t)
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
