/* rows.h - files of the sources that a program of the generator names, and what stands in them. */
#ifndef NNC_FUZZ_ROWS_H
#define NNC_FUZZ_ROWS_H

#include "module.h"

enum { ROWS = 24 };                    /* rows that are known of each file                     */

/* The texts that columns of texts hold, their value being a number of these. */
extern const char *const rows_word[4];

/* Writes the files of m's data section below dir, random in form and content by the seed, and puts
 * what ROWS rows of column i hold into value[i].  False: the section reads no files. */
bool rows_write(const Module *m, const char *dir, uint64_t seed, double **value, Arena *a);

#endif
