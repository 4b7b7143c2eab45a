/* classify.c - classify images with the C that nnc generated; needs nothing but stdio.
 *
 * In:    an IDX file of 28 x 28 images (uncompressed).   Out: one class a line on standard output.
 * Built: cc -std=c99 -O2 classify.c mlp_infer.c
 */
#include "mlp_infer.h"

#include <stdio.h>

/* Big-endian 32-bit number; -1 at the end of the file. */
static long word(FILE *f)
{
	long v = 0;
	for (int i = 0; i < 4; i++) {
		int c = getc(f);
		if (c == EOF)
			return -1;
		v = v * 256 + c;
	}
	return v;
}

static int largest(const float *v, int n)
{
	int best = 0;
	for (int i = 1; i < n; i++)
		if (v[i] > v[best])
			best = i;
	return best;
}

int main(int argc, char **argv)
{
	static float image[MLP_IMAGE_LEN];
	static unsigned char raw[MLP_IMAGE_LEN];
	float probs[MLP_PROBS_LEN];
	FILE *f = argc == 2 ? fopen(argv[1], "rb") : 0;

	if (!f) {
		fprintf(stderr, "usage: classify FILE (an uncompressed IDX file of images)\n");
		return 2;
	}
	long magic = word(f), n = word(f), rows = word(f), columns = word(f);
	if (magic != 0x803 || rows * columns != MLP_IMAGE_LEN) {
		fprintf(stderr, "classify: %s: no IDX file of 28 x 28 images\n", argv[1]);
		return 1;
	}
	for (long k = 0; k < n; k++) {
		if (fread(raw, 1, sizeof raw, f) != sizeof raw) {
			fprintf(stderr, "classify: %s: ends in image %ld of %ld\n", argv[1], k, n);
			return 1;
		}
		for (int i = 0; i < MLP_IMAGE_LEN; i++)
			image[i] = (float)raw[i] / 255.0f;         /* as the data section of mlp.nn */
		mlp_run(image, probs);
		printf("%d\n", largest(probs, MLP_PROBS_LEN));
	}
	fclose(f);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
