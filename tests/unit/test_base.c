/* test_base.c - arenas, symbols, places, diagnostics (the drawings of interfaces.md), the
 * writer, numbers as text, suggestions, checked sizes. */
#include "base.h"

#include <CUnit/Basic.h>
#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- memory and symbols ----------------------------------------------------------------- */

static void test_arena(void)
{
	Arena *a = arena_new();
	char *last = 0;
	for (size_t n = 0; n < 3000; n += 7) {
		char *p = arena_alloc(a, n);
		CU_ASSERT((uintptr_t)p % 16 == 0 && p != last);
		for (size_t i = 0; i < n; i++)
			CU_ASSERT(p[i] == 0);
		memset(p, 0xff, n);
		last = p;
	}
	char *big = arena_alloc(a, 5 << 20);
	CU_ASSERT(big[0] == 0 && big[(5 << 20) - 1] == 0);
	CU_ASSERT_STRING_EQUAL(arena_printf(a, "%s-%d", "x", 42), "x-42");
	CU_ASSERT_STRING_EQUAL(arena_strndup(a, "hello", 3), "hel");
	int *v = 0, n = 0, cap = 0;
	for (int i = 0; i < 10000; i++)
		PUSH(a, v, n, cap, i);
	for (int i = 0; i < n; i++)
		CU_ASSERT(v[i] == i);
	CU_ASSERT(n == 10000 && cap >= n);
	arena_free(a);
}

static void test_symbols(void)
{
	Job *j = job_new();
	Sym a = job_sym(j, "alpha"), first = a;
	CU_ASSERT(symbols_get(j->symbols, "alphabet", 5) == a);
	CU_ASSERT(job_sym(j, "alphabet") != a);
	CU_ASSERT(job_sym(j, "") == symbols_get(j->symbols, "x", 0));
	for (int i = 0; i < 2000; i++)
		job_symf(j, "name%d", i);
	CU_ASSERT(job_symf(j, "name%d", 7) == job_sym(j, "name7"));
	CU_ASSERT(job_sym(j, "alpha") == first && !strcmp(first, "alpha"));
	job_free(j);
}

static void test_places(void)
{
	Job *j = job_new();
	int line, col, f = source_add(j, "a.nn", "ab\ncd\n\ne", 8, false);
	static const int want[][2] = { { 1, 1 }, { 1, 2 }, { 1, 3 }, { 2, 1 }, { 2, 2 },
		                       { 2, 3 }, { 3, 1 }, { 4, 1 }, { 4, 2 } };
	for (int i = 0; i < 9; i++) {
		source_place(j, f, i, &line, &col);
		CU_ASSERT(line == want[i][0] && col == want[i][1]);
	}
	source_place(j, f, 1000, &line, &col);
	CU_ASSERT(line == 4 && col == 2);
	source_place(j, -1, 0, &line, &col);
	CU_ASSERT(line == 0 && col == 0);
	CU_ASSERT_STRING_EQUAL(source_text(j, (Span){f, 3, 5}), "cd");
	CU_ASSERT_STRING_EQUAL(source_text(j, NOWHERE), "");
	Span s = span_join((Span){f, 3, 5}, (Span){f, 0, 1});
	CU_ASSERT(s.beg == 0 && s.end == 5);
	CU_ASSERT(span_join(NOWHERE, s).end == 5 && span_join(s, NOWHERE).end == 5);
	CU_ASSERT(source_read(j, "/nonexistent/x.nn") == -1 && errno == ENOENT);
	CU_ASSERT(source_read(j, ".") == -1 && errno == EISDIR);
	job_free(j);
}

/* ---- diagnostics ------------------------------------------------------------------------ */

/* A source in which marks are found by their text, with so many empty lines before it. */
typedef struct { Job *j; int file; const char *text; } Fixture;

static Fixture begin(int blank, const char *name, const char *text)
{
	Fixture x = {.j = job_new()};
	char *all = arena_alloc(x.j->mem, (size_t)blank + strlen(text) + 1);
	memset(all, '\n', (size_t)blank);
	strcpy(all + blank, text);
	x.text = all;
	x.file = source_add(x.j, name, all, strlen(all), false);
	return x;
}

