/* dictionary.c - the texts of a column as classes.
 *
 * Holds: a dictionary depends on the training rows and their order alone; at most as many texts as
 *        the column has classes.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include "rt_dictionary.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rt_fail.h"
#include "rt_help.h"
#include "rt_mem.h"
#include "words.h"

enum { NO_CLASS = -1, TEXT_SHOWN = 40, FEW = 3 };

/* ---- learning ---------------------------------------------------------------------------- */

/* Whether all of them are numbers; by which they are then sorted, as scikit-learn does. */
static bool all_numbers(char *const *word, int32_t n)
{
	for (int32_t i = 0; i < n; i++) {
		char *end;
		double v = strtod(word[i], &end);
		if (end == word[i] || *end || !isfinite(v))
			return false;
	}
	return true;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int by_number(const void *a, const void *b)
{
	double x = strtod(*(char *const *)a, 0), y = strtod(*(char *const *)b, 0);
	return x < y ? -1 : x > y ? 1 : by_text(a, b);
}

static void clear(Dictionary *t)
{
	for (int32_t i = 0; i < t->n; i++)
		rt_free(t->word[i]);
	rt_free(t->word);
	rt_free(t->class_of);
	*t = (Dictionary){ 0 };
}

static void check_size(const Run *r, const Dataset *d, const Column *c, int32_t n)
{
	if (n <= c->field->classes)
		return;
	rt_error(RT_FILE, "R4",
	         "%s: column `%s` has %d different texts in the training rows, but the model was "
	         "compiled for class(%d)",
	         d->name, c->field->name, n, c->field->classes);
	rt_help("change the number of classes in %s and compile again", r->m->source);
	rt_exit(RT_FILE);
}

void rt_dictionary_learn(Run *r, const Dataset *d, const Rows *rows, int column)
{
	const Column *c = &d->column[column];
	Dictionary *t = &r->dictionary[column];
	if (!c->word)
		return; /* made up: the numbers are classes */
	clear(t);
	unsigned char *seen = rt_alloc((size_t)c->nword, 1, "words");
	t->word = rt_alloc((size_t)c->nword, sizeof *t->word, "words");
	int64_t len = c->field->len;
	int32_t *v = rt_alloc(1, c->stride, "words");
	for (int64_t i = 0; i < rows->n; i++) {
		rt_data_rows(d, column, rows->row + i, 1, v);
		for (int64_t e = 0; e < len; e++) {
			if (seen[v[e]])
				continue;
			seen[v[e]] = 1;
			t->word[t->n++] = rt_text("%s", c->word[v[e]]);
		}
	}
	rt_free(v);
	rt_free(seen);
	check_size(r, d, c, t->n);
	if (r->m->data->pick[column].sorted)
		qsort(t->word, (size_t)t->n, sizeof *t->word,
		      all_numbers(t->word, t->n) ? by_number : by_text);
}

/* ---- classes ----------------------------------------------------------------------------- */

static void find_classes(Dictionary *t, const Column *c, const Dataset *d)
{
	Words w = { 0 };
	for (int32_t i = 0; i < t->n; i++)
		rt_words_add(&w, t->word[i], strlen(t->word[i]));
	int32_t stranger = t->n < c->field->classes ? t->n : NO_CLASS;
	rt_free(t->class_of);
	t->class_of = rt_alloc((size_t)c->nword, sizeof *t->class_of, "words");
	t->of = d;
	for (int32_t i = 0; i < c->nword; i++) {
		int32_t k = rt_words_add(&w, c->word[i], strlen(c->word[i]));
		t->class_of[i] = k < t->n ? k : stranger;
	}
	for (int32_t i = 0; i < w.n; i++)
		rt_free(w.word[i]);
	rt_free(w.word);
	rt_words_done(&w);
}

void rt_dictionary_classes(Run *r, const Dataset *d, int column, const uint32_t *row, int n)
{
	const Column *c = &d->column[column];
	Dictionary *t = &r->dictionary[column];
	int32_t *v = r->column[column];
	if (!t->word)
		return;
	if (t->of != d)
		find_classes(t, c, d);
	for (int64_t i = 0; i < n * c->field->len; i++) {
		int32_t k = t->class_of[v[i]];
		if (k == NO_CLASS) {
			rt_error(RT_FILE, "R4",
			         "%s: row %u: column `%s` holds `%.*s`, which is none of the %d texts "
			         "of the training rows",
			         d->name, (unsigned)row[i / c->field->len] + 1, c->field->name,
			         TEXT_SHOWN, c->word[v[i]], t->n);
			rt_help("declare one class more than there are texts: it stands for all others");
			rt_exit(RT_FILE);
		}
		v[i] = k;
	}
}

void rt_dictionary_strangers(const Run *r, const Dataset *d, int column)
{
	const Column *c = &d->column[column];
	Dictionary *t = &r->dictionary[column];
	if (!t->word || t->n == c->field->classes || t->n == c->nword)
		return;
	if (t->of != d)
		find_classes(t, c, d);
	char *list = rt_text("%s", "");
	int32_t many = 0;
	for (int32_t i = 0; i < c->nword; i++) {
		if (t->class_of[i] < t->n || ++many > FEW)
			continue;
		char *longer = rt_text("%s%s`%.*s`", list, many > 1 ? ", " : "", TEXT_SHOWN,
		                       c->word[i]);
		rt_free(list);
		list = longer;
	}
	if (many)
		rt_warn(0, "column `%s`: %d text%s in no training row (%s%s): class %d", c->field->name,
		        many, many == 1 ? " is" : "s are", list, many > FEW ? ", ..." : "", t->n);
	rt_free(list);
}

/* ---- in files ---------------------------------------------------------------------------- */

char *rt_dictionary_text(const Run *r, int column)
{
	const Dictionary *t = &r->dictionary[column];
	json_t *list = json_array();
	for (int32_t i = 0; i < t->n; i++)
		if (json_array_append_new(list, json_string(t->word[i])))
			rt_fail(RT_FILE, "R2", "column `%s` holds a text that is not UTF-8: `%.*s`",
			        r->m->column[column].name, TEXT_SHOWN, t->word[i]);
	char *text = json_dumps(list, JSON_COMPACT);
	if (!text)
		rt_fail(RT_FILE, "R7", "out of memory for the texts of `%s`",
		        r->m->column[column].name);
	char *copy = rt_text("%s", text);
	free(text);
	json_decref(list);
	return copy;
}

static const char *misfit(const json_t *list, int32_t classes)
{
	if (!json_is_array(list))
		return "is not a list of texts";
	if (json_array_size(list) > (size_t)classes)
		return "has more texts than the program has classes";
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!json_is_string(json_array_get(list, i)))
			return "is not a list of texts";
	return 0;
}

