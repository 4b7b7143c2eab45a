/* elem.h - element types of files, and rows of them as rows of columns.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_ELEM_H
#define NNRT_ELEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nnrt.h"

typedef enum {
	ELEM_F2, ELEM_F4, ELEM_F8, ELEM_BF2,
	ELEM_I1, ELEM_I2, ELEM_I4, ELEM_I8,
	ELEM_U1, ELEM_U2, ELEM_U4, ELEM_U8,
	ELEM_B1
} Elem;

int rt_elem_bytes(Elem e);
bool rt_elem_is_float(Elem e);
/* "f32", "u8": as the language writes it. */
const char *rt_elem_name(Elem e);
/* The reverse, for `raw`; false: there is no such type. */
bool rt_elem_find(const char *name, size_t n, Elem *e);

/* Elements of a file as those of a column (kind, classes).  swap: most significant byte first.
 * Neither has to be aligned in `from`.  Returns the first element that does not fit (not finite, out
 * of range), or -1; the number of elements is at most INT64_MAX. */
int64_t rt_elem_convert(Elem e, bool swap, const nnrt_field *to_field, int real_bytes,
                        const unsigned char *from, void *to, int64_t n);

/* Element i as a number, for messages. */
double rt_elem_value(Elem e, bool swap, const unsigned char *from, int64_t i);

#endif
