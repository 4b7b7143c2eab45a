/* zip.h - the members of a .zip file, as numpy.savez and savez_compressed write it.
 *
 * SPDX-License-Identifier: 0BSD
 */
#ifndef NNRT_ZIP_H
#define NNRT_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rt_io.h"

typedef struct {
	char *name;
	uint64_t head; /* where the member's own header begins */
	uint64_t packed, bytes;
	uint32_t crc;
	bool deflated;
} ZipMember;

typedef struct {
	ZipMember *member;
	int n;
} Zip;

/* The members of f.  Ends the program with R1 if it is no zip file, with R2 if its directory cannot
 * be true. */
Zip rt_zip_open(Reader *f);
void rt_zip_free(Zip *z);

/* Where the bytes of a member begin in the file. */
uint64_t rt_zip_data(Reader *f, const ZipMember *m);
/* All bytes of a member, unpacked and checked by their CRC-32; to be freed. */
unsigned char *rt_zip_read(Reader *f, const ZipMember *m);

#endif
