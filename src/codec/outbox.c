/* codec/outbox.c - bytes that wait until the socket takes them.
 *
 * Grows to what is needed and gives its memory back when it is emptied, so that an idle connection
 * holds none. Called by: tls.c.
 */
#include "codec/outbox.h"

#include <stdlib.h>

void outbox_done(struct outbox *o)
{
    free(o->bytes);
    *o = (struct outbox){ 0 };
}

err_t outbox_reserve(struct outbox *o, size_t more)
{
    size_t waiting = o->len - o->sent;
    size_t size;
    uint8_t *bytes;

    if (more > OUTBOX_MAX - waiting)
        return ERR_BUSY;
    if (more <= o->size - o->len)
        return OK;
    if (o->sent > 0)
        memmove(o->bytes, o->bytes + o->sent, waiting);
    o->len = waiting;
    o->sent = 0;
    if (more <= o->size - waiting)
        return OK;
    size = waiting + (more > waiting ? more : waiting);
    bytes = realloc(o->bytes, size);
    if (!bytes)
        return ERR_NOMEM;
    o->bytes = bytes;
    o->size = size;
    return OK;
}

err_t outbox_add(struct outbox *o, struct slice bytes)
{
    TRY(outbox_reserve(o, bytes.len));
    if (bytes.len > 0)
        memcpy(o->bytes + o->len, bytes.data, bytes.len);
    o->len += bytes.len;
    return OK;
}

struct slice outbox_waiting(const struct outbox *o)
{
    return o->len > o->sent ? slice_of(o->bytes + o->sent, o->len - o->sent) : (struct slice){ 0 };
}

void outbox_sent(struct outbox *o, size_t len)
{
    o->sent += len;
    if (o->sent >= o->len)
        outbox_done(o);
}
