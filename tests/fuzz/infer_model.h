/* infer_model.h - inference C of a random program, compiled by itself and called once. */
#ifndef NNC_FUZZ_INFER_MODEL_H
#define NNC_FUZZ_INFER_MODEL_H

#include "module.h"

typedef struct {
	const char *cc, *cflags, *dir;
	Options opt;                   /* level, f64, prefix                                   */
	int B;                         /* samples of the call                                  */
	double *const *param, *const *buffer, *const *in;
} InferInput;

/* The outputs in evaluation, by number, as inference C with these weights computes them.  0 if there is nothing to
 * infer (why is ""), or if something fails: a warning, a class refused. */
double **infer_outputs(const Module *m, const InferInput *in, char *why, size_t n);

#endif
