/* querylog/backlog.c - records that wait because their reader is slow, or away.
 *
 * Called by: tray.c, the sinks.
 */
#include "querylog/backlog.h"

#define KEPT 262144 /* bytes of an empty buffer that the next burst will need again */

bool backlog_add(struct backlog *b, struct slice record)
{
    uint32_t len = (uint32_t)record.len;
    uint8_t *room = buffer_room(&b->bytes, record.len);

    if (!room || buffer_append(&b->lengths, slice_of(&len, sizeof len)) != OK)
        return false;
    memcpy(room, record.data, record.len);
    buffer_filled(&b->bytes, record.len);
    b->records++;
    return true;
}

bool backlog_move(struct backlog *b, struct backlog *from)
{
    struct backlog swapped = *b;

    if (from->records == 0)
        return true;
    if (b->records == 0) {
        *b = *from;
        *from = swapped;
        return true;
    }
    if (!buffer_room(&b->bytes, from->bytes.len) ||
        buffer_append(&b->lengths, buffer_slice(&from->lengths)) != OK)
        return false;
    buffer_append(&b->bytes, buffer_slice(&from->bytes)); /* there is room */
    b->records += from->records;
    backlog_drop(from, (struct backlog_mark){ from->bytes.len, from->records });
    return true;
}

static uint32_t length_of(const struct backlog *b, size_t record)
{
    uint32_t len;

    memcpy(&len, buffer_slice(&b->lengths).data + record * sizeof len, sizeof len);
    return len;
}

struct slice backlog_next(const struct backlog *b, struct backlog_mark *mark)
{
    const size_t start = mark->bytes;
    size_t len;

    if (mark->records == b->records)
        return (struct slice){ 0 };
    len = length_of(b, mark->records++);
    mark->bytes += len;
    return slice_of(buffer_slice(&b->bytes).data + start, len);
}

struct slice backlog_some(const struct backlog *b, struct backlog_mark *mark, size_t max)
{
    const size_t start = mark->bytes;

    while (mark->records < b->records) {
        size_t len = length_of(b, mark->records);

        if (mark->bytes + len - start > max)
            break;
        mark->bytes += len;
        mark->records++;
    }
    if (mark->bytes == start)
        return (struct slice){ 0 };
    return slice_of(buffer_slice(&b->bytes).data + start, mark->bytes - start);
}

void backlog_drop(struct backlog *b, struct backlog_mark mark)
{
    buffer_consume(&b->bytes, mark.bytes, KEPT);
    buffer_consume(&b->lengths, mark.records * sizeof(uint32_t), KEPT);
    b->records -= mark.records;
}

void backlog_done(struct backlog *b)
{
    buffer_done(&b->bytes);
    buffer_done(&b->lengths);
    b->records = 0;
}
