/* parse.c - drives the parser: hands out tokens, finds a way on after mistakes.
 *
 * In:    a source number.   Out: Program or one expression; E01xx where the grammar is left.
 * Holds: each recovery goes on behind the last one, so parsing ends; a file shows many
 * mistakes, but one mistake is not shown twice.
 *
 * Recovery looks at the layout: a statement begins with a keyword that is first on its line, or
 * with `name =` that is first on its line and not indented deeper than the statement in error.
 */
#include <string.h>

#include "parse.h"
#include "nn.tab.h"

/* ---- looking around in the tokens ------------------------------------------------------- */

bool parse_keyword(int kind)
{
	switch (kind) {
	case LAYER: case INPUT: case TARGET: case PARAM: case BUFFER: case UPDATE: case LOSS:
	case METRIC: case OUTPUT: case RETURN: case REPEAT: case SCAN: case EMIT: case IF:
		return true;
	default:
		return false;
	}
}

bool parse_item_starts(const Parse *p, int i)
{
	const Token *t = &p->tok[i];
	/* Behind a `}` or `;` items may share a line. */
	if (i > 0 && !t->first && t[-1].kind != '}' && t[-1].kind != ';')
		return false;
	int next = i + 1 < p->ntok ? t[1].kind : 0;
	switch (t->kind) {
	case IMPORT:
		return next == STRING;
	case CONST: case FN: case BLOCK: case MODEL: case OPTIMIZER: case DATA: case SEARCH:
	case EXPORT:
		return next == NAME;
	case TRAIN:
		return next == '{';
	default:
		return false;
	}
}

