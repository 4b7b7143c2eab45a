/* dump.c - a syntax tree and a list of tokens as text, for --dump-ast and --dump-tokens.
 *
 *     model mlp 4:1-12:2
 *       input image 5:3-5:32
 *         type f32 5:17-5:32
 *           name N 5:21-5:22
 *
 * One node a line: kind, name or value, place as line:column of its first byte and of the one
 * behind its last.  A word before the kind says which child it is where that is not plain.
 */
#include <string.h>

#include "parse.h"
#include "nn.tab.h"

static const char *const kind_name[] = {
	[A_INT] = "int", [A_FLOAT] = "float", [A_STRING] = "string", [A_BOOL] = "bool",
	[A_NAME] = "name", [A_LOSS] = "loss", [A_CALL] = "call", [A_BINARY] = "binary",
	[A_UNARY] = "unary", [A_PIPE] = "pipe", [A_INDEX] = "index", [A_FIELD] = "field",
	[A_LIST] = "list", [A_SLICE] = "slice", [A_ELLIPSIS] = "ellipsis", [A_ARG] = "arg",
	[A_TYPE] = "type", [A_ASSIGN] = "assign", [A_LAYER] = "layer", [A_PARAM] = "param",
	[A_BUFFER] = "buffer", [A_UPDATE] = "update", [A_INPUT] = "input",
	[A_TARGET] = "target", [A_LOSSES] = "loss", [A_METRIC] = "metric",
	[A_OUTPUT] = "output", [A_RETURN] = "return",
	[A_REPEAT] = "repeat", [A_SCAN] = "scan", [A_EMIT] = "emit", [A_IF] = "if",
	[A_IMPORT] = "import", [A_CONST] = "const", [A_FN] = "fn", [A_BLOCK] = "block",
	[A_OPTIMIZER] = "optimizer", [A_MODEL] = "model", [A_DATA] = "data",
	[A_TRAIN] = "train", [A_SEARCH] = "search", [A_EXPORT] = "export",
	[A_FORMAL] = "formal", [A_SETTING] = "setting",
};

const char *ast_kind_name(AstKind k)
{
	return kind_name[k];
}

typedef struct { Job *j; FILE *f; } Pen;

static void put_string(Pen *p, const char *s)
{
	fputs(" \"", p->f);
	for (; *s; s++) {
		if (*s == '\n' || *s == '\t')
			fputs(*s == '\n' ? "\\n" : "\\t", p->f);
		else
			fprintf(p->f, "%s%c", *s == '"' || *s == '\\' ? "\\" : "", *s);
	}
	fputc('"', p->f);
}

static void put_place(Pen *p, Span at)
{
	int line, col, line2, col2;
	source_place(p->j, at.file, at.beg, &line, &col);
	source_place(p->j, at.file, at.end, &line2, &col2);
	fprintf(p->f, " %d:%d-%d:%d\n", line, col, line2, col2);
}

static void put_name(Pen *p, Sym name)
{
	if (name)
		fprintf(p->f, " %s", name);
}

/* Name or value of a node, behind its kind. */
static void put_detail(Pen *p, const Ast *a)
{
	char buf[40];
	switch (a->kind) {
	case A_INT: fprintf(p->f, " %lld", (long long)a->u.lit.i); break;
	case A_FLOAT: fprintf(p->f, " %s", number_text(buf, a->u.lit.num, false)); break;
	case A_BOOL: fputs(a->u.lit.i ? " true" : " false", p->f); break;
	case A_STRING: put_string(p, a->u.str); break;
	case A_NAME: put_name(p, a->u.name); break;
	case A_BINARY: case A_UNARY: put_name(p, a->u.bin.op); break;
	case A_FIELD: put_name(p, a->u.field.name); break;
	case A_ARG: put_name(p, a->u.arg.name); break;
	case A_TYPE: put_name(p, a->u.type.name); break;
	case A_IMPORT: put_string(p, a->u.decl.name); break;
	case A_REPEAT: put_name(p, a->u.repeat.var); break;
	case A_SCAN: put_name(p, a->u.scan.var); break;
	case A_CALL:
		put_name(p, a->u.call.fn);
		if (a->u.call.label)
			fprintf(p->f, " label=%s", a->u.call.label);
		if (a->u.call.bare)
			fputs(" bare", p->f);
		break;
	case A_ASSIGN:
		for (int i = 0; i < a->u.assign.n; i++)
			put_name(p, a->u.assign.name[i]);
		break;
	case A_LAYER: case A_PARAM: case A_BUFFER: case A_UPDATE: case A_INPUT: case A_TARGET:
	case A_LOSSES: case A_METRIC: case A_OUTPUT: case A_EMIT: case A_CONST: case A_FORMAL:
	case A_SETTING:
		put_name(p, a->u.decl.name);
		break;
	case A_FN: case A_BLOCK: case A_OPTIMIZER: case A_MODEL:
		put_name(p, a->u.def.name);
		break;
	case A_LOSS: case A_PIPE: case A_INDEX: case A_LIST: case A_SLICE: case A_ELLIPSIS:
	case A_RETURN: case A_IF: case A_DATA: case A_TRAIN: case A_SEARCH: case A_EXPORT:
		break;
	}
}

