/* elab.h - what the files of the elaborator share: values, definitions, frames, and who does
 * what.
 *
 *     elab.c      the driver: variants, pruning, initial values, the finished module
 *     item.c      the items of files: imports, definitions, constants, -D
 *     value.c     values, numbers, crossing from one graph into another
 *     expr.c      expressions          broad.c     operators on tensors, broadcasting
 *     index.c     subscripts           pattern.c   rearrange, reduce, einsum
 *     call.c      calls: arguments, frames, layers
 *     param.c     parameters, buffers, paths, initialisers
 *     typing.c    types as written: declarations, headers of blocks
 *     stmt.c      statements           result.c    losses, metrics, outputs
 *     recur.c     scan
 *     section.c   train                data.c      data
 *     source.c    sources of data      column.c    columns in fields, width.c their sizes
 *     export.c    export               search.c    search
 *     field.c     functions of fields: what is learned from the training rows
 *     split.c     how data are dealt
 *     loop.c      the training loop    stop.c      when it ends
 *     schedule.c  numbers that change  optim.c     the optimizer's update
 *     regular.c   regularisers
 *     builtin.c, moves.c, spatial.c, reduce.c      functions that the language cannot express
 *     whole.c     metrics of the whole set
 *     report.c    messages             names.c     their tables
 *     doubt.c     what is certain in spite of errors of syntax
 *     unexpanded.c      names in definitions that are never called
 *     origin.c    where shapes come from          foreign.c   names of other systems
 *     advice.c    arguments and settings of other systems
 *
 * The program is elaborated once with training on and once with training off; a number that
 * turns out to reach a shape after it was taken as a run-time number starts all over.
 */
#ifndef NNC_ELAB_H
#define NNC_ELAB_H

#include "ast.h"
#include "foreign.h"
#include "module.h"
#include "op.h"

typedef struct Elab Elab;
typedef struct Value Value;
typedef struct Frame Frame;
typedef struct Def Def;
typedef struct Const Const;
typedef struct Scan Scan;
typedef struct Layer Layer;
typedef struct Init Init;

/* ---- tables ------------------------------------------------------------------------------ */

/* Symbol -> pointer; open addressing, nothing is ever removed. */
typedef struct { Sym *key; void **val; int n, size; } Map;

void *map_get(const Map *m, Sym key);
void  map_put(Arena *a, Map *m, Sym key, void *val);
void  map_clear(Map *m);               /* keeps a small table                                  */

/* ---- values (value.c) -------------------------------------------------------------------- */

typedef enum {
	V_POISON,                      /* in error: silences whoever uses it                  */
	V_NONE,
	V_TENSOR,
	V_NUMBER,
	V_BOOL,                        /* known at compile time                               */
	V_STRING,
	V_LIST, V_TUPLE,
	V_LAYER,
	V_INIT,                        /* an initialiser, not yet met its parameter           */
	V_REG                          /* a regulariser, likewise: def and args of init        */
} ValueKind;

typedef enum { MARK_NONE, MARK_PROB, MARK_LOGPROB } Mark;
typedef enum { UNIT_NONE, UNIT_EPOCHS, UNIT_STEPS } Unit;

/* The run-time constants that a number depends on: a tree of unions. */
typedef struct Deps {
	Const *konst;
	struct Deps *a, *b;
	bool seen;                     /* already made structural                             */
} Deps;

struct Value {
	ValueKind kind;
	Mark mark;
	Span at;                       /* the expression that uses it                         */
	Span made;                     /* the call that gave it its shape                     */
	const Type *from;              /* the shape before that call, or 0                    */
	const Frame *maker;            /* of that call, or 0                                  */
	Node *n;                       /* V_TENSOR; V_NUMBER: its run-time form, or 0         */
	Graph *g;                      /* of n                                                */
	/* V_NUMBER: known: num, and i if is_int.  Else i * N (batch), or per * t + i (tick), or
	 * n. */
	bool known, is_int, batch;
	Scan *tick;
	int64_t per;
	double num;
	int64_t i;
	int64_t over; /* i / over had a remainder (known, not is_int); else 0 */
	Deps *deps;                    /* V_NUMBER, V_BOOL                                    */
	Unit unit;                     /* V_NUMBER: a length, as of `steps(200)`               */
	int64_t multiple;              /* V_NUMBER: of a schedule for `batch`; 0: not given    */
	bool yes;                      /* V_BOOL                                              */
	bool mode;                     /* V_BOOL: depends on `training`                       */
	Sym str;
	Value *item; int nitem;        /* V_LIST, V_TUPLE                                     */
	Sym key;                       /* an item collected by name                           */
	Layer *layer;
	Init *init;
};

