/* test_vmath.c - vec.h and vmath.h: errors, special values, equal bits, partial loads.
 *
 * The checks are plain functions that print what is wrong and return how many things are.  They
 * run in this build, and in builds by other compilers and flags (variants below): there the
 * file compiles itself with -DVARIANT, without CUnit.  In strict builds the bits of all float
 * results are hashed and must be those written here, on every compiler and CPU.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vec.h"
#include "vmath.h"

#define STRICT_HASH UINT64_C(0xb96745dabe83e000)

/* The references have more digits: double for float, long double for double. */
#ifdef NNC_F64
typedef long double Exact;
#define EXACT(F) F##l
#define BITS 64
#define DIGITS 53
#define LOWEST (-1074)
#else
typedef double Exact;
#define EXACT(F) F
#define BITS 32
#define DIGITS 24
#define LOWEST (-149)
#endif

typedef struct {
	const char *name;
	double bound;                  /* ulp */
	nncv_real (*wide)(nncv_real x);
	nnc_real (*single)(nnc_real x);
	Exact (*exact)(Exact x);
} Function;

static Exact sigmoid(Exact x)
{
	return x < 0 ? EXACT(exp)(x) / (1 + EXACT(exp)(x)) : 1 / (1 + EXACT(exp)(-x));
}

static Exact rsqrt(Exact x) { return 1 / EXACT(sqrt)(x); }
static Exact sign(Exact x) { return (Exact)((x > 0) - (x < 0)); }

/* Bounds in double: "about 1e-15 relative"; 1e-15 is 4.5 to 9 ulp. */
#define ROW(F, bound, exact) { #F, NNC_IF64(bound, bound + 2.5), nncv_##F, nnc_##F, exact }
#if NNC_VL == 1
static nncv_real one_sqrt(nncv_real x) { return nncv_sqrt(x); }
#else
#define one_sqrt nncv_sqrt
#endif
static const Function table[] = {
	ROW(exp, 1.5, EXACT(exp)), ROW(log, 1.5, EXACT(log)), ROW(tanh, 1.5, EXACT(tanh)),
	ROW(sigmoid, 1.5, sigmoid), ROW(erf, 1.5, EXACT(erf)), ROW(expm1, 1.5, EXACT(expm1)),
	ROW(log1p, 1.5, EXACT(log1p)), ROW(sin, 1, EXACT(sin)), ROW(cos, 1, EXACT(cos)),
	ROW(rsqrt, 1.5, rsqrt),
	{ "sqrt", 0.5, one_sqrt, nnc_sqrt, EXACT(sqrt) },
	{ "floor", 0, nncv_floor, nnc_floor, EXACT(floor) },
	{ "ceil", 0, nncv_ceil, nnc_ceil, EXACT(ceil) },
	{ "round", 0, nncv_round, nnc_round, EXACT(rint) },
	{ "abs", 0, nncv_abs, nnc_abs, EXACT(fabs) },
	{ "sign", 0, nncv_sign, nnc_sign, sign }
};
enum { FUNCTIONS = sizeof table / sizeof *table };

/* The distance of y from the exact value in ulp; 0 for equal infinities and for two NaN. */
static double ulps(nnc_real y, Exact exact)
{
	int e;

	if (isnan(exact) || isnan(y))
		return isnan(exact) && isnan(y) ? 0 : INFINITY;
	if ((nnc_real)exact == y && (isinf(y) || exact == 0))
		return !signbit(y) != !signbit(exact) ? INFINITY : 0;
	if (isinf(y)) {                                /* the number after the largest */
		y = (nnc_real)copysign(ldexp(1, BITS == 32 ? 127 : 1023), (double)y);
		exact /= 2;
	}
	EXACT(frexp)(exact, &e);
	e = e - DIGITS < LOWEST ? LOWEST : e - DIGITS;
	return (double)(EXACT(fabs)((Exact)y - exact) / EXACT(ldexp)(1, e));
}

