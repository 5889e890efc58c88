/* codec/http2_guard.c - what a client of HTTP/2 may cost before its connection ends.
 *
 * Called by: http2.c. Owns: nothing.
 * Known attacks: floods of SETTINGS, PING, PRIORITY and empty frames, windows that stay closed
 * (CVE-2019-9511 to 9518), rapid reset (CVE-2023-44487), CONTINUATION without end (CVE-2024-28182),
 * and frames that make the server itself reset streams (CVE-2025-8671).
 */
#include "codec/http2_guard.h"

#define CANCELLED_MAX     100  /* more than there were responses */
#define PROVOKED_MAX      100  /* the same; a busy client sees some REFUSED_STREAM */
#define CONTROL_MAX       1000 /* and for each response CONTROL_EACH */
#define CONTROL_EACH      16
#define CONTINUATIONS_MAX 4     /* 16 KiB each: far more than the fields we take */
#define BLOCK_MAX         65536 /* bytes of one block's fields when they are unpacked */

static void accuse(struct http2_guard *g, enum http_abuse abuse)
{
    if (g->abuse == HTTP_ABUSE_NONE)
        g->abuse = abuse;
}

static void count_control(struct http2_guard *g)
{
    if (++g->control > CONTROL_MAX + CONTROL_EACH * g->completed)
        accuse(g, HTTP_ABUSE_control_flood);
}

void http2_guard_frame(struct http2_guard *g, const nghttp2_frame_hd *frame, bool is_new)
{
    switch (frame->type) {
    case NGHTTP2_HEADERS:
        g->continuations = 0;
        g->block_len = 0;
        if (!is_new) /* fields behind a body, or of a stream that has ended */
            count_control(g);
        break;
    case NGHTTP2_CONTINUATION:
        if (++g->continuations > CONTINUATIONS_MAX)
            accuse(g, HTTP_ABUSE_headers);
        break;
    case NGHTTP2_DATA:
        if (frame->length == 0 && !(frame->flags & NGHTTP2_FLAG_END_STREAM))
            count_control(g);
        break;
    default:
        count_control(g);
        break;
    }
}

void http2_guard_padding(struct http2_guard *g)
{
    count_control(g);
}

bool http2_guard_field(struct http2_guard *g, size_t len)
{
    g->block_len += len;
    if (g->block_len <= BLOCK_MAX)
        return true;
    accuse(g, HTTP_ABUSE_headers);
    return false;
}

void http2_guard_completed(struct http2_guard *g)
{
    g->completed++;
}

void http2_guard_cancelled(struct http2_guard *g)
{
    if (++g->cancelled > CANCELLED_MAX + g->completed)
        accuse(g, HTTP_ABUSE_rapid_reset);
}

void http2_guard_reset(struct http2_guard *g)
{
    if (++g->provoked > PROVOKED_MAX + g->completed)
        accuse(g, HTTP_ABUSE_made_reset);
}

void http2_guard_refused(struct http2_guard *g)
{
    accuse(g, HTTP_ABUSE_protocol);
}

void http2_guard_flooded(struct http2_guard *g)
{
    accuse(g, HTTP_ABUSE_control_flood);
}

void http2_guard_stuck(struct http2_guard *g)
{
    accuse(g, HTTP_ABUSE_window);
}

uint32_t http2_guard_code(const struct http2_guard *g)
{
    static const uint32_t codes[HTTP_ABUSE_COUNT] = {
#define ABUSE(name, code, text) [HTTP_ABUSE_##name] = NGHTTP2_##code,
#include "codec/http_abuse.def"
#undef ABUSE
    };

    return codes[g->abuse];
}
