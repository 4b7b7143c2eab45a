/* log_csv.c - NAME.csv: a header, then a line a report.
 *
 * epoch,step,seconds,lr,batch,loss,accuracy,val_loss,val_accuracy; several losses get a column each
 * behind their sum.  A number that does not exist is an empty cell.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include "rt_history.h"
#include "rt_mem.h"

static char *finish(Str *t)
{
	char *line = rt_text("%s\n", t->s);
	rt_str_free(t);
	return line;
}

char *rt_csv_head(const nnrt_model *m)
{
	Str t = { 0 };
	for (int c = HISTORY_EPOCH; c < rt_history_columns(m); c++) {
		char *name = rt_history_name(m, c);
		rt_str_add(&t, "%s%s", c > HISTORY_EPOCH ? "," : "", name);
		rt_free(name);
	}
	return finish(&t);
}

char *rt_csv_line(const nnrt_model *m, const LogLine *line)
{
	Str t = { 0 };
	int n = rt_history_columns(m);
	double *row = rt_alloc((size_t)n, sizeof *row, "a report");
	rt_history_row(m, line, row);
	for (int c = HISTORY_EPOCH; c < n; c++) {
		char *cell = rt_history_text(row, c);
		rt_str_add(&t, "%s%s", c > HISTORY_EPOCH ? "," : "", cell);
		rt_free(cell);
	}
	rt_free(row);
	return finish(&t);
}