/* The same bits, or both NaN. */
static int same(nnc_real a, nnc_real b)
{
	return nnc_bits(a) == nnc_bits(b) || (isnan(a) && isnan(b));
}

/* Number i of the arguments: numbers around places where something changes, then all
 * magnitudes. */
static nnc_real argument(int64_t i)
{
	static const double near[] = {
		0, INFINITY, 0.625, 0.92, 1, 4, 6, 9.1, 18.1, 88.7228, 87.3, 103.97, 104, 127,
		0.70710678, 1.41421356, 0.34657359, 1.0397208, 1.17549435e-38, 8388608, 0.5,
		1.5, 2.5, 1.57079637, 3.14159274, 500000, 709.78, 745.13,
		2.2250738585072014e-308, 36.7, 1e-8, 16.6, 22.2, 3.4e38
	};
	enum { NEAR = sizeof near / sizeof *near, EACH = 400 };
	uint64_t at;

	if (i < NEAR * EACH * 2) {
		nnc_uint bits = nnc_bits((nnc_real)near[i / EACH / 2]);

		bits += (nnc_uint)(i / 2 % EACH) - EACH / 2;
		return nnc_frombits(i & 1 ? bits | NNC_SIGN : bits);
	}
	at = (uint64_t)(i - NEAR * EACH * 2);
	at = (at * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - BITS);
	return nnc_frombits((nnc_uint)at);
}

/* Every function on the arguments: errors, signs of zeros, and lane = scalar. */
static int check_errors(int64_t n)
{
	int bad = 0;

	for (int k = 0; k < FUNCTIONS; k++) {
		const Function *f = table + k;
		double worst = 0;
		nnc_real where = 0;
		int64_t differ = 0;

		for (int64_t at = 0; at + NNC_VL <= n; at += NNC_VL) {
			nnc_real x[NNC_VL], y[NNC_VL];

			for (int i = 0; i < NNC_VL; i++)
				x[i] = argument(at + i);
			nncv_store(y, f->wide(nncv_load(x)));
			for (int i = 0; i < NNC_VL; i++) {
				double u = ulps(y[i], f->exact((Exact)x[i]));
				nnc_real s = f->single(x[i]);

				differ += !same(s, y[i]);
				if (u > worst)
					worst = u, where = x[i];
			}
		}
		if (worst > f->bound || differ) {
			printf("%s: %.3f ulp at %.17g; %lld lanes differ\n", f->name, worst,
			       (double)where, (long long)differ);
			bad++;
		}
		if (getenv("VERBOSE"))
			printf("%-8s %.3f ulp at %.17g\n", f->name, worst, (double)where);
	}
	return bad;
}

/* pow on special values, as C99 Annex F has it, and its error elsewhere. */
static int check_pow(int n)
{
	static const double special[] = {
		0, 0.5, 1, 1.5, 2, 3, 4, 0.25, 7, 1e30, 16777215, 16777216, 3e38, 1e-40,
		INFINITY
	};
	enum { SPECIAL = sizeof special / sizeof *special };
	int bad = 0;

	for (int i = 0; i < 4 * SPECIAL * SPECIAL; i++) {
		nnc_real a = (nnc_real)special[i / 4 % SPECIAL], y;
		nnc_real b = (nnc_real)special[i / 4 / SPECIAL];
		Exact exact;

		a = i & 1 ? -a : a;
		b = i & 2 ? -b : b;
		y = nnc_pow(a, b);
		exact = EXACT(pow)((Exact)a, (Exact)b);
		if (ulps(y, exact) > 16)
			bad++, printf("pow(%g, %g) = %g\n", (double)a, (double)b, (double)y);
	}
	for (int i = 0; i < n; i++) {
		nnc_real a = argument(i), b = (nnc_real)((double)(i % 801) / 40 - 10);
		nnc_real y = nnc_pow(a, b);
		nnc_real lane = nncv_first(nncv_pow(nncv_set1(a), nncv_set1(b)));
		double u = ulps(y, EXACT(pow)((Exact)a, (Exact)b));

		if (u > NNC_IF64(0.6, 9) || !same(lane, y))
			bad++, printf("pow(%.17g, %.17g): %g ulp\n", (double)a, (double)b, u);
	}
	if (!isnan(nnc_pow(NAN, 1)) || !isnan(nnc_pow(2, NAN)) || nnc_pow(NAN, 0) != 1)
		bad++, printf("pow of NaN\n");
	return bad;
}

