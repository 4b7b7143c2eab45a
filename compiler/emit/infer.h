/* infer.h - what the files of inference C share.
 *
 *     infer.c      the two files, the static form           arrays.c     weights as constant arrays
 *     context.c    the context form                         elements.c   the order of their elements
 *     selfcheck.c  NAME_selfcheck()                         half.c       numbers of 16 bits
 *     load.c       NAME_load()
 */
#ifndef NNC_INFER_H
#define NNC_INFER_H

#include "cnames.h"
#include "emit.h"
#include "pass.h"

typedef struct SelfCheck SelfCheck;
struct Run;

/* One array of weights in the C file. */
typedef struct {
	const char *name;
	const Tensor *tensor; /* of a constant: the first that it has elements of         */
	Place place; /* PL_PARAM, PL_BUFFER: which, and in which order of dimensions        */
	int index;
	const int *perm;
	const Fn *fn; /* constant number `constant` of this function                      */
	int constant;
	const Pack *pack; /* 0: no constant                                               */
	bool half; /* elements of 16 bits                                                  */
	int64_t len;
} InferArray;

typedef struct {
	const Module *m;
	const char *prefix, *upper;
	const char *type; /* of a context: the prefix, or near it where C has that word       */
	const char **arg; /* C name of each input, then of each output                     */
	const char **stored; /* of each argument of `run`: of its array in the self-check  */
	Reordered *order;
	int norder; /* parameters that are kept in another order                           */
	InferArray *array;
	int narray, caparray;
	const Fn *form[2]; /* the functions: the static one; for one sample, for several    */
	int nform;
	int batch; /* samples of a call, at most                                           */
	const int *in; /* the inputs, and targets that the outputs depend on               */
	int nin;
	const char *unused; /* statements for those that no output depends on              */
	bool classes; /* an input is class(K): run returns int                              */
	bool context;
	HalfKind quantize;
	SelfCheck *check; /* --self-check, else 0                                          */
	bool public; /* arrays have names of their own in another file                      */
	const char *table; /* the context form: all arrays                                 */
	struct Run *run; /* --weights-as file: where elements go                           */
	int nrun;
} Infer;

/* A name in capitals; the C type of a real number, of an element. */
const char *infer_upper(Arena *a, const char *name);
const char *infer_real(const Options *opt);
const char *infer_type(const Options *opt, const Type *t);
/* Argument k of `run`, 0 .. nin + nout - 1, and its C name. */
const Field *infer_argument(const Infer *f, int k, const char **name);
/* Adds an item to a list, on a new line where the last one is long. */
const char *infer_append(Arena *a, const char *list, const char *item);
/* "1 KiB", "1.2 MiB". */
const char *infer_size(Arena *a, int64_t bytes);

/* ---- arrays.c ------------------------------------------------------------------------ */

/* The values of a tensor, or 0. */
const Weight *infer_weight(const Weights *w, const Tensor *t);
/* The file holds the program's tensors and no others, and all values can be stored. */
bool arrays_check(const Infer *f, const Weights *w, const char *file);
/* Lists the arrays that the forms read, when these are built. */
void arrays_collect(Infer *f, CNames *names);
/* How the function refers to the array of buffer b. */
const char *arrays_name(const Infer *f, const Fn *fn, const Buffer *b);
/* The arrays as `extern`, or the type of their table; their definitions. */
void arrays_declare(Out *o, const Infer *f, const Options *opt);
void arrays_print(Out *o, const Infer *f, const Options *opt, const Weights *w);
int64_t arrays_bytes(const Infer *f, const Options *opt);
int64_t array_element_bytes(const InferArray *a, const Options *opt);

/* ---- elements.c ---------------------------------------------------------------------- */

/* The tensor that a buffer of a function holds, perhaps in another order. */
const Tensor *array_source(const Infer *f, const Buffer *b);
/* Gives each element in turn: of tensor t at index `at`, or, t being 0, a number. */
typedef void ArrayElement(void *arg, const Tensor *t, int64_t at, double number);
void array_each(const Infer *f, const InferArray *a, void *arg, ArrayElement *each);

/* ---- load.c -------------------------------------------------------------------------- */

/* Nothing without --weights-as file.  Finds the runs; false after an error. */
bool load_prepare(Infer *f, const Options *opt);
void load_print(Out *o, const Infer *f, const Options *opt);
/* What the caller's buffer needs, room to align included. */
int64_t load_bytes(const Infer *f, const Options *opt);

/* ---- half.c -------------------------------------------------------------------------- */

/* The nearest number of that kind, ties to even; its value. */
unsigned half_bits(HalfKind kind, double v);
double half_value(HalfKind kind, unsigned bits);

/* ---- context.c ----------------------------------------------------------------------- */

/* The head of the function that computes, for one sample or for `n`. */
const char *context_head(const Infer *f, const Options *opt, bool one);
/* Scratch of all forms; the arena, with room to align and for the outputs of the self-check. */
int64_t context_scratch(const Infer *f);
int64_t context_bytes(const Infer *f, const Options *opt);
/* init, run, strerror; the header. */
void context_print(Out *o, const Infer *f, const Options *opt);
void context_header(Out *h, const Infer *f, const Options *opt);

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
