/* vocabulary.c - the characters of a text, kept with the weights.
 *
 * Holds: what a trained model is given has the numbers that its characters had in training.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rt_fail.h"
#include "rt_mem.h"
#include "vocabulary.h"

#define KEY "nnc.vocabulary"
enum { LONGEST = 9, CODES = 0x110000 };

void rt_vocabulary_note(const Run *r, TensorWriter *w)
{
	if (!r->nvocabulary)
		return;
	char *s = rt_alloc((size_t)r->nvocabulary + 1, LONGEST, "a vocabulary");
	size_t at = 0;
	for (int32_t i = 0; i < r->nvocabulary; i++)
		at += (size_t)snprintf(s + at, LONGEST, "%c%u", i ? ',' : '[', r->vocabulary[i]);
	s[at] = ']';
	rt_tensors_note(w, KEY, s);
	rt_free(s);
}

/* A list of n rising code points; false: it is none. */
static bool read_list(const char *s, uint32_t *v, int32_t n)
{
	for (int32_t i = 0; i < n; i++) {
		char *end;
		if (*s++ != (i ? ',' : '['))
			return false;
		long c = strtol(s, &end, 10);
		if (end == s || c < 0 || c >= CODES || (i && c <= (long)v[i - 1]))
			return false;
		v[i] = (uint32_t)c;
		s = end;
	}
	return !strcmp(s, "]");
}

static int32_t classes_of(const Dataset *d)
{
	return d->ncolumn ? d->column[0].field->classes : 0;
}

void rt_vocabulary_use(const nnrt_model *m, Dataset *d, const char *weights)
{
	if (!m->data || m->data->source != NNRT_CHARS || d->direct)
		return;
	TensorFile *f = rt_tensors_read(weights, "R6");
	const char *text = rt_tensors_meta(f, KEY);
	int32_t n = classes_of(d);
	uint32_t *v = rt_alloc((size_t)n, sizeof *v, "a vocabulary");
	if (!text || !read_list(text, v, n)) {
		rt_error(RT_FILE, "R6", "%s: `%s` %s", weights, KEY,
		         text ? "is not the list of the text's characters" : "is missing");
		rt_help("give weights that this program's `train` saved: they hold the characters "
		        "of the text");
		rt_exit(RT_FILE);
	}
	rt_tensors_free(f);
	if (!d->vocabulary) {
		d->vocabulary = v;
		d->nvocabulary = n;
		return;
	}
	for (int32_t i = 0; i < n; i++)
		if (v[i] != d->vocabulary[i])
			rt_fail(RT_FILE, "R6",
			        "%s: class %d was character %u in training, but is %u in %s: the "
			        "texts have other characters",
			        weights, i, v[i], d->vocabulary[i], d->name);
	rt_free(v);
}
