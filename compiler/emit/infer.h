/* infer.h - what the files of inference C share.
 *
 *     infer.c      weights, the function, the header        selfcheck.c  NAME_selfcheck()
 */
#ifndef NNC_INFER_H
#define NNC_INFER_H

#include "emit.h"
#include "pass.h"

typedef struct SelfCheck SelfCheck;

typedef struct {
	const Module *m;
	const char *prefix, *upper;
	const char **array; /* C name of each parameter, then of each buffer        */
	const char **arg;   /* C name of each input, then of each output            */
	const char **stored; /* of each argument of `run`: of its array in the self-check */
	Reordered *order;
	int norder; /* parameters that are kept in another order            */
	int batch;
	const int *in; /* the inputs, and targets that the outputs depend on    */
	int nin;
	const char *unused; /* statements for those that no output depends on    */
	bool classes; /* an input is class(K): run returns int                */
	SelfCheck *check; /* --self-check, else 0                               */
} Infer;

/* A name in capitals; the C type of an element. */
const char *infer_upper(Arena *a, const char *name);
const char *infer_type(const Options *opt, const Type *t);
/* The values of a tensor, or 0. */
const Weight *infer_weight(const Weights *w, const Tensor *t);
/* Argument k of `run`, 0 .. nin + nout - 1, and its C name. */
const Field *infer_argument(const Infer *f, int k, const char **name);
/* Adds an item to a list, on a new line where the last one is long. */
const char *infer_append(Arena *a, const char *list, const char *item);

/* ---- selfcheck.c --------------------------------------------------------------------- */

/* Three inputs of every kind, and what the reference interpreter makes of them. g: the eval graph
 * with its outputs, before weights change their order. */
SelfCheck *selfcheck_compute(const Infer *f, const Graph *g, const Options *opt, const Weights *w);
/* Scratch that the function needs behind that of `run`. */
int64_t selfcheck_bytes(const Infer *f, const Options *opt);
/* The function, its outputs at byte `at` of the scratch; its line in the header. */
void selfcheck_print(Out *o, const Infer *f, const Options *opt, int64_t at);
void selfcheck_declare(Out *h, const Infer *f, const Options *opt);

#endif
