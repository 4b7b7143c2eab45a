/* generate.h - random programs that are right: every shape and type is known while they are made. */
#ifndef NNC_GENERATE_H
#define NNC_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

/* A program of about `size` statements, a function of the seed alone; the caller frees it.
 * calm: without random numbers in training, for comparison with other systems.
 * Each statement stands on a line of its own, so that a reducer can drop lines. */
char *generate(uint64_t seed, int size, bool calm);

#endif