Value v_poison(void);
Value v_none(void);
Value v_tensor(Elab *e, Node *n, Span at);
Value v_int(int64_t i, Span at);
Value v_real(double num, Span at);
Value v_bool(bool yes, Span at);
Value v_string(Sym s, Span at);
Value v_dim(Dim d, Span at);
Value v_list(Elab *e, int n, Span at);

/* "f32[N, 10]", "the number 3", "a string" ... */
const char *value_text(Elab *e, const Value *v);
/* The node in the current graph: captured or copied where the value is from another.  v is a
 * tensor or a number. */
Node *value_node(Elab *e, const Value *v);
/* The same as DT_REAL; numbers, bools and integers are converted. */
Node *value_real(Elab *e, const Value *v);
/* A node of graph g in the current graph. */
Node *node_use(Elab *e, Node *n, Graph *g);
/* A scalar node as a number. */
Value number_of(Elab *e, Node *n, Span at);
Value number_op(Elab *e, Op op, const Value *a, const Value *b, Span at);
Value number_map(Elab *e, Op op, const Value *a, Span at);
Deps *deps_join(Elab *e, Deps *a, Deps *b);
/* A scalar tensor that is made of numbers only becomes a number. */
void  number_from_tensor(Elab *e, Value *v);
/* A number that changes with time. */
bool  is_schedule(const Value *v);
/* The value reaches a shape: the consts it depends on are literals from now on. */
void  make_structural(Elab *e, const Value *v);
/* A list of numbers becomes a vector; false: it is another list, or too long. */
bool  list_tensor(Elab *e, Value *v);
/* A compile-time integer; false after a message (what: "the kernel"). */
bool  need_int(Elab *e, const Value *v, const char *what, int64_t *i);
/* An extent: a number >= 1, or a multiple of N; 0 for -1, if minus is allowed. */
bool  need_dim(Elab *e, const Value *v, const char *what, bool minus, Dim *d);
/* A number whose value is fixed at compile time. */
bool  need_number(Elab *e, const Value *v, const char *what, double *num);
bool  need_bool(Elab *e, const Value *v, const char *what, bool *yes);
bool  need_string(Elab *e, const Value *v, const char *what, Sym *s);
bool  need_seed(Elab *e, const Value *v, uint64_t *seed);

/* What has been brought from one graph into another, by the id of the first. */
typedef struct {
	Graph *from, *to;
	Node **map; int nmap, capmap;
	uint8_t *depth; int ndepth, capdepth;   /* 0: no number-like value; else its depth    */
} Crossing;
/* A copy of a value that depends on numbers only; 0 if it depends on more. */
Node *cross_free(Elab *e, Crossing *c, Node *n);

/* ---- definitions (item.c) ---------------------------------------------------------------- */

typedef Value Builtin(Elab *e, Frame *f);

/* What a definition is; the names of schedules and regularisers do not meet those of models, nor do
 * those of functions of the data section. */
typedef enum { SP_MODEL, SP_SCHEDULE, SP_LENGTH, SP_REGULARISER, SP_FIELD } Space;

struct Def {
	Sym name;
	Ast *ast;                      /* A_FN A_BLOCK A_OPTIMIZER A_MODEL                    */
	bool prelude;
	Builtin *builtin;              /* fn f(..) = builtin("name")                          */
	Op op;                         /* builtin that is one op (NOP: none)                  */
	Space space;
	int is_init;                   /* 0 not looked at, 1 no, 2 yes, 3 being looked at     */
	bool busy;                     /* being expanded: a call of it is recursion           */
	bool expanded;                 /* its body was walked                                 */
};

struct Const {
	Sym name;
	Ast *ast;
	Ast *given;                    /* from -D                                             */
	bool main, prelude, structural, busy;
	int64_t graph;                 /* of cached: its serial number                         */
	Value cached;
	bool has_cached;
	bool setting;                  /* a number of the optimizer: name and value only      */
	bool real;                     /* -D gave an integer where the program has a number   */
};