void rt_dictionary_read(Run *r, int column, const char *text, const char *path, const char *key)
{
	json_error_t e;
	json_t *list = json_loads(text, 0, &e);
	Dictionary *t = &r->dictionary[column];
	const char *why = misfit(list, r->m->column[column].classes);
	if (why) {
		rt_error(RT_FILE, "R6", "%s: `%s` %s", path, key, why);
		rt_help("give weights that this program's `train` saved");
		rt_exit(RT_FILE);
	}
	clear(t);
	t->n = (int32_t)json_array_size(list);
	t->word = rt_alloc((size_t)t->n, sizeof *t->word, "words");
	for (int32_t i = 0; i < t->n; i++)
		t->word[i] = rt_text("%s", json_string_value(json_array_get(list, (size_t)i)));
	json_decref(list);
}

const nnrt_field *rt_named_classes(const nnrt_model *m, int n, bool target)
{
	const nnrt_field *found = 0;
	for (int i = 0; i < m->nin; i++)
		if (m->in[i].words && m->in[i].classes == n && m->in[i].target >= target) {
			if (found)
				return 0;
			found = &m->in[i];
		}
	return found;
}

const char *rt_class_name(const Run *r, const nnrt_field *f, int k)
{
	const Dictionary *t = f->words ? &r->dictionary[f->words - 1] : 0;
	if (!t || !t->word)
		return 0;
	return k < t->n ? t->word[k] : "(others)";
}

void rt_dictionaries_free(Run *r)
{
	for (int i = 0; i < r->m->ncolumn; i++)
		clear(&r->dictionary[i]);
	rt_free(r->dictionary);
}
