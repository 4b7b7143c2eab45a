/* test_runtime.c - the small parts of the trainer's library: sizes, texts, memory, files, IDX
 * data, dealing and order of rows.
 */
#include <CUnit/Basic.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <zlib.h>

#include "rand.h"
#include "rt_data.h"
#include "rt_feed.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_options.h"
#include "rt_pace.h"
#include "rt_real.h"
#include "rt_show.h"
#include "rt_size.h"
#include "runtime.h"

/* ---- sizes, texts, numbers
 * -------------------------------------------------------------------- */

static void test_sizes(void)
{
	size_t r;
	int64_t n;
	CU_ASSERT(rt_size_mul(3, 4, &r) && r == 12);
	CU_ASSERT(!rt_size_mul(SIZE_MAX / 2, 3, &r));
	CU_ASSERT(!rt_size_add(SIZE_MAX, 1, &r));
	CU_ASSERT(rt_size_round(65, 64, &r) && r == 128);
	CU_ASSERT(!rt_size_round(SIZE_MAX - 3, 64, &r));
	CU_ASSERT(rt_size_product((const int64_t[]){ 3, 0, 5 }, 3, &n) && n == 0);
	CU_ASSERT(!rt_size_product((const int64_t[]){ 1 << 30, 1 << 30, 1 << 30 }, 3, &n));
	CU_ASSERT(!rt_size_product((const int64_t[]){ -1 }, 1, &n));
}

static void test_texts(void)
{
	char a[RT_NUMBER];
	CU_ASSERT_STRING_EQUAL(rt_grouped(203530, a), "203 530");
	CU_ASSERT_STRING_EQUAL(rt_grouped(999, a), "999");
	CU_ASSERT_STRING_EQUAL(rt_grouped(1234567, a), "1 234 567");
	CU_ASSERT_STRING_EQUAL(rt_short_exp(1e-3, 1, a), "1.0e-3");
	CU_ASSERT_STRING_EQUAL(rt_short_exp(6e-4, 2, a), "6.00e-4");
	CU_ASSERT_STRING_EQUAL(rt_short_exp(1, 1, a), "1.0e0");
	CU_ASSERT_STRING_EQUAL(rt_short_exp(2.5e-12, 1, a), "2.5e-12");
	CU_ASSERT_STRING_EQUAL(rt_score(0.88396, a), "0.8840");
	CU_ASSERT_STRING_EQUAL(rt_score(1e-5, a), "1.000e-5");
	CU_ASSERT_STRING_EQUAL(rt_duration(0.46, a), "0.5s");
	CU_ASSERT_STRING_EQUAL(rt_duration(125, a), "2m05s");
	CU_ASSERT_STRING_EQUAL(rt_duration(3720, a), "1h02m");
	const char *const names[] = { "epochs", "steps" };
	CU_ASSERT_STRING_EQUAL(rt_nearest("epoch", names, 2), "epochs");
	CU_ASSERT_PTR_NULL(rt_nearest("colour", names, 2));
}

static void test_numbers(void)
{
	CU_ASSERT(rt_from_half(0x3c00) == 1 && rt_from_half(0xc000) == -2);
	CU_ASSERT(rt_from_half(0x0001) == ldexp(1, -24) && rt_from_half(0x7bff) == 65504);
	CU_ASSERT(isinf(rt_from_half(0x7c00)) && isnan(rt_from_half(0x7e00)));
	CU_ASSERT(rt_from_bfloat(0x3f80) == 1);
	float x[10007];
	double sum = 0;
	for (int i = 0; i < 10007; i++) {
		x[i] = (float)(i % 17) - 8;
		sum += (double)x[i] * (double)x[i];
	}
	CU_ASSERT(fabs(rt_square_sum(x, 10007, 4) - sum) < 1e-6 * sum);
	CU_ASSERT(rt_first_bad(x, 10007, 4) == -1);
	x[10006] = INFINITY;
	CU_ASSERT(rt_first_bad(x, 10007, 4) == 10006 && !isfinite(rt_square_sum(x, 10007, 4)));
}

static void allocate_too_much(void *arg)
{
	rt_alloc(*(size_t *)arg, 1 << 20, "tests");
}