/* One set of parameters: `layer enc = dense(64)`. */
typedef struct { Sym name; Value v; Span at, name_at; } Arg;
typedef struct { Arg *v; int n, cap; } Args;
enum { FEWARGS = 9 };

struct Layer {
	Sym name, path;
	Def *def;
	Args args;
	Span at;                       /* the call                                            */
	Ast *call;
	int uses;
	Frame *scope;
};

/* An initialiser as an expression to be evaluated where it meets a shape. */
struct Init {
	Def *def; Args args; Span at;  /* a call, or:                                         */
	Ast *op; Init *l, *r;          /* arithmetic over them, or:                           */
	Value value;                   /* a number                                            */
	bool proximal;                 /* a regulariser's: a step after the update            */
};

/* ---- frames (call.c) --------------------------------------------------------------------- */

typedef struct {
	Sym name;
	Value v;
	Span at;
	bool dead;                     /* its scope has ended                                 */
	bool read;
	bool quiet;                    /* an argument, dimension, input: no warning if unread */
	bool unknown;                  /* stands for a name that is not defined               */
	bool fixed;                    /* a param, buffer or input: declared once             */
	int buffer;                    /* number of the buffer + 1, 0: none                   */
	int depth;                     /* scope                                               */
	int param, nparam;             /* the parameters that its statement made              */
	Scan *scan;                    /* the scan around its making                          */
} Binding;

struct Frame {
	Frame *up;                     /* the caller                                          */
	Def *def;
	Ast *call;
	Span at;                       /* of the call                                         */
	Span written;                  /* of the call that gave the arguments                 */
	Value *formal; int nformal, capformal; /* by number, for builtins                     */
	/* of a frame that is done, and made a value, no more than this is kept (call.c) */
	Frame *scope;                  /* who counts ordinals: itself, or a fn's caller       */
	Sym path;                      /* "" in the model                                     */
	Sym draws;                     /* the path for random streams                         */
	Scan *around;                  /* the scan around the call                            */
	Binding **name; int nname, capname;
	int nspare;                    /* bindings of an earlier use, to be taken              */
	Map map, layers, ordinals, used;
	int depth;                     /* of scopes inside                                    */
	Binding **made; int nmade, capmade;     /* by the scopes that are open, in order       */
	int *start; int nstart, capstart;       /* where in made each scope begins             */
	int repeat;                    /* > 0 inside repeat bodies                            */
	bool reuse;                    /* a second use of a layer                             */
	bool has_dots; int ndots; Dim dots[MAXRANK]; Span dots_at;
	/* arguments of every layer, inherited */
	Value init, bias_init;
	double lr_scale; bool trainable;
	Value reg; bool reg_set;       /* `regularize` of a layer; not set: the section's      */
	bool returned; Value result;
	bool bound;                    /* the arguments are bound: the body runs              */
	int owned;                     /* parameters and buffers of its own                   */
	uint64_t given, by_name;       /* bit i: formal i is not its default; has its name    */
};

Value eval_call(Elab *e, Ast *call, const Value *piped);
/* Calls a definition with values. */
Value call_def(Elab *e, Def *d, Ast *call, Args *args, Span at, Sym label, Span label_at);
Value call_layer(Elab *e, Layer *l, Ast *call, Args *args, Span at);
/* def: whose arguments they are, or 0. */
void  collect_args(Elab *e, const Def *def, Ast *call, const Value *piped, Args *out);
/* Has d an argument of this name? */
bool  def_takes(const Def *d, Sym name);
void  arg_push(Elab *e, Args *a, Sym name, Value v, Span at, Span name_at);
Frame *frame_new(Elab *e, Def *d, Ast *call, Span at);
Binding *frame_find(Frame *f, Sym name);
Binding *frame_bind(Elab *e, Frame *f, Sym name, Value v, Span at);
/* "dense(x, units, bias = true)". */
const char *def_signature(Elab *e, const Def *d);
/* "conv2d(filters, kernel, stride = 1, padding = 0)": as it is piped into, four arguments. */
const char *short_signature(Elab *e, const Def *d);
/* Binds the arguments to the formals of f; false after a message. */
bool  bind_args(Elab *e, Frame *f, Args *args);
/* The argument for a formal of the current builtin. */
const Value *formal(Frame *f, int i);

/* ---- paths, parameters (param.c) --------------------------------------------------------- */

