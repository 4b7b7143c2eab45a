/* sha.h - the hash that names a program (FIPS 180-4).
 */
#ifndef NNC_SHA_H
#define NNC_SHA_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
	uint32_t h[8];
	uint64_t bytes;                /* seen so far                                          */
	unsigned char block[64];       /* bytes % 64 of them are waiting                       */
} Sha256;

void sha256_begin(Sha256 *s);
void sha256_add(Sha256 *s, const void *from, size_t n);
/* The hash in hex, with a 0 at the end. */
void sha256_end(Sha256 *s, char hex[65]);

#endif
