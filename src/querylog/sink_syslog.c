/* querylog/sink_syslog.c - records as messages of syslog over TCP (RFC 6587) and TLS (RFC 5425).
 *
 * Both count octets: so a record may hold any bytes.
 */
#include "querylog/delivery.h"
#include "querylog/syslog.h"

#include <stdio.h>

#define ROOM (16u << 20)
#define KIND 1 /* in a spool */

static err_t wrap(struct buffer *out, struct slice record)
{
    char count[24];
    int len = snprintf(count, sizeof count, "%zu ", record.len);
    uint8_t *room = buffer_room(out, (size_t)len + record.len);

    if (!room)
        return ERR_NOMEM;
    memcpy(room, count, (size_t)len);
    memcpy(room + len, record.data, record.len);
    buffer_filled(out, (size_t)len + record.len);
    return OK;
}

static err_t open_syslog(struct sink *s, char reason[QUERYLOG_REASON_MAX])
{
    static const struct delivery_ops ops = { .wrap = wrap };

    return delivery_open((struct delivery *)s, &ops, KIND, reason);
}

const struct sink_ops sink_syslog = {
    .size = sizeof(struct delivery),
    .room = ROOM,
    .open = open_syslog,
    .begin = delivery_begin,
    .flush = delivery_flush,
    .finish = delivery_finish,
    .close = delivery_close,
    .open_frame = syslog_open_frame,
    .close_frame = syslog_close_frame,
};
