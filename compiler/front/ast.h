/* ast.h - the syntax tree of a .nn file (language.md section 3, bison form).
 *
 * Nodes live in the job's arena.  Every node has the span of its text.  The parser makes them
 * through the constructors of ast.c and nothing else.
 */
#ifndef NNC_AST_H
#define NNC_AST_H

#include "base.h"

typedef enum {
	/* expressions */
	A_INT, A_FLOAT, A_STRING, A_BOOL, A_NAME, A_LOSS,    /* A_LOSS: the word `loss` as a value */
	A_CALL,                        /* f(args); stage of a pipe without parentheses too     */
	A_BINARY, A_UNARY,             /* op: "+" "-" "*" "/" "@" "**" "==" ... "and" "or" "not"  */
	A_PIPE,                        /* x |> label: f(args)                                  */
	A_INDEX,                       /* x[subs]                                              */
	A_FIELD,                       /* x.name                                               */
	A_LIST,                        /* [a, b]                                               */
	A_SLICE,                       /* lo:hi inside [ ]; either may be 0                    */
	A_ELLIPSIS,                    /* ... inside [ ] or in a type                          */
	A_ARG,                         /* name = value in a call; positional args are plain    */
	A_TYPE,                        /* name(arg)[dims]                                      */
	/* statements */
	A_ASSIGN, A_LAYER, A_PARAM, A_BUFFER, A_UPDATE, A_INPUT, A_TARGET,
	A_LOSSES, A_METRIC, A_OUTPUT,  /* `loss e`, `metric name = e`, `output e`              */
	A_RETURN, A_REPEAT, A_SCAN, A_EMIT, A_IF,
	/* items */
	A_IMPORT, A_CONST, A_FN, A_BLOCK, A_OPTIMIZER, A_MODEL, A_DATA, A_TRAIN, A_SEARCH, A_EXPORT,
	A_FORMAL,                      /* one parameter of fn, block, optimizer                */
	A_SETTING                      /* name = value in settings                             */
} AstKind;

typedef struct Ast Ast;
typedef struct { Ast **v; int n, cap; } AstList;

struct Ast {
	AstKind kind;
	bool paren;                    /* written in parentheses (E0103)                       */
	int height;                    /* of the tree below; the parser bounds it, so that
	                                  passes may recurse                                   */
	Span at;                       /* the whole construct                                  */
	Span name_at;                  /* the name or operator in it                           */
	union {
		struct { double num; int64_t i; } lit;            /* A_INT (both), A_FLOAT, A_BOOL (i) */
		Sym str;                                          /* A_STRING: unescaped           */
		Sym name;                                         /* A_NAME                        */
		struct { Sym fn; AstList arg; Sym label; Span label_at; bool bare; } call;
		                                                  /* bare: no parentheses written  */
		struct { Sym op; Ast *l, *r; } bin;               /* A_BINARY; A_UNARY: l only     */
		struct { Ast *from, *stage; } pipe;               /* stage is an A_CALL            */
		struct { Ast *of; AstList sub; } index;
		struct { Ast *of; Sym name; } field;
		struct { AstList item; } list;
		struct { Ast *lo, *hi; } slice;
		struct { Sym name; Ast *value; } arg;
		struct { Sym name; Ast *arg; AstList dim; bool has_dims; } type;
		struct { Sym *name; Span *at; int n; Ast *value; } assign;
		struct { Sym name; Ast *type, *value; } decl;     /* A_LAYER (value: call) A_PARAM A_BUFFER A_INPUT
		                                                     A_TARGET A_UPDATE A_EMIT A_LOSSES A_METRIC
		                                                     A_OUTPUT (name may be 0) A_FORMAL A_SETTING
		                                                     A_CONST (one each) A_IMPORT (name: path) */
		struct { AstList value; } ret;
		struct { Sym var; Ast *lo, *hi; AstList body; } repeat;   /* no range: lo 0, hi count */
		struct { Sym var; Ast *lo, *hi; AstList carry, body; } scan;  /* carry: A_SETTING items */
		struct { Ast *cond; AstList then, other; bool has_else; } cond;
		struct { Sym name; AstList formal; Ast *result, *value; AstList body; } def;
		                                /* A_FN (value) A_BLOCK A_OPTIMIZER A_MODEL (body)    */
		struct { Ast *call; AstList setting; bool has_settings; } section;
		                                /* A_DATA A_SEARCH A_EXPORT (call), A_TRAIN          */
	} u;
};

typedef struct { AstList item; } Program;

/* ---- parse.c (drives grammar/nn.y) ---------------------------------------------------------- */

/* Parses source number `file`; records E01xx diagnostics, at most j->max_errors.  Returns a tree
 * of what could be read, never 0. */
Program *parse_program(Job *j, int file);
/* Parses one expression (the second start symbol), for rule strings and -D values.
 * Returns 0 after a recorded diagnostic if it is not one `expr`. */
Ast *parse_expr(Job *j, int file);

/* ---- ast.c ------------------------------------------------------------------------------------ */

Ast *ast_new(Job *j, AstKind kind, Span at);
void ast_push(Job *j, AstList *l, Ast *a);
const char *ast_kind_name(AstKind k);
/* --dump-ast: one node a line, two blanks a level, spans as line:column. */
void ast_dump(Job *j, const Program *p, FILE *f);
/* --dump-tokens: one token a line. */
void token_dump(Job *j, int file, FILE *f);

#endif
