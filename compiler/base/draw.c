/* draw.c - a diagnostic as text: header, source lines with underlines and labels, notes, help.
 *
 * In:    one Diag.   Out: text of the form of interfaces.md section 2:
 *
 *     gpt.nn:17:13: error: `|>` and `+` need parentheses to say which goes first [E0103]
 *       17 |   x = x + x |> layer_norm |> attention
 *          |       ~~~~~ ^~
 *          |       |
 *          |       this sum would be the input
 *          = help: ...
 *
 * Holds: columns on the screen are counted in characters, tabs going to the next multiple of 8;
 * the label of the last mark of a line stands beside it, the others hang below, last one first.
 * Very long lines are shown in part, around their first mark.
 */
#include <string.h>

#include "base.h"
#include "diag.h"

enum { TAB = 8, WIDEST = 200, SHOWN = 160, BEFORE = 60 };

/* Terminal colours; all "" when colour is off. */
typedef struct { const char *bold, *error, *warning, *mark, *off; } Palette;

typedef struct {
	const Job *j;
	FILE *f;
	int gutter;                    /* width of line numbers, at least 4                   */
	Palette c;
} Pen;

/* A mark on the screen: columns [beg, end) of its line. */
typedef struct { int beg, end; const char *label; bool primary; } Bar;

