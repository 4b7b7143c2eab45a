/* others.c - which columns of a table others() were, kept with the weights.
 *
 * Holds: a trained model is given every column in the place that it had in training, in whatever order
 *        a file has them.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "others.h"
#include "rt_fail.h"
#include "rt_mem.h"

#define KEY "nnc.others"

int rt_others_column(const nnrt_model *m)
{
	for (int i = 0; i < m->ncolumn && m->data && m->data->pick; i++)
		if (m->data->pick[i].rest)
			return i;
	return -1;
}

void rt_others_note(const Run *r, TensorWriter *w)
{
	int k = rt_others_column(r->m);
	if (k < 0 || !r->others)
		return;
	json_t *list = json_array();
	for (int64_t i = 0; i < r->m->column[k].len; i++)
		if (json_array_append_new(list, json_string(r->others[i])))
			rt_fail(RT_FILE, "R2", "the name of a column is not UTF-8: `%s`", r->others[i]);
	char *text = json_dumps(list, JSON_COMPACT);
	if (!text)
		rt_fail(RT_FILE, "R7", "out of memory for the names of columns");
	rt_tensors_note(w, KEY, text);
	free(text);
	json_decref(list);
}

static bool is_list(const json_t *list, int64_t n)
{
	bool fits = json_is_array(list) && (int64_t)json_array_size(list) == n;
	for (size_t i = 0; fits && i < (size_t)n; i++)
		fits = json_is_string(json_array_get(list, i));
	return fits;
}

void rt_others_use(const nnrt_model *m, Dataset *d, const char *weights)
{
	int k = rt_others_column(m);
	if (k < 0 || d->direct)
		return;
	TensorFile *f = rt_tensors_read(weights, "R6");
	const char *text = rt_tensors_meta(f, KEY);
	Column *c = &d->column[k];
	json_t *list = text ? json_loads(text, 0, 0) : 0;
	if (text && !is_list(list, c->field->len))
		rt_fail(RT_FILE, "R6", "%s: `%s` is not a list of %lld names", weights, KEY,
		        (long long)c->field->len);
	bool take = text && !c->label;
	if (take)
		c->label = rt_alloc((size_t)c->field->len, sizeof *c->label, "names of columns");
	for (int64_t i = 0; text && i < c->field->len; i++) {
		const char *name = json_string_value(json_array_get(list, (size_t)i));
		if (take) {
			c->label[i] = rt_text("%s", name);
		} else if (c->label[i] && strcmp(c->label[i], name)) {
			rt_error(RT_FILE, "R6",
			         "%s: column %lld of others() was `%s` in training, but is `%s` in %s",
			         weights, (long long)i + 1, name, c->label[i], d->name);
			rt_help("give the columns in the order of the training file");
			rt_exit(RT_FILE);
		}
	}
	json_decref(list);
	rt_tensors_free(f);
}
