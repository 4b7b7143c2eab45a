/* account.h - what a model is made of and what it costs: for --summary, and for what a trainer says
 * of itself.
 */
#ifndef NNC_ACCOUNT_H
#define NNC_ACCOUNT_H

#include "emit.h"

/* A line of the table: some calls of the program, or a `param` of the model itself. */
typedef struct {
	const char *path, *text;       /* "c1" or ""; "conv2d 6@5x5 pad 2"                     */
	Type out;
	int64_t params;
	double work;                   /* floating point operations, one sample, forward       */
	bool raw;                      /* a `param`: no value that a step keeps                */
} AccountRow;

typedef struct {
	const Module *m;
	const Options *opt;
	AccountRow *row;
	int nrow, caprow;
	double *work;                  /* of each call of the module, and of none              */
	double forward, step;          /* one sample: outputs; a training step                 */
	int64_t params, trained, regular, buffers;
} Account;

/* Counts everything.  m after all passes. */
Account *account_new(const Module *m, const Options *opt);
/* The evaluation cut down to the outputs, with the numbers that training ends with; the caller's. */
Graph *account_outputs(const Module *m);

/* Bytes of a real number; of a value for one sample; of weights, gradients, moments, buffers. */
int64_t account_real(const Options *o);
int64_t account_activation(const Account *a, const AccountRow *r);
int64_t account_state(const Account *a);

/* The text of a shape without the batch: "f32[N, 16, 5, 5]" -> "16, 5, 5"; "-" for none. */
const char *account_shape(Arena *a, const Type *t);

#endif
