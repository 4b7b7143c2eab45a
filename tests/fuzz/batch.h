/* batch.h - many programs compiled by a C compiler at once, loaded and run, against the interpreter.
 *
 * Holds, for each program, with 1 to 4 threads: the compiler has no warning to say; at -O0 losses, outputs, gradients, buffers
 * and first values have the float interpreter's bits, in training and evaluation; at -O1 .. -O3 they are
 * within the error bound of bound.h, or in double within 1e-9 of the double interpreter.
 * Another number of threads changes no bit; an output of a sample alone is what it is among others.  One in
 * four as inference C has the outputs of evaluation.  Files of its source are read as rows.c wrote them.
 */
#ifndef NNC_FUZZ_BATCH_H
#define NNC_FUZZ_BATCH_H

#include "oracle.h"

typedef enum { BITS, FAST, DOUBLE } BatchMode;

typedef struct {
	BatchMode mode;
	const char *cc, *cflags, *dir;         /* the compiler, its options, a folder for files */
	bool keep;                             /* write SEED.nn and SEED.values to the folder   */
	double worst;                          /* largest error over its bound                  */
	unsigned long judged, unjudged;        /* elements                                      */
	unsigned long files;                   /* programs whose data were read from files      */
	unsigned long inferred;                /* programs that were inference C, too           */
} BatchOptions;

/* Programs text[0..n-1] of these seeds, as one unit, in this process. r tells the outcome of the
 * first that fails; false then. */
bool batch_run(BatchOptions *o, Report *r, char *const *text, const uint64_t *seed, int n);

#endif
