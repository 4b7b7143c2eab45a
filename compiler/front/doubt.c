/* doubt.c - what can still be said of the meaning of a program with errors of syntax.
 *
 * In:    where the syntax is wrong.   Out: whether a message could be a consequence of that.
 * Holds: a message is doubtful if what the parser skipped could have prevented it.  Skipped
 *        statements may define and change values, so behind the first error of an item only
 *        names of layers, arguments and settings are certain; before it, and in other items,
 *        everything is that does not count what a whole section has.
 */
#include "elab.h"

#include <ctype.h>
#include <string.h>

void doubt_begin(Elab *e)
{
	for (int i = 0; i < e->j->ndiag; i++) {
		Span at = diag_place(e->j->diag[i]), part = at;
		if (strncmp(diag_code(e->j->diag[i]), "E01", 3) || at.file < 0)
			continue;
		/* the whole line: what was understood of it may be less than was meant */
		while (part.beg > 0 && e->j->source[at.file].text[part.beg - 1] != '\n')
			part.beg--;
		part.end = 0;
		for (int k = 0; k < e->nitem; k++) {
			Span item = e->item[k]->at;
			bool constant = e->item[k]->kind == A_CONST;
			if (item.file == at.file && item.beg <= at.beg && at.beg <= item.end &&
			    !constant)
				part.end = item.end;
		}
		/* outside of all bodies, a definition may be what is missing */
		e->lost_definition |= !part.end;
		if (part.end)
			PUSH(e->mem, e->doubt, e->ndoubt, e->capdoubt, part);
	}
}

static bool in_doubt(const Elab *e, Span at)
{
	for (int i = 0; i < e->ndoubt; i++) {
		Span p = e->doubt[i];
		if (at.file == p.file && at.beg >= p.beg && at.beg <= p.end)
			return true;
	}
	return false;
}

/* Is there `block NAME` or the like in the program's text, perhaps where it was not understood? */
static bool declared_somewhere(const Elab *e, const char *name)
{
	static const char *const word[] = { "block", "fn", "layer", "optimizer" };
	size_t len = strlen(name);
	for (int i = 0; i < e->nfile; i++) {
		const char *text = e->j->source[e->file[i]].text;
		for (const char *s = strstr(text, name); s; s = strstr(s + 1, name)) {
			const char *b = s;
			while (b > text && isspace((unsigned char)b[-1]))
				b--;
			for (size_t w = 0; b < s && w < sizeof word / sizeof *word; w++) {
				size_t n = strlen(word[w]);
				if ((size_t)(b - text) >= n && !strncmp(b - n, word[w], n) &&
				    !isalnum((unsigned char)s[len]) && s[len] != '_')
					return true;
			}
		}
	}
	return false;
}

bool doubtful(Elab *e, Span at, const char *code)
{
	if (!e->nsyntax)
		return false;
	if (!strcmp(code, "E0201"))
		return declared_somewhere(e, source_text(e->j, at));
	if (!strcmp(code, "E0202") || !strcmp(code, "E0203") || !strcmp(code, "E0206"))
		return false;
	if (!strcmp(code, "E0401") || !strcmp(code, "E0402") || !strcmp(code, "E0404") ||
	    !strcmp(code, "E0405") || !strcmp(code, "E0406") || at.file < 0)
		return true;
	if (!strcmp(code, "E0204") && (e->lost_definition || (!e->frame && !e->only_names)))
		return true;
	bool yes = in_doubt(e, at);
	for (const Frame *f = e->frame; f && !yes; f = f->up)
		yes = in_doubt(e, f->at);
	return yes;
}