static void test_memory(void)
{
	char *p = rt_alloc(100, 1, "tests");
	CU_ASSERT((uintptr_t)p % 64 == 0 && p[0] == 0 && p[99] == 0);
	memset(p, 1, 100);
	p = rt_grow(p, 100, 200, 1, "tests");
	CU_ASSERT(p[99] == 1 && p[100] == 0);
	rt_free(p);
	rt_free(0);
	size_t n = SIZE_MAX / 1024;
	CU_ASSERT(child(allocate_too_much, &n) == 3 && has("out of memory") && has("tests"));
}

/* ---- the writer
 * ------------------------------------------------------------------------------ */

static void write_file(void *arg)
{
	Writer *w = rt_create(arg);
	for (int i = 0; i < 100000; i++)
		rt_print(w, "line %d\n", i);
	rt_commit(w);
}

static void write_under_limit(void *arg)
{
	struct rlimit limit = { 4096, 4096 };
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	write_file(arg);
}

static void test_writer(void)
{
	char text[32] = { 0 };
	clear();
	put("out", "old", 3);
	Writer *w = rt_create("out");
	rt_print(w, "new %d", 1);
	CU_ASSERT(files_here() == 2);
	CU_ASSERT(get("out", text, sizeof text) == 3 && !strcmp(text, "old"));
	rt_commit(w);
	CU_ASSERT(get("out", text, sizeof text) == 5 && !strcmp(text, "new 1"));
	CU_ASSERT(files_here() == 1);
	/* A full disk: the old file stays, nothing is left over. */
	CU_ASSERT(child(write_under_limit, "out") == 3 && has("out: cannot write"));
	CU_ASSERT(get("out", text, sizeof text) == 5 && files_here() == 1);
	CU_ASSERT(child(write_file, "nowhere/out") == 3 && has("No such file"));
	CU_ASSERT(child(write_file, ".") == 3 && has("Is a directory"));
	CU_ASSERT(child(write_file, "/dev/full") == 3 && has("No space left"));
	CU_ASSERT(files_here() == 1);
	CU_ASSERT(rt_append("out", "\nmore", 5) == 10);
	CU_ASSERT(get("out", text, sizeof text) == 10);
	CU_ASSERT(rt_cut("out", 6) && get("out", text, sizeof text) == 6);
	CU_ASSERT(!rt_cut("out", 7) && !rt_cut("none", 0) && !rt_cut(".", 0));
	rt_rename("out", "kept");
	CU_ASSERT(rt_exists("kept") && !rt_exists("out"));
}

static void open_plain(void *arg)
{
	rt_close(rt_open(arg, true, "R7"));
}

static void test_reader(void)
{
	clear();
	CU_ASSERT(child(open_plain, "none") == 3 && has("none: cannot open: No such file") &&
	          has("[R7, exit 3]"));
	CU_ASSERT(child(open_plain, ".") == 3 && has("is a folder"));
	CU_ASSERT(child(open_plain, "/dev/zero") == 3 && has("not a regular file"));
	CU_ASSERT(mkfifo("fifo", 0600) == 0 && child(open_plain, "fifo") == 3);
	CU_ASSERT(child(open_plain, "a\033[2Jb") == 3 && has("a\\x1b[2Jb"));
	CU_ASSERT_STRING_EQUAL(rt_join("d/", "f"), "d/f");
	CU_ASSERT_STRING_EQUAL(rt_join("d", "/f"), "/f");
}

/* ---- IDX
 * ------------------------------------------------------------------------------------- */

/* Writes an IDX file of `rows` rows of h x w (labels: h 0); element e of row r is r + e, labels
 * r % 4. */
static size_t make_idx(unsigned char *b, int rows, int h, int w)
{
	int size[3] = { rows, h, w }, rank = h ? 3 : 1, len = h ? h * w : 1;
	size_t n = 0;
	b[n++] = 0, b[n++] = 0, b[n++] = 8, b[n++] = (unsigned char)rank;
	for (int i = 0; i < rank; i++)
		for (int k = 24; k >= 0; k -= 8)
			b[n++] = (unsigned char)(size[i] >> k);
	for (int r = 0; r < rows; r++)
		for (int e = 0; e < len; e++)
			b[n++] = (unsigned char)(h ? r + e : r % 4);
	return n;
}