/* Length of the UTF-8 sequence at s, at most n; 0 if it is none or a control character. */
static int glyph(const char *s, int n)
{
	const unsigned char *u = (const unsigned char *)s;
	if (u[0] < 0x80)
		return u[0] >= 0x20 && u[0] != 0x7f;
	int len = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
	if (u[0] < 0xc2 || u[0] > 0xf4 || len > n)
		return 0;
	for (int i = 1; i < len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	/* U+0080..U+009F are control characters too; the overlong and surrogate forms do no
	 * harm. */
	return u[0] == 0xc2 && u[1] < 0xa0 ? 0 : len;
}

/* Advances over one character of [i, end): returns the next offset, moves *col on. */
static int step(const Source *s, int i, int end, int *col)
{
	if (s->text[i] == '\t') {
		*col += TAB - *col % TAB;
		return i + 1;
	}
	int n = glyph(s->text + i, end - i);
	*col += 1;
	return i + (n ? n : 1);
}

static int column_of(const Source *s, int beg, int end, int offset)
{
	int col = 0;
	for (int i = beg; i < end && i < offset;)
		i = step(s, i, end, &col);
	return col;
}

/* Bounds of line number `line` (from 1), without its line end. */
static void line_bounds(const Source *s, int line, int *beg, int *end)
{
	*beg = s->line[line - 1];
	*end = line < s->nline ? s->line[line] - 1 : s->len;
	if (*end > *beg && s->text[*end - 1] == '\r')
		--*end;
}

/* The characters of columns [from, to); what cannot be shown becomes U+FFFD. */
static void print_text(Pen *p, const Source *s, int beg, int end, int from, int to)
{
	int blank = 0;                         /* held back: no blanks at line ends           */
	for (int i = beg, col = 0; i < end && col < to;) {
		int was = col, next = step(s, i, end, &col);
		if (was < from) {
			i = next;
			continue;
		}
		if (s->text[i] == ' ' || s->text[i] == '\t') {
			blank += col - was;
		} else {
			fprintf(p->f, "%*s", blank, "");
			blank = 0;
			if (glyph(s->text + i, end - i))
				fwrite(s->text + i, 1, (size_t)(next - i), p->f);
			else
				fputs("\xEF\xBF\xBD", p->f);
		}
		i = next;
	}
}

static void margin(Pen *p)
{
	fprintf(p->f, "%*s |", p->gutter, "");
}

/* The row of carets, with the label of the last bar. */
static void print_row(Pen *p, const Bar *b, int n, const char *label)
{
	int end = 0;
	for (int i = 0; i < n; i++)
		if (b[i].end > end)
			end = b[i].end;
	char row[WIDEST + SHOWN + 2];
	memset(row, ' ', sizeof row);
	for (int primary = 0; primary < 2; primary++) {
		for (int i = 0; i < n; i++) {
			if (b[i].primary != primary)
				continue;
			memset(row + b[i].beg, '~', (size_t)(b[i].end - b[i].beg));
			if (primary)
				row[b[i].beg] = '^';
		}
	}
	margin(p);
	fprintf(p->f, " %s%.*s%s", p->c.mark, end, row, p->c.off);
	if (*label)
		fprintf(p->f, " %s", label);
	fputc('\n', p->f);
}

/* A row of `|` under the first n bars that have labels, then text at column col, if any. */
static void print_stems(Pen *p, const Bar *b, int n, int col, const char *text)
{
	margin(p);
	fputs(p->c.mark, p->f);
	int at = -1;                           /* the blank after the margin's bar            */
	for (int i = 0; i < n; i++) {
		if (!*b[i].label || b[i].beg < at)
			continue;
		fprintf(p->f, "%*s|", b[i].beg - at, "");
		at = b[i].beg + 1;
	}
	fputs(p->c.off, p->f);
	if (text)
		fprintf(p->f, "%*s%s", col - at, "", text);
	fputc('\n', p->f);
}

/* Bars in order of column; at the same column the primary one last, which labels it inline. */
static void sort_bars(Bar *b, int n)
{
	for (int i = 1; i < n; i++) {
		Bar x = b[i];
		int k = i;
		for (; k > 0 && (b[k - 1].beg > x.beg ||
		                 (b[k - 1].beg == x.beg && b[k - 1].primary && !x.primary));
		     k--)
			b[k] = b[k - 1];
		b[k] = x;
	}
}

static void print_bars(Pen *p, Bar *b, int n)
{
	sort_bars(b, n);
	print_row(p, b, n, b[n - 1].label);
	bool first = true;
	for (int i = n - 2; i >= 0; i--) {
		if (!*b[i].label)
			continue;
		if (first || b[i].beg < b[i + 1].beg)
			print_stems(p, b, i + 1, 0, 0);
		/* Bars at the very same column share a stem: it ends above this label. */
		int left = i;
		while (left > 0 && b[left - 1].beg == b[i].beg)
			left--;
		print_stems(p, b, left, b[i].beg, b[i].label);
		first = false;
	}
}

/* One source line and everything that is drawn under it. */
static void draw_line(Pen *p, int file, int line, const Mark *m, int n)
{
	const Source *s = &p->j->source[file];
	enum { MOST = 16 };                    /* marks on one line; more are not readable    */
	int beg, end, from = 0, first = -1, nbar = 0;
	line_bounds(s, line, &beg, &end);
	int to = column_of(s, beg, end, end);
	Bar bar[MOST];
	for (int i = 0; i < n && nbar < MOST; i++) {
		int at, col, stop = m[i].at.end < end ? m[i].at.end : end;
		source_place(p->j, m[i].at.file, m[i].at.beg, &at, &col);
		if (m[i].at.file != file || at != line)
			continue;
		Bar b = {.beg = column_of(s, beg, end, m[i].at.beg), .label = m[i].label,
		         .primary = m[i].primary};
		b.end = column_of(s, beg, end, stop);
		if (b.end <= b.beg)
			b.end = b.beg + 1;
		if (first < 0 || b.beg < first)
			first = b.beg;
		bar[nbar++] = b;
	}
	bool cut = to > WIDEST;
	if (cut) {
		from = first > BEFORE ? first - BEFORE : 0;
		to = from + SHOWN < to ? from + SHOWN : to;
	}
	fprintf(p->f, "%*d | ", p->gutter, line);
	if (from)
		fputs("... ", p->f);
	print_text(p, s, beg, end, from, to);
	fputs(cut && to < column_of(s, beg, end, end) ? " ...\n" : "\n", p->f);
	int kept = 0, shift = from ? from - 4 : 0;
	for (int i = 0; i < nbar; i++) {
		Bar b = bar[i];
		if (b.beg > to)
			continue;
		b.end = b.end > to + 1 ? to + 1 : b.end;
		b.beg -= shift;
		b.end -= shift;
		bar[kept++] = b;
	}
	if (kept)
		print_bars(p, bar, kept);
}

/* All lines of one file on which marks begin, from above; each once. */
static void draw_file(Pen *p, int file, const Mark *m, int n)
{
	if (file < 0 || file >= p->j->nsource)
		return;
	for (int last = 0;;) {
		int next = 0;
		for (int i = 0; i < n; i++) {
			int line, col;
			if (m[i].at.file != file)
				continue;
			source_place(p->j, file, m[i].at.beg, &line, &col);
			if (line > last && (!next || line < next))
				next = line;
		}
		if (!next)
			return;
		draw_line(p, file, next, m, n);
		last = next;
	}
}

/* `    --> file:line:column`: what follows is from another file than the header names. */
static void draw_other_file(Pen *p, Span at)
{
	int line, col;
	source_place(p->j, at.file, at.beg, &line, &col);
	fprintf(p->f, "%*s--> %s:%d:%d\n", p->gutter, "", p->j->source[at.file].name, line,
	        col);
}

static bool in_job(const Job *j, Span at)
{
	return at.file >= 0 && at.file < j->nsource;
}

static void draw_extra(Pen *p, const Diag *d, const Extra *x)
{
	fprintf(p->f, "%*s = %s%s:%s ", p->gutter, "", p->c.bold,
	        x->kind == X_NOTE ? "note" : "help", p->c.off);
	for (const char *s = x->text, *nl; s; s = nl ? nl + 1 : 0) {
		nl = strchr(s, '\n');
		int len = nl ? (int)(nl - s) : (int)strlen(s);
		fprintf(p->f, "%.*s\n", len, s);
		if (nl)
			fprintf(p->f, "%*s =       ", p->gutter, "");
	}
	if (!x->placed || !in_job(p->j, x->mark.at))
		return;
	if (x->mark.at.file != d->mark[0].at.file)
		draw_other_file(p, x->mark.at);
	draw_file(p, x->mark.at.file, &x->mark, 1);
}

/* Line numbers get the width of the largest that occurs, at least 4. */
static int gutter_width(const Diag *d)
{
	int width = 4, line, col;
	for (int i = 0; i < d->nmark + d->nextra; i++) {
		Span at = i < d->nmark ? d->mark[i].at : d->extra[i - d->nmark].mark.at;
		source_place(d->job, at.file, at.beg, &line, &col);
		int digits = 1;
		for (; line >= 10; line /= 10)
			digits++;
		if (digits > width)
			width = digits;
	}
	return width;
}

static void draw_header(Pen *p, const Diag *d)
{
	Span at = d->mark[0].at;
	fputs(p->c.bold, p->f);
	if (in_job(p->j, at)) {
		int line, col;
		source_place(p->j, at.file, at.beg, &line, &col);
		fprintf(p->f, "%s:%d:%d: ", p->j->source[at.file].name, line, col);
	} else {
		fputs("nnc: ", p->f);
	}
	fprintf(p->f, "%s%s%s:%s %s ", p->c.off, d->is_error ? p->c.error : p->c.warning,
	        d->is_error ? "error" : "warning", p->c.off, d->text);
	if (!d->named)
		fprintf(p->f, "[%s]\n", d->code);
	else
		fprintf(p->f, "[-W%s%s]\n", d->is_error ? "error=" : "", d->code);
}

void diag_draw(const Diag *d, FILE *f)
{
	static const Palette plain = {"", "", "", "", ""};
	static const Palette bright = { "\x1b[1m", "\x1b[1;31m", "\x1b[1;35m", "\x1b[1;32m",
		                        "\x1b[0m" };
	Pen p = { .j = d->job,
		  .f = f,
		  .gutter = gutter_width(d),
		  .c = d->job->color ? bright : plain };
	draw_header(&p, d);
	int file = d->mark[0].at.file;
	draw_file(&p, file, d->mark, d->nmark);
	/* Marks in other files, one file after the other. */
	for (int i = 1; i < d->nmark; i++) {
		bool seen = d->mark[i].at.file == file || !in_job(p.j, d->mark[i].at);
		for (int k = 1; k < i && !seen; k++)
			seen = d->mark[k].at.file == d->mark[i].at.file;
		if (seen)
			continue;
		draw_other_file(&p, d->mark[i].at);
		draw_file(&p, d->mark[i].at.file, d->mark, d->nmark);
	}
	for (int i = 0; i < d->nextra; i++)
		draw_extra(&p, d, &d->extra[i]);
}
