/* scan.c - from the scanner's matches to the array of tokens.
 *
 * In:    a source.   Out: p->tok, ended by a token of kind 0; E0105 for what is no token.
 * Holds: tokens are in order and do not overlap; brackets are at most MAX_NEST deep.
 *
 * nn.l recognises, this file gives values (numbers, strings, symbols), checks the bytes before
 * (UTF-8, control characters, length of lines) and marks each token with where it stands after.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "nn.tab.h"
#include "nn.lex.h"

static const struct { const char *text; int kind;
} keywords[] = {
	{ "import", IMPORT }, { "const", CONST },   { "fn", FN },
	{ "block", BLOCK },   { "layer", LAYER },   { "optimizer", OPTIMIZER },
	{ "model", MODEL },   { "data", DATA },     { "train", TRAIN },
	{ "search", SEARCH }, { "export", EXPORT }, { "input", INPUT },
	{ "target", TARGET }, { "param", PARAM },   { "buffer", BUFFER },
	{ "update", UPDATE }, { "loss", LOSS },     { "metric", METRIC },
	{ "output", OUTPUT }, { "return", RETURN }, { "repeat", REPEAT },
	{ "scan", SCAN },     { "carry", CARRY },   { "emit", EMIT },
	{ "in", IN },         { "if", IF },         { "else", ELSE },
	{ "and", AND },       { "or", OR },         { "not", NOT },
	{ "true", TRUE },     { "false", FALSE },   { "while", WHILE },
};

static Span here(const Parse *p)
{
	return (Span){p->file, p->beg, p->end};
}

static Token *push(Parse *p, int kind, Sym sym)
{
	Token t = {.kind = kind, .at = here(p), .first = p->newline, .sym = sym};
	p->newline = false;
	PUSH(p->mem, p->tok, p->ntok, p->captok, t);
	return &p->tok[p->ntok - 1];
}

void scan_push(Parse *p, int kind, Sym sym)
{
	push(p, kind, sym);
}

void scan_word(Parse *p, const char *text, int n)
{
	if (n > MAX_NAME)
		error(p->j, here(p), "E0105", "a name may have at most %d letters", MAX_NAME);
	int kind = NAME;
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
		if (*keywords[i].text == *text && !strcmp(keywords[i].text, text))
			kind = keywords[i].kind;
	push(p, kind, symbols_get(p->j->symbols, text, (size_t)n));
}

void scan_number(Parse *p, const char *text, int n, bool real)
{
	char *digits = arena_alloc(p->mem, (size_t)n + 1);
	for (int i = 0, k = 0; i < n; i++)
		if (text[i] != '_')
			digits[k++] = text[i];
	Token *t = push(p, real ? FLOAT : INT, symbols_get(p->j->symbols, text, (size_t)n));
	if (digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') {
		Diag *d = error(p->j, t->at, "E0105", "a number does not begin with 0%c", digits[1]);
		diag_help(d, "write `%s`: numbers are decimal", digits + strspn(digits, "0"));
	}
	t->num = strtod(digits, 0);
	errno = 0;
	t->i = real ? 0 : strtoll(digits, 0, 10);
	if (errno == ERANGE || isinf(t->num)) {
		Diag *d = error(p->j, t->at, "E0105", "this number is too large");
		diag_help(d, real ? "numbers go up to 1.7e308" : "integers go up to %lld",
		          (long long)INT64_MAX);
	}
}

void scan_bad_number(Parse *p, const char *text, int n)
{
	Span at = here(p);
	int end = (int)strspn(text, "0123456789_");
	if (text[0] == '.') {
		Diag *d = error(p->j, at, "E0105",
		                "a number needs a digit on both sides of the point");
		diag_help(d, "write `0%.*s`", n > 40 ? 40 : n, text);
	} else if (end == n - 1 && text[end] == '.') {
		Diag *d = error(p->j, at, "E0105",
		                "a number needs a digit on both sides of the point");
		diag_help(d, "write `%.*s0`", n > 40 ? 40 : n, text);
	} else {
		Diag *d = error(p->j, at, "E0105", "`%.*s` is neither a number nor a name",
		                n > 40 ? 40 : n, text);
		diag_help(d,
		          "numbers are written 60_000, 0.5 or 1e-3; names begin with a letter");
	}
	push(p, FLOAT, symbols_get(p->j->symbols, text, (size_t)n))->flawed = true;
}

void scan_string(Parse *p, const char *text, int n, bool closed)
{
	if (!closed) {
		Diag *d =
			error(p->j, here(p), "E0105", "this string is not closed on its line");
		diag_help(d, "end it with `\"`; a line break inside is written `\\n`");
	}
	char *value = arena_alloc(p->j->mem, (size_t)n + 1);
	int k = 0, end = closed ? n - 1 : n;
	for (int i = 1; i < end; i++) {
		char c = text[i];
		if (c == '\\' && i + 1 < end) {
			c = text[++i];
			if (c == 'n') {
				c = '\n';
			} else if (c == 't') {
				c = '\t';
			} else if (c != '\\' && c != '"') {
				Span at = {p->file, p->beg + i - 1, p->beg + i + 1};
				Diag *d =
					error(p->j, at, "E0105", "unknown escape in a string");
				diag_help(d, "strings know `\\n`, `\\t`, `\\\\` and `\\\"`; "
				          "write a backslash as `\\\\`");
			}
		}
		value[k++] = c;
	}
	push(p, STRING, symbols_get(p->j->symbols, value, (size_t)k))->flawed = !closed;
}

void scan_foreign(Parse *p, int kind, const char *text, const char *ours)
{
	Diag *d = error(p->j, here(p), "E0105", "`%s` is not an operator", text);
	diag_help(d, "write `%s`", ours);
	push(p, kind, job_sym(p->j, ours))->flawed = true;
}

void scan_stray(Parse *p, const char *text, int n, const char *help)
{
	unsigned char c = (unsigned char)text[0];
	/* Control characters and bytes that are not UTF-8 were reported by check_bytes. */
	if (c >= 0x20 && c != 0x7f && (c < 0x80 || n > 1)) {
		Span at = {p->file, p->beg, p->beg + n};
		Diag *d = error(p->j, at, "E0105", "unexpected character `%.*s`", n, text);
		if (!help && n == 3 &&
		    (!memcmp(text, "\xE2\x80\x9C", 3) || !memcmp(text, "\xE2\x80\x9D", 3)))
			help = "strings are written with the plain quote `\"`";
		else if (!help && c >= 0x80)
			help = "names are written with the letters a to z, digits and `_`";
		if (help)
			diag_help(d, "%s", help);
	}
	push(p, BAD, 0)->flawed = true;
}