static void put(Pen *p, const Ast *a, int level, const char *role);

static void put_list(Pen *p, AstList l, int level, const char *role)
{
	for (int i = 0; i < l.n; i++)
		put(p, l.v[i], level, role);
}

static void put_children(Pen *p, const Ast *a, int level)
{
	switch (a->kind) {
	case A_INT: case A_FLOAT: case A_STRING: case A_BOOL: case A_NAME: case A_LOSS:
	case A_ELLIPSIS:
		break;
	case A_CALL: put_list(p, a->u.call.arg, level, ""); break;
	case A_BINARY: case A_UNARY:
		put(p, a->u.bin.l, level, "");
		put(p, a->u.bin.r, level, "");
		break;
	case A_PIPE:
		put(p, a->u.pipe.from, level, "");
		put(p, a->u.pipe.stage, level, "");
		break;
	case A_INDEX:
		put(p, a->u.index.of, level, "");
		put_list(p, a->u.index.sub, level, "");
		break;
	case A_FIELD: put(p, a->u.field.of, level, ""); break;
	case A_LIST: put_list(p, a->u.list.item, level, ""); break;
	case A_SLICE:
		put(p, a->u.slice.lo, level, "from ");
		put(p, a->u.slice.hi, level, "to ");
		break;
	case A_ARG: put(p, a->u.arg.value, level, ""); break;
	case A_TYPE:
		put(p, a->u.type.arg, level, "of ");
		put_list(p, a->u.type.dim, level, "");
		break;
	case A_ASSIGN: put(p, a->u.assign.value, level, ""); break;
	case A_LAYER: case A_PARAM: case A_BUFFER: case A_UPDATE: case A_INPUT: case A_TARGET:
	case A_LOSSES: case A_METRIC: case A_OUTPUT: case A_EMIT: case A_IMPORT: case A_CONST:
	case A_FORMAL: case A_SETTING:
		put(p, a->u.decl.type, level, "");
		put(p, a->u.decl.value, level, "");
		break;
	case A_RETURN: put_list(p, a->u.ret.value, level, ""); break;
	case A_REPEAT:
		put(p, a->u.repeat.lo, level, "from ");
		put(p, a->u.repeat.hi, level, "to ");
		put_list(p, a->u.repeat.body, level, "");
		break;
	case A_SCAN:
		put(p, a->u.scan.lo, level, "from ");
		put(p, a->u.scan.hi, level, "to ");
		put_list(p, a->u.scan.carry, level, "carry ");
		put_list(p, a->u.scan.body, level, "");
		break;
	case A_IF:
		put(p, a->u.cond.cond, level, "");
		put_list(p, a->u.cond.then, level, "then ");
		put_list(p, a->u.cond.other, level, "else ");
		break;
	case A_FN: case A_BLOCK: case A_OPTIMIZER: case A_MODEL:
		put_list(p, a->u.def.formal, level, "");
		put(p, a->u.def.result, level, "result ");
		put(p, a->u.def.value, level, "");
		put_list(p, a->u.def.body, level, "");
		break;
	case A_DATA: case A_TRAIN: case A_SEARCH: case A_EXPORT:
		put(p, a->u.section.call, level, "");
		put_list(p, a->u.section.setting, level, "");
		break;
	}
}

static void put(Pen *p, const Ast *a, int level, const char *role)
{
	if (!a)
		return;
	fprintf(p->f, "%*s%s%s", 2 * level, "", role, ast_kind_name(a->kind));
	put_detail(p, a);
	if (a->paren)
		fputs(" paren", p->f);
	put_place(p, a->at);
	put_children(p, a, level + 1);
}

void ast_dump(Job *j, const Program *program, FILE *f)
{
	Pen p = {j, f};
	put_list(&p, program->item, 0, "");
}

void token_dump(Job *j, int file, FILE *f)
{
	Parse *p = NEW(j->mem, Parse);
	p->j = j;
	p->mem = j->mem;
	p->file = file;
	scan_file(p);
	for (int i = 0; i < p->ntok; i++) {
		const Token *t = &p->tok[i];
		int line, col;
		source_place(j, file, t->at.beg, &line, &col);
		const char *kind = t->kind == NAME                         ? "name"
		                   : t->kind == INT                        ? "int"
		                   : t->kind == FLOAT                      ? "float"
		                   : t->kind == STRING                     ? "string"
		                   : t->kind == BAD                        ? "bad"
		                   : t->kind == 0                          ? "end"
		                   : t->kind >= IMPORT && t->kind <= FALSE ? "keyword"
		                                                           : "sign";
		fprintf(f, "%d:%d %s", line, col, kind);
		if (t->at.end > t->at.beg)
			fprintf(f, " %s", source_text(j, t->at));
		fputc('\n', f);
	}
}
