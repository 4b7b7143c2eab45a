/* load.c - shop_load(): what is read at run time computes what is compiled in; a damaged file is refused.
 *
 *     load GOOD FOREIGN SCRATCH EVERY
 *
 * GOOD has a checksum, FOREIGN (as from PyTorch) none.  Each beginning of both is refused.  Of the bits
 * of GOOD one in EVERY is flipped: refused, or the outputs are the same; of the header of FOREIGN
 * every bit: no more is asked than a code, or outputs (the sanitizers watch).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shop_infer.h"
#include EXPECT

#define OUTPUTS (5 * SHOP_PROBS_LEN + 5)

static unsigned char arena[SHOP_ARENA_BYTES], table[SHOP_WEIGHTS_BYTES + 64];
static const char *scratch;
static int bad;

static unsigned char *slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	unsigned char *p = malloc(1 << 20);
	if (!f || !p)
		exit(2);
	*n = fread(p, 1, 1 << 20, f);
	fclose(f);
	return p;
}

static void spill(const unsigned char *p, size_t n)
{
	FILE *f = fopen(scratch, "wb");
	if (!f || fwrite(p, 1, n, f) != n || fclose(f))
		exit(2);
}

static int load(const char *path, float *out)
{
	shop net;
	if (shop_init(&net, arena, sizeof arena) || shop_run(&net, 1, person, thing, seen, out, out) != SHOP_E_FILE)
		return 1;
	int code = shop_load(&net, path, table + 1, SHOP_WEIGHTS_BYTES);
	if (code)
		return (net.weights != 0) + code;
	return shop_run(&net, 5, person, thing, seen, out, out + 5 * SHOP_PROBS_LEN);
}

static void expect(const char *what, size_t at, int code, int least, int most)
{
	if (code >= least && code <= most)
		return;
	printf("%s %zu: code %d\n", what, at, code);
	bad++;
}

static void codes(const char *good)
{
	shop net;
	if (shop_init(&net, arena, sizeof arena))
		exit(2);
	expect("no file", 0, shop_load(&net, "/nonexistent/file", table, sizeof table), SHOP_E_FILE, SHOP_E_FILE);
	expect("no buffer", 0, shop_load(&net, good, 0, sizeof table), SHOP_E_ARENA, SHOP_E_ARENA);
	expect("small buffer", 0, shop_load(&net, good, table, SHOP_WEIGHTS_BYTES - 1), SHOP_E_ARENA, SHOP_E_ARENA);
}

int main(int argc, char **argv)
{
	float right[OUTPUTS], out[OUTPUTS];
	size_t n, every = argc == 5 ? strtoul(argv[4], 0, 10) : 0, flips = 0;
	if (!every)
		return 2;
	scratch = argv[3];
	codes(argv[1]);
	expect("good", 0, load(argv[1], right), 0, 0);
	for (size_t i = 0; i < 5 * SHOP_PROBS_LEN; i++)
		expect("outputs", i, right[i] - probs_right[i] < 2e-6 && probs_right[i] - right[i] < 2e-6 ? 0 : 1, 0, 0);
	expect("foreign", 0, load(argv[2], out), 0, 0);
	expect("its outputs", 0, memcmp(out, right, sizeof out), 0, 0);
	for (int k = 1; k <= 2; k++) {
		unsigned char *p = slurp(argv[k], &n);
		for (size_t i = 0; i < n; i += i < 16 ? 1 : 7) {
			spill(p, i);
			expect("beginning", i, load(scratch, out), SHOP_E_FORMAT, SHOP_E_FORMAT);
		}
		size_t head = 8 + (size_t)p[0] + 256 * (size_t)p[1], last = k == 1 ? n : head;
		for (size_t i = 0; i < 8 * last; i += k == 1 ? every : every / 4 + 1, flips++) {
			p[i / 8] ^= (unsigned char)(1u << i % 8);
			spill(p, n);
			int code = load(scratch, out);
			expect("flip", i, code, SHOP_E_FORMAT, 0);
			if (k == 1 && !code)
				expect("outputs after flip", i, memcmp(out, right, sizeof out), 0, 0);
			p[i / 8] ^= (unsigned char)(1u << i % 8);
		}
		free(p);
	}
	remove(scratch);
	printf("%zu flips\n", flips);
	return bad != 0;
}