/* The span of the nth (from 0) occurrence of what. */
static Span at(const Fixture *x, const char *what, int nth)
{
	const char *s = strstr(x->text, what);
	for (; s && nth > 0; nth--)
		s = strstr(s + 1, what);
	if (!s) {
		CU_FAIL("the text does not hold the mark");
		return NOWHERE;
	}
	int beg = (int)(s - x->text);
	return (Span){x->file, beg, beg + (int)strlen(what)};
}

static void expect(Fixture *x, const char *want)
{
	char *got = 0;
	size_t n = 0;
	FILE *f = open_memstream(&got, &n);
	diag_flush(x->j, f);
	fclose(f);
	if (strcmp(got, want))
		printf("\n--- wanted\n%s--- got\n%s", want, got);
	CU_ASSERT_STRING_EQUAL(got, want);
	free(got);
}

static void test_draw_residual(void)           /* interfaces.md section 2, message 10 */
{
	Fixture x = begin(16, "resnet20.nn",
	                  "  h = x |> conv_bn(out, stride = stride) |> relu |> conv_bn(out)\n"
	                  "  return relu(x + h)\n");
	Diag *d = error(x.j, at(&x, "+", 0), "E0301",
	                "`+` needs equal shapes, but dimensions 1, 2 and 3 differ");
	Span r = at(&x, "+ h", 0);
	diag_span(d, at(&x, "x", 1), "f32[N, 16, 32, 32]");
	diag_span(d, (Span){r.file, r.beg + 2, r.end}, "f32[N, 32, 16, 16]");
	diag_note_at(d, at(&x, "conv_bn(out, stride = stride)", 0),
	             "[N, 16, 32, 32] -> [N, 32, 16, 16]",
	             "`h` was shrunk here, because stride = 2");
	diag_help(d, "project the shortcut when the shape changes:\n    if stride != 1 { }");
	expect(&x, "resnet20.nn:18:17: error: `+` needs equal shapes, but dimensions 1, 2 and "
	           "3 differ [E0301]\n"
	           "  18 |   return relu(x + h)\n"
	           "     |               ~ ^ ~ f32[N, 32, 16, 16]\n"
	           "     |               |\n"
	           "     |               f32[N, 16, 32, 32]\n"
	           "     = note: `h` was shrunk here, because stride = 2\n"
	           "  17 |   h = x |> conv_bn(out, stride = stride) |> relu |> conv_bn(out)\n"
	           "     |            ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~ [N, 16, 32, 32] -> [N, 32, "
	           "16, 16]\n"
	           "     = help: project the shortcut when the shape changes:\n"
	           "     =           if stride != 1 { }\n");
	job_free(x.j);
}

static void test_draw_three(void)              /* message 11 */
{
	Fixture x = begin(12, "lenet.nn",
	                  "    |> conv2d(16, 5) |> tanh |> avg_pool2d(2) |> conv2d(32, 7)\n");
	Diag *d = error(x.j, at(&x, "conv2d(32, 7)", 0), "E0302", "the kernel does not fit");
	diag_label(d, "kernel %d x 7 on a 5 x 5 image", 7);
	diag_span(d, at(&x, "avg_pool2d(2)", 0), "[N, 16, 5, 5]");
	diag_span(d, at(&x, "conv2d(16, 5)", 0), "[N, 16, 10, 10]");
	expect(&x,
	       "lenet.nn:13:50: error: the kernel does not fit [E0302]\n"
	       "  13 |     |> conv2d(16, 5) |> tanh |> avg_pool2d(2) |> conv2d(32, 7)\n"
	       "     |        ~~~~~~~~~~~~~            ~~~~~~~~~~~~~    ^~~~~~~~~~~~~ kernel 7 x 7 on a 5 x 5 image\n"
	       "     |        |                        |\n"
	       "     |        |                        [N, 16, 5, 5]\n"
	       "     |        |\n"
	       "     |        [N, 16, 10, 10]\n");
	job_free(x.j);
}

