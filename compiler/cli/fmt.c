/* fmt.c - a program in standard style.
 *
 * In:    a source.   Out: the same tokens and comments with other blanks and line breaks.
 * Holds: the result scans to the same tokens; formatting it again changes nothing.
 *
 * Works on the tokens: the tree only says where statements begin.  A line break of the author's
 * stays where it says something: inside brackets, in a pipeline (then each stage gets a line),
 * in a body that was not written on one line.  Everything else follows from the pair of
 * neighbours.
 */
#include "cli.h"
#include "parse.h"
#include "nn.tab.h"

#include <string.h>

/* What is known of a token besides its text. */
typedef struct {
	bool begins; /* a statement, setting or item                        */
	bool value;  /* an operand ends here                                */
	bool unary;  /* a minus sign without left operand                   */
	bool slice;  /* a colon between bounds                              */
	bool broken; /* `{`: body over several lines; `|>`: on its own line */
	bool glued;  /* `(` or `[` that belongs to the name before it       */
	int match;   /* of `{`: its `}`                                     */
	int margin;  /* of a bracket: blanks before the line it stands on   */
} Mark;

typedef struct {
	Parse p;
	const char *text;
	Mark *mark;
	Out *o;
	int indent;                /* of the statement at hand, in blanks                  */
	int depth;                 /* brackets open in it                                 */
	int margin;                /* of the line at hand                                 */
	int *open, nopen, capopen; /* brackets and braces around, by token                */
} Fmt;

/* ---- what the tokens are ----------------------------------------------------------------- */

static void begin_at(Fmt *f, int offset)
{
	f->mark[parse_index(&f->p, offset)].begins = true;
}

static void mark_list(Fmt *f, const AstList *l)
{
	for (int i = 0; i < l->n; i++) {
		const Ast *a = l->v[i];
		begin_at(f, a->at.beg);
		if (a->kind == A_REPEAT)
			mark_list(f, &a->u.repeat.body);
		if (a->kind == A_SCAN)
			mark_list(f, &a->u.scan.body);
		if (a->kind == A_IF) {
			mark_list(f, &a->u.cond.then);
			mark_list(f, &a->u.cond.other);
		}
	}
}

/* Outside of braces these words begin items and nothing else. */
static bool starts_item(int kind)
{
	switch (kind) {
	case IMPORT:
	case CONST:
	case FN:
	case BLOCK:
	case MODEL:
	case OPTIMIZER:
	case DATA:
	case TRAIN:
	case SEARCH:
	case EXPORT:
		return true;
	}
	return false;
}

/* Statements and settings from the tree, items from their keywords: `const a = 1, b = 2` is
 * one. */
static void mark_starts(Fmt *f, const Program *prog)
{
	for (int i = 0; i < prog->item.n; i++) {
		const Ast *a = prog->item.v[i];
		if (a->kind == A_BLOCK || a->kind == A_MODEL || a->kind == A_OPTIMIZER)
			mark_list(f, &a->u.def.body);
		if (a->kind == A_DATA || a->kind == A_TRAIN || a->kind == A_SEARCH)
			mark_list(f, &a->u.section.setting);
	}
	int braces = 0;
	for (int i = 0; i < f->p.ntok; i++) {
		int k = f->p.tok[i].kind;
		braces += (k == '{') - (k == '}');
		if (!braces && starts_item(k))
			f->mark[i].begins = true;
	}
}

static bool ends_value(const Fmt *f, int i)
{
	switch (f->p.tok[i].kind) {
	case NAME:
	case INT:
	case FLOAT:
	case STRING:
	case TRUE:
	case FALSE:
	case ')':
	case ']':
		return true;
	case LOSS:
		return !f->mark[i].begins;
	}
	return false;
}

static int innermost(const Fmt *f)
{
	return f->nopen ? f->open[f->nopen - 1] : -1;
}

