/* oracle.h - one program through the compiler, in process, against what is not the compiler.
 *
 * Holds: a program accepted by the generator's own shape rules is accepted by the compiler, and so is
 *        what the formatter makes of it; every pass at every level keeps the values of all results
 *        (reference interpreter in double); gradients along a random direction agree with forward mode
 *        (tangent.h) to 1e-12 and with central differences; every plan passes plan_check for 1, 2, 3 and 8 threads and batches of 1, 7 and 32.
 */
#ifndef NNC_FUZZ_ORACLE_H
#define NNC_FUZZ_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "module.h"

/* What a parent knows of its child; in shared memory. */
typedef struct {
	uint64_t seed;
	char stage[40], what[400];
	bool failed;
	unsigned long op[NOP];         /* programs in whose graphs the op stood                */
	unsigned long programs, nodiff;        /* looked at; of them without differences       */
	unsigned long forward;                 /* differentiated in forward mode               */
	double worst;                          /* largest difference to that                   */
} Report;

/* Checks text at a level (0..3) with a batch of B; at -O2 it is the formatter's text that is compiled.
 * r tells the outcome. */
void check_text(Report *r, const char *text, int B, int level);

/* The module of a program, 0 if it is refused: the message's first line is put into `why`. */
Module *module_of(Job *j, const char *text, char *why, size_t n);
void module_free(Module *m);

#endif