/* max, min, sel, comparisons, masks, fma: lane by lane the scalar ones. */
static int check_pairs(void)
{
	static const double v[] = {
		0, -0.0, 1, -1, 2.5, 1e-40, INFINITY, -INFINITY, NAN, 3, 0.1, 7e30
	};
	enum { V = sizeof v / sizeof *v, OPS = 10 };
	int bad = 0;

	for (int i = 0; i < V * V * V; i++) {
		nnc_real a = (nnc_real)v[i % V], b = (nnc_real)v[i / V % V];
		nnc_real c = (nnc_real)v[i / V / V];
		nncv_real x = nncv_set1(a), y = nncv_set1(b), z = nncv_set1(c);
		nncv_real zero = nncv_set1(0);
		nnc_real s[OPS] = {
			nnc_max(a, b), nnc_min(a, b), nnc_sel(nnc_lt(a, b), a, c),
			nnc_sel(nnc_le(a, b), a, c), nnc_sel(nnc_eq(a, b), a, c),
			nnc_sel(nnc_ne(a, b), a, c), nnc_fma(a, b, c),
			nnc_sel(nnc_and(nnc_lt(a, b), nnc_not(nnc_lt(b, c))), a, 0),
			nnc_sel(nnc_or(nnc_lt(a, b), nnc_eq(b, c)), a, 0), nnc_copysign(a, b)
		};
		nncv_real w[OPS] = {
			nncv_max(x, y), nncv_min(x, y), nncv_sel(nncv_lt(x, y), x, z),
			nncv_sel(nncv_le(x, y), x, z), nncv_sel(nncv_eq(x, y), x, z),
			nncv_sel(nncv_ne(x, y), x, z), nncv_fma(x, y, z),
			nncv_sel(nncv_and(nncv_lt(x, y), nncv_not(nncv_lt(y, z))), x, zero),
			nncv_sel(nncv_or(nncv_lt(x, y), nncv_eq(y, z)), x, zero),
			nncv_copysign(x, y)
		};

		for (int k = 0; k < OPS; k++) {
			if (!same(nncv_first(w[k]), s[k]))
				bad++, printf("op %d of (%g, %g, %g)\n", k, (double)a,
				              (double)b, (double)c);
		}
		if (isnan(s[0]) != (isnan(a) || isnan(b)) || (s[0] < a) || (s[0] < b) ||
		    isnan(s[1]) != (isnan(a) || isnan(b)) || (s[1] > a) || (s[1] > b))
			bad++, printf("max, min of (%g, %g)\n", (double)a, (double)b);
	}
	return bad;
}

/* Comparisons of integers and bytes as numbers, lane by lane; nothing beyond the last byte is read
 * (check_memory has the pages for it). */
