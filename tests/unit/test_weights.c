/* test_weights.c - .safetensors files, weights, batches, the command line and the log of the
 * trainer's library.
 */
#include <CUnit/Basic.h>
#include <math.h>

#include "rt_data.h"
#include "rt_io.h"
#include "rt_mem.h"
#include "rt_monitor.h"
#include "rt_options.h"
#include "rt_real.h"
#include "rt_log.h"
#include "rt_results.h"
#include "rt_run.h"
#include "rt_safetensors.h"
#include "rt_weights.h"
#include "runtime.h"

/* ---- safetensors: good
 * ------------------------------------------------------------------------ */

static void read_file(void *arg)
{
	rt_tensors_free(rt_tensors_read(arg, "R6"));
}

static void write_example(const char *path)
{
	static const float a[6] = { 1, -2, 3.5f, 0, 1e-30f, 6 };
	static const double b[2] = { 0.1, -0.2 };
	static const int32_t c[3] = { -5, 0, 7 };
	static const unsigned char d[2] = { 1, 0 };
	TensorWriter *w = rt_tensors_new();
	rt_tensors_note(w, "note", "a \"quoted\" text");
	rt_tensors_add(w, "z.first", (const int64_t[]){ 2, 3 }, 2, a, NNRT_REAL, 4);
	rt_tensors_add(w, "a.second", (const int64_t[]){ 2 }, 1, b, NNRT_REAL, 8);
	rt_tensors_add(w, "c", (const int64_t[]){ 3 }, 1, c, NNRT_I32, 4);
	rt_tensors_add(w, "d", (const int64_t[]){ 2, 1 }, 2, d, NNRT_BOOL, 4);
	rt_tensors_add(w, "none", (const int64_t[]){ 3, 0 }, 2, a, NNRT_REAL, 4);
	rt_tensors_add(w, "scalar", 0, 0, b, NNRT_REAL, 8);
	rt_tensors_write(w, path);
}

static void test_round_trip(void)
{
	char one[4096], two[4096];
	clear();
	write_example("f");
	write_example("g");
	size_t n = get("f", one, sizeof one);
	CU_ASSERT(n == get("g", two, sizeof two) && !memcmp(one, two, n));
	TensorFile *f = rt_tensors_read("f", "R6");
	CU_ASSERT(f->n == 6);
	const Stored *t = rt_tensors_find(f, "z.first");
	CU_ASSERT(t && t->type == T_F32 && t->rank == 2 && t->dim[1] == 3);
	CU_ASSERT(rt_stored_value(f, t, 2) == 3.5 &&
	          rt_stored_value(f, t, 4) == (double)1e-30f);
	t = rt_tensors_find(f, "a.second");
	CU_ASSERT(t && t->type == T_F64 && rt_stored_value(f, t, 1) == -0.2);
	t = rt_tensors_find(f, "c");
	CU_ASSERT(t && t->type == T_I64 && rt_stored_integer(f, t, 0) == -5);
	t = rt_tensors_find(f, "d");
	CU_ASSERT(t && t->type == T_BOOL && rt_stored_integer(f, t, 0) == 1);
	t = rt_tensors_find(f, "none");
	CU_ASSERT(t && t->len == 0 && rt_tensors_find(f, "scalar")->rank == 0);
	CU_ASSERT_PTR_NULL(rt_tensors_find(f, "missing"));
	CU_ASSERT_STRING_EQUAL(rt_tensors_meta(f, "note"), "a \"quoted\" text");
	rt_tensors_free(f);
}

/* ---- safetensors: bad
 * ------------------------------------------------------------------------- */

/* A file with this header (length in front of it) and `data` bytes of data. */
static void put_header(const char *path, const char *header, size_t data)
{
	static unsigned char b[8192];
	size_t n = strlen(header);
	memset(b, 0, sizeof b);
	for (int i = 0; i < 8; i++)
		b[i] = (unsigned char)((uint64_t)n >> 8 * i);
	memcpy(b + 8, header, n);
	put(path, b, 8 + n + data);
}

