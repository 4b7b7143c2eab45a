/* eval.c - the command `eval`: losses and metrics of one part of the data, as a table of two
 * lines.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>

#include "rt_commands.h"
#include "rt_fail.h"
#include "rt_feed.h"
#include "rt_mem.h"
#include "rt_show.h"

/* Without --split: the test part, else the validation part, else the training rows. */
static const char *split_of(const Options *o, const Dataset *d)
{
	if (o->split)
		return o->split;
	return d->test.n ? "test" : d->val.n ? "val" : "train";
}

int rt_eval(const nnrt_model *m, const Options *o)
{
	rt_need_loss(m, "eval");
	Dataset *d = rt_need_data(m, o, "eval");
	const char *split = split_of(o, d);
	const Rows *rows = !strcmp(split, "test")  ? &d->test
	                   : !strcmp(split, "val") ? &d->val
	                                           : &d->train;
	if (rows->n == 0)
		rt_fail(RT_USAGE, "E0502", "--split %s: %s has no such part", split, m->source);
	Options with = *o;
	char *path = rt_weights_path(m, o);
	with.weights = path;
	Run *r = rt_begin_run(m, &with);
	rt_run_reserve(r, rt_feed_batch(m, o, rows->n));
	Scores s = rt_run_scores(r, d, rows, r->room);
	rt_show_split_head(m);
	rt_show_split(m, split, &s);
	rt_show_tables(m, split, &s);
	rt_scores_free(&s);
	rt_free(path);
	rt_run_free(r);
	rt_data_free(d);
	return RT_DONE;
}
