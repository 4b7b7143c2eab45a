/* words.c - texts and their numbers, in order of first appearance.
 *
 * A table with open addressing, at most half full.
 *
 * SPDX-License-Identifier: 0BSD
 */
#include <string.h>
#include <xxhash.h>

#include "rt_fail.h"
#include "rt_mem.h"
#include "words.h"

enum { SLOTS = 64, WORDS = 32 };

static void widen(Words *w)
{
	uint32_t slots = SLOTS;
	while (slots < 4 * (uint32_t)w->n + SLOTS)
		slots *= 2;
	rt_free(w->slot);
	w->slot = rt_alloc(slots, sizeof *w->slot, "words");
	w->slots = slots;
	for (int32_t i = 0; i < w->n; i++) {
		uint32_t k = (uint32_t)XXH3_64bits(w->word[i], strlen(w->word[i])) & (slots - 1);
		while (w->slot[k])
			k = (k + 1) & (slots - 1);
		w->slot[k] = 1 + i;
	}
}

int32_t rt_words_add(Words *w, const char *text, size_t n)
{
	if (2 * (uint32_t)w->n >= w->slots)
		widen(w);
	uint32_t k = (uint32_t)XXH3_64bits(text, n) & (w->slots - 1);
	for (; w->slot[k]; k = (k + 1) & (w->slots - 1)) {
		const char *old = w->word[w->slot[k] - 1];
		if (!strncmp(old, text, n) && !old[n])
			return w->slot[k] - 1;
	}
	if (w->n == INT32_MAX / 4)
		rt_fail(RT_FILE, "R4", "more than %d different texts in a column", w->n);
	if (w->n == w->cap) {
		int32_t more = w->cap ? 2 * w->cap : WORDS;
		w->word = rt_grow(w->word, (size_t)w->n, (size_t)more, sizeof *w->word, "words");
		w->cap = more;
	}
	char *new = rt_alloc(n + 1, 1, "words");
	memcpy(new, text, n);
	w->word[w->n] = new;
	w->slot[k] = 1 + w->n;
	return w->n++;
}

void rt_words_done(Words *w)
{
	rt_free(w->slot);
	w->slot = 0;
	w->slots = 0;
}