#define ONE(type, shape, offsets) \
	"{\"a\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define PART(name, shape, offsets) \
	"\"" name "\":{\"dtype\":\"U8\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static const struct {
	const char *header;
	size_t data;
	const char *text; /* 0: a good file */
} header[] = {
	{ ONE("F32", "[1]", "[0,4]"), 4, 0 },
	{ ONE("F32", "[1]", "[0,4]") "    ", 4, 0 },
	{ ONE("F32", "[]", "[0,4]"), 4, 0 },
	{ "{}", 0, 0 },
	{ "", 0, "begin with `{`" },
	{ " {}", 0, "begin with `{`" },
	{ "[]", 0, "begin with `{`" },
	{ "{}x", 0, "not valid JSON" },
	{ "{\"a\":", 0, "not valid JSON" },
	{ "{\"a\xff\":{}}", 0, "not valid JSON" },
	{ "{\"a\":1}", 0, "must have dtype" },
	{ "{\"a\":{}}", 0, "must have dtype" },
	{ "{" PART("a", "[1]", "[0,1]") "," PART("a", "[1]", "[0,1]") "}", 1, "duplicate" },
	{ "{" PART("a", "[2]", "[0,2]") "," PART("b", "[2]", "[1,3]") "}", 3, "overlaps" },
	{ "{" PART("a", "[1]", "[0,1]") "," PART("b", "[1]", "[2,3]") "}", 3,
	  "belong to no tensor" },
	{ "{" PART("a", "[1]", "[1,2]") "}", 2, "belong to no tensor" },
	{ ONE("F32", "[1]", "[0,4]"), 5, "the last 1 bytes" },
	{ ONE("F32", "[1]", "[0,4]"), 3, "bytes 0 to 4 of 3" },
	{ ONE("F32", "[1]", "[4,0]"), 4, "bytes 4 to 0" },
	{ ONE("F32", "[1]", "[-4,0]"), 4, "bytes -4 to 0" },
	{ ONE("F32", "[1]", "[0,4.0]"), 4, "not two integers" },
	{ ONE("F32", "[1]", "[0]"), 4, "not two integers" },
	{ ONE("F32", "[1]", "[0,1e1]"), 4, "not two integers" },
	{ ONE("F32", "[1]", "[0,99999999999999999999]"), 4, "not valid JSON" },
	{ ONE("F32", "[2]", "[0,4]"), 4, "does not take 4 bytes" },
	{ ONE("F32", "[-1]", "[0,4]"), 4, "dimension 0" },
	{ ONE("F32", "[1.5]", "[0,4]"), 4, "dimension 0" },
	{ ONE("F32", "[4294967296,4294967296]", "[0,4]"), 4, "can be counted" },
	{ ONE("F64", "[2305843009213693953]", "[0,8]"), 8, "does not take 8 bytes" },
	{ ONE("F8_E4M3", "[1]", "[0,1]"), 1, "known are F64" },
	{ ONE("F32", "7", "[0,4]"), 4, "has no shape" },
	{ "{\"a\":{\"dtype\":4,\"shape\":[],\"data_offsets\":[0,4]}}", 4, "has no dtype" },
	{ "{\"__metadata__\":[]}", 0, "not an object" },
	{ "{\"__metadata__\":{\"a\":1}}", 0, "not a string" },
	{ "{\"__metadata__\":{\"nnc.xxh64\":\"12\"}}", 0, "not 16 digits" },
	{ "{\"__metadata__\":{\"nnc.xxh64\":\"0123456789abcdef\"}}", 0, "damaged" },
};

static void test_headers(void)
{
	clear();
	for (size_t i = 0; i < sizeof header / sizeof *header; i++) {
		put_header("f", header[i].header, header[i].data);
		int status = child(read_file, "f");
		CU_ASSERT(status == (header[i].text ? 3 : 0));
		if (header[i].text)
			CU_ASSERT(has(header[i].text) && has("R6") && errors_said() == 1);
	}
}