/* ---- before scanning: the bytes --------------------------------------------------------- */

/* Length of the UTF-8 character at s (RFC 3629, section 4); 0 if it is none. */
static int utf8(const unsigned char *s)
{
	if (s[0] < 0x80)
		return 1;
	int n = s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
	for (int i = 1; i < n; i++)            /* the text ends in NUL: never read beyond     */
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* One message a line at most: what is wrong with one byte is often wrong with the next. */
static void check_line(Parse *p, int beg, int end)
{
	const char *text = p->j->source[p->file].text;
	if (end - beg > MAX_LINE) {
		Span at = {p->file, beg, beg + 1};
		error(p->j, at, "E0105", "this line is longer than %d bytes", MAX_LINE);
	}
	for (int i = beg; i < end;) {
		unsigned char c = (unsigned char)text[i];
		Span at = {p->file, i, i + 1};
		int n = utf8((const unsigned char *)text + i);
		if (n == 0) {
			error(p->j, at, "E0105", "byte 0x%02x is not UTF-8 here", c);
			return;
		}
		if (c == 0x7f || (c < 0x20 && !strchr("\t\r\f\v", c)) || c == 0) {
			error(p->j, at, "E0105", "control character 0x%02x in the program", c);
			return;
		}
		i += n;
	}
}

static void check_bytes(Parse *p)
{
	const Source *s = &p->j->source[p->file];
	for (int i = 0; i < s->nline; i++)
		check_line(p, s->line[i], i + 1 < s->nline ? s->line[i + 1] - 1 : s->len);
}

/* ---- after scanning: where each token stands -------------------------------------------- */

static void too_deep(Parse *p, int i)
{
	Diag *d = error(p->j, p->tok[i].at, "E0105", "brackets are nested more than %d deep",
	                MAX_NEST);
	diag_help(d, "give parts of the expression names");
	/* What is dropped would only repeat the message in other words. */
	p->tok[i] = (Token){.at = {p->file, p->tok[i].at.beg, p->tok[i].at.beg}};
	p->ntok = i + 1;
	p->cut = true;
}

static void mark_tokens(Parse *p)
{
	int depth = 0, braces = 0, nest = 0, section = 0;
	for (int i = 0; i < p->ntok; i++) {
		Token *t = &p->tok[i];
		int k = t->kind;
		bool opens = k == '(' || k == '[', closes = k == ')' || k == ']';
		/* A statement begins here whatever brackets were left open before. */
		bool value = k == LOSS && section != MODEL && section != BLOCK;
		if (k == '{' || k == '}' || (t->first && !value && parse_keyword(k)))
			depth = 0;
		if (parse_item_starts(p, i)) {
			section = k;
			braces = 0;
		}
		if (closes && depth > 0)
			depth--;
		t->depth = depth;
		t->section = section;
		depth += opens;
		braces += (k == '{') - (k == '}' && braces > 0);
		if (braces == 0 && k == '}')
			section = 0;
		nest += opens || k == '{';
		nest -= (closes || k == '}') && nest > 0;
		if (nest > MAX_NEST) {
			too_deep(p, i);
			return;
		}
	}
}

void scan_file(Parse *p)
{
	const Source *s = &p->j->source[p->file];
	p->newline = true;
	p->beg = p->end = 0;
	check_bytes(p);
	yyscan_t scanner;
	if (nnscan_lex_init_extra(p, &scanner))
		out_of_memory();
	YY_BUFFER_STATE b = nnscan__scan_bytes(s->text, s->len, scanner);
	nnscan_lex(scanner);
	nnscan__delete_buffer(b, scanner);
	nnscan_lex_destroy(scanner);
	p->beg = p->end = s->len;
	push(p, 0, 0);
	mark_tokens(p);
}