int parse_index(const Parse *p, int offset)
{
	int lo = 0, hi = p->ntok;
	while (hi - lo > 1) {
		int mid = lo + (hi - lo) / 2;
		if (p->tok[mid].at.beg <= offset)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

int parse_column(const Parse *p, int i)
{
	int line, col;
	source_place(p->j, p->file, p->tok[i].at.beg, &line, &col);
	return col;
}

/* `name =`, `a, b =`, `name: type =` may begin here. */
static bool names_something(const Parse *p, int i)
{
	int k = p->tok[i].kind;
	if (i + 1 >= p->ntok || (k != NAME && k != OPTIMIZER))
		return false;
	int next = p->tok[i + 1].kind;
	return next == '=' || (k == NAME && (next == ',' || next == ':'));
}

int parse_statement(const Parse *p, int i)
{
	for (; i > 0; i--) {
		const Token *t = &p->tok[i];
		int before = t[-1].kind;
		if (before == '{' || before == '}' || before == ';')
			return i;
		if (t->first && (parse_keyword(t->kind) || parse_item_starts(p, i)))
			return i;
		if (t->depth == 0 && t->first && names_something(p, i) && before != PIPE)
			return i;
	}
	return 0;
}

const char *parse_text(Parse *p, int i, int k)
{
	const char *src = p->j->source[p->file].text;
	size_t n = 0;
	for (int t = i; t < k; t++)
		n += (size_t)(p->tok[t].at.end - p->tok[t].at.beg) + 1;
	char *s = arena_alloc(p->j->mem, n + 1), *at = s;
	for (int t = i; t < k; t++) {
		Span x = p->tok[t].at;
		if (t > i && x.beg > p->tok[t - 1].at.end)
			*at++ = ' ';
		memcpy(at, src + x.beg, (size_t)(x.end - x.beg));
		at += x.end - x.beg;
	}
	return s;
}

/* ---- recovery --------------------------------------------------------------------------- */

static bool statement_starts(const Parse *p, int i, int column)
{
	const Token *t = &p->tok[i];
	int before = i > 0 ? t[-1].kind : 0;
	bool fresh = t->first || before == '{' || before == '}' || before == ';';
	if (parse_keyword(t->kind))
		return fresh;
	return t->first && names_something(p, i) && parse_column(p, i) <= column;
}

static bool setting_starts(const Parse *p, int i, int column)
{
	const Token *t = &p->tok[i];
	int before = i > 0 ? t[-1].kind : 0;
	if (!names_something(p, i) || t[1].kind == ',')
		return false;
	if (before == '{' || before == ';' || (before == ',' && t->depth == 0))
		return true;
	return t->first && parse_column(p, i) <= column;
}

/* The token, from i on, at which parsing can go on inside `{ }`; inner blocks are skipped. */
static int find_start(const Parse *p, int i, Level level, int column)
{
	for (int open = 0; i < p->ntok - 1; i++) {
		int k = p->tok[i].kind;
		if (parse_item_starts(p, i))
			return i;
		if (k == '{')
			open++;
		else if (k == '}' && open == 0)
			return i;
		else if (k == '}')
			open--;
		else if (open > 0)
			continue;
		else if (k == ';' && level == IN_BODY)
			return i + 1;
		else if (level == IN_BODY && statement_starts(p, i, column))
			return i;
		else if (level == IN_SETTINGS && setting_starts(p, i, column))
			return i;
	}
	return p->ntok - 1;
}

bool parse_recover(Parse *p, Level level)
{
	int end = p->ntok - 1, i = p->bad > p->resumed ? p->bad : p->resumed + !p->closing;
	if (diag_full(p->j) || i > end || (p->bad == end && p->resumed == end && !p->closing))
		return false;
	/* The token in error was counted when it was given, but not used. */
	int k = p->closing ? 0 : p->tok[p->now].kind;
	p->braces += (k == '}') - (k == '{');
	p->closers = 0;
	p->closing = false;
	if (level == AT_TOP) {
		while (i < end && !parse_item_starts(p, i))
			i++;
		p->braces = 0;
	} else {
		i = find_start(
			p, i, level,
			parse_column(p, parse_statement(p, p->bad > 0 ? p->bad - 1 : 0)));
		/* A section cannot stand inside braces: they were not closed. */
		if (i == end || parse_item_starts(p, i))
			p->closers = p->braces;
	}
	p->resumed = i;
	p->next = i;
	return true;
}

/* ---- the parser's source of tokens ------------------------------------------------------ */

int nn_lex(NN_STYPE *value, Span *at, Parse *p)
{
	if (p->start) {
		int kind = p->start;
		p->start = 0;
		*at = (Span){p->file, 0, 0};
		return kind;
	}
	const Token *t = &p->tok[p->next];
	p->now = p->next;
	p->closing = p->closers > 0;
	if (p->closing) {
		p->closers--;
		p->braces--;
		*at = (Span){p->file, t->at.beg, t->at.beg};
		return '}';
	}
	if (p->next < p->ntok - 1)
		p->next++;
	p->braces += (t->kind == '{') - (t->kind == '}');
	value->tok = t;
	*at = t->at;
	return t->kind;
}

/* Newlines mean nothing, which is seldom what a bracket at the beginning of a line wants. */
static void warn_suspicious(Parse *p)
{
	for (int i = 1; i < p->ntok; i++) {
		const Token *t = &p->tok[i];
		if (!t->first || (t->kind != '(' && t->kind != '[') || t[-1].kind != NAME)
			continue;
		Diag *d = warning(p->j, t->at, "suspicious-newline",
		                  "this `%c` belongs to `%s` on the line before", t->kind,
		                  t[-1].sym);
		diag_label(d, t->kind == '(' ? "taken as the arguments of a call"
		                             : "taken as a subscript");
		diag_span(d, t[-1].at, "%s", "");
		diag_help(d, "put them on one line, or a `;` between them");
	}
}

static Parse *parse_run(Job *j, int file, int start)
{
	Parse *p = NEW(j->tree, Parse);
	p->j = j;
	p->file = file;
	p->program = NEW(j->tree, Program);
	p->start = start;
	p->resumed = -1;
	p->now = -1;
	p->mem = arena_new();
	scan_file(p);
	warn_suspicious(p);
	nn_parse(p);
	arena_free(p->mem);
	p->mem = 0;
	p->tok = 0;
	return p;
}

Program *parse_program(Job *j, int file)
{
	return parse_run(j, file, START_PROGRAM)->program;
}

Ast *parse_expr(Job *j, int file)
{
	int before = j->nerror;
	Parse *p = parse_run(j, file, START_EXPR);
	return j->nerror == before ? p->expr : 0;
}