static void test_lengths(void)
{
	static const unsigned char whole[8] = { 255, 255, 255, 255, 255, 255, 255, 127 };
	static const unsigned char beyond[9] = { 2, 0, 0, 0, 0, 0, 0, 0, '{' };
	char deep[4100] = "{\"a\":";
	clear();
	put("f", "1234567", 7);
	CU_ASSERT(child(read_file, "f") == 3 && has("ends after 7 bytes"));
	put("f", "", 0);
	CU_ASSERT(child(read_file, "f") == 3 && has("ends after 0 bytes"));
	put("f", whole, 8);
	CU_ASSERT(child(read_file, "f") == 3 && has("byte 0: header length"));
	put("f", beyond, 9);
	CU_ASSERT(child(read_file, "f") == 3 && has("beyond the end of the file (9 bytes)"));
	put("f", "PK\3\4........", 12);
	CU_ASSERT(child(read_file, "f") == 3 && has("ZIP"));
	memset(deep + 5, '[', sizeof deep - 6);
	put_header("f", deep, 0);
	CU_ASSERT(child(read_file, "f") == 3 && has("not valid JSON"));
}

/* Whatever bit is flipped: the file is refused, or every tensor still holds the same numbers.
 */
static void same_tensors(void *arg)
{
	TensorFile *f = rt_tensors_read("flipped", "R6"), *g = rt_tensors_read(arg, "R6");
	if (f->n != g->n)
		_exit(9);
	for (int i = 0; i < g->n; i++)
		if (strcmp(f->tensor[i].name, g->tensor[i].name) ||
		    f->tensor[i].type != g->tensor[i].type ||
		    f->tensor[i].len != g->tensor[i].len || f->tensor[i].at != g->tensor[i].at)
			_exit(9);
	if (memcmp(f->data, g->data, g->tensor[0].bytes))
		_exit(9);
}

static void test_flips(void)
{
	char b[4096];
	clear();
	write_example("f");
	size_t n = get("f", b, sizeof b), accepted = 0;
	for (size_t bit = 0; bit < n * 8; bit += 7) {
		b[bit / 8] ^= (char)(1 << bit % 8);
		put("flipped", b, n);
		b[bit / 8] ^= (char)(1 << bit % 8);
		int status = child(same_tensors, "f");
		CU_ASSERT(status == 0 || status == 3);
		accepted += status == 0;
	}
	/* Only flips inside the name of the checksum's key may pass. */
	CU_ASSERT(accepted <= 9 * 8 / 7 + 1);
}

/* ---- weights
 * ---------------------------------------------------------------------------------- */

static void fill(Run *r)
{
	for (int i = 0; i < 64; i++)
		((float *)r->c.param)[i] = (float)i + 0.25f;
	for (int i = 0; i < 16; i++)
		((float *)r->c.buffer)[i] = (float)-i;
}

static void load(void *arg)
{
	rt_weights_load(rt_run_new(&model), arg, false);
}

static void load_partial(void *arg)
{
	Run *r = rt_run_new(&model);
	rt_weights_load(r, arg, true);
	const float *p = r->c.param;
	_exit(p[0] == 5 && p[2] == 5 && p[16] == 0 ? 0 : 9);
}

static void test_weights(void)
{
	clear();
	Run *r = rt_run_new(&model), *again = rt_run_new(&model);
	fill(r);
	rt_weights_save(r, "w", true, 3, 12);
	rt_weights_load(again, "w", false);
	for (int i = 0; i < model.nparam; i++)
		CU_ASSERT(!memcmp((float *)r->c.param + params[i].offset,
		                  (float *)again->c.param + params[i].offset,
		                  (size_t)params[i].len * 4));
	CU_ASSERT(((float *)again->c.buffer)[2] == -2);
	TensorFile *f = rt_tensors_read("w", "R6");
	CU_ASSERT_STRING_EQUAL(rt_tensors_meta(f, "nnc.best_epoch"), "3");
	CU_ASSERT(f->n == 5 && rt_tensors_find(f, "a.weight")->dim[1] == 3);
	rt_tensors_free(f);
	rt_run_free(r);
	rt_run_free(again);
}

