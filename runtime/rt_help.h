/* rt_help.h - what a trainer says about itself.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_RT_HELP_H
#define NNRT_RT_HELP_H

#include "nnrt.h"

/* --help and --version, on standard output. */
void rt_print_help(const nnrt_model *m);
void rt_print_version(const nnrt_model *m);

/* The type of an input, target, output or column, "f32[N, 1, 28, 28]"; to be freed. */
char *rt_field_type(const nnrt_model *m, const nnrt_field *f, int batched);

/* The command `info`. */
void rt_print_info(const nnrt_model *m);

#endif
