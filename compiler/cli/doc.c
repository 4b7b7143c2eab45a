/* doc.c - the prelude as documentation.
 *
 * In:    the prelude, the op table.   Out: an Entry for each public definition.
 *
 * A comment is the run of `#` lines right above a definition, or else what follows on its last
 * line.  A line `# ---- TITLE ----` begins a part.
 */
#include "doc.h"
#include "elab.h"

#include <string.h>

/* Text with every run of white space as one blank. */
static const char *squeezed(Arena *a, const char *s, size_t n)
{
	char *r = arena_strndup(a, s, n);
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		bool space = strchr(" \t\n", s[i]) != 0;
		if (!space || (k && r[k - 1] != ' '))
			r[k++] = space ? ' ' : s[i];
	}
	while (k && r[k - 1] == ' ')
		k--;
	r[k] = 0;
	return r;
}

/* Begins of the lines before `at`, upwards; -1 at the beginning of the text. */
static int line_above(const char *text, int at)
{
	int i = at;
	while (i > 0 && text[i - 1] != '\n')
		i--;
	if (i == 0)
		return -1;
	for (i--; i > 0 && text[i - 1] != '\n'; i--)
		;
	return i;
}

static const char *comment_of(Job *j, const char *text, const Ast *d)
{
	const char *r = "";
	for (int i = line_above(text, d->at.beg);
	     i >= 0 && text[i] == '#' && strncmp(text + i, "# --", 4);
	     i = line_above(text, i)) {
		size_t n = strcspn(text + i, "\n");
		r = arena_printf(j->mem, "%.*s%s%s", (int)n - 2, text + i + 2, *r ? " " : "",
		                 r);
	}
	const char *tail = text + d->at.end + strspn(text + d->at.end, " ");
	if (!*r && *tail == '#')
		r = squeezed(j->mem, tail + 1, strcspn(tail, "\n") - 1);
	return *r == ' ' ? r + 1 : r;
}

static const char *section_of(Job *j, const char *text, int at)
{
	static const char mark[] = "# ---- ";
	for (int i = at; i >= 0; i = line_above(text, i)) {
		if (strncmp(text + i, mark, sizeof mark - 1))
			continue;
		const char *s = text + i + sizeof mark - 1, *end = strstr(s, " --");
		return arena_strndup(j->mem, s, end ? (size_t)(end - s) : strcspn(s, "\n"));
	}
	return "";
}

/* As messages show it: names and values that may be left out, no types. */
static const char *signature_of(Job *j, const Ast *d)
{
	const AstList *l = &d->u.def.formal;
	const char *r = arena_printf(j->mem, "%s(", d->u.def.name);
	/* The weight and the gradient are not the user's to give. */
	bool regulariser = d->kind == A_FN && l->n && !strcmp(l->v[0]->u.decl.name, "w");
	int first = d->kind == A_OPTIMIZER ? 2 : regulariser;
	for (int i = first; i < l->n; i++) {
		const Ast *f = l->v[i], *type = f->u.decl.type;
		bool more = type && (!strcmp(type->u.type.name, "rest") ||
		                     !strcmp(type->u.type.name, "names"));
		const char *value = f->u.decl.value ? source_text(j, f->u.decl.value->at) : 0;
		r = arena_printf(j->mem, "%s%s%s%s%s%s", r, i > first ? ", " : "", f->u.decl.name,
		                 more ? " ..." : "", value ? " = " : "", value ? value : "");
	}
	return arena_printf(j->mem, "%s)", r);
}

Entries doc_entries(Job *j)
{
	Entries all = { 0 };
	int file = source_add(j, "prelude.nn", prelude_text, prelude_len, true);
	const Program *p = parse_program(j, file);
	const char *text = j->source[file].text;
	for (int i = 0; i < p->item.n; i++) {
		const Ast *d = p->item.v[i];
		if ((d->kind != A_FN && d->kind != A_BLOCK && d->kind != A_OPTIMIZER) ||
		    d->u.def.name[0] == '_')
			continue;
		const char *def = source_text(j, d->at);
		Entry e = { .name = d->u.def.name, .signature = signature_of(j, d) };
		e.section = section_of(j, text, d->at.beg);
		e.comment = comment_of(j, text, d);
		e.kind = d->kind == A_FN ? "fn" : d->kind == A_BLOCK ? "block" : "optimizer";
		e.text = strstr(def, "= builtin(\"") ? 0 : def;
		PUSH(j->mem, all.v, all.n, all.cap, e);
	}
	for (int op = 0; op < NOP; op++) {
		const OpInfo *o = &opinfo[op];
		if (!o->args)
			continue;
		Entry e = { .name = job_sym(j, o->name),
			    .section = "element by element",
			    .kind = "fn" };
		e.signature = arena_printf(j->mem, "%s(%s)", o->name, o->args);
		e.comment = o->doc ? o->doc : "";
		PUSH(j->mem, all.v, all.n, all.cap, e);
	}
	return all;
}