/* All tensors of the toy model as BF16-free F64, of value v; one name and one shape may be
 * changed. */
static void put_weights(const char *path, double v, const char *skip, const char *extra,
                        int64_t bias)
{
	double x[8];
	for (int i = 0; i < 8; i++)
		x[i] = v;
	TensorWriter *w = rt_tensors_new();
	for (int i = 0; i < 5; i++) {
		const nnrt_tensor *t = i < 4 ? &params[i] : &buffers[0];
		int64_t dim[2] = { t->dim[0], t->dim[1] };
		if (!strcmp(t->path, "a.bias"))
			dim[0] = bias;
		if (!skip || strcmp(skip, t->path))
			rt_tensors_add(w, t->path, dim, t->rank, x, NNRT_REAL, 8);
	}
	if (extra)
		rt_tensors_add(w, extra, 0, 0, x, NNRT_REAL, 8);
	rt_tensors_write(w, path);
}

static void test_weights_bad(void)
{
	clear();
	put_weights("w", 5, 0, "bn.num_batches_tracked", 3);
	CU_ASSERT(child(load, "w") == 0);
	put_weights("w", 5, "c.bias", 0, 3);
	CU_ASSERT(child(load, "w") == 3 && has("`c.bias` [2] is missing") && has("R6"));
	put_weights("w", 5, 0, "extra", 3);
	CU_ASSERT(child(load, "w") == 3 && has("`extra` is unknown"));
	put_weights("w", 5, 0, 0, 4);
	CU_ASSERT(child(load, "w") == 3 && has("`a.bias` is [4], but the model's is [3]"));
	put_weights("w", NAN, 0, 0, 3);
	CU_ASSERT(child(load, "w") == 3 && has("is not finite"));
	put_weights("w", 5, "c.bias", "extra", 4);
	CU_ASSERT(child(load, "w") == 3 && has("and 2 more differ") && errors_said() == 1);
	CU_ASSERT(child(load_partial, "w") == 0 && has("3 tensors taken, 3 differ") &&
	          has("`a.weight` [2, 3] is taken") && has(": initialised"));
	CU_ASSERT(child(load, "none") == 3 && has("R6"));
}

static void test_segments(void)
{
	Run *r = rt_run_new(&model);
	/* a.weight alone (decayed), a.bias with b.bias, c.bias alone (lr_scale 2). */
	CU_ASSERT(r->nsegment == 3);
	CU_ASSERT(r->segment[0].lo == 0 && r->segment[0].hi == 6 && r->segment[0].decay == 1);
	CU_ASSERT(r->segment[1].lo == 16 && r->segment[1].hi == 34 && r->segment[1].decay == 0);
	CU_ASSERT(r->segment[2].lo == 48 && r->segment[2].lr_scale == 2);
	r->frozen[1] = 1;
	rt_run_segments(r);
	CU_ASSERT(r->nsegment == 3 && r->segment[1].lo == 32);
	rt_run_free(r);
}

/* ---- batches
 * ---------------------------------------------------------------------------------- */

static void read_batch(void *arg)
{
	rt_data_free(rt_batch_file(&model, arg, true));
}

static void put_batch(const char *path, int64_t rows, int64_t labels, int64_t height, int label)
{
	static double x[64];
	static int32_t y[16];
	for (int i = 0; i < 16; i++)
		y[i] = label;
	TensorWriter *w = rt_tensors_new();
	rt_tensors_add(w, "image", (const int64_t[]){ rows, height, 3 }, 3, x, NNRT_REAL, 8);
	if (labels >= 0)
		rt_tensors_add(w, "label", (const int64_t[]){ labels }, 1, y, NNRT_I32, 8);
	rt_tensors_add(w, "other", 0, 0, x, NNRT_REAL, 8);
	rt_tensors_write(w, path);
}

