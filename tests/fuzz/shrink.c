/* shrink.c - see shrink.h.
 *
 * Drops runs of lines, long ones first; puts an earlier value in a value's place and drops its line;
 * takes options out of calls - as long as the program fails in the same way.
 */
#include "shrink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct { Report *r; char *text, kind[100]; Check *check; void *arg; unsigned seconds; } Shrink;

void check_apart(Check *check, void *arg, Report *r, const char *text, unsigned seconds)
{
	fflush(stdout);
	pid_t p = fork();
	if (!p) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(9);
		alarm(seconds);
		check(arg, r, text);
		_exit(0);
	}
	int status = 0;
	r->failed = false;
	waitpid(p, &status, 0);
	if (WIFSIGNALED(status) || WEXITSTATUS(status)) {
		r->failed = true;
		snprintf(r->what, sizeof r->what, WIFSIGNALED(status) ? "signal %d" : "exit status %d",
		         WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
}

/* The words of a failure without its numbers: the same mistake. */
static void kind_of(const Report *r, char *kind, size_t size)
{
	const char *p = strstr(r->what, "error: ");
	bool name = p != 0, exact = !strncmp(r->what, "signal", 6) || !strncmp(r->what, "exit", 4);
	size_t n = 0;
	for (p = p ? p : r->what; *p && n < (exact || name ? size - 1 : 36); p++) {
		if ((*p >= 'a' && *p <= 'z') || *p == ' ' || exact || (name && (*p == '`' || *p == '_')))
			kind[n++] = *p;
	}
	kind[n] = 0;
}

/* Does t fail as the program did?  Then it takes its place; else t is freed. */
static bool take(Shrink *s, char *t)
{
	char have[100];
	check_apart(s->check, s->arg, s->r, t, s->seconds);
	kind_of(s->r, have, sizeof have);
	bool same = s->r->failed && !strcmp(s->kind, have);
	free(same ? s->text : t);
	if (same)
		s->text = t;
	return same;
}

static int lines(const char *t)
{
	int n = 0;
	for (; *t; t++)
		n += *t == '\n';
	return n;
}

static const char *line_at(const char *t, int n)
{
	for (; n > 0 && *t; t++)
		n -= *t == '\n';
	return t;
}

/* Without n lines. */
static char *without(const char *text, int from, int n)
{
	const char *a = line_at(text, from), *b = line_at(a, n);
	size_t head = (size_t)(a - text);
	char *t = malloc(strlen(text) + 1);
	if (!t)
		abort();
	memcpy(t, text, head);
	strcpy(t + head, b);
	return t;
}

static bool word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

/* Every `name` replaced by `by`. */
static char *renamed(const char *text, const char *name, const char *by)
{
	size_t n = strlen(name), k = strlen(by);
	char *t = malloc(strlen(text) * (1 + k) + 1), *q = t;
	if (!t)
		abort();
	for (const char *p = text; *p;)
		if (!strncmp(p, name, n) && !word(p[n]) && (p == text || !word(p[-1]))) {
			memcpy(q, by, k);
			q += k;
			p += n;
		} else {
			*q++ = *p++;
		}
	*q = 0;
	return t;
}

static bool drop_lines(Shrink *s)
{
	bool smaller = false;
	for (int n = lines(s->text) / 2; n >= 1; n /= 2)
		for (int from = lines(s->text) - n; from >= 0; from--)
			smaller |= take(s, without(s->text, from, n));
	return smaller;
}

/* `v5 = f(v3, v4)`: is the line needed, or does v3 or v4 do as well? */
static bool drop_values(Shrink *s)
{
	bool smaller = false;
	for (int at = lines(s->text) - 1; at >= 0; at--) {
		char name[32], by[32];
		const char *p = line_at(s->text, at);
		int used = 0, end = 0, from = 0;
		if (sscanf(p, " %31[a-z0-9] =%n", name, &used) < 1 || !used)
			continue;
		end = (int)strcspn(p, "\n");
		for (from = used; from < end;) {
			if (!word(p[from]) || (from && word(p[from - 1]))) {
				from++;
				continue;
			}
			int len = 0;
			while (word(p[from + len]))
				len++;
			snprintf(by, sizeof by, "%.*s", len, p + from);
			from += len;
			if (by[0] < 'a' || !strcmp(by, name) || p[from] == '(')
				continue;
			char *cut = without(s->text, at, 1), *t = renamed(cut, name, by);
			free(cut);
			if (take(s, t)) {
				smaller = true;
				break;
			}
		}
	}
	return smaller;
}

/* `, option = value` inside parentheses, and a pipe's last stage. */
static bool drop_options(Shrink *s)
{
	bool smaller = false;
	for (size_t i = strlen(s->text); i-- > 0;) {
		const char *p = s->text + i;
		size_t n = 1;
		int deep = 0;
		if (*p != ',' && strncmp(p, "|>", 2) && strncmp(p, " + ", 3) && strncmp(p, " * ", 3))
			continue;
		for (; p[n] && p[n] != '\n'; n++) {
			deep += (p[n] == '(' || p[n] == '[') - (p[n] == ')' || p[n] == ']');
			if (deep < 0 || (!deep && n > 1 && (p[n] == ',' || !strncmp(p + n, "|>", 2))))
				break;
		}
		char *t = malloc(strlen(s->text) + 1);
		if (!t)
			abort();
		memcpy(t, s->text, i);
		strcpy(t + i, p + n);
		smaller |= take(s, t);
	}
	return smaller;
}

char *shrink(Check *check, void *arg, Report *r, char *text, unsigned seconds)
{
	Shrink s = { .r = r, .text = text, .check = check, .arg = arg, .seconds = seconds };
	check_apart(check, arg, r, text, seconds);
	if (!r->failed)
		return text;
	kind_of(r, s.kind, sizeof s.kind);
	while (drop_lines(&s) | drop_values(&s) | drop_options(&s))
		;
	check_apart(check, arg, r, s.text, seconds);
	return s.text;
}
