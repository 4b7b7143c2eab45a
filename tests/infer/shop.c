/* shop.c - the context form as interfaces.md 3.2 describes it: sizes, codes, batches, memory, threads.
 * Compiled with EXPECT, the header of right outputs. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "shop_infer.h"
#include EXPECT

#define CHECK(condition) do { if (!(condition)) { printf("line %d: %s\n", __LINE__, #condition); bad = 1; } } while (0)

static int bad;
static unsigned char memory[2][SHOP_ARENA_BYTES + 128];

/* The first n samples through a context; the largest error. */
static double error(const shop *net, size_t n, float *probs, float *score)
{
	double worst = 0;
	memset(probs, 0xff, sizeof(float) * 5 * SHOP_PROBS_LEN);
	memset(score, 0xff, sizeof(float) * 5);
	if (shop_run(net, n, person, thing, seen, probs, score) != SHOP_OK)
		return 1;
	for (size_t i = 0; i < n * SHOP_PROBS_LEN; i++)
		worst = fmax(worst, fabs(probs[i] - probs_right[i]));
	for (size_t i = 0; i < n; i++)
		worst = fmax(worst, fabs(score[i] - score_right[i]) / (1 + fabs(score_right[i])));
	/* what is beyond the samples is not touched */
	for (size_t i = n * SHOP_PROBS_LEN; i < 5 * SHOP_PROBS_LEN; i++)
		if (probs[i] == probs[i])
			return 2;
	return worst == worst ? worst : 3;
}

/* An arena at an odd address; the bytes around it stay as they are. */
static void *runner(void *arg)
{
	unsigned char *m = arg;
	static const double most = 2e-6;
	float probs[5 * SHOP_PROBS_LEN], score[5];
	double worst = 0;
	for (int turn = 0; turn < 10; turn++)
		for (size_t at = 1; at < 64; at += 21) {
			shop net;
			memset(m, 0xa5, SHOP_ARENA_BYTES + 128);
			if (shop_init(&net, m + at, SHOP_ARENA_BYTES) != SHOP_OK)
				return "init";
			for (size_t n = 1; n <= SHOP_MAX_BATCH; n++)
				worst = fmax(worst, error(&net, n, probs, score));
			for (size_t i = 0; i < at; i++)
				if (m[i] != 0xa5)
					return "before the arena";
			for (size_t i = at + SHOP_ARENA_BYTES; i < SHOP_ARENA_BYTES + 128; i++)
				if (m[i] != 0xa5)
					return "behind the arena";
		}
	if (worst > most)
		printf("error %g\n", worst);
	return worst <= most ? 0 : "wrong outputs";
}

static void codes(void)
{
	shop net;
	float probs[5 * SHOP_PROBS_LEN] = { 7 }, score[5];
	int32_t wrong[5] = { 0, 0, 0, 0, 7 };
	CHECK(SHOP_PERSON_LEN == 1 && SHOP_THING_LEN == 1 && SHOP_SEEN_LEN == 60);
	CHECK(SHOP_PROBS_LEN == 9 && SHOP_SCORE_LEN == 1 && SHOP_MAX_BATCH == 5);
	CHECK(SHOP_OK == 0 && SHOP_E_BATCH == -1 && SHOP_E_ARENA == -2 && SHOP_E_FILE == -3);
	CHECK(SHOP_E_FORMAT == -4 && SHOP_E_RANGE == -5);
	CHECK(shop_init(&net, 0, SHOP_ARENA_BYTES) == SHOP_E_ARENA);
	CHECK(shop_run(&net, 1, person, thing, seen, probs, score) == SHOP_E_ARENA);
	CHECK(shop_init(&net, memory[0], SHOP_ARENA_BYTES - 1) == SHOP_E_ARENA);
	CHECK(shop_init(&net, memory[0], SHOP_ARENA_BYTES) == SHOP_OK);
	CHECK(net.arena && net.weights);
	CHECK(shop_run(&net, 0, person, thing, seen, probs, score) == SHOP_E_BATCH);
	CHECK(shop_run(&net, 6, person, thing, seen, probs, score) == SHOP_E_BATCH);
	CHECK(shop_run(&net, 5, wrong, thing, seen, probs, score) == SHOP_E_RANGE);
	CHECK(shop_run(&net, 4, wrong, thing, seen, probs, score) == SHOP_OK);
	wrong[0] = -1;
	probs[0] = 7;
	CHECK(shop_run(&net, 1, person, wrong, seen, probs, score) == SHOP_E_RANGE && probs[0] >= 7);
	for (int code = -6; code <= 1; code++)
		CHECK(shop_strerror(code) && *shop_strerror(code));
	CHECK(strcmp(shop_strerror(SHOP_E_BATCH), shop_strerror(SHOP_E_ARENA)));
}

int main(void)
{
	pthread_t thread[2];
	codes();
	for (int i = 0; i < 2; i++)
		if (pthread_create(&thread[i], 0, runner, memory[i]))
			return 1;
	for (int i = 0; i < 2; i++) {
		void *what;
		pthread_join(thread[i], &what);
		if (what) {
			printf("thread %d: %s\n", i, (const char *)what);
			bad = 1;
		}
	}
	return bad;
}
