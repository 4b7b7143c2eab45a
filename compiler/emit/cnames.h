/* cnames.h - names of a program as C names that clash with nothing in the file. */
#ifndef NNC_CNAMES_H
#define NNC_CNAMES_H

#include "base.h"

/* The names that are taken so far. */
typedef struct {
	Arena *mem;
	const char *prefix;            /* of the file's functions                              */
	const char **name;
	int n, cap;
} CNames;

/* A C name for the text: the text itself if it can be one, else with the suffix, as often as
 * needed.  Names that differ only in case count as equal, because macros are made of them. */
const char *cnames_argument(CNames *c, const char *text, const char *suffix);
/* The same for an array of the file, for example "enc.weight"; it hides no local name. */
const char *cnames_array(CNames *c, const char *path);
/* A C name for a type: the text itself unless C or C++ use that word. */
const char *cnames_type(CNames *c, const char *text, const char *suffix);

#endif
