/* cnames.c - names of a program as C names that clash with nothing in the file.
 *
 * In:    names of inputs, outputs and parameters.   Out: C names, each once.
 * Holds: a program may call an input `int`, or an input and an output `x`; C may not.  Local
 *        names of generated code end in `_` or in `__` and a number, or are letters and a
 *        number; names of the library begin with `nnc`.
 */
#include "cnames.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Words of C and C++, macros of the headers, and our own names. */
static const char *const words[] = {
	"alignas", "alignof", "and", "and_eq", "asm", "atomic", "auto", "bitand", "bitor",
	"bool", "break", "case", "catch", "char", "char16_t", "char32_t", "char8_t", "class",
	"co_await", "co_return", "co_yield", "compl", "concept", "const", "const_cast",
	"consteval", "constexpr", "constinit", "continue", "decltype", "default", "delete",
	"do", "double", "dynamic_cast", "else", "enum", "errno", "explicit", "export", "extern", "false",
	"float", "for", "friend", "goto", "i", "if", "inline", "int", "linux", "long", "main",
	"mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr", "operator", "or",
	"or_eq", "private", "protected", "public", "register", "reinterpret_cast", "requires",
	"restrict", "return", "scratch", "scratch_memory", "short", "signed", "sizeof",
	"static", "static_assert", "static_cast", "struct", "switch", "template", "this",
	"thread_local", "throw", "true", "try", "typedef", "typeid", "typename", "typeof",
	"union", "unix", "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "while",
	"xor", "xor_eq",
};

static bool reserved(const char *s)
{
	size_t n = strlen(s), k = n;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(s, words[i]))
			return true;
	if (*s == '_' || !strncasecmp(s, "nnc", 3))
		return true;
	/* macros of <stdint.h>, <math.h> and the like are in capitals */
	bool capitals = n > 2, type = n > 2 && !strcmp(s + n - 2, "_t");
	for (size_t i = 0; i < n; i++)
		capitals &= !islower((unsigned char)s[i]);
	while (k && isdigit((unsigned char)s[k - 1]))
		k--;
	bool local = k == n ? s[n - 1] == '_' : k > 1 && s[k - 1] == '_' && s[k - 2] == '_';
	return capitals || type || local;
}

static bool taken(const CNames *c, const char *s)
{
	for (int i = 0; i < c->n; i++)
		if (!strcasecmp(c->name[i], s))
			return true;
	return false;
}

static const char *take(CNames *c, const char *text, const char *suffix, bool change)
{
	char *s = arena_printf(c->mem, "%s", text);
	for (char *p = s; *p; p++)
		if (!isalnum((unsigned char)*p))
			*p = '_';
	if (change || reserved(s))
		s = arena_printf(c->mem, "%s_%s", s, suffix);
	while (taken(c, s))
		s = arena_printf(c->mem, "%s_%s", s, suffix);
	PUSH(c->mem, c->name, c->n, c->cap, s);
	return s;
}

const char *cnames_argument(CNames *c, const char *text, const char *suffix)
{
	return take(c, text, suffix, false);
}

const char *cnames_array(CNames *c, const char *path)
{
	return take(c, path, "param", !strpbrk(path, "._"));
}
