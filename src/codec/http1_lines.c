/* codec/http1_lines.c - each line of a request of HTTP/1.1 ends as it must, or the request is none.
 *
 * The parser takes other bytes for the end of a line or of a chunk, joins lines that are folded,
 * and lets words stand behind a chunk's size. A reverse proxy before us may read such a request in
 * another way, and what it takes for a body would be a request here (RFC 9112
 * sections 2.2, 5.2, 7.1 and 11.2). Called by: http1.c. Owns: nothing.
 */
#include "codec/http1_lines.h"

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* Behind the digits: nothing, or an extension (RFC 9112 section 7.1.1). */
static bool may_follow_size(struct http1_lines *l, uint8_t byte)
{
    if (l->has_extension || byte == '\r' || byte == '\n')
        return l->has_extension || !l->has_blank;
    l->has_extension = byte == ';';
    if (is_blank(byte))
        l->has_blank = true;
    else if (!l->has_extension)
        return !l->has_blank;
    return true;
}

static bool may_follow(struct http1_lines *l, uint8_t byte)
{
    if (l->has_return != (byte == '\n') || (l->len == 0 && is_blank(byte)))
        return false;
    if (l->part == HTTP1_CHUNK_END)
        return byte == '\r' || byte == '\n';
    return l->part != HTTP1_SIZE || may_follow_size(l, byte);
}

static void end_line(struct http1_lines *l)
{
    l->len = 0;
    l->has_return = l->has_blank = l->has_extension = false;
    if (l->part == HTTP1_CHUNK_END)
        l->part = HTTP1_SIZE;
}

static bool read_line(struct http1_lines *l, struct slice bytes, struct slice *ret_piece)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = bytes.data[i];

        if (!may_follow(l, byte))
            return false;
        l->has_return = byte == '\r';
        l->len++;
        if (byte != '\n')
            continue;
        end_line(l);
        *ret_piece = slice_of(bytes.data, i + 1);
        return true;
    }
    *ret_piece = bytes;
    return true;
}

static void read_data(struct http1_lines *l, struct slice bytes, struct slice *ret_piece)
{
    size_t len = l->left < bytes.len ? (size_t)l->left : bytes.len;

    l->left -= len;
    if (l->left == 0)
        l->part = l->is_chunked ? HTTP1_CHUNK_END : HTTP1_FIELDS;
    *ret_piece = slice_of(bytes.data, len);
}

bool http1_lines_next(struct http1_lines *l, struct slice bytes, struct slice *ret_piece)
{
    if (l->part != HTTP1_DATA)
        return read_line(l, bytes, ret_piece);
    read_data(l, bytes, ret_piece);
    return true;
}

void http1_lines_body(struct http1_lines *l, bool is_chunked, uint64_t len)
{
    l->is_chunked = is_chunked;
    l->left = is_chunked ? 0 : len;
    if (is_chunked)
        l->part = HTTP1_SIZE;
    else if (len > 0)
        l->part = HTTP1_DATA;
}

void http1_lines_chunk(struct http1_lines *l, uint64_t len)
{
    l->left = len;
    l->part = len > 0 ? HTTP1_DATA : HTTP1_FIELDS;
}
