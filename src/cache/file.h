#ifndef CACHE_FILE_H
#define CACHE_FILE_H

#include "base/hash.h"

/* What is remembered, in a file over a restart: a header, blocks of responses in wire form, and a
 * block of none as the end. Behind each part stands its checksum; numbers are in network order.
 *
 *     header  FILE_MAGIC (16)  version (4)  seconds since 1970 when it was written (8)
 *     block   bytes of its records (4)  records
 *     record  age in seconds (4)  view (2)  DO and CD (1)  length (2)  the response
 *
 * A checksum (8) finds accidents, not malice: what is read is checked like what comes from an
 * upstream, and gets in by the same door. */
#define FILE_MAGIC         "dotproxy cache\n"
#define FILE_VERSION       1
#define FILE_HEADER        28
#define FILE_BLOCK_HEADER  4
#define FILE_BLOCK_MAX     65536 /* bytes of records in a block */
#define FILE_RECORD_HEADER 9
#define FILE_CHECKSUM      8

/* The same moment on two clocks. */
struct cache_clocks {
    uint32_t now_s;  /* as everywhere in this room */
    uint64_t wall_s; /* since 1970 */
};

/* No secret: another machine reads the file as well. */
static inline uint64_t file_checksum(struct slice part)
{
    return hash_bytes(&(struct hash_key){ 0 }, part);
}

#endif