static void test_batch(void)
{
	clear();
	put_batch("b", 3, 3, 2, 2);
	Dataset *d = rt_batch_file(&model, "b", true);
	CU_ASSERT(d->rows == 3 && d->direct && ((int32_t *)d->column[1].data)[2] == 2);
	rt_data_free(d);
	put_batch("b", 3, -1, 2, 2);
	CU_ASSERT(child(read_batch, "b") == 3 && has("target `label`"));
	d = rt_batch_file(&model, "b", false);
	CU_ASSERT(d->rows == 3 && !d->column[1].data);
	rt_data_free(d);
	put_batch("b", 3, 3, 2, 4);
	CU_ASSERT(child(read_batch, "b") == 3 && has("R4") && has("row 0 of `label` holds 4"));
	put_batch("b", 3, 3, 2, -1);
	CU_ASSERT(child(read_batch, "b") == 3 && has("holds -1; allowed are 0 to 3"));
	put_batch("b", 3, 2, 2, 0);
	CU_ASSERT(child(read_batch, "b") == 3 && has("R5"));
	put_batch("b", 3, 3, 1, 0);
	CU_ASSERT(child(read_batch, "b") == 3 &&
	          has("[3, 1, 3], but the model's is [N, 2, 3]"));
	put_batch("b", 0, 0, 2, 0);
	CU_ASSERT(child(read_batch, "b") == 3 && has("has no row"));
}

/* ---- command line, log, best
 * ------------------------------------------------------------------ */

static Options *parse(const char *const *words)
{
	char *argv[16] = { "toy" };
	int argc = 1;
	for (; words[argc - 1]; argc++)
		argv[argc] = strdup(words[argc - 1]);
	return rt_options(&model, argc, argv);
}

static void parse_child(void *arg)
{
	parse(arg);
}

