/* querylog/backlog.c - records that wait because their reader is slow, or away.
 *
 * Called by: the sinks.
 */
#include "querylog/backlog.h"

#define KEPT 262144 /* bytes of an empty buffer that the next burst will need again */

bool backlog_add(struct backlog *b, struct slice head, struct slice record)
{
    uint32_t len = (uint32_t)(head.len + record.len);
    uint8_t *room;

    if (b->bytes.len + len > b->max)
        return false;
    room = buffer_room(&b->bytes, len);
    if (!room || buffer_append(&b->lengths, slice_of(&len, sizeof len)) != OK)
        return false;
    if (head.len > 0)
        memcpy(room, head.data, head.len);
    memcpy(room + head.len, record.data, record.len);
    buffer_filled(&b->bytes, len);
    b->records++;
    return true;
}

static uint32_t first_length(const struct backlog *b)
{
    uint32_t len = 0;

    if (b->lengths.len > 0)
        memcpy(&len, buffer_slice(&b->lengths).data, sizeof len);
    return len;
}

void backlog_sent(struct backlog *b, size_t len)
{
    buffer_consume(&b->bytes, len, KEPT);
    while (len > 0) {
        uint32_t first = first_length(b);

        if (len < first) {
            first -= (uint32_t)len;
            memcpy(b->lengths.data + b->lengths.start, &first, sizeof first);
            b->is_amid_record = true;
            return;
        }
        len -= first;
        buffer_consume(&b->lengths, sizeof first, KEPT);
        b->is_amid_record = false;
        b->records--;
    }
}

struct slice backlog_first(const struct backlog *b)
{
    return slice_of(buffer_slice(&b->bytes).data, first_length(b));
}

void backlog_done(struct backlog *b)
{
    buffer_done(&b->bytes);
    buffer_done(&b->lengths);
    b->records = 0;
    b->is_amid_record = false;
}
