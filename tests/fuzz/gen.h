/* gen.h - what the parts of the generator share; the outside sees generate.h alone.
 *
 *     gen_core.c     random choices, text, values at hand and how a statement is written
 *     gen_values.c   element by element, reductions, randomness, patterns
 *     gen_moves.c    the same elements in other places
 *     gen_layers.c   layers that own parameters, with all their options
 *     gen_scopes.c   blocks, repeat, if, scan, layer declarations, state
 *     gen_losses.c   losses, metrics, outputs
 *     gen_data.c     inputs that a source can give, data
 *     gen_train.c    train, search, export
 *     gen_program.c  the whole program
 *
 * Values are kept with their shapes; each has the batch in front.  A form is text in which `$` is
 * an operand, `%` another one of the same shape and `#` a number that no name has yet.
 */
#ifndef NNC_FUZZ_GEN_H
#define NNC_FUZZ_GEN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate.h"

enum { MAXD = 5, MAXV = 200, MOST = 400, FORM = 400 };

/* Dimensions after the batch. */
typedef struct { int rank, d[MAXD]; } Shape;
typedef struct { char name[16]; Shape s; } Val;
typedef struct { char *text; size_t n, cap; } Text;

typedef struct {
	uint64_t state;
	Text head, body;               /* blocks of the program; what is being written         */
	Val v[MAXV]; int nv;
	int count;                     /* names made                                           */
	int indent, depth;             /* of text; of scopes                                   */
	bool calm;                     /* nothing random in training                           */
	bool in_scan, in_block, in_branch;
	bool imported, lengths;
	int steps, side, channels;     /* length of the input `steps`; height, colours of images */
	int source;                    /* of the inputs: IMAGES .. PICTURES, or 0              */
	Shape row;                     /* of its arrays                                        */
	bool hundred;                  /* classes of CIFAR                                     */
} Gen;

/* What a form needs of its operand or of the program. */
enum {
	F_RANDOM = 1,                  /* draws random numbers: not in calm programs            */
	F_RANK2 = 2,                   /* two dimensions after the batch, or more              */
	F_LAST2 = 4,                   /* the last dimension is 2 or larger                    */
	F_EVEN = 8,                    /* ... even                                             */
	F_STATE = 16,                  /* owns state or a loss: not in a scan                  */
	F_RANK1 = 32                   /* exactly one                                          */
};
typedef struct { const char *form; unsigned need; } Form;
#define FORMS(f) f, (int)(sizeof f / sizeof *f)

unsigned below(Gen *g, unsigned n);
bool chance(Gen *g, unsigned percent);
/* One of several texts. */
const char *one_of(Gen *g, const char *const *v, int n);
#define ONE_OF(g, ...) one_of(g, (const char *const[]){ __VA_ARGS__ }, \
	(int)(sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *)))

void add(Gen *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same as a line of the scope at hand. */
void line(Gen *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Appends to a form of FORM bytes. */
void put(char *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int  elements(const Shape *s);
bool same(const Shape *a, const Shape *b);
Val *any(Gen *g);
Val *ranked(Gen *g, int rank);         /* a value of this rank, or 0                           */
Val *mate(Gen *g, Val *x);             /* another of x's shape, or x                           */
void keep(Gen *g, const char *name, Shape s);
/* A statement that names the form's value, kept with shape s if that is small enough. */
void make(Gen *g, const char *form, const char *x, const char *y, Shape s);
/* One of the forms that suit x. */
const char *suited(Gen *g, const Form *f, int n, const Val *x);
/* f = a call of name with x and args ("" or "3, bias = false"), written in one of the ways: as a
 * function, piped, with a label. */
void call(Gen *g, char *f, const char *name, const char *args);

void one_value(Gen *g);
void two_values(Gen *g);
void reductions(Gen *g);
void patterns(Gen *g);
void moves(Gen *g);
void layer_rows(Gen *g);
void layer_images(Gen *g);
void layer_volumes(Gen *g);
void layer_sequences(Gen *g);
void scopes(Gen *g);
void statement(Gen *g);                /* any of the above                                     */
void results(Gen *g);
void state(Gen *g);                    /* buffers of the model                                 */
/* Sources of files, each with inputs of its own. */
enum { IMAGES = 1, TABLE, ARRAYS, RAW, SVM, TEXT, CIFAR, PICTURES };
void data_inputs(Gen *g, int source);
void data_section(Gen *g);             /* of g->source; 0: made in memory                      */
void train_section(Gen *g);
/* ", init = normal(0, 0.1)" and other arguments of every layer; or "". */
const char *extras(Gen *g);
const char *initialiser(Gen *g, int rank);      /* for a parameter of this rank              */

#endif
