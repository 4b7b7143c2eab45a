/* nhwc.c - the same images in both orders of dimensions, to the same outputs; -DBATCH samples a call. */
#include <stdio.h>
#include <string.h>

#include "first.h"
#include "last.h"

enum { C = 2, H = 3, W = 4, LC = 2, LW = 3 };

int main(void)
{
	static float image[BATCH][C][H][W], turned[BATCH][H][W][C], v[BATCH][3];
	static int32_t label[BATCH][LC][1][LW], label_turned[BATCH][1][LW][LC];
	static float y[2][BATCH][2], twice[2][BATCH][C][H][W];
	for (int n = 0; n < BATCH; n++)
		for (int c = 0; c < C; c++)
			for (int h = 0; h < H; h++)
				for (int w = 0; w < W; w++) {
					image[n][c][h][w] = (float)(n * 7 + c * 5 - h * 3 + w * w) / 8;
					turned[n][h][w][c] = image[n][c][h][w];
					v[n][h] = (float)(h - n);
					if (w < LW)
						label[n][c][0][w] = label_turned[n][0][w][c] = (n + 2 * c + w) % 3;
				}
	if (first_run((void *)image, (void *)v, (void *)label, (void *)y[0], (void *)twice[0]) ||
	    last_run((void *)turned, (void *)v, (void *)label_turned, (void *)y[1], (void *)twice[1]))
		return 1;
	for (int n = 0; n < BATCH; n++)
		printf("%.9g %.9g\n", (double)y[1][n][0], (double)y[1][n][1]);
	return memcmp(y[0], y[1], sizeof y[0]) || memcmp(twice[0], twice[1], sizeof twice[0]) ? 2 : 0;
}
