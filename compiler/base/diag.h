/* diag.h - what diag.c records and draw.c prints; nobody else includes this. */
#ifndef NNC_DIAG_H
#define NNC_DIAG_H

#include "base.h"

/* A place to underline: `^~~~` if primary, else `~~~~`. */
typedef struct {
	Span at;
	const char *label;             /* may be ""                                           */
	bool primary;
} Mark;

typedef enum { X_NOTE, X_HELP } ExtraKind;

/* A line `= note:` or `= help:`, a note perhaps with source under it. */
typedef struct {
	ExtraKind kind;
	const char *text;
	bool placed;
	Mark mark;
} Extra;

struct Diag {
	Job *job;
	bool is_error;
	const char *code;              /* E0101, or a warning's name                          */
	bool named;                    /* code is a warning's name                            */
	const char *text;
	Mark *mark; int nmark, capmark;        /* [0] is the primary one                      */
	Extra *extra; int nextra, capextra;
	int order;                     /* keeps recording order among equal places            */
};

/* One diagnostic as text, with source (draw.c). */
void diag_draw(const Diag *d, FILE *f);
/* One diagnostic as one line of JSON (draw_json.c). */
void diag_json(const Diag *d, FILE *f);

#endif
