#ifndef CODEC_HTTP1_LINES_H
#define CODEC_HTTP1_LINES_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum http1_part {
    HTTP1_FIELDS,    /* the request line and what stands below it, and below the last chunk */
    HTTP1_SIZE,      /* the line before a chunk */
    HTTP1_CHUNK_END, /* the empty line behind it */
    HTTP1_DATA
};

/* Where lines end in a request, and where its body is. All zero before a request. */
struct http1_lines {
    enum http1_part part;
    bool is_chunked;
    uint64_t left; /* bytes of data */
    /* of the line that is read */
    size_t len;
    bool has_return, has_blank, has_extension;
};

/* The body that follows, of which `len` bytes come before the next line. */
void http1_lines_body(struct http1_lines *l, bool is_chunked, uint64_t len);
void http1_lines_chunk(struct http1_lines *l, uint64_t len); /* 0: the last */

/* The beginning of `bytes`, which are some, that is data, or lies within a line, alone; false when
 * no line may look like that. */
bool http1_lines_next(struct http1_lines *l, struct slice bytes, struct slice *ret_piece);

#endif
