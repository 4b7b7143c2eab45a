/* said.c - what nnc says after it has compiled: commands that it runs, and mistakes of the world around it.
 *
 * In:    texts, or the messages of a trainer.   Out: standard error, as text or as a line of JSON each.
 * Holds: with --diagnostics json all that nnc says is JSON; what the C compiler says is its own.
 */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

int fault(Job *j, int status, const char *code, const char *help, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	const char *text = arena_vprintf(j->mem, fmt, ap);
	va_end(ap);
	if (j->json) {
		const char *const helps[] = { help, 0 };
		diag_said(&(Said){ "error", code, text, 0, 0, 0, 0, helps }, stderr);
		return status;
	}
	fprintf(stderr, *code ? "nnc: error: %s [%s]\n" : "nnc: error: %s%s\n", text, code);
	if (help)
		fprintf(stderr, "     = help: %s\n", help);
	return status;
}

void say_command(Job *j, const char *command)
{
	if (j->json)
		diag_said(&(Said){ "note", "", command, 0, 0, 0, 0, 0 }, stderr);
	else
		fprintf(stderr, "%s\n", command);
}

/* ---- messages of a trainer ------------------------------------------------------------------- */

enum { MOST = 64 };

typedef struct {
	Said said;
	const char *note[MOST + 1], *help[MOST + 1];
	int nnote, nhelp;
} Message;

static void end_message(Message *m)
{
	if (m->said.severity)
		diag_said(&m->said, stderr);
	memset(m, 0, sizeof *m);
}

/* "FILE:3:5: " before the severity is a place, anything else ("nnc: ") is not. */
static void place_of(Arena *a, Message *m, const char *line, const char *end)
{
	const char *p = end;
	int n[2];
	for (int i = 1; i >= 0; i--) {
		const char *digits = p;
		while (digits > line && digits[-1] >= '0' && digits[-1] <= '9')
			digits--;
		if (digits == p || digits == line || digits[-1] != ':')
			return;
		n[i] = (int)strtol(digits, 0, 10);
		p = digits - 1;
	}
	m->said.file = arena_strndup(a, line, (size_t)(p - line));
	m->said.line = n[0];
	m->said.col = n[1];
}

/* The first line of a message: PLACE: error: TEXT [CODE, exit 3] */
static bool begin_message(Arena *a, Message *m, const char *line)
{
	static const char *const word[] = { "error", "warning" };
	if (*line == ' ')              /* a line of the file that it is about */
		return false;
	for (int i = 0; i < 2; i++) {
		const char *s = strstr(line, arena_printf(a, ": %s: ", word[i]));
		if (!s)
			continue;
		end_message(m);
		place_of(a, m, line, s);
		const char *text = s + strlen(word[i]) + 4, *code = strrchr(text, '[');
		size_t n = strlen(text);
		m->said.severity = word[i];
		m->said.code = "";
		if (code && n && text[n - 1] == ']' && code > text) {
			m->said.code = arena_strndup(a, code + 1, strcspn(code + 1, ",]"));
			n = (size_t)(code - 1 - text);
		}
		m->said.text = arena_strndup(a, text, n);
		m->said.note = m->note;
		m->said.help = m->help;
		return true;
	}
	return false;
}

void say_again(Job *j, const char *text)
{
	static const char note[] = "     = note: ", help[] = "     = help: ", more[] = "     =       ";
	Message m = { .nnote = 0 };
	while (*text) {
		size_t n = strcspn(text, "\n"), head = strlen(note);
		const char *line = arena_strndup(j->mem, text, n);
		text += n + (text[n] != 0);
		if (!strncmp(line, note, head) && m.nnote < MOST)
			m.note[m.nnote++] = line + head;
		else if ((!strncmp(line, help, head) || !strncmp(line, more, head)) && m.nhelp < MOST)
			m.help[m.nhelp++] = line + head;
		else
			begin_message(j->mem, &m, line);
	}
	end_message(&m);
}