/* A name for a labelled or unlabelled call of d, or for a `param` ..., in the current scope. */
Sym   path_of_call(Elab *e, Frame *scope, Sym kind, Sym label, Span at);
Sym   path_of_name(Elab *e, Frame *scope, Sym name, Span at);
Sym   path_join(Elab *e, Sym path, Sym name);
/* The path without its last name; 0 at the top. */
Sym   path_up(Elab *e, Sym path);
uint64_t draw_stream(Elab *e, Sym what);
Value declare_param(Elab *e, Sym path, Sym name, const Type *ty, const Value *init, Span at);
int   declare_buffer(Elab *e, Sym path, const Type *ty, const Value *init, Span at);
/* The value of parameter path, or poison. */
Value param_by_path(Elab *e, Sym path, Span at);
bool  init_is(Elab *e, Def *d);
Value init_call(Elab *e, Def *d, Args *args, Span at);
/* First value of a tensor in the current (init) graph; 0 after a message. */
Node *init_build(Elab *e, const Value *init, const Type *ty, Sym path, Span at);
Node *init_fit(Elab *e, Node *n, const Type *ty, Span at);

/* ---- types as written (typing.c) --------------------------------------------------------- */

/* A declared type; false after a message. */
bool  type_of_ast(Elab *e, Ast *t, Type *ty);
/* Does v fit the type in a header?  Binds dimension names; may convert v.  def: whose header.
 */
bool  type_match(Elab *e, Frame *f, Ast *t, Value *v, Sym what);
bool  is_kind_name(Sym name);
/* The frame of the function that the user called; helpers of the prelude begin with `_`. */
Frame *public_frame(Frame *f);

/* ---- expressions ------------------------------------------------------------------------- */

Value eval(Elab *e, Ast *a);
Value binary(Elab *e, Sym op, const Value *a, const Value *b, Span at, Span op_at);
Value eval_index(Elab *e, Ast *a);
Value const_value(Elab *e, Const *c);
/* The const that a name means at a place, or 0. */
Const *const_find(const Elab *e, Sym name, Span at);
/* The same for the name of a dimension in a header: only consts that the file of the header has or
 * imports.  Else a const of the program would be a condition on blocks that do not know it. */
Const *const_of_dim(Elab *e, Sym name, Span at);
/* Two tensors at a common rank; false after a message.  a2, b2: the nodes, what: "`+`". */
bool  broadcast(Elab *e, const Value *a, const Value *b, Node **a2, Node **b2, const char *what,
                Span at);
Value matmul(Elab *e, const Value *a, const Value *b, Span at, Span op_at);

/* No N * N, not too large; false after a message. */
bool  shape_ok(Elab *e, const Type *t, Span at);

/* Moves used in several files. */
Node *drop_axes(Elab *e, Node *x, uint32_t axes);          /* reshape away axes of extent 1 */
Node *real_of(Elab *e, Node *x);
/* "dim" as an axis 0..rank-1; false after E0311. */
bool  need_axis(Elab *e, const Value *v, int rank, const char *what, int *axis);
bool  need_axes(Elab *e, const Value *v, int rank, uint32_t *axes);
const Value *need_tensor(Elab *e, Frame *f, int i);
/* The product of the extents of axes, as a number node. */
Node *extent_number(Elab *e, const Type *t, uint32_t axes, double minus);
/* A reduction by the words of `reduce`, rank kept; 0 for an unknown word. */
Node *reduce_kept(Elab *e, const char *how, Node *x, uint32_t axes);

/* ---- statements -------------------------------------------------------------------------- */

void  exec_body(Elab *e, AstList *body);
void  exec_scope(Elab *e, AstList *body);
void  scope_begin(Elab *e);
void  scope_end(Elab *e);
/* -Wunused-value, once it is known that there is no error. */
void  warn_unused(Elab *e);
void  exec_scan(Elab *e, Ast *a);
void  exec_result(Elab *e, Ast *a);
/* E0406 where a metric of the whole set is read by what is no metric (whole.c). */
/* (result.c) Marks the outputs that losses take for logits. */
void  mark_logits(Elab *e);
void  check_wholes(Elab *e);
/* Do metrics a in training and b in evaluation compute the same of their sums? */
bool  same_formula(Elab *e, const Node *a, const Node *b);
/* Of a metric's expression; true where it cannot be known. */
bool  larger_is_better(Elab *e, const Ast *v);
/* Inputs and outputs stand in the model; false after E0406. */
bool  only_in_model(Elab *e, Ast *a, const char *what);
void  assign(Elab *e, Sym name, Value v, Span at);
/* Is the name N, none or training?  Then a message says so. */
bool  word_taken(Elab *e, Sym name, Span at);