static void mark_token(Fmt *f, int i)
{
	const Token *t = &f->p.tok[i];
	Mark *m = &f->mark[i];
	bool after = i > 0 && !m->begins && ends_value(f, i - 1);
	int around = innermost(f);
	m->value = ends_value(f, i);
	m->unary = t->kind == '-' && !after;
	m->glued = (t->kind == '[' && after) ||
	           (t->kind == '(' && i > 0 && f->p.tok[i - 1].kind == NAME);
	m->slice = t->kind == ':' && around >= 0 && f->p.tok[around].kind == '[' &&
	           f->mark[around].glued;
	if (t->kind == '(' || t->kind == '[' || t->kind == '{')
		PUSH(f->p.j->mem, f->open, f->nopen, f->capopen, i);
	else if ((t->kind == ')' || t->kind == ']' || t->kind == '}') && f->nopen)
		f->mark[f->open[--f->nopen]].match = i;
}

/* A body over several lines if any line break stands in it. */
static void mark_bodies(Fmt *f)
{
	int inside = 0, *breaks = NEWN(f->p.j->mem, int, f->p.ntok + 1);
	for (int i = 0; i < f->p.ntok; i++)
		breaks[i] = inside += f->p.tok[i].first;
	for (int i = 0; i < f->p.ntok; i++)
		if (f->p.tok[i].kind == '{')
			f->mark[i].broken = breaks[f->mark[i].match] > breaks[i];
}

/* A pipeline that has a line break at one `|>` gets one at each.  A pipeline ends at a comma,
 * an equals sign, a new statement or its bracket. */
static void mark_pipes(Fmt *f)
{
	Arena *mem = f->p.j->mem;
	int n = f->p.ntok, level = 0, chains = 0;
	int *chain = NEWN(mem, int, n + 1), *now = NEWN(mem, int, n + 2);
	bool *broken = NEWN(mem, bool, 3 * (size_t)n + 3);
	for (int i = 0; i < n; i++) {
		int k = f->p.tok[i].kind;
		if (k == '(' || k == '[' || k == '{')
			now[++level] = ++chains;
		else if ((k == ')' || k == ']' || k == '}') && level > 0)
			level--;
		if (k == ',' || k == '=' || k == ';' || f->mark[i].begins)
			now[level] = ++chains;
		chain[i] = now[level];
		if (k == PIPE && (f->p.tok[i].first || f->p.tok[i + 1].first))
			broken[chain[i]] = true;
	}
	for (int i = 0; i < n; i++)
		if (f->p.tok[i].kind == PIPE)
			f->mark[i].broken = broken[chain[i]];
}

/* ---- between two tokens ------------------------------------------------------------------ */

static bool blank_between(const Fmt *f, int a, int b)
{
	int k = f->p.tok[a].kind, l = f->p.tok[b].kind;
	if (f->mark[b].glued || l == ')' || l == ']' || l == ',' || l == ';')
		return false;
	if (l == ':')          /* `x[:, :-1]`, but `x: f32` and `x[1:2]` */
		return k == ',';
	if (k == '(' || k == '[' || k == RANGE || l == RANGE || f->mark[a].unary ||
	    f->mark[a].slice)
		return false;
	if (k == '{' && l == '}')
		return false;
	if (l == '.') /* `3.x` would be no number                    */
		return k == INT || k == FLOAT;
	return k != '.';
}

/* Must, may or cannot token i begin a line, by the style and the author's own break? */
static bool breaks_before(const Fmt *f, int i)
{
	const Token *t = &f->p.tok[i];
	int around = innermost(f), before = f->p.tok[i - 1].kind;
	bool in_body = around < 0 || f->p.tok[around].kind == '{';
	bool broken = around < 0 || f->mark[around].broken;
	if (f->mark[i].begins)
		return in_body && broken;
	if (t->kind == '}')
		return f->mark[around].broken && before != '{';
	if (t->kind == PIPE)
		return f->mark[i].broken;
	if (before == PIPE || f->mark[i].glued)
		return false;
	switch (t->kind) {
	case '{':
	case ELSE:
	case ',':
	case ';':
	case ':':
	case '.':
	case '=':
		return false;
	}
	return t->first;
}

/* The blanks before token i where it begins a line. */
static int margin(const Fmt *f, int i)
{
	int k = f->p.tok[i].kind, bodies = 0;
	for (int n = 0; n < f->nopen; n++)
		bodies += f->p.tok[f->open[n]].kind == '{' && f->mark[f->open[n]].broken;
	if (f->mark[i].begins || k == 0 || k == ';')
		return 2 * bodies;
	if (k == '}')
		return 2 * (bodies - 1);
	if (k == ')' || k == ']')
		return f->mark[innermost(f)].margin;
	return f->indent + 2 * (1 + f->depth);
}

