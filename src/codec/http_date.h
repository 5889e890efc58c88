#ifndef CODEC_HTTP_DATE_H
#define CODEC_HTTP_DATE_H

#include <stdint.h>

#define HTTP_DATE_SIZE sizeof "Thu, 01 Jan 1970 00:00:00 GMT"

/* A moment as HTTP writes it. Zero it before its first use. */
struct http_date {
    uint64_t second;
    char text[HTTP_DATE_SIZE];
};

/* `second` since 1970, UTC, as an IMF-fixdate (RFC 9110 section 5.6.7), written anew when it is
 * another one than before. Lasts until the next call. */
const char *http_date_text(struct http_date *date, uint64_t second);

#endif