struct Scan {
	Scan *up;
	Crossing x;
	Sym var;
	int64_t lo; int steps;
	Node **seq; int nseq, capseq;
	Node **capture; int ncapture, capcapture;
	Frame *frame; int depth;
	const AstList *carry;
	struct { Sym name; Value v; Span at; } *emit; int nemit, capemit;
	bool wrong;
};

/* The slice of x along axis at a subscript that follows the step of a scan, in the body. */
Value scan_step(Elab *e, const Value *sub, const Value *x, int axis, Span at);

/* ---- schedules (schedule.c) --------------------------------------------------------------- */

/* The words step, epoch, progress; false: none of them. */
bool  time_word(Elab *e, Sym name, Span at, Value *v);
/* What a definition is, by its body; the file's earlier definitions are known. */
Space space_of(Elab *e, Def *d);
/* The definition that a call names: of the model, or of `train`; 0: none. */
Def  *def_find(Elab *e, Sym name, Span at);
/* A schedule, length or regulariser is called with a tensor: says what the name is. */
Value train_name_in_model(Elab *e, Ast *call, const Def *d);

/* For every setting of `train` that is a number or a schedule (lr, clip_norm, batch ...).
 *
 * setting_number evaluates the right side of the setting s.  Returns 1 + its row in the module's
 * table of numbers, of which the pass knobs makes a knob (module.h, Number) that the runtime
 * evaluates before each update; 0 after a message.  *v: its value, known at compile time if
 * v->known, for checks of ranges.  A plain number can be set at run time under the setting's
 * name. */
int   setting_number(Elab *e, Ast *s, Value *v);
/* The first value of moment i, a node of the graph update. */
void  moment_start(Elab *e, int i, Node *first, Span at);
/* The same for a value; e->g must be the graph `numbers` or `update`. */
int   number_row(Elab *e, Sym name, const Value *v);
/* A setting that was read as a number, a: if consts that may be set at run time decide it, the
 * trainer reads it again (loop.c). */
void  read_once(Elab *e, OnceKind kind, int rule, Ast *a);
/* A plain number as a run-time setting of that name. */
Value as_setting(Elab *e, const Value *v, const char *name);
/* Before argument i of an optimizer is evaluated: if it is a call of a schedule, the number that this
 * begins with, `v` of `cosine(v, ...)`, is to become the setting `optimizer.NAME` (e->peak). */
void  expect_schedule(Elab *e, const Def *optimizer, int i, const Ast *arg);
/* ---- regularisers (regular.c) -------------------------------------------------------------- */

/* The call of a regulariser without its `w` is a value: V_REG.  False: an ordinary call. */
bool  reg_call(Elab *e, Def *d, Args *args, Span at, bool wanted, Value *v);
/* Does argument number i of the call, or of that name, take a regulariser? */
bool  reg_wanted(const Def *d, int i, Sym name);
/* `regularize` of a layer or of train: none or a regulariser; false after a message. */
bool  reg_ok(Elab *e, const Value *v, Span at);
/* The penalty of all live parameters as a root of grad, and their proximal steps. */
void  build_penalty(Elab *e);

/* -Wschedule, once the length of the run is known. */
void  warn_schedules(Elab *e);

/* ---- sections ---------------------------------------------------------------------------- */

void  do_train(Elab *e);
/* A setting of the training loop; false: it is none of them. */
bool  loop_setting(Elab *e, Ast *s);
void  stop_setting(Elab *e, Ast *a);
/* The numbers of the loop as roots of the current graph. */
void  train_numbers(Elab *e);
/* A loss or metric by its name, with or without `val_`; -1: there is none.  The name that an
 * expression is, or 0. */