/* ---- writing ----------------------------------------------------------------------------- */

static void newline(Fmt *f, bool empty, int blanks)
{
	char text[2] = "\n\n";
	if (f->o->n)
		out_raw(f->o, text, empty ? 2 : 1);
	for (int i = 0; i < blanks; i++)
		out_raw(f->o, " ", 1);
}

/* The comments and line breaks before token i.  Returns true if it now begins a line. */
static bool gap(Fmt *f, int i, int blanks)
{
	const char *s = f->text + (i ? f->p.tok[i - 1].at.end : 0);
	const char *end = f->text + f->p.tok[i].at.beg;
	bool comment = false, opened = i && f->p.tok[i - 1].kind == '{';
	bool closes = f->p.tok[i].kind == '}' || f->p.tok[i].kind == 0;
	int lines = i == 0;
	for (; s < end; s++) {
		lines += *s == '\n';
		if (*s != '#')
			continue;
		size_t n = strcspn(s, "\n"), all = n;
		while (n && strchr(" \t\r\f\v", s[n - 1]))
			n--;
		if (lines)
			newline(f, lines > 1 && !opened,
			        f->p.tok[i].kind == '}' ? blanks + 2 : blanks);
		else
			out_raw(f->o, "  ", 2);
		out_raw(f->o, s, n);
		s += all - 1;
		lines = 0;
		comment = true;
		opened = false;
	}
	bool breaks = comment || (i > 0 && breaks_before(f, i));
	if (breaks)
		f->margin = blanks;
	if (breaks && f->p.tok[i].kind)
		newline(f, lines > 1 && !opened && !closes, blanks);
	return breaks;
}

static void write_token(Fmt *f, int i)
{
	const Token *t = &f->p.tok[i];
	int k = t->kind;
	int blanks = margin(f, i);
	if (f->mark[i].begins) {
		f->indent = blanks;
		f->depth = 0;
	}
	if (!gap(f, i, blanks) && i > 0 && k && blank_between(f, i - 1, i))
		out_raw(f->o, " ", 1);
	out_raw(f->o, f->text + t->at.beg, (size_t)(t->at.end - t->at.beg));
	f->mark[i].margin = f->margin;
	if (k == '(' || k == '[' || k == '{')
		PUSH(f->p.j->mem, f->open, f->nopen, f->capopen, i);
	else if (k == ')' || k == ']' || k == '}')
		f->nopen--;
	if (k == '}') /* `else` may follow                           */
		f->indent = blanks;
	f->depth += (k == '(' || k == '[') - (k == ')' || k == ']');
}

/* A bug is better than another program. */
static void same_tokens(const Fmt *f)
{
	Job *j = f->p.j;
	Parse q = { .j = j, .mem = j->mem, .file = source_add(j, "formatted", f->o->text, f->o->n, false) };
	scan_file(&q);
	for (int i = 0; i < q.ntok && i < f->p.ntok; i++)
		if (q.tok[i].kind != f->p.tok[i].kind || q.tok[i].sym != f->p.tok[i].sym)
			bug(j, "formatting changed token %d", i);
	if (q.ntok != f->p.ntok)
		bug(j, "formatting changed the number of tokens");
}

Out *fmt_source(Job *j, int file)
{
	Program *prog = parse_program(j, file);
	if (j->nerror)
		return 0;
	Fmt f = { .p = { .j = j, .mem = j->mem, .file = file }, .text = j->source[file].text };
	scan_file(&f.p);
	f.mark = NEWN(j->mem, Mark, f.p.ntok + 1);
	f.o = out_new(j->mem);
	mark_starts(&f, prog);
	for (int i = 0; i < f.p.ntok; i++)
		mark_token(&f, i);
	mark_bodies(&f);
	mark_pipes(&f);
	f.nopen = 0;
	for (int i = 0; i < f.p.ntok; i++)
		write_token(&f, i);
	if (f.o->n)
		out_raw(f.o, "\n", 1);
	same_tokens(&f);
	return f.o;
}