static void test_draw_broadcast(void)          /* message 13 */
{
	Fixture x = begin(15, "housing.nn", "  loss   mse(y, price)\n");
	Diag *d = error(x.j, at(&x, "mse", 0), "E0304", "`mse` needs equal shapes");
	diag_span(d, at(&x, "y", 0), "f32[N, 1]");
	diag_span(d, at(&x, "price", 0), "f32[N]");
	expect(&x,
	       "housing.nn:16:10: error: `mse` needs equal shapes [E0304]\n"
	       "  16 |   loss   mse(y, price)\n"
	       "     |          ^~~ ~  ~~~~~ f32[N]\n"
	       "     |              |\n"
	       "     |              f32[N, 1]\n");
	job_free(x.j);
}

static void test_draw_lines(void)              /* message 14: two lines; order of diagnostics */
{
	Fixture x = begin(6, "mlp.nn", "  l = dense(9)\n  loss ce(l, label)\n");
	Diag *late = error(x.j, at(&x, "label", 0), "E0305",
	                   "9 scores cannot be compared with 10 classes");
	diag_label(late, "class(10): 10 classes");
	diag_span(late, at(&x, "dense(9)", 0), "9 scores per sample");
	warning(x.j, at(&x, "l", 0), "unused-value", "`l` is never used");
	expect(&x,
	       "mlp.nn:7:3: warning: `l` is never used [-Wunused-value]\n"
	       "   7 |   l = dense(9)\n"
	       "     |   ^\n"
	       "mlp.nn:8:14: error: 9 scores cannot be compared with 10 classes [E0305]\n"
	       "   7 |   l = dense(9)\n"
	       "     |       ~~~~~~~~ 9 scores per sample\n"
	       "   8 |   loss ce(l, label)\n"
	       "     |              ^~~~~ class(10): 10 classes\n");
	CU_ASSERT(x.j->nerror == 1 && x.j->ndiag == 0);
	job_free(x.j);
}

static void test_draw_odd(void)          /* tabs, characters, line ends, no place, other file */
{
	Fixture x = begin(0, "t.nn", "\tx =\t\xC3\xA9 y  \r\nlast (a,\n  b)");
	error(x.j, at(&x, "y", 0), "E0001", "behind a tab and an accent");
	error(x.j, at(&x, "(a,\n  b)", 0), "E0002", "over two lines");
	int end = (int)strlen(x.text);
	error(x.j, (Span){x.file, end, end}, "E0003", "at the end");
	Diag *d = error(x.j, NOWHERE, "E0501", "no const");
	diag_help(d, "none");
	int prelude = source_add(x.j, "prelude.nn", "block b\n", 8, true);
	diag_note_at(d, (Span){prelude, 6, 7}, 0, "defined here");
	error(x.j, (Span){prelude, 0, 5}, "E0004", "in the prelude");
	expect(&x,
	       "nnc: error: no const [E0501]\n"
	       "     = help: none\n"
	       "     = note: defined here\n"
	       "    --> prelude.nn:1:7\n"
	       "   1 | block b\n"
	       "     |       ~\n"
	       "t.nn:1:8: error: behind a tab and an accent [E0001]\n"
	       "   1 |         x =     \xC3\xA9 y\n"
	       "     |                   ^\n"
	       "t.nn:2:6: error: over two lines [E0002]\n"
	       "   2 | last (a,\n"
	       "     |      ^~~\n"
	       "t.nn:3:5: error: at the end [E0003]\n"
	       "   3 |   b)\n"
	       "     |     ^\n"
	       "prelude.nn:1:1: error: in the prelude [E0004]\n"
	       "   1 | block b\n"
	       "     | ^~~~~\n");
	job_free(x.j);
}

