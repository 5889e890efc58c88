/* querylog/frames.c - control frames of Frame Streams, written and read.
 *
 * Called by: sink_dnstap.c, sink_file.c. A control frame begins with a length of 0, which no data
 * frame has, and its own length behind that.
 */
#include "querylog/frames.h"

#include "base/reader.h"
#include "base/writer.h"

#define CONTENT_TYPE  "protobuf:dnstap.Dnstap"
#define FIELD_CONTENT 1   /* the field that says what the frames are */
#define ESCAPE        8   /* bytes: the length 0, and the length of the rest */
#define REST_MAX      512 /* of a control frame, by the standard */

static bool names_content(enum frames_control type)
{
    return type == FRAMES_READY || type == FRAMES_START;
}

static uint8_t *put_u32(uint8_t *at, size_t value)
{
    put_u16(at, (uint16_t)(value >> 16));
    put_u16(at + 2, (uint16_t)value);
    return at + 4;
}

struct slice frames_write(enum frames_control type, uint8_t room[FRAMES_CONTROL_MAX])
{
    const size_t content = sizeof CONTENT_TYPE - 1;
    uint8_t *at = put_u32(room, 0);

    at = put_u32(at, names_content(type) ? 4 + 8 + content : 4);
    at = put_u32(at, type);
    if (names_content(type)) {
        at = put_u32(put_u32(at, FIELD_CONTENT), content);
        at = put_bytes(at, CONTENT_TYPE, content);
    }
    return slice_of(room, (size_t)(at - room));
}

/* An ACCEPT that names contents must name ours; other frames have no fields. */
static bool is_for_us(struct reader *r)
{
    bool is_named = false, is_ours = false;

    while (reader_left(r) > 0) {
        uint32_t field = read_u32(r);
        struct slice value = read_bytes(r, read_u32(r));

        if (field != FIELD_CONTENT)
            return false;
        is_named = true;
        is_ours |= slice_equal(value, slice_of(CONTENT_TYPE, sizeof CONTENT_TYPE - 1));
    }
    return !r->failed && (is_ours || !is_named);
}

static enum frames_event read_whole(struct frames_reader *r, enum frames_control *ret_type)
{
    struct reader reader = reader_of(slice_of(r->bytes, r->len));
    uint32_t type;

    read_bytes(&reader, ESCAPE);
    type = read_u32(&reader);
    r->len = 0;
    if (reader.failed || type < FRAMES_ACCEPT || type > FRAMES_FINISH || !is_for_us(&reader))
        return FRAMES_BROKEN;
    *ret_type = (enum frames_control)type;
    return FRAMES_SAYS;
}

/* Up to `wanted` bytes of the frame; whether they are there. */
static bool fill(struct frames_reader *r, struct slice *bytes, size_t wanted)
{
    size_t len = r->len < wanted ? wanted - r->len : 0;

    if (len > bytes->len)
        len = bytes->len;
    if (len > 0)
        memcpy(r->bytes + r->len, bytes->data, len);
    r->len += len;
    *bytes = slice_after(*bytes, len);
    return r->len >= wanted;
}

enum frames_event frames_read(struct frames_reader *r, struct slice *bytes,
                              enum frames_control *ret_type)
{
    struct reader head = reader_of(slice_of(r->bytes, ESCAPE));
    uint32_t escape, rest;

    if (!fill(r, bytes, ESCAPE))
        return FRAMES_MORE;
    escape = read_u32(&head);
    rest = read_u32(&head);
    if (escape != 0 || rest > REST_MAX)
        return FRAMES_BROKEN;
    if (!fill(r, bytes, ESCAPE + rest))
        return FRAMES_MORE;
    return read_whole(r, ret_type);
}

void frames_open(const struct sink *s, struct pen *p, const struct log_view *view,
                 const struct stamp *stamp, bool is_cut)
{
    (void)s, (void)view, (void)stamp, (void)is_cut;
    pen_room(p, FRAMES_HEAD);
}

void frames_close(struct pen *p, size_t start)
{
    if (!p->is_too_long)
        put_u32(p->start + start, pen_slice(p).len - start - FRAMES_HEAD);
}