int   score_find(const Module *m, const char *name);
bool  score_larger(const Module *m, int score);
bool  score_on_val(const Module *m, int score);
const char *score_text(Elab *e, const Ast *a);
/* False after a message: no such score, or no validation part. */
bool  score_ok(Elab *e, const char *name, int score, Span at);
void  do_update(Elab *e);
void  do_export(Elab *e);
void  do_search(Elab *e);
/* May a const with value old be given v? */
bool  define_fits(const Value *old, const Value *v);
void  do_data(Elab *e);
/* An argument that every source has; false: it is none. */
bool  data_argument(Elab *e, const Arg *a);
/* The call of a source without `split`, whose expression it gives apart; then the split itself. */
Ast  *data_call(Elab *e, Ast *call, Ast **split);
/* Is the prelude's function of this name one of the data section? */
bool  is_field_function(const char *name);
/* The parts of `concat` in a field, one number a sample as one element; the axis along which. */
void  field_parts(Elab *e, Node **x, int n, const Value *dim, int *axis);
/* one_hot of a column of texts: x becomes its classes; false after a message. */
bool  field_one_hot(Elab *e, Frame *f, Value *x);
/* The number that stands where x is missing, of a field: the mean of the training rows. */
Value field_missing(Elab *e, Node *x, Span at);
/* Is x a column of texts, and nothing else? */
bool  field_is_words(const Elab *e, const Node *x);
/* The classes of such a column's texts, the table of which is learned. */
Value field_classes(Elab *e, const Value *x, Span at);
/* The graph `bind` is complete: what has to be learned first becomes the graph `fit`. */
void  field_end(Elab *e);
void  data_split(Elab *e, Ast *split);
/* The source that the section names, and its arguments (source.c). */
void  data_source(Elab *e, Ast *call);

/* ---- columns in the expressions of fields (column.c) ---------------------------------------- */

/* Before the expression of field `in` is evaluated: what its columns are. */
void  columns_begin(Elab *e, const Field *in, Ast *value);
/* (width.c) The sizes of those that neither the program nor their names say. */
void  column_sizes(Elab *e, const Field *in, const Ast *value);
/* A name, or a call of others, columns, column, as raw columns; false: it is none. */
bool  column_name(Elab *e, Ast *a, Value *v);
bool  column_call(Elab *e, Ast *call, Value *v);
/* May the source have a column of this name? */
bool  column_is_known(Elab *e, Sym name);
/* A raw column of that name and type; 0 after a message.  pick may be 0. */
Node *column_raw(Elab *e, Sym name, const Type *ty, const Pick *pick, Span at);

/* ---- builtins ---------------------------------------------------------------------------- */

typedef struct { const char *name; Builtin *fn; } BuiltinRow;
/* One table a file, closed by an empty row. */
extern const BuiltinRow whole_rows[], builtin_rows[], move_rows[], spatial_rows[], reduce_rows[],
	pattern_rows[], schedule_rows[], field_rows[];
Builtin *builtin_find(const char *name);

/* ---- messages (report.c, names.c) -------------------------------------------------------- */

/* Reports at the user's call if at is in the prelude; adds notes for the user's blocks around.
 */
