/* test_log.c - logs of a run: lines, going on from a checkpoint, a disk without room; the hash that
 * names a program.
 */
#include <CUnit/Basic.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#include "rt_history.h"
#include "rt_io.h"
#include "rt_log.h"
#include "rt_mem.h"
#include "runtime.h"
#include "sha.h"

static Options *options(void)
{
	static double setting[] = { 0.05, 2 };
	static unsigned char given[] = { 1, 0 };
	static Options o;
	o = (Options){ .csv = true, .jsonl = true, .tb = true, .no_plot = true,
		       .setting = setting, .given = given };
	for (int i = 0; i < NNRT_NUMBERS; i++)
		o.number[i] = NAN;
	return &o;
}

static const LogStart start = { .train = 8, .val = 2, .monitor = "val_accuracy", .seed = 7 };

static void report(Log *l, int epoch)
{
	double a = 0.5 + 0.01 * epoch, b = a - 0.1;
	Scores tr = { 1.0 / epoch, &a, 0, 0 }, val = { 2.0 / epoch, &b, 0, 0 };
	LogLine line = { .epoch = epoch, .step = 2 * epoch, .batch = 4, .lr = 0.5,
		         .train = &tr, .val = epoch % 3 ? &val : 0, .best = epoch == 5 };
	rt_log_epoch(l, &line);
}

static size_t size_of(const char *path)
{
	static char text[1 << 20];
	return get(path, text, sizeof text);
}

/* Ten reports, of which the last six are made again by a run that goes on: equal files. */
static void test_resume(void)
{
	static char one[65536], two[65536];
	Str state = { 0 };
	clear();
	Log *l = rt_log_new(&model, options());
	rt_log_start(l, &start);
	for (int i = 1; i <= 10; i++) {
		report(l, i);
		if (i == 4)
			rt_log_state(l, &state);
	}
	CU_ASSERT(strstr(rt_log_names(l), ", toy.csv, toy.jsonl, events.out.tfevents.") != 0);
	size_t csv = get("toy.csv", one, sizeof one);
	get("toy.jsonl", two, sizeof two);
	CU_ASSERT(strstr(two, "\"set\":{\"optimizer.lr\":0.05}") != 0); /* what the command line gives, no more */
	rt_log_free(l);
	for (int again = 0; again < 3; again++) {
		if (again == 1)
			put("toy.csv", "short", 5);
		if (again == 2)
			remove("toy.csv");
		l = rt_log_new(&model, options());
		CU_ASSERT(rt_log_resume(l, &start, state.s, state.n, true));
		for (int i = 5; i <= 10; i++)
			report(l, i);
		CU_ASSERT(files_here() == 3);
		size_t n = get("toy.csv", two, sizeof two);
		CU_ASSERT(again || (n == csv && !memcmp(one, two, n)));
		CU_ASSERT(!again || (n < csv && !memcmp(one, two, 20)));
		rt_log_free(l);
	}
	l = rt_log_new(&model, options());
	for (size_t n = 0; n < state.n; n += 7)
		CU_ASSERT(!rt_log_resume(l, &start, state.s, n, true));
	rt_log_free(l);
	rt_str_free(&state);
}

static void report_under_limit(void *arg)
{
	size_t room = size_of("toy.csv") + 20;
	struct rlimit limit = { room, room };
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	report(arg, 2);
}

static void test_full(void)
{
	clear();
	Options *o = options();
	o->jsonl = o->tb = false;
	Log *l = rt_log_new(&model, o);
	rt_log_start(l, &start);
	report(l, 1);
	size_t n = size_of("toy.csv");
	CU_ASSERT(child(report_under_limit, l) == 3 && has("toy.csv: cannot write: File too large"));
	CU_ASSERT(size_of("toy.csv") == n);
	remove("toy.csv");
	CU_ASSERT(child(report_under_limit, l) == 3 && has("toy.csv: cannot open"));
	rt_log_free(l);
}

/* Very many reports: few rows, evenly spread, the best and the last among them. */
static void test_history(void)
{
	History h = rt_history_new(&model);
	for (int64_t i = 0; i < 100000; i++)
		rt_history_add(&h, i)[HISTORY_BEST] = i == 12345;
	double before = -1, widest = 0;
	for (int64_t i = 0; i < h.n; i++) {
		double at = rt_history_at(&h, i)[HISTORY_REPORT];
		CU_ASSERT(at > before);
		widest = fmax(widest, at - before);
		before = at;
	}
	CU_ASSERT(h.n > 1000 && h.n <= 2048 && widest <= 64 && before == 99999);
	CU_ASSERT(rt_history_best(&h) && rt_history_best(&h)[HISTORY_REPORT] == 12345);
	rt_history_free(&h);
}

static void hash(const char *text, size_t repeat, char hex[65])
{
	Sha256 s;
	sha256_begin(&s);
	for (size_t i = 0; i < repeat; i++)
		sha256_add(&s, text, strlen(text));
	sha256_end(&s, hex);
}

/* The examples of FIPS 180-4 (NIST, SHA256.pdf). */
static void test_sha256(void)
{
	char hex[65];
	hash("abc", 1, hex);
	CU_ASSERT_STRING_EQUAL(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hash("", 1, hex);
	CU_ASSERT_STRING_EQUAL(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, hex);
	CU_ASSERT_STRING_EQUAL(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	hash("a", 1000000, hex);
	CU_ASSERT_STRING_EQUAL(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void)
{
	enter_folder();
	if (CU_initialize_registry())
		return 1;
	CU_pSuite s = CU_add_suite("log", 0, 0);
	CU_add_test(s, "going on", test_resume);
	CU_add_test(s, "a full disk", test_full);
	CU_add_test(s, "very many reports", test_history);
	CU_add_test(s, "SHA-256", test_sha256);
	CU_basic_run_tests();
	unsigned failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	leave_folder();
	return failed > 0;
}