enum { TRAIN_ROWS = 10, TEST_ROWS = 3 };

static void make_set(void)
{
	unsigned char b[4096];
	clear();
	put("train-images-idx3-ubyte", b, make_idx(b, TRAIN_ROWS, 2, 3));
	put("train-labels-idx1-ubyte", b, make_idx(b, TRAIN_ROWS, 0, 0));
	put("t10k-images-idx3-ubyte", b, make_idx(b, TEST_ROWS, 2, 3));
	put("t10k-labels-idx1-ubyte", b, make_idx(b, TEST_ROWS, 0, 0));
}

static void load_set(void *arg)
{
	rt_data_free(rt_data_load(&model, arg, ".", false));
}

static bool set_is_right(void)
{
	Dataset *d = rt_data_load(&model, ".", ".", false);
	bool fine = d->rows == 13 && d->train.n == 10 && d->test.n == 3 && d->test.row[0] == 10;
	for (int r = 0; r < 13; r++) {
		int in_file = r < 10 ? r : r - 10;
		for (int e = 0; e < 6; e++)
			fine = fine && d->column[0].data[r * 6 + e] == in_file + e;
		fine = fine && ((int32_t *)d->column[1].data)[r] == in_file % 4;
	}
	rt_data_free(d);
	return fine;
}

static void compress_file(const char *path)
{
	unsigned char b[4096];
	char gz[256];
	size_t n = get(path, (char *)b, sizeof b);
	snprintf(gz, sizeof gz, "%s.gz", path);
	gzFile f = gzopen(gz, "wb");
	gzwrite(f, b, (unsigned)n);
	gzclose(f);
	remove(path);
}

static void test_idx_good(void)
{
	make_set();
	CU_ASSERT(set_is_right());
	compress_file("train-images-idx3-ubyte");
	compress_file("t10k-labels-idx1-ubyte");
	CU_ASSERT(set_is_right());
	/* The content decides, not the name. */
	rename("train-images-idx3-ubyte.gz", "train-images-idx3-ubyte");
	CU_ASSERT(set_is_right());
	Dataset *d = rt_idx_images(&model, "t10k-images-idx3-ubyte");
	CU_ASSERT(d->rows == 3 && d->column[0].data[7] == 2 && !d->column[1].data);
	rt_data_free(d);
}

/* What is done to a file, and what must be said. */
typedef struct {
	const char *file;
	int at, value; /* one byte is set; at -1: none */
	int cut, add;  /* bytes taken from the end, added there */
	const char *code, *text;
} Damage;

static const Damage damage[] = {
	{ "train-images-idx3-ubyte", 0, 1, 0, 0, "R1", "not an IDX file" },
	{ "train-images-idx3-ubyte", 2, 0x0d, 0, 0, "R1", "element type 0x0d" },
	{ "train-images-idx3-ubyte", 3, 0, 0, 0, "R1", "0 dimensions" },
	{ "train-images-idx3-ubyte", 3, 255, 0, 0, "R1", "255 dimensions" },
	{ "train-images-idx3-ubyte", 4, 255, 0, 0, "R5", "the header says" },
	{ "train-images-idx3-ubyte", 7, 0, 0, 0, "R5", "there is no row" },
	{ "train-images-idx3-ubyte", -1, 0, 1, 0, "R5", "the file has only 75 bytes" },
	{ "train-images-idx3-ubyte", -1, 0, 0, 1, "R5", "1 more bytes follow" },
	{ "train-images-idx3-ubyte", -1, 0, 70, 0, "R7", "ends after 6 bytes" },
	{ "train-images-idx3-ubyte", -1, 0, 76, 0, "R7", "ends after 0 bytes" },
	{ "train-labels-idx1-ubyte", 12, 4, 0, 0, "R4",
	  "row 4 of labels holds 4; class(4) is 0 to 3" },
	{ "train-labels-idx1-ubyte", 7, 9, 1, 0, "R5", "has 9 labels" },
	{ "t10k-labels-idx1-ubyte", 7, 2, 1, 0, "R5", "has 2 labels" },
};