static void test_limits(void)
{
	Fixture x = begin(0, "t.nn", "a b c d e\n");
	x.j->max_errors = 2;
	error(x.j, at(&x, "a", 0), "E0001", "one");
	diag_label(error(x.j, at(&x, "a", 0), "E0001", "one again"), "not printed");
	CU_ASSERT(x.j->nerror == 1 && !diag_full(x.j));
	error(x.j, at(&x, "b", 0), "E0001", "two");
	CU_ASSERT(!diag_full(x.j));
	error(x.j, at(&x, "c", 0), "E0001", "three");
	CU_ASSERT(diag_full(x.j) && x.j->nerror == 2);
	expect(&x,
	       "t.nn:1:1: error: one [E0001]\n   1 | a b c d e\n     | ^\n"
	       "t.nn:1:3: error: two [E0001]\n   1 | a b c d e\n     |   ^\n"
	       "too many errors; stopping\n");
	job_free(x.j);
}

static void test_warnings(void)
{
	Fixture x = begin(0, "t.nn", "a b c\n");
	x.j->no_warning = (const char *[]){"quiet"};
	x.j->nno_warning = 1;
	x.j->error_warning = (const char *[]){"grave"};
	x.j->nerror_warning = 1;
	warning(x.j, at(&x, "a", 0), "quiet", "not said");
	warning(x.j, at(&x, "b", 0), "grave", "said as an error");
	x.j->warnings_off = true;
	warning(x.j, at(&x, "c", 0), "other", "not said");
	CU_ASSERT(x.j->nerror == 1);
	expect(&x,
	       "t.nn:1:3: error: said as an error [-Werror=grave]\n   1 | a b c\n     |   ^\n");
	job_free(x.j);
}

static void test_json(void)
{
	Fixture x = begin(0, "t.nn", "x\ny z\n");
	x.j->json = true;
	Diag *d = error(x.j, at(&x, "z", 0), "E0204", "a \"quote\", a\ttab and \xFF");
	diag_span(d, at(&x, "x", 0), "here");
	diag_help(d, "none");
	expect(&x,
	       "{\"severity\":\"error\",\"code\":\"E0204\","
	       "\"message\":\"a \\\"quote\\\", a\\u0009tab and \\ufffd\","
	       "\"file\":\"t.nn\",\"line\":2,\"column\":3,\"end_line\":2,\"end_column\":4,"
	       "\"spans\":[{\"file\":\"t.nn\",\"line\":2,\"column\":3,\"end_line\":2,\"end_"
	       "column\":4,\"label\":\"\",\"primary\":true},"
	       "{\"file\":\"t.nn\",\"line\":1,\"column\":1,\"end_line\":1,\"end_column\":2,"
	       "\"label\":\"here\",\"primary\":false}],\"notes\":[],\"helps\":[\"none\"]}\n");
	job_free(x.j);
}

/* ---- writer, numbers, suggestions ------------------------------------------------------- */

