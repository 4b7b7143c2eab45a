/* base.h - what every layer stands on: arenas, symbols, places in source, diagnostics, output.
 *
 * There is no global state: a Job owns everything that one run of the compiler makes, and is
 * passed down.  Two Jobs may live in one process.
 */
#ifndef NNC_BASE_H
#define NNC_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define NNC_VERSION "0.1.0"

/* ---- arena.c --------------------------------------------------------------------- */

/* An arena grows and is freed as a whole, never piecewise.  Allocation never returns 0: out of
 * memory ends the process with one line and exit status 3. */
_Noreturn void out_of_memory(void);
typedef struct Arena Arena;

Arena *arena_new(void);
void   arena_free(Arena *a);
/* n zeroed bytes, aligned to 16. */
void   arena_reset(Arena *a);                  /* frees what was allocated; a stays usable     */
void  *arena_alloc(Arena *a, size_t n);
/* p, of `have` bytes, with room for `want`; p is not to be used again.  What is new may be
 * anything. */
void  *arena_enlarge(Arena *a, void *p, size_t have, size_t want);
/* p, of n bytes, is not used any more: given back where it is large. */
void   arena_drop(Arena *a, void *p, size_t n);
char  *arena_strndup(Arena *a, const char *s, size_t n);
char  *arena_printf(Arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* 61706 as "61 706"; n is not negative. */
char  *arena_grouped(Arena *a, int64_t n);
char  *arena_vprintf(Arena *a, const char *fmt, va_list ap);

/* An array in an arena that can take at least `need` items: returns v itself if cap suffices,
 * else a copy of twice the size (the old one stays in the arena).  Updates *cap. */
void  *arena_grow(Arena *a, void *v, int have, int *cap, int need, size_t item);

/* Limits of programs, printed by --limits: what blocks, fns and repeat may expand to. */
enum { MAXSTMTS = 120000, MAXCALLS = 100000, MAXNEST = 900 };

/* Of functions that recursion passes by: what they need on the stack is not needed at each level. */
#define OUTLINE __attribute__((noinline))

#define NEW(a, T)        ((T *)arena_alloc((a), sizeof(T)))
#define NEWN(a, T, n)    ((T *)arena_alloc((a), sizeof(T) * (size_t)(n)))
/* Append x to the growing array v (count n, capacity cap) of arena a. */
#define PUSH(a, v, n, cap, x) \
	((v) = arena_grow((a), (v), (n), &(cap), (n) + 1, sizeof *(v)), (v)[(n)++] = (x))

/* ---- intern.c -------------------------------------------------------------------- */

typedef const char *Sym;               /* interned: equal text, equal pointer; NUL-terminated */
typedef struct Symbols Symbols;

Symbols *symbols_new(Arena *a);
void     symbols_free(Symbols *s);     /* the table; its texts are of the arena              */
Sym      symbols_get(Symbols *s, const char *text, size_t n);

/* ---- source.c: files and places -------------------------------------------------- */

typedef struct { int file, beg, end; } Span;      /* byte range [beg, end) of file; file -1: none */

typedef struct {
	const char *name;              /* as given on the command line, for messages           */
	const char *text;              /* NUL-terminated                                       */
	int len;
	int *line;                     /* byte offset of each line's start                     */
	int nline;
	bool builtin;                  /* the prelude: diagnostics point at the user's call    */
} Source;

/* ---- the job --------------------------------------------------------------------- */

typedef struct Diag Diag;

typedef struct Job {
	Arena *mem;                    /* lives as long as the job                             */
	Arena *tree;                   /* syntax trees, until the program is elaborated        */
	Symbols *symbols;
	Source *source; int nsource, capsource;
	Diag **diag; int ndiag, capdiag;
	Diag **diag_at; int ndiag_at, capdiag_at;      /* the same by place, a hash table      */
	int64_t ngraph;                /* graphs made so far                                   */
	int nerror;
	int max_errors;                /* 20; 0: no limit                                      */
	bool more_errors;              /* there are more than that                             */
	bool usage;                    /* an error is one of the command line: exit status 2    */
	bool color, json, warnings_off, werror;
	const char **no_warning; int nno_warning;         /* -Wno-NAME                         */
	const char **error_warning; int nerror_warning;   /* -Werror=NAME                      */
	const char *pass;              /* name of the running pass, for bug()                  */
	bool check;                    /* run graph_check() after every pass                   */
	struct Rules *rules;           /* formulas of the op table (ops/rules.c) ..            */
	struct Heads *heads;           /* .. and those that simplify, by op (ops/match.c)      */
	void *prelude;                 /* the parsed standard library (front/elab.c)           */
} Job;

Job *job_new(void);
void job_free(Job *j);
Sym  job_sym(Job *j, const char *text);
Sym  job_symf(Job *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds a text as a source file; returns its number.  The text is copied. */
int  source_add(Job *j, const char *name, const char *text, size_t len, bool builtin);
enum { SOURCE_BYTES = 16 << 20 };      /* of one source file                                   */

/* Reads a file and adds it; -1 if it cannot be read (errno says why; EFBIG: more than
 * SOURCE_BYTES). */
int  source_read(Job *j, const char *path);
/* Line (from 1) and column (from 1, in characters) of an offset. */
void source_place(const Job *j, int file, int offset, int *line, int *column);
/* The text under a span, in the job's arena. */
const char *source_text(Job *j, Span at);
extern const Span NOWHERE;             /* file -1                                            */
Span span_join(Span a, Span b);

/* ---- diag.c: the one engine for messages (interfaces.md section 2) --------------- */

/* Three verbs.  error() and warning() record a diagnostic and let the caller attach labels,
 * notes and help to it; nothing is printed before diag_flush(), which sorts by place.
 * bug() is for impossible states: it names the pass and ends with exit status 70.
 * The same code at the same span is recorded once (the second call returns a dummy). */
Diag *error(Job *j, Span at, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
Diag *warning(Job *j, Span at, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* One to hang labels on that nobody hears of. */
Diag *diag_unheard(Job *j);
Span diag_place(const Diag *d);
const char *diag_code(const Diag *d);
/* The label printed behind the carets of the primary span. */
void diag_label(Diag *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A secondary span, drawn with ~~~~, with its label (may be ""). */
void diag_span(Diag *d, Span at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* "= note: ..." and "= help: ..."; diag_note_at also shows the source under the note, label
 * behind the ~~~~ (may be 0). */
void diag_note(Diag *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void diag_note_at(Diag *d, Span at, const char *label, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void diag_help(Diag *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Prints all recorded diagnostics to f (text or JSON), empties the list, returns the number of
 * errors since the job began. */
int  diag_flush(Job *j, FILE *f);
/* What other programs say, as a line of JSON of the same form: severity "error", "warning" or "note"; file
 * may be 0; notes and helps end with 0, or are 0. */
typedef struct {
	const char *severity, *code, *text, *file;
	int line, col;
	const char *const *note, *const *help;
} Said;
void diag_said(const Said *s, FILE *f);
/* True once there were more than max_errors: passes stop early. */
bool diag_full(const Job *j);

_Noreturn void bug_at(const Job *j, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
#define bug(j, ...) bug_at((j), __FILE__, __LINE__, __VA_ARGS__)

/* "did you mean": the entry of names with the smallest edit distance to what, at most 2 (1 for
 * names of 3 letters or fewer), ties by order; 0 if none. */
const char *nearest(const char *what, const char *const *names, int n);

/* ---- out.c: the only place that writes text through stdio ------------------------ */

/* A writer with indentation.  A line that ends in `{` indents what follows; a line that starts
 * with `}` goes one level back.  Everything is kept in memory until out_save(). */
typedef struct Out {
	Arena *mem;
	char *text; size_t n, cap;
	int depth;
	bool bol;                      /* at the beginning of a line                           */
} Out;

/* Like vsnprintf, but quick for %s, %.*s, %d, %lld, %c; returns the length of the whole text. */
size_t text_format(char *buf, size_t size, const char *fmt, va_list ap);

Out *out_new(Arena *a);
void out(Out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* One whole line, given without its end. */
void out_line(Out *o, const char *s, size_t n);
/* Raw text, not indented (weights, embedded files). */
void out_raw(Out *o, const char *text, size_t n);
/* Writes the text to path by a temporary file in the same folder and rename; "-" is standard
 * output.  Returns 0, or -1 with errno. */
int  out_save(const Out *o, const char *path);
/* Whether out_save could write there: 0, or -1 with errno. */
int  out_probe(const char *path);
/* The shortest decimal that reads back to exactly v as a float (single) or double; always has
 * a point or exponent, no suffix.  buf holds at least 40 bytes.  Returns buf. */
char *number_text(char *buf, double v, bool single);

/* ---- file.c: reading and checked sizes ------------------------------------------- */

/* Whole file as NUL-terminated bytes in a; 0 if it cannot be read (errno; EFBIG: more than
 * `most` bytes). */
char *file_read(Arena *a, const char *path, size_t most, size_t *len);
/* Checked products and sums: false if the result exceeds max. */
bool  size_mul(int64_t a, int64_t b, int64_t max, int64_t *r);
bool  size_add(int64_t a, int64_t b, int64_t max, int64_t *r);

#endif