static void test_idx_bad(void)
{
	for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
		unsigned char b[4096];
		make_set();
		size_t n = get(damage[i].file, (char *)b, sizeof b);
		if (damage[i].at >= 0)
			b[damage[i].at] = (unsigned char)damage[i].value;
		put(damage[i].file, b, n - (size_t)damage[i].cut + (size_t)damage[i].add);
		CU_ASSERT(child(load_set, ".") == 3 && has(damage[i].code) &&
		          has(damage[i].text));
		CU_ASSERT(errors_said() == 1);
	}
}

static void test_idx_other(void)
{
	unsigned char b[4096];
	make_set();
	put("train-images-idx3-ubyte", b, make_idx(b, TRAIN_ROWS, 3, 3));
	CU_ASSERT(child(load_set, ".") == 3 &&
	          has("1 x 3 x 3, but this trainer was compiled for 1 x 2 x 3"));
	make_set();
	remove("t10k-images-idx3-ubyte");
	CU_ASSERT(child(load_set, ".") == 3 && has("t10k-images-idx3-ubyte: cannot open"));
	CU_ASSERT(child(load_set, "nowhere") == 3 && has("no such folder") && has("NNC_DATA"));
	/* A gzip file that ends early, and one that is damaged. */
	make_set();
	compress_file("train-images-idx3-ubyte");
	size_t n = get("train-images-idx3-ubyte.gz", (char *)b, sizeof b);
	put("train-images-idx3-ubyte.gz", b, n - 9);
	CU_ASSERT(child(load_set, ".") == 3 && has("[R7, exit 3]"));
	b[n - 6] ^= 1;
	put("train-images-idx3-ubyte.gz", b, n);
	CU_ASSERT(child(load_set, ".") == 3 && has("cannot decompress"));
}

/* ---- dealing, order
 * --------------------------------------------------------------------------- */

static Dataset *rows_only(int64_t n)
{
	static const nnrt_field one = { "x", NNRT_U8, 0, 0, { 0 }, 1, 0, 1, 0, 0 };
	Dataset *d = rt_data_new("rows", &one, 1, 4);
	rt_data_room(d, n);
	return d;
}

static void deal_all(void *arg)
{
	rt_data_deal(rows_only(10), arg, 1);
}

static void test_deal(void)
{
	nnrt_data how = { .val = 0.1, .test = 30, .seed = 3, .shuffle = 1 };
	Dataset *d = rows_only(200), *again = rows_only(200);
	rt_data_deal(d, &how, 1);
	rt_data_deal(again, &how, 1);
	CU_ASSERT(d->train.n == 150 && d->val.n == 20 && d->test.n == 30);
	CU_ASSERT(!memcmp(d->val.row, again->val.row, 20 * sizeof *d->val.row));
	const Rows *part[] = { &d->train, &d->val, &d->test };
	char seen[200] = { 0 };
	for (int p = 0; p < 3; p++)
		for (int64_t i = 0; i < part[p]->n; i++) {
			CU_ASSERT(i == 0 || part[p]->row[i] > part[p]->row[i - 1]);
			seen[part[p]->row[i]]++;
		}
	for (int i = 0; i < 200; i++)
		CU_ASSERT(seen[i] == 1);
	CU_ASSERT(d->test.row[0] < 170); /* shuffled */
	how.shuffle = 0;
	Dataset *plain = rows_only(200);
	rt_data_deal(plain, &how, 1);
	CU_ASSERT(plain->test.row[0] == 170 && plain->val.row[0] == 150 &&
	          plain->train.row[149] == 149);
	nnrt_data all = { .val = 1 }, none = { .val = 0.01 };
	CU_ASSERT(child(deal_all, &all) == 3 && has("R5"));
	CU_ASSERT(child(deal_all, &none) == 3 && has("no row at all"));
	rt_data_free(d);
	rt_data_free(again);
	rt_data_free(plain);
}

static Options *no_options(void)
{
	char *argv[] = { "toy", 0 };
	return rt_options(&model, 1, argv);
}