static void test_out(void)
{
	Arena *a = arena_new();
	Out *o = out_new(a);
	out(o, "#define A 1\nint f(void)\n{\n");
	out(o, "if (%s) ", "x");
	out(o, "{\n#undef A\ny();\n\n} else {\n");
	out(o, "z(%d);\n}\n}\n", 7);
	out_raw(o, "raw {\n", 6);
	out(o, "end\n");
	CU_ASSERT_STRING_EQUAL(o->text,
	                       "#define A 1\nint f(void)\n{\n\tif (x) {\n#undef A\n\t\ty();\n\n"
	                       "\t} else {\n\t\tz(7);\n\t}\n}\nraw {\nend\n");
	char *wide = arena_alloc(a, 5001);
	memset(wide, 'w', 5000);
	size_t before = o->n;
	out(o, "%s\n", wide);
	CU_ASSERT(o->n == before + 5001);
	char path[] = "out_test_XXXXXX";
	int fd = mkstemp(path);
	CU_ASSERT(fd >= 0 && close(fd) == 0);
	CU_ASSERT(out_save(o, path) == 0);
	size_t n;
	char *back = file_read(a, path, 1 << 20, &n);
	CU_ASSERT(back && n == o->n && !memcmp(back, o->text, n));
	struct stat st;
	CU_ASSERT(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	unlink(path);
	CU_ASSERT(out_save(o, "/nonexistent/folder/x.c") == -1 && errno == ENOENT);
	CU_ASSERT(out_save(o, ".") == -1 && errno == EISDIR);
	CU_ASSERT(out_save(o, "/dev/null") == 0);
	arena_free(a);
}

static void test_numbers(void)
{
	static const struct { double v; bool single; const char *text;
	} want[] = {
		{ 0, false, "0.0" },
		{ -0.0, false, "-0.0" },
		{ 1, true, "1.0" },
		{ 0.1, false, "0.1" },
		{ 0.1, true, "0.1" },
		{ 1e22, false, "1e+22" },
		{ 1.0 / 3, true, "0.33333334" },
		{ 1.0 / 3, false, "0.3333333333333333" },
		{ 100000, true, "100000.0" },
		{ FLT_MAX, true, "3.4028235e+38" },
		{ 5e-324, false, "5e-324" },
		{ -2.5, true, "-2.5" },
		{ INFINITY, true, "INFINITY" },
		{ -INFINITY, false, "-INFINITY" },
		{ NAN, true, "NAN" },
	};
	char buf[40];
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		CU_ASSERT_STRING_EQUAL(number_text(buf, want[i].v, want[i].single),
		                       want[i].text);
	/* A spread of bit patterns comes back exactly. */
	for (uint32_t i = 1; i < 0x7f000000; i += 0x10f0d1) {
		float v;
		memcpy(&v, &i, sizeof v);
		CU_ASSERT(strtof(number_text(buf, v, true), 0) == v);
		double w = v * 1.0000000123;
		CU_ASSERT(strtod(number_text(buf, w, false), 0) == w);
	}
}

static void test_nearest(void)
{
	static const char *const v[] = { "dense", "dropout", "conv2d", "relu",
		                         "lr",    "x",       "width" };
	CU_ASSERT_STRING_EQUAL(nearest("danse", v, 7), "dense");
	CU_ASSERT_STRING_EQUAL(nearest("widht", v, 7), "width");
	CU_ASSERT_STRING_EQUAL(nearest("dropot", v, 7), "dropout");
	CU_ASSERT_STRING_EQUAL(nearest("rl", v, 7), "lr");
	CU_ASSERT(nearest("conv", v, 7) != 0 && nearest("convolution", v, 7) == 0);
	CU_ASSERT(nearest("y", v, 7) == 0 && nearest("", v, 7) == 0 &&
	          nearest("dense", v, 0) == 0);
	char wide[500];
	memset(wide, 'a', sizeof wide - 1);
	wide[sizeof wide - 1] = 0;
	CU_ASSERT(nearest(wide, v, 7) == 0);
}

static void test_sizes(void)
{
	int64_t r;
	CU_ASSERT(size_mul(6, 7, 42, &r) && r == 42);
	CU_ASSERT(!size_mul(6, 7, 41, &r));
	CU_ASSERT(!size_mul(INT64_MAX, 2, INT64_MAX, &r));
	CU_ASSERT(size_add(INT64_MAX - 1, 1, INT64_MAX, &r) && r == INT64_MAX);
	CU_ASSERT(!size_add(INT64_MAX, 1, INT64_MAX, &r));
}

int main(void)
{
	CU_initialize_registry();
	CU_pSuite s = CU_add_suite("base", 0, 0);
	CU_add_test(s, "arena", test_arena);
	CU_add_test(s, "symbols", test_symbols);
	CU_add_test(s, "places", test_places);
	CU_add_test(s, "drawing: operands and a note with source", test_draw_residual);
	CU_add_test(s, "drawing: three marks", test_draw_three);
	CU_add_test(s, "drawing: call and arguments", test_draw_broadcast);
	CU_add_test(s, "drawing: two lines, order", test_draw_lines);
	CU_add_test(s, "drawing: tabs, ends, files", test_draw_odd);
	CU_add_test(s, "limit and repetition", test_limits);
	CU_add_test(s, "warnings", test_warnings);
	CU_add_test(s, "json", test_json);
	CU_add_test(s, "writer", test_out);
	CU_add_test(s, "numbers", test_numbers);
	CU_add_test(s, "suggestions", test_nearest);
	CU_add_test(s, "checked sizes", test_sizes);
	CU_basic_run_tests();
	int bad = (int)CU_get_number_of_failures();
	CU_cleanup_registry();
	return bad != 0;
}
