/* print.h - shared by print.c and text.c. */
#ifndef NNC_PRINT_H
#define NNC_PRINT_H

#include "op.h"

/* How tightly an expression binds; an operand of less gets parentheses. */
enum { P_ANY, P_COND, P_AND, P_COMPARE, P_SUM, P_PRODUCT, P_UNARY, P_ATOM = 9 };

enum { NUMBER = 31 };                  /* in lines: what follows is NUMBER + 1 + i, for number i */

typedef struct {
	const Fn *f;
	Arena *a;
	Kernel *k;
	char *line; size_t n, cap;     /* the statements, not broken or indented               */
} Print;

/* The number of a buffer among the kernel's arguments. */
int  print_argument(Print *p, const Buffer *b);
/* Appends to the line: %s a string, %d an int, %l an int64_t; expressions: %e, as it is; %p, an int
 * and the expression, in parentheses if it binds less tightly than that; %w, in lanes: one number
 * becomes a vector of it. */
void print_part(Print *p, const char *fmt, ...);

#endif