Diag *fail(Elab *e, Span at, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same without the notes, and the notes. */
Diag *fail_bare(Elab *e, Span at, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void  note_blocks(Elab *e, Diag *d);
/* "not implemented yet: ..." */
Value later(Elab *e, Span at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The place in a user's file for a span. */
Span  user_place(const Elab *e, Span at);
bool  in_prelude(const Elab *e, Span at);
/* With errors of syntax: could what was not understood be the cause of this message?  (doubt.c) */
bool  doubtful(Elab *e, Span at, const char *code);
void  doubt_begin(Elab *e);
/* Unknown names in definitions that were not expanded (unexpanded.c). */
void  check_unexpanded(Elab *e);
/* Was this mistake, in these words, reported before?  The same mistake is reported once. */
bool  told(Elab *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The label of an operand's type. */
void  show_value(Elab *e, Diag *d, const Value *v);
Value unknown_call(Elab *e, Ast *call);
Value unknown_name(Elab *e, Sym name, Span at);
void  unknown_argument(Elab *e, Def *d, const Arg *a, Span call_at);
void  unknown_setting(Elab *e, const char *section, const char *const *known, Ast *s);
/* The const whose name v was written as, or 0. */
const Const *const_behind(Elab *e, const Value *v);
/* "heads = 5 (given by -D heads=5)"; "" for a plain number. */
const char *number_source(Elab *e, const Value *v);
/* "1, 2, 3 or 6": the smallest divisors. */
const char *divisors(Elab *e, int n);
const char *ordinal_list(Elab *e, const int *v, int n);     /* "1, 2 and 3"                */

/* "did you mean", or advice, for an unknown argument or setting (advice.c). */
void  suggest_argument(Diag *d, const char *callee, const char *name, const char *const *known,
                       int nknown);
void  suggest_setting(Diag *d, const char *section, const char *name, const char *const *known,
                      int nknown);
bool  later_name(const char *name, const char **what);
/* What a loss expects of its predictions. */
typedef struct {
	const char *name;
	bool loss, metric, larger;
	int mark;                      /* 0 any, 1 no probabilities, 2 log-probabilities      */
} LossRow;
const LossRow *loss_find(const char *name);

/* ---- where shapes come from (origin.c) --------------------------------------------------- */

/* The note that says which call gave v its shape, and why. */
void  show_origin(Elab *e, Diag *d, const Value *v);
/* The shape of v where it was made, and all shapes before it that were made on the line of at. */
void  show_chain(Elab *e, Diag *d, const Value *v, Span at);
/* Did a layer whose name has `part` in it make v or what v is made of? */
bool  chain_has(const Value *v, const char *part);
/* The value that v has its shape from: before all calls that kept it. */
const Value *shape_origin(const Value *v);
/* The call of m with `new` where the user wrote the integer old; 0: nowhere. */
const char *call_with(Elab *e, const Frame *m, int64_t old, int64_t new);
/* Of two values that met in a block, the one that was made in it. */
const Value *branch_of(const Elab *e, const Value *a, const Value *b);
/* Help for a residual block whose branch changes the shape; false: it is none. */
bool  shortcut_help(Elab *e, Diag *d, const Value *a, const Value *b, const char *what);
/* "[N, 16, 5, 5]": the type without `f32`. */
const char *shape_text(Elab *e, const Type *t);
/* "dense(1)": a call without its named arguments. */
const char *short_call(Elab *e, const Ast *call);
/* What the user wrote for formal i of the call of m; 0: nothing.  Was its first one piped? */
const char *argument_text(Elab *e, const Frame *m, int i);
bool  piped_into(const Frame *m);
/* One name and nothing else? */
bool  is_word(const char *s);

/* ---- the elaborator ---------------------------------------------------------------------- */

typedef struct {
	Value init; Sym path; Span at;
	Value reg; bool reg_set;       /* its layer's own `regularize`                        */
	int stamp;                     /* the variant that declared it last                   */
	bool live;
} TensorInfo;

/* ---- the table of calls (table.c) -------------------------------------------------------- */

typedef struct {
	CallKind kind;
	Sym path, text;
	Type out;
	Node *n;                       /* of the variant's graph; 0: in a scan's body         */
	Span at;
	bool has_out, live;
} CallRow;

void  table_begin(Elab *e);
void  table_call(Elab *e, Frame *f, const Value *v);
void  table_output(Elab *e, Sym name, Node *n, Span at);
/* After the walk of the variant: which calls do outputs depend on? */
void  table_end(Elab *e);
void  table_fill(Elab *e);

/* A warm-up, to be compared with the length of the run. */
typedef struct { Span at; Value length, peak; } Warmup;

/* A value that nobody has read. */
typedef struct { Sym name; Span at, hidden; int layers; int64_t params; } Unused;

/* File `from` imports file `to`. */
typedef struct { int from, to; } Import;

struct Elab {
	Job *j;
	Arena *mem;                    /* of the module: the job's                             */
	Arena *work;                   /* what nobody needs when the module is done            */
	Module *m;
	Map def, konst, optdef;
	Map pconst;                    /* consts of the prelude: a user's of that name is another */
	Map helper;                    /* what the prelude calls `_name`: no user sees it     */
	Map traindef;                  /* schedules, lengths and regularisers of the prelude  */
	Map fielddef;                  /* its functions of the data section                   */
	const Ast *peak;               /* the first argument of a schedule in the optimizer ... */
	const char *peak_name;         /* ... and the setting that it becomes                  */
	Warmup *warmup; int nwarmup, capwarmup;
	Span length_at;                /* of the run: where it is written                     */
	Map refused;                   /* names that the program may not define, but did      */
	Const **consts; int nconst, capconst;
	Map imported;                  /* real path -> file + 1                                */
	Import *import; int nimport, capimport;
	bool import_missing;           /* an import could not be read                          */
	int *file; int nfile, capfile; /* of the user, for the hash                           */
	int nsyntax; /* errors of E01                                        */
	Ast **item; int nitem, capitem;          /* of the user's files                       */
	Span *doubt; int ndoubt, capdoubt;       /* from an error of syntax to the item's end */
	bool regularising;             /* behind `regularize =` of train                      */
	bool lost_result;              /* a loss or metric has an error of its own            */
	bool only_names;               /* in check_unexpanded                                 */
	bool lost_definition;          /* an error of syntax stands outside of bodies         */
	Ast *model, *data, *train, *search, *export_;
	const char *const *include; int ninclude;
	int main_file;
	Graph *g;                      /* where nodes are made: a variant's graph, or a body  */
	Graph *top;                    /* the variant's graph                                 */
	Graph *scratch;                /* for numbers outside of all graphs                  */
	Scan *scan;
	Frame *frame;
	Frame *spare;                  /* frames that are done and that nothing refers to      */
	int kept;                      /* frames that stay: values refer to them               */
	Arg *spare_args[FEWARGS];      /* lists of arguments that are done, by their capacity  */
	bool walking;                  /* in the model: layers may be called                 */
	bool training;
	bool asked;                    /* something has read `training`                        */
	bool alike;                    /* the two variants are                                 */
	bool silent;                   /* in the branch that is not taken                     */
	Frame *silent_frame;           /* where that branch stands: its `return` and `emit`   */
	Scan *silent_scan;             /* do nothing, those of blocks called there do         */
	bool literal;                  /* consts are numbers (train, data, defaults)          */
	int stamp;                     /* number of the variant                               */
	int depth, calls, stmts;
	int stmt_params;               /* parameters before the current assignment            */
	bool again;                    /* a const became structural: start all over           */
	bool full;                     /* gave up: too deep, too large                        */
	/* initialisers */
	const Type *fan; Sym init_path; int init_draws;
	Crossing init_cross[2];
	Node **arg;
	/* module's tables while they grow */
	TensorInfo *pinfo; int npinfo, cappinfo;
	TensorInfo *binfo; int nbinfo, capbinfo;
	Map parampath, bufferpath, names_of_inputs, names_of_losses, names_of_metrics, names_of_outputs,
		settings;
	Value *bufval; int nbufval, capbufval;
	bool *bufset; int nbufset, capbufset;
	Unused *unused; int nunused, capunused;
	Map read;                      /* places of values that somebody reads                */
	Map told;                      /* mistakes that were reported                         */
	CallRow *rows; int nrows, caprows;
	Map rowpath;                   /* path of a layer: its row + 1                        */
	int *part; int npart, cappart; /* row of the nodes of a part                          */
	bool in_result;                /* in a loss or metric                                 */
	int nloss, nmetric, noutput;
	Map made[3];                   /* losses, metrics, outputs of this variant: their places */
	bool in_update;                /* an optimizer's body                                 */
	bool in_penalty;               /* a regulariser's body                                */
	Ast *reg_at;                   /* this call stands behind `regularize =`              */
	const Init *section_reg;       /* the section's regulariser                           */
	bool update_w;                 /* ... has updated w                                   */
	bool decay_all;
	Ast *optimizer;                /* the call in train                                   */
	Ast *number[NTRAINNUMBER];     /* clip_norm = ... of train, or 0                      */
	StopWhen stop_when;            /* of the condition at hand                            */
	bool in_data;
	bool fixes;                    /* what is read here cannot be set at run time          */
	bool draws;                    /* a field has drawn random numbers                     */
	Ast *balance;                  /* the argument of the data source, or 0                */
	const Field *field;            /* of the data section, whose expression is evaluated   */
	bool bare, compares;           /* it is a column and nothing else; has a comparison    */
	struct { const Ast *a; bool words, gaps, sorted, flat; Sym gap; int size; } *column;
	int ncolumn, capcolumn;
};

/* The leaf of a run-time number. */
Node *setting_leaf(Elab *e, Sym name, double value, bool integer, Span at);
/* If v is a number that may be set at run time, a trainer holds it to least..most, too. */
void  setting_range(Elab *e, const Value *v, double least, double most);
/* The items of a file, or of a tree that has been parsed. */
void  read_items(Elab *e, int file, bool main);
void  read_program(Elab *e, const Program *p, bool prelude, bool main);
void  apply_defines(Elab *e, const Define *define, int n);

extern const char prelude_text[];
extern const size_t prelude_len;

#endif
