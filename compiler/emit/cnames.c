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

/* Words of C and C++, and macros of compilers and headers. */
static const char *const words[] = {
	"alignas", "alignof", "and", "and_eq", "asm", "atomic", "auto", "bitand", "bitor",
	"bool", "break", "case", "catch", "char", "char16_t", "char32_t", "char8_t", "class",
	"co_await", "co_return", "co_yield", "compl", "concept", "const", "const_cast",
	"consteval", "constexpr", "constinit", "continue", "decltype", "default", "delete",
	"do", "double", "dynamic_cast", "else", "enum", "errno", "explicit", "export", "extern", "false",
	"float", "for", "friend", "goto", "if", "inline", "int", "linux", "long", "main",
	"mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr", "operator", "or",
	"or_eq", "private", "protected", "public", "register", "reinterpret_cast", "requires",
	"restrict", "return", "short", "signed", "sizeof",
	"static", "static_assert", "static_cast", "struct", "switch", "template", "this",
	"thread_local", "throw", "true", "try", "typedef", "typeid", "typename", "typeof",
	"union", "unix", "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "while",
	"xor", "xor_eq",
};

/* Names that generated code gives to what it declares itself. */
static const char *const ours[] = { "i", "scratch", "scratch_memory" };

/* What stands behind `prefix_` in the names of public functions and of tables. */
static const char *const behind[] = { "run", "init", "load", "strerror", "selfcheck", "compute", "one_",
	                              "many_", "weights_table", "has_no_weights" };

static bool among(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(s, list[i]))
			return true;
	return false;
}
#define AMONG(s, list) among(s, list, sizeof list / sizeof *list)

/* Does the file call a function or table of its own s: `lenet_run`, `lenet_k3`, `lenet_one_k3`? */
static bool function_name(const CNames *c, const char *s)
{
	size_t n = c->prefix ? strlen(c->prefix) : 0;
	if (!n || strncasecmp(s, c->prefix, n) || s[n] != '_')
		return false;
	s += n + 1;
	if (AMONG(s, behind))
		return true;
	s += !strncmp(s, "one_", 4) ? 4 : !strncmp(s, "many_", 5) ? 5 : 0;
	return *s == 'k' && s[1] && !s[1 + strspn(s + 1, "0123456789")];
}

static bool reserved(const CNames *c, const char *s)
{
	size_t n = strlen(s), k = n;
	if (AMONG(s, words) || AMONG(s, ours) || *s == '_' || !strncasecmp(s, "nnc", 3))
		return true;
	if (function_name(c, s))
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
	if (change || reserved(c, s))
		s = arena_printf(c->mem, "%s_%s", s, suffix);
	while (taken(c, s))
		s = arena_printf(c->mem, "%s_%s", s, suffix);
	PUSH(c->mem, c->name, c->n, c->cap, s);
	return s;
}

const char *cnames_type(CNames *c, const char *text, const char *suffix)
{
	const char *s = AMONG(text, words) ? arena_printf(c->mem, "%s_%s", text, suffix) : text;
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