static void test_feed(void)
{
	Dataset data = { .train = rt_rows_all(10) };
	Rows rows = data.train;
	uint32_t expect[10];
	const uint32_t *row;
	int n;
	rows.row[0] = 100;
	Feed *f = rt_feed_new(&model, no_options(), &data, 0);
	CU_ASSERT(f->per_epoch == 3 && f->total == 6 && f->batch == 4);
	for (uint64_t e = 0; e < 2; e++) {
		nnc_permutation(expect, 10, 7, e);
		for (int at = 0, k = 0; k < 3; at += n, k++) {
			CU_ASSERT(rt_feed_next(f, &row, &n) && n == (k < 2 ? 4 : 2));
			for (int i = 0; i < n; i++)
				CU_ASSERT(row[i] == rows.row[expect[at + i]]);
			nnrt_time t = rt_feed_time(f);
			CU_ASSERT(t.step == (double)e * 3 + k && t.epoch == (double)e);
			CU_ASSERT(fabs(t.position - ((double)e + at / 10.0)) < 1e-12);
			CU_ASSERT(fabs(t.progress - t.position / 2) < 1e-12);
			CU_ASSERT(rt_feed_done(f, n) == (k == 2));
			f->step++;
		}
	}
	CU_ASSERT(!rt_feed_next(f, &row, &n));
	rt_feed_free(f);
	train.drop_last = 1, train.shuffle = 0;
	f = rt_feed_new(&model, no_options(), &data, 0);
	CU_ASSERT(f->per_epoch == 2 && rt_feed_next(f, &row, &n) && row[0] == 100 &&
	          row[3] == 3);
	CU_ASSERT(!rt_feed_done(f, n) && rt_feed_next(f, &row, &n) && rt_feed_done(f, n));
	rt_feed_free(f);
	train.drop_last = 0, train.shuffle = 1;
}

/* 1000 rows: class 0 has 100 of them, class 2 900, class 1 none.  Draws of an epoch: half of them of
 * each class (a standard deviation is 16), with replacement, and other ones in the next epoch. */
static void test_feed_balanced(void)
{
	enum { ROWS = 1000, SMALL = 100 };
	Dataset data = { .train = rt_rows_all(ROWS) };
	int32_t class_of[ROWS], times[ROWS] = { 0 };
	uint32_t before[ROWS] = { 0 };
	const uint32_t *row;
	int n, small = 0, same = 0, twice = 0;
	for (int i = 0; i < ROWS; i++)
		class_of[i] = i % 10 ? 2 : 0;
	data.balance = class_of;
	int64_t batch = train.batch;
	train.batch = ROWS;
	Feed *f = rt_feed_new(&model, no_options(), &data, 0);
	CU_ASSERT(rt_feed_next(f, &row, &n) && n == ROWS);
	for (int i = 0; i < ROWS; i++) {
		small += class_of[row[i]] == 0;
		twice += ++times[row[i]] == 2;
		before[i] = row[i];
	}
	CU_ASSERT(small > 436 && small < 564);
	/* rows of the small class are drawn five times on average, few of them less than twice */
	CU_ASSERT(twice > SMALL / 2);
	rt_feed_done(f, n);
	CU_ASSERT(rt_feed_next(f, &row, &n));
	for (int i = 0; i < ROWS; i++)
		same += row[i] == before[i];
	CU_ASSERT(same < 50);
	rt_feed_free(f);
	f = rt_feed_new(&model, no_options(), &data, 0);
	CU_ASSERT(rt_feed_next(f, &row, &n) && !memcmp(row, before, sizeof before));
	rt_feed_free(f);
	train.batch = batch;
}

static void feed_nine(void *arg)
{
	Dataset data = { .train = rt_rows_all(9) };
	(void)arg;
	rt_feed_new(&model, no_options(), &data, 0);
}

static void test_feed_refuses(void)
{
	model.stat_rows = 1;
	CU_ASSERT(child(feed_nine, 0) == 3 && has("R5") && has("9 rows in batches of 4"));
	model.stat_rows = 0;
	train.epochs = 0;
	CU_ASSERT(child(feed_nine, 0) == 2 && has("--epochs"));
	train.epochs = 2;
}

