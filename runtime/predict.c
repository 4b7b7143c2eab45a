/* predict.c - the command `predict`: outputs for rows of the data source or of a batch file.
 *
 * Holds: every output is computed before the first byte is written, so bad input leaves no
 *        file.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>

#include "rt_commands.h"
#include "rt_fail.h"
#include "rt_feed.h"
#include "rt_fit.h"
#include "rt_mem.h"
#include "rt_real.h"
#include "rt_size.h"
#include "rt_table.h"
#include "others.h"
#include "vocabulary.h"

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);
	return n >= k && !strcmp(s + n - k, end);
}

static const char *format_of(const Options *o)
{
	static const char *const known[] = { "csv", "jsonl", "npy", "safetensors" };
	if (o->format)
		return o->format;
	for (int i = 0; o->out && i < 4; i++) {
		char *ending = rt_text(".%s", known[i]);
		bool fits = ends_with(o->out, ending);
		rt_free(ending);
		if (fits)
			return known[i];
	}
	return "csv";
}

/* --in: a batch file, or a file in the source's format; without it a part of the data. */
static Dataset *load_rows(const nnrt_model *m, const Options *o, Rows *rows)
{
	Dataset *d;
	if (o->in && ends_with(o->in, ".safetensors")) {
		d = rt_batch_file(m, o->in, false);
	} else if (o->in) {
		nnrt_source source = m->data ? m->data->source : NNRT_NO_DATA;
		if (source == NNRT_NO_DATA || source == NNRT_SYNTHETIC)
			rt_fail(RT_USAGE, "E0502",
			        "--in %s: %s has no data source with files; give a "
			        ".safetensors "
			        "batch",
			        o->in, m->source);
		d = rt_data_in(m, o->in, o->weights);
	} else {
		d = rt_need_data(m, o, "predict");
		const char *split;
		const Rows *part = rt_split(m, o, d, &split);
		rows->n = part->n;
		rows->row = rt_alloc((size_t)part->n, sizeof *rows->row, "row numbers");
		memcpy(rows->row, part->row, (size_t)part->n * sizeof *rows->row);
		return d;
	}
	*rows = rt_rows_all(d->rows);
	return d;
}

/* An output without batch dimension is a value of the whole batch: then all rows are one batch.
 */
static int64_t batch_of(const nnrt_model *m, const Options *o, int64_t n)
{
	for (int i = 0; i < m->nout; i++)
		if (!m->out[i].batched)
			return n;
	return rt_feed_batch(m, o, n);
}

static size_t row_bytes(const nnrt_model *m, int i)
{
	return (size_t)m->out[i].len * (size_t)rt_kind_bytes(m->out[i].kind, m->real_bytes);
}

static void compute(Run *r, const Dataset *d, const Rows *rows, int64_t batch, Table *t)
{
	const nnrt_model *m = r->m;
	for (int64_t at = 0; at < rows->n; at += batch) {
		int n = (int)(rows->n - at < batch ? rows->n - at : batch);
		rt_run_bind(r, d, rows->row + at, n);
		rt_run_eval(r, NNRT_WANT_OUTPUTS);
		for (int i = 0; i < m->nout; i++) {
			size_t k = m->out[i].batched ? (size_t)n : 1,
			       first = m->out[i].batched ? (size_t)at : 0;
			memcpy((char *)t->data[i] + first * row_bytes(m, i), r->c.out[i],
			       k * row_bytes(m, i));
		}
	}
}

int rt_predict(const nnrt_model *m, const Options *o)
{
	if (m->nout == 0)
		rt_fail(RT_USAGE, "E0502", "`predict` needs an output, and %s has none",
		        m->source);
	if (!o->in && (!m->data || m->data->source == NNRT_NO_DATA))
		rt_need_data(m, o, "predict");
	const char *out = o->out ? o->out : "-", *format = format_of(o);
	if (!strcmp(out, "-") && !strcmp(format, "npy") && m->nout > 1)
		rt_fail(RT_USAGE, "E0502",
		        "--format npy with several outputs needs --out FILE");
	Options with = *o;
	char *path = rt_weights_path(m, o);
	with.weights = path;
	Run *r = rt_begin_run(m, &with);
	Rows rows = { 0, 0 };
	Dataset *d = load_rows(m, &with, &rows);
	rt_vocabulary_use(m, d, path);
	rt_others_use(m, d, path);
	if (!d->direct)
		rt_fit_read(r, path, RT_FOR_FIELDS);
	else
		rt_fit_names(r, path);
	int64_t batch = batch_of(m, o, rows.n);
	rt_run_reserve(r, batch);
	Table t = { m, rt_alloc((size_t)m->nout, sizeof(void *), "outputs"), rows.n, r };
	for (int i = 0; i < m->nout; i++)
		t.data[i] = rt_alloc((size_t)rows.n, row_bytes(m, i), m->out[i].name);
	compute(r, d, &rows, batch, &t);
	rt_table_write(&t, out, format);
	for (int i = 0; i < m->nout; i++)
		rt_free(t.data[i]);
	rt_free(t.data);
	rt_free(rows.row);
	rt_free(path);
	rt_run_free(r);
	rt_data_free(d);
	return RT_DONE;
}
