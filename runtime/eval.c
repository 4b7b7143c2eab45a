/* eval.c - the command `eval`: losses and metrics of one part of the data, as a table of two
 * lines.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include "rt_commands.h"
#include "rt_fail.h"
#include "rt_feed.h"
#include "rt_fit.h"
#include "rt_mem.h"
#include "rt_show.h"
#include "others.h"
#include "vocabulary.h"

int rt_eval(const nnrt_model *m, const Options *o)
{
	rt_need_loss(m, "eval");
	Dataset *d = rt_need_data(m, o, "eval");
	const char *split;
	const Rows *rows = rt_split(m, o, d, &split);
	Options with = *o;
	char *path = rt_weights_path(m, o);
	with.weights = path;
	Run *r = rt_begin_run(m, &with);
	rt_vocabulary_use(m, d, path);
	rt_others_use(m, d, path);
	rt_fit_read(r, path, RT_FOR_FIELDS | RT_FOR_LOSSES);
	rt_run_reserve(r, rt_feed_batch(m, o, rows->n));
	Scores s = rt_run_scores(r, d, rows, r->room);
	rt_show_split_head(m);
	rt_show_split(m, split, &s);
	rt_show_tables(r, split, &s);
	rt_scores_free(&s);
	rt_free(path);
	rt_run_free(r);
	rt_data_free(d);
	return RT_DONE;
}
