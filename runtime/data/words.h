/* words.h - texts and their numbers, in order of first appearance.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_WORDS_H
#define NNRT_WORDS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
	char **word; /* closed by a 0 */
	int32_t n, cap;
	int32_t *slot; /* hashed: 1 + number */
	uint32_t slots;
} Words;

/* The number of a text (n bytes, none of them 0); a new one is added. */
int32_t rt_words_add(Words *w, const char *text, size_t n);
/* Frees the table of slots; word[0..n) stays with the caller. */
void rt_words_done(Words *w);

#endif
