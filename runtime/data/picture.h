/* picture.h - pictures in files: PNG, and PGM, PPM in both forms.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_PICTURE_H
#define NNRT_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

enum { RT_PICTURE_SIDE = 1 << 15 }; /* most pixels of a side */

/* Rows from the top, pixels from the left, the channels of a pixel side by side. */
typedef struct {
	int w, h, channels; /* channels: 1 grey, 3 red green blue */
	unsigned char *at;
} Picture;

/* Does the name end like that of a picture?  Those of JPEG count, but cannot be read. */
bool rt_picture_is(const char *name);

/* Reads a file.  What is damaged, too large or of another kind ends the program: R2, R7. */
Picture rt_picture_read(const char *path);
void rt_picture_free(Picture *p);

/* The same picture in another size: each pixel is the mean of those below a triangle, in steps and rounded as
 * Pillow does it (Image.resize with BILINEAR; torchvision's Resize of such pictures). */
Picture rt_picture_resize(const Picture *p, int w, int h);

/* (png.c) A PNG file that was read whole. */
Picture rt_png_decode(const char *path, const unsigned char *file, size_t n);
/* Memory for a picture, or the program ends. */
Picture rt_picture_new(const char *path, long long w, long long h, int channels);

#endif