static void test_options(void)
{
	Options *o = parse((const char *[]){ "train", "--epochs", "3", "--steps=40", "--batch",
	                                     "all", "--set", "optimizer.lr=1e-3",
	                                     "--time-limit", "30m", 0 });
	CU_ASSERT(o->command == C_TRAIN && o->epochs == 0 && o->steps == 40 && o->batch == -1);
	CU_ASSERT(o->setting[0] == 1e-3 && o->setting[1] == 2 && o->time_limit == 1800);
	o = parse((const char *[]){ "--set", "epochs=5", "--set", "seed=18446744073709551615",
	                            0 });
	CU_ASSERT(o->command == C_TRAIN && o->epochs == 5 && o->seed == UINT64_MAX);
	o = parse((const char *[]){ "--resume", "train", "-q", 0 });
	CU_ASSERT(o->command == C_TRAIN && o->resume && !o->checkpoint && o->quiet);
	o = parse((const char *[]){ "train", "--resume", "train", 0 });
	CU_ASSERT(o->resume && !strcmp(o->checkpoint, "train"));
	static const struct {
		const char *word[4], *text;
	} bad[] = {
		{ { "--epoch", "3" }, "did you mean `--epochs`?" },
		{ { "evl" }, "did you mean `eval`?" },
		{ { "--epochs" }, "needs a value" },
		{ { "--epochs=" }, "needs a value" },
		{ { "--partial=1" }, "takes no value" },
		{ { "--epochs", "1e9" }, "not an integer" },
		{ { "--epochs", " 5" }, "not an integer" },
		{ { "--epochs", "-1" }, "not an integer" },
		{ { "--batch", "0" }, "not an integer from 1" },
		{ { "--seed", "18446744073709551616" }, "not an integer" },
		{ { "--threads", "0" }, "not an integer" },
		{ { "--set", "lr=1" }, "did you mean `optimizer.lr`?" },
		{ { "--set", "k=1.5" }, "not an integer" },
		{ { "--set", "k=inf" }, "not a number" },
		{ { "--set", "k" }, "not NAME=VALUE" },
		{ { "--time-limit", "soon" }, "not a time" },
		{ { "--split", "tset" }, "not train, val or test" },
		{ { "--resume=" }, "needs a value" },
		{ { "eval", "--resume" }, "takes no --resume" },
		{ { "generate" }, "not implemented yet" },
		{ { "train", "eval" }, "neither an option" },
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CU_ASSERT(child(parse_child, (void *)bad[i].word) == 2 && has(bad[i].text) &&
		          errors_said() == 1);
}

static void test_csv(void)
{
	double a = 0.8204, b = 0.8497;
	Scores tr = { 0.5127, &a, 0, 0 }, val = { 0.421, &b, 0, 0 };
	LogLine line = { 3, 2532, 64, 1.5, 1e-3, &tr, &val, 0, false };
	CU_ASSERT_STRING_EQUAL(
		rt_csv_head(&model),
		"epoch,step,seconds,lr,batch,loss,accuracy,val_loss,val_accuracy\n");
	CU_ASSERT_STRING_EQUAL(rt_csv_line(&model, &line),
	                       "3,2532,1.500,0.001,64,0.5127,0.8204,0.421,0.8497\n");
	line.val = 0;
	line.lr = NAN;
	CU_ASSERT_STRING_EQUAL(rt_csv_line(&model, &line),
	                       "3,2532,1.500,,64,0.5127,0.8204,,\n");
}

static void test_older_results(void)
{
	char text[8];
	Options *o = parse((const char *[]){ "--log", "csv", "-q", 0 });
	clear();
	put("toy.safetensors", "one", 3);
	put("toy.1.csv", "taken", 5);
	Results f = rt_results_new(&model, o);
	rt_results_begin(&f, &model, o);
	Log *l = rt_log_new(&model, o);
	rt_log_start(l, &(LogStart){ .monitor = "loss" });
	rt_log_free(l);
	CU_ASSERT(get("toy.2.safetensors", text, sizeof text) == 3 &&
	          !rt_exists("toy.safetensors"));
	CU_ASSERT(rt_exists("toy.csv") && rt_exists("toy.1.csv"));
}

static void test_monitor(void)
{
	double a = 0.5;
	Scores tr = { 1, &a, 0, 0 }, val = { 2, &a, 0, 0 };
	Run *r = rt_run_new(&model);
	Monitor w = rt_monitor_new(&model, true);
	rt_monitor_room(&w, r);
	CU_ASSERT_STRING_EQUAL(w.name, "val_accuracy");
	CU_ASSERT(rt_monitor_look(&w, r, &tr, &val, 1, 10));
	CU_ASSERT(!rt_monitor_look(&w, r, &tr, &val, 2, 20) && w.epoch == 1);
	a = NAN;
	CU_ASSERT(!rt_monitor_look(&w, r, &tr, &val, 3, 30));
	a = 0.6;
	CU_ASSERT(rt_monitor_look(&w, r, &tr, &val, 4, 40) && w.epoch == 4 &&
	          w.val.metric[0] == 0.6);
	CU_ASSERT(!rt_monitor_look(&w, r, &tr, 0, 5, 50));
	rt_monitor_free(&w);
	w = rt_monitor_new(&model, false);
	CU_ASSERT_STRING_EQUAL(w.name, "loss");
	CU_ASSERT(!w.larger && !w.on_val);
	rt_monitor_free(&w);
	rt_run_free(r);
}

int main(void)
{
	enter_folder();
	if (CU_initialize_registry())
		return 1;
	CU_pSuite s = CU_add_suite("weights", 0, 0);
	CU_add_test(s, "safetensors: round trip", test_round_trip);
	CU_add_test(s, "safetensors: headers", test_headers);
	CU_add_test(s, "safetensors: lengths", test_lengths);
	CU_add_test(s, "safetensors: flipped bits", test_flips);
	CU_add_test(s, "weights: round trip", test_weights);
	CU_add_test(s, "weights: bad files", test_weights_bad);
	CU_add_test(s, "segments", test_segments);
	CU_add_test(s, "batch files", test_batch);
	CU_add_test(s, "command line", test_options);
	CU_add_test(s, "csv", test_csv);
	CU_add_test(s, "older results", test_older_results);
	CU_add_test(s, "monitor", test_monitor);
	CU_basic_run_tests();
	unsigned failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	leave_folder();
	return failed > 0;
}
