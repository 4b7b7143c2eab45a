/* draw_json.c - a diagnostic as one line of JSON, for editors.
 *
 *     {"severity":"error","code":"E0101","message":"...",
 *      "file":"a.nn","line":7,"column":41,"end_line":7,"end_column":42,
 *      "spans":[{place, "label":"...","primary":true}],
 *      "notes":[{"message":"...", place and "label" if it has one}],"helps":["..."]}
 *
 * A place is file, line, column, end_line, end_column; lines and columns count from 1, columns in
 * characters; the end is exclusive.  The code of a warning is its name, -Wunused-value.  What has
 * no place in a program (a mistake on the command line) has an empty list of spans.
 */
#include "base.h"
#include "diag.h"

/* A JSON string; bytes that are not UTF-8 become U+FFFD. */
static void put_string(FILE *f, const char *s)
{
	fputc('"', f);
	while (*s) {
		const unsigned char *u = (const unsigned char *)s;
		int n = u[0] < 0x80 ? 1 : u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
		bool good = u[0] < 0x80 || (u[0] >= 0xc2 && u[0] <= 0xf4);
		for (int i = 1; i < n && good; i++)
			good = (u[i] & 0xc0) == 0x80;
		if (good && n == 3)            /* overlong forms and surrogates               */
			good = !(u[0] == 0xe0 && u[1] < 0xa0) && !(u[0] == 0xed && u[1] > 0x9f);
		if (good && n == 4)
			good = !(u[0] == 0xf0 && u[1] < 0x90) && !(u[0] == 0xf4 && u[1] > 0x8f);
		if (!good) {
			fputs("\\ufffd", f);
			n = 1;
		} else if (u[0] == '"' || u[0] == '\\') {
			fprintf(f, "\\%c", u[0]);
		} else if (u[0] < 0x20 || u[0] == 0x7f) {
			fprintf(f, "\\u%04x", u[0]);
		} else {
			fwrite(s, 1, (size_t)n, f);
		}
		s += n;
	}
	fputc('"', f);
}

/* "file": ... "end_column": n, or nothing for NOWHERE. */
static bool put_place(FILE *f, const Job *j, Span at)
{
	if (at.file < 0 || at.file >= j->nsource)
		return false;
	int line, col, end_line, end_col;
	source_place(j, at.file, at.beg, &line, &col);
	source_place(j, at.file, at.end > at.beg ? at.end : at.beg, &end_line, &end_col);
	fputs("\"file\":", f);
	put_string(f, j->source[at.file].name);
	fprintf(f, ",\"line\":%d,\"column\":%d,\"end_line\":%d,\"end_column\":%d", line, col,
	        end_line, end_col);
	return true;
}

static void put_label(FILE *f, const char *label)
{
	fputs(",\"label\":", f);
	put_string(f, label);
}

static void put_spans(FILE *f, const Diag *d)
{
	fputs(",\"spans\":[", f);
	for (int i = 0, n = 0; i < d->nmark; i++) {
		if (d->mark[i].at.file < 0)
			continue;
		fputs(n++ ? ",{" : "{", f);
		put_place(f, d->job, d->mark[i].at);
		put_label(f, d->mark[i].label);
		fprintf(f, ",\"primary\":%s}", d->mark[i].primary ? "true" : "false");
	}
	fputc(']', f);
}

static void put_extras(FILE *f, const Diag *d, ExtraKind kind)
{
	int n = 0;
	fprintf(f, ",\"%s\":[", kind == X_NOTE ? "notes" : "helps");
	for (int i = 0; i < d->nextra; i++) {
		const Extra *x = &d->extra[i];
		if (x->kind != kind)
			continue;
		fputs(n++ ? "," : "", f);
		if (kind == X_HELP) {
			put_string(f, x->text);
			continue;
		}
		fputs("{\"message\":", f);
		put_string(f, x->text);
		if (x->placed && x->mark.at.file >= 0) {
			fputc(',', f);
			put_place(f, d->job, x->mark.at);
			put_label(f, x->mark.label);
		}
		fputc('}', f);
	}
	fputc(']', f);
}

static void put_texts(FILE *f, const char *const *text, const char *before, const char *after)
{
	for (int i = 0; text && text[i]; i++) {
		fprintf(f, "%s%s", i ? "," : "", before);
		put_string(f, text[i]);
		fputs(after, f);
	}
	fputc(']', f);
}

void diag_said(const Said *s, FILE *f)
{
	fprintf(f, "{\"severity\":\"%s\",\"code\":", s->severity);
	put_string(f, s->code);
	fputs(",\"message\":", f);
	put_string(f, s->text);
	if (s->file) {
		fputs(",\"file\":", f);
		put_string(f, s->file);
		fprintf(f, ",\"line\":%d,\"column\":%d,\"end_line\":%d,\"end_column\":%d", s->line,
		        s->col, s->line, s->col + 1);
	}
	fputs(",\"spans\":[],\"notes\":[", f);
	put_texts(f, s->note, "{\"message\":", "}");
	fputs(",\"helps\":[", f);
	put_texts(f, s->help, "", "");
	fputs("}\n", f);
}

void diag_json(const Diag *d, FILE *f)
{
	fprintf(f, "{\"severity\":\"%s\",\"code\":", d->is_error ? "error" : "warning");
	put_string(f, d->named ? arena_printf(d->job->mem, "-W%s", d->code) : d->code);
	fputs(",\"message\":", f);
	put_string(f, d->text);
	if (d->mark[0].at.file >= 0) {
		fputc(',', f);
		put_place(f, d->job, d->mark[0].at);
	}
	put_spans(f, d);
	put_extras(f, d, X_NOTE);
	put_extras(f, d, X_HELP);
	fputs("}\n", f);
}