static int check_integers(void)
{
	unsigned char byte[NNC_VL + 1];
	nnc_real x[NNC_VL];
	int bad = 0;

	for (int i = 0; i <= NNC_VL; i++)
		byte[i] = (unsigned char)(255 - 17 * i);
	for (int from = 0; from < 2; from++)
		for (int n = 0; n <= NNC_VL; n++) {
			nncv_store(x, n == NNC_VL ? nncv_bytes(byte + from)
			                          : nncv_bytesn(byte + from, n));
			for (int i = 0; i < NNC_VL; i++)
				bad += x[i] != (i < n ? (nnc_real)byte[i + from] : 0);
		}
	for (int a = -2; a < NNC_VL + 2; a++) {
		nncv_real one = nncv_set1(1), zero = nncv_set1(0);
		nncv_int u = nncv_seti(a), v = nncv_from(0);
		nncv_real w[4] = { nncv_sel(nncv_ilt(u, v), one, zero),
			           nncv_sel(nncv_ile(u, v), one, zero),
			           nncv_sel(nncv_ieq(u, v), one, zero),
			           nncv_sel(nncv_ine(u, v), one, zero) };
		for (int k = 0; k < 4; k++) {
			nncv_store(x, w[k]);
			for (int i = 0; i < NNC_VL; i++) {
				int is[4] = { a < i, a <= i, a == i, a != i };
				bad += x[i] != (nnc_real)is[k];
			}
		}
	}
	if (bad)
		printf("integers and bytes: %d wrong\n", bad);
	return bad;
}

/* The root by integers is the instruction's. */
static int check_root(int n)
{
	int bad = 0;

	for (int i = 0; i < n; i++) {
		nnc_real x = nnc_abs(argument(i));

		if (x > 0 && x - x == 0 && nnc_root(x) != NNC_IF64(sqrtf, sqrt)(x))
			bad++;
	}
	if (bad)
		printf("nnc_root: %d wrong\n", bad);
	return bad;
}

/* Partial loads and stores with a page of no access behind and one before; the order of
 * hsum. */
