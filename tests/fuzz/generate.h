/* generate.h - random programs that are right: every shape and type is known while they are made. */
#ifndef NNC_GENERATE_H
#define NNC_GENERATE_H

#include <stdint.h>

enum {
	CALM = 1,                      /* without random numbers in training, for comparison with other systems */
	FROM_FILES = 2                 /* every program reads files, small ones in the form of its source */
};

/* A program of about `size` statements, a function of the seed alone; the caller frees it.
 * Each statement stands on a line of its own, so that a reducer can drop lines. */
char *generate(uint64_t seed, int size, unsigned how);

#endif