static void test_synthetic(void)
{
	Dataset *few = rt_synthetic(&model, 50, 9), *many = rt_synthetic(&model, 1000, 9);
	Dataset *other = rt_synthetic(&model, 50, 10);
	CU_ASSERT(!memcmp(few->column[0].data, many->column[0].data, 50 * 24));
	CU_ASSERT(memcmp(few->column[0].data, other->column[0].data, 50 * 24) != 0);
	double sum = 0, square = 0;
	int count[4] = { 0 };
	for (int i = 0; i < 6000; i++) {
		double v = rt_real(many->column[0].data, i, 4);
		sum += v, square += v * v;
	}
	for (int i = 0; i < 1000; i++)
		count[((int32_t *)many->column[1].data)[i]]++;
	/* Five standard errors. */
	CU_ASSERT(fabs(sum / 6000) < 5 / sqrt(6000) &&
	          fabs(square / 6000 - 1) < 5 * sqrt(2 / 6000.0));
	for (int k = 0; k < 4; k++)
		CU_ASSERT(abs(count[k] - 250) < 5 * 14);
	rt_data_free(few);
	rt_data_free(many);
	rt_data_free(other);
}

/* Work per second of a team of `processors` threads with `busy` neighbours, one on a processor: the
 * slowest thread decides. */
static double rate(int limit, int processors, int busy)
{
	return limit <= processors - busy ? limit : limit * 0.5;
}

static void run_windows(Pace *p, int windows, int busy)
{
	for (int i = 0; i < windows; i++) {
		bool late = p->limit > p->most - busy;
		rt_pace_job(p, 0.06 * rate(p->limit, p->most, busy), 0.06, late ? 9 : 0);
	}
}

/* The number of threads that a neighbour leaves, and all of them when he has gone. */
static void test_pace(void)
{
	for (int n = 2; n <= 8; n += 3)
		for (int busy = 0; busy < 3 && busy < n; busy++) {
			Pace p = rt_pace_new(n);
			run_windows(&p, 200, busy);
			int limit = p.before ? p.before : p.limit;
			/* one thread fewer is as fast as all of them at half speed if there are two */
			CU_ASSERT(limit == (n == 2 || 2 * (n - busy) <= n ? n : n - busy));
			run_windows(&p, 400, 0);
			CU_ASSERT((p.before ? p.before : p.limit) == n);
		}
}

/* Several blocks at once: apart, aligned, zero, freed as ever, small and large. */
static void test_together(void)
{
	for (size_t n = 100; n < 2000000; n *= 1000) {
		void *a, *b, *c;
		Wish w[] = { { &a, n, 4, "a" }, { &b, 3, 1, "b" }, { &c, n, 8, "c" } };
		void *block = rt_alloc_together(w, 3);
		CU_ASSERT(!((uintptr_t)a % 64) && !((uintptr_t)b % 64) && !((uintptr_t)c % 64));
		for (size_t i = 0; i < n; i++)
			CU_ASSERT_FATAL(((float *)a)[i] == 0 && ((double *)c)[i] == 0);
		memset(a, 1, 4 * n);
		memset(c, 2, 8 * n);
		CU_ASSERT(!((char *)b)[0] && ((char *)a)[4 * n - 1] == 1);
		rt_free(b);
		rt_free(a);
		CU_ASSERT(((char *)c)[8 * n - 1] == 2);
		rt_free(c);
		rt_free(block);
	}
}

int main(void)
{
	enter_folder();
	if (CU_initialize_registry())
		return 1;
	CU_pSuite s = CU_add_suite("runtime", 0, 0);
	CU_add_test(s, "sizes", test_sizes);
	CU_add_test(s, "texts", test_texts);
	CU_add_test(s, "numbers", test_numbers);
	CU_add_test(s, "memory", test_memory);
	CU_add_test(s, "memory side by side", test_together);
	CU_add_test(s, "number of threads", test_pace);
	CU_add_test(s, "writer", test_writer);
	CU_add_test(s, "reader", test_reader);
	CU_add_test(s, "idx: good files", test_idx_good);
	CU_add_test(s, "idx: bad files", test_idx_bad);
	CU_add_test(s, "idx: shapes, missing, gzip", test_idx_other);
	CU_add_test(s, "dealing of rows", test_deal);
	CU_add_test(s, "order of training", test_feed);
	CU_add_test(s, "order of balanced data", test_feed_balanced);
	CU_add_test(s, "runs that are refused", test_feed_refuses);
	CU_add_test(s, "synthetic data", test_synthetic);
	CU_basic_run_tests();
	unsigned failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	leave_folder();
	return failed > 0;
}