static int check_memory(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *map = mmap(0, 3 * page, PROT_READ | PROT_WRITE,
	                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	nnc_real *first = (nnc_real *)(void *)(map + page), *end = first + page / sizeof *end;
	nnc_real lanes[NNC_VL], tree[NNC_VL];
	int bad = 0;

	if (map == MAP_FAILED || mprotect(map, page, PROT_NONE) ||
	    mprotect(map + 2 * page, page, PROT_NONE))
		return printf("mmap failed\n"), 1;
	for (int n = 0; n <= NNC_VL; n++) {
		nnc_real *p = end - n;

		for (int i = 0; i < n; i++)
			p[i] = (nnc_real)(i + 1);
		if (n < NNC_VL || NNC_VL > 1) {
			nncv_store(lanes, nncv_loadn(p, n));
			for (int i = 0; i < NNC_VL; i++)
				bad += lanes[i] != (i < n ? (nnc_real)(i + 1) : 0);
		}
		for (int i = 0; i < 2 * NNC_VL; i++)
			first[i] = -1;
		nncv_storen(p, nncv_iota(), n);
		nncv_storen(first, nncv_iota(), n);
		for (int i = 0; i < n; i++)
			bad += p[i] != (nnc_real)i;
		for (int i = 0; i < 2 * NNC_VL; i++)
			bad += first[i] != (i < n ? (nnc_real)i : -1);
	}
	nncv_store(end - NNC_VL, nncv_load(first + 1));        /* unaligned */
	for (int i = 0; i < NNC_VL; i++)
		lanes[i] = tree[i] = (nnc_real)(i * 37 % 11) * (nnc_real)0.37;
	for (int w = NNC_VL / 2; w; w /= 2)
		for (int i = 0; i < w; i++)
			tree[i] += tree[i + w];
	bad += nncv_hsum(nncv_load(lanes)) != tree[0];
	munmap(map, 3 * page);
	if (bad)
		printf("memory: %d wrong\n", bad);
	return bad;
}

#if defined(NNC_STRICT) && !defined(NNC_F64)
/* The bits of all float functions are the same everywhere. */
static int check_strict(int64_t n)
{
	const uint64_t prime = UINT64_C(1099511628211);
	uint64_t h = UINT64_C(14695981039346656037);           /* FNV-1a, by words */

	for (int64_t i = 0; i < n; i++) {
		nnc_real x = argument(i), y;

		for (int k = 0; k < FUNCTIONS; k++) {
			y = table[k].single(x);
			h = (h ^ (isnan(y) ? 0x7fc00000u : nnc_bits(y))) * prime;
		}
		y = nnc_pow(x, (nnc_real)0.7);
		h = (h ^ (isnan(y) ? 0x7fc00000u : nnc_bits(y))) * prime;
	}
	if (h == STRICT_HASH)
		return 0;
	printf("hash of the strict results: 0x%016llx\n", (unsigned long long)h);
	return 1;
}
#endif

#ifdef VARIANT

int main(void)
{
	int bad = check_errors(40000) + check_pow(3000) + check_pairs() + check_integers() +
	          check_root(3000) + check_memory();

#if defined(NNC_STRICT) && !defined(NNC_F64)
	bad += check_strict(30000);
#endif
	return bad != 0;
}

#else

#include <CUnit/Basic.h>

/* Compiles this file by cc with flags, runs it, removes it.  A compiler that is not there is
 * passed over. */
static int run_variant(const char *cc, const char *flags)
{
	char command[1024], program[] = "/tmp/test_vmath_XXXXXX", where[512];
	char *slash;
	int fd, bad;

	snprintf(command, sizeof command, "%s --version >/dev/null 2>&1", cc);
	if (system(command)) {
		printf("  (%s is not there: not tried)\n", cc);
		return 0;
	}
	fd = mkstemp(program);
	if (fd < 0)
		return 1;
	close(fd);
	snprintf(where, sizeof where, "%s", __FILE__);
	slash = strrchr(where, '/');
	if (slash)
		*slash = 0;
	snprintf(command, sizeof command, "%s -std=c99 -Wall -Wextra -Wconversion -Wshadow "
	         "-Wpedantic -Werror -ffp-contract=off -DVARIANT %s -I%s/../../runtime "
	         "-o %s %s -lm && %s", cc, flags, slash ? where : ".", program, __FILE__,
	         program);
	bad = system(command);
	if (bad)
		printf("variant failed: %s %s\n", cc, flags);
	unlink(program);
	return bad != 0;
}

static void test_variants(void)
{
	static const char *const build[][2] = {
		{ "gcc", "-O2 -march=native" }, { "clang", "-O2 -march=native" },
		{ "gcc", "-O1 -DNNC_STRICT" }, { "clang", "-O2 -DNNC_STRICT -march=native" },
		{ "gcc", "-O2 -DNNC_SCALAR -march=native" }, { "clang", "-O2" },
		{ "gcc", "-O2 -DNNC_F64 -DNNC_NO_LIBM" },
		{ "clang", "-O2 -DNNC_F64 -march=native" }
	};

	for (size_t i = 0; i < sizeof build / sizeof *build; i++)
		CU_ASSERT_EQUAL(run_variant(build[i][0], build[i][1]), 0);
}

static void test_errors(void) { CU_ASSERT_EQUAL(check_errors(300000), 0); }
static void test_pow(void) { CU_ASSERT_EQUAL(check_pow(100000), 0); }
static void test_pairs(void) { CU_ASSERT_EQUAL(check_pairs() + check_integers(), 0); }
static void test_root(void) { CU_ASSERT_EQUAL(check_root(100000), 0); }
static void test_memory(void) { CU_ASSERT_EQUAL(check_memory(), 0); }

int main(void)
{
	CU_pSuite s;
	unsigned failed;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	s = CU_add_suite("vmath", 0, 0);
	if (!s || !CU_ADD_TEST(s, test_errors) || !CU_ADD_TEST(s, test_pow) ||
	    !CU_ADD_TEST(s, test_pairs) || !CU_ADD_TEST(s, test_root) ||
	    !CU_ADD_TEST(s, test_memory) || !CU_ADD_TEST(s, test_variants))
		return 2;
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failed = CU_get_number_of_failures() + CU_get_number_of_failure_records();
	CU_cleanup_registry();
	return failed != 0;
}

#endif
