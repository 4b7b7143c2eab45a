/* emit.h - whole files: trainers and inference C.
 *
 *     train.c    the trainer: kernels, tables, main        scalar.c   knobs and metrics in double
 *     infer.c    the static inference form                 weights.c  reading .safetensors
 *     selfcheck.c  its NAME_selfcheck()                    infer.h    what the two share
 *     account.c  layers, parameters, work                  about.c    what a trainer says of itself
 *     raw.c      raw columns as the inputs of inference
 *     source.c   the data section's table
 */
#ifndef NNC_EMIT_H
#define NNC_EMIT_H

#include "kernel.h"
#include "module.h"

/* Prints the trainer. All passes have run. */
void emit_trainer(Out *o, const Module *m, const Options *opt);

/* The values of one tensor of a weights file, in double, row-major. */
typedef struct { Sym name; int rank; int64_t dim[8], len; double *value; } Weight;
typedef struct { Sym key; const char *text; } Meta;
typedef struct { Weight *v; int n; char sha[65]; Meta *meta; int nmeta; } Weights;

/* Reads a .safetensors file (weights.c); errors are recorded at no place with exit status 3
 * semantics: returns 0 and writes one line to standard error. */
Weights *weights_read(Job *j, const char *path);

/* `export c(preprocess = true)`: m with the raw columns of its data section as inputs; what the
 * section learned is added to w. 0 after an error line. */
Module *raw_module(const Module *m, Weights *w, const char *file);

/* NAME_COLUMN_class(text) for each of its columns of texts: in the header, and in the C file. */
void raw_declare(Out *h, const Module *m, const char *prefix);
void raw_print(Out *o, const Module *m, const char *prefix);

/* The first output that depends on random numbers, which inference C has none of; or 0. */
const char *inference_draws(const Module *m);

/* Prints inference C: the file to o, the header to h, arrays of weights that have a file of their own
 * to x (0 unless opt says so).  Returns the exit status after an error: 3 for a missing tensor or a
 * wrong shape, 1 for what is not built.
 * name: the file name of the .c without ending; include: the file name of the header. */
int emit_inference(Out *o, Out *h, Out *x, Module *m, const Options *opt, const Weights *w,
                    const char *weights_name, const char *name, const char *include);

/* One phase of the trainer, built: "init" "grad" "eval" "update" "bind" "augment" "fit". For the dumps. */
Fn  *train_fn(const Module *m, const Options *opt, const char *phase);

/* scalar.c: a function with this head that evaluates the roots of a scalar graph in double and
 * stores root number i in result[i].  args: its arguments' names (any may be unused).
 * leaf: the C expression of a leaf. */
void emit_scalar(Out *o, const Graph *g, const char *head, const char *result, const char *args,
                 const char *(*leaf)(Arena *a, const Node *n));

/* ---- source.c ------------------------------------------------------------------------------ */

/* The table `data` of a trainer, and what it refers to. */
void emit_source(Out *o, const Module *m);
/* A text as a C string, 0 as 0; a number so that C reads the same. */
const char *c_string(Arena *a, const char *s);
const char *c_number(Arena *a, double v);

#endif
