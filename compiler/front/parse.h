/* parse.h - what the scanner, the parser and its messages share; only they include this.
 *
 * A file is first cut into an array of tokens, which the parser then walks: so messages and
 * recovery can look as far back and ahead as they like.
 */
#ifndef NNC_PARSE_H
#define NNC_PARSE_H

#include "ast.h"

/* Limits, so that no input can exhaust the stack of a later pass. */
enum {
	MAX_NEST = 1000,               /* levels of brackets, and the height of any tree      */
	MAX_LINE = 100000,             /* bytes                                               */
	MAX_NAME = 255
};

typedef struct {
	int kind;                      /* nn.tab.h; a character's own code; 0 at the end      */
	Span at;
	bool first;                    /* first on its line                                   */
	bool flawed;                   /* the scanner reported it                             */
	int depth;                     /* open ( and [ around it, within its statement        */
	int section;                   /* MODEL, TRAIN ...: the item it stands in; 0: none    */
	Sym sym;                       /* its text; a string's value                          */
	int64_t i;                     /* INT                                                 */
	double num;                    /* INT, FLOAT                                          */
} Token;

typedef struct {
	Job *j;
	Arena *mem;                    /* of the tokens                                       */
	int file;
	Token *tok; int ntok, captok;  /* the last one is the end of the file                 */
	bool newline;                  /* scanner: the next token is the first on its line    */
	int beg, end;                  /* scanner: bytes of the current match                 */
	int start;                     /* the token that chooses the start symbol; 0: given   */
	int now, next;                 /* the token last given to the parser; the one after   */
	int closers;                   /* `}` to give before the next token (recovery)        */
	bool closing;                  /* the token last given was one of these               */
	int braces;                    /* `{` given and not closed                            */
	int bad;                       /* where the last syntax error was found               */
	int resumed;                   /* where parsing went on after it; -1: none yet        */
	bool cut;                     /* tokens beyond a limit were dropped: no more messages */
	Program *program;
	Ast *expr;
} Parse;

/* ---- scan.c, grammar/nn.l --------------------------------------------------------------- */

/* Fills p->tok from source p->file; records E0105 for what is no token. */
void scan_file(Parse *p);
/* Called by the scanner for each match. */
void scan_push(Parse *p, int kind, Sym sym);
void scan_word(Parse *p, const char *text, int n);
void scan_number(Parse *p, const char *text, int n, bool real);
void scan_string(Parse *p, const char *text, int n, bool closed);
/* A token that is written otherwise in other languages: says so and goes on as `kind`. */
void scan_foreign(Parse *p, int kind, const char *text, const char *ours);
void scan_stray(Parse *p, const char *text, int n, const char *help);
void scan_bad_number(Parse *p, const char *text, int n);

/* ---- parse.c ---------------------------------------------------------------------------- */

typedef enum { AT_TOP, IN_BODY, IN_SETTINGS } Level;

/* After a syntax error: moves p->next to where a statement, setting or item starts again.
 * False if there is nothing left or enough was reported. */
bool parse_recover(Parse *p, Level level);
/* True if tok[i] begins a section, function or other item. */
bool parse_item_starts(const Parse *p, int i);
/* Index of the token at or before this offset. */
int  parse_index(const Parse *p, int offset);
/* Index of the first token of the statement or setting that tok[i] stands in. */
int  parse_statement(const Parse *p, int i);
int  parse_column(const Parse *p, int i);
bool parse_keyword(int kind);
/* Tokens [i, k) on one line, with the blanks that the program has between them. */
const char *parse_text(Parse *p, int i, int k);

/* ---- syntax.c: the messages ------------------------------------------------------------- */

/* Reports that tok[now] cannot stand here; expected: names of the tokens that could. */
void syntax_error(Parse *p, const char *const *expected, int n);
/* The parser's stack is full. */
void syntax_too_deep(Parse *p, Span at);
/* E0104: a pipeline or call as a statement. */
void syntax_bare(Parse *p, Span at);
/* E0103, operator on the left: `from` is not in parentheses. */
void syntax_pipe_after(Parse *p, const Ast *from, Span pipe);

/* ---- ast.c: one constructor per rule of the grammar ------------------------------------- */

typedef struct { const Token *name; Ast *value; } Tagged;

AstList ast_append(Parse *p, AstList l, Ast *a);       /* a may be 0: nothing                 */
Ast *ast_literal(Parse *p, AstKind k, Span at, const Token *t);
Ast *ast_loss(Parse *p, Span at, const Token *t);
Ast *ast_name(Parse *p, Span at, const Token *t);
Ast *ast_call(Parse *p, Span at, const Token *name, AstList args, bool bare);
Ast *ast_stage(Parse *p, const Token *label, Ast *call);
Ast *ast_arg(Parse *p, Span at, const Token *name, Ast *value);
Ast *ast_binary(Parse *p, Span at, Ast *l, const Token *op, Ast *r);
Ast *ast_unary(Parse *p, Span at, const Token *op, Ast *l);
Ast *ast_pipe(Parse *p, Span at, Ast *from, const Token *op, Ast *stage);
Ast *ast_index(Parse *p, Span at, Ast *of, Span brackets, AstList sub);
Ast *ast_field(Parse *p, Span at, Ast *of, const Token *name);
Ast *ast_list(Parse *p, Span at, AstList item);
Ast *ast_slice(Parse *p, Span at, Ast *lo, const Token *colon, Ast *hi);
Ast *ast_paren(Ast *a);
Ast *ast_type(Parse *p, Span at, const Token *name, Ast *arg, AstList dim);
Ast *ast_assign(Parse *p, Span at, AstList names, Ast *value);
Ast *ast_decl(Parse *p, AstKind k, Span at, const Token *name, Ast *type, Ast *value);
Ast *ast_tagged(Parse *p, AstKind k, Span at, const Token *key, Tagged t);
Ast *ast_return(Parse *p, Span at, const Token *key, AstList value);
Ast *ast_repeat(Parse *p, Span at, const Token *name, Ast *lo, Ast *hi, AstList body);
Ast *ast_scan(Parse *p, Span at, const Token *var, Ast *lo, Ast *hi, AstList carry,
              AstList body);
Ast *ast_if(Parse *p, Span at, const Token *key, Ast *cond, AstList then);
Ast *ast_else(Parse *p, Ast *branch, Span at, AstList other);
Ast *ast_def(Parse *p, AstKind k, Span at, const Token *name, AstList formal, AstList body);
Ast *ast_result(Parse *p, Ast *def, Ast *type);
Ast *ast_fn(Parse *p, Span at, const Token *name, AstList formal, Ast *value);
Ast *ast_section(Parse *p, AstKind k, Span at, const Token *key, Ast *call);
Ast *ast_settings(Parse *p, Ast *section, AstList setting);

#endif
