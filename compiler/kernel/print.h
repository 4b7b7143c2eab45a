/* print.h - shared by print.c and text.c. */
#ifndef NNC_PRINT_H
#define NNC_PRINT_H

#include "op.h"

/* How tightly an expression binds; an operand of less gets parentheses. */
enum { P_COND = 1, P_AND, P_COMPARE, P_SUM, P_PRODUCT, P_UNARY, P_ATOM = 9 };

typedef struct {
	const Fn *f;
	Arena *a;
	Kernel *k;
	Out *o;
} Print;

/* The number of a buffer among the kernel's arguments. */
int print_argument(Print *p, const Buffer *b);
/* e as C, in parentheses if it binds less tightly than least. */
const char *print_text(Print *p, const Ex *e, int least);
/* The same in lanes: one number becomes a vector of it. */
const char *print_lanes(Print *p, const Ex *e);

#endif
