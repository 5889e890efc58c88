#ifndef CODEC_HTTP1_HEAD_H
#define CODEC_HTTP1_HEAD_H

#include "codec/http.h"

#define HTTP1_HEAD_MAX 512

/* Writes what stands before a response's body; returns its length. `closes`: no other follows. */
size_t http1_head_write(char text[HTTP1_HEAD_MAX], const struct http_response *response,
                        bool closes);

#endif
