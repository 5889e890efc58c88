/* upstream/framing.c - messages with their lengths, as the stream transports carry them.
 *
 * Called by: tcp.c, tls.c.
 */
#include "upstream/framing.h"

#include "dns/compose.h"
#include "upstream/channel.h"

err_t framing_append(struct framing *f, struct slice query, size_t block)
{
    const struct compose_stream_settings settings = { .asks_keepalive = !f->has_asked,
                                                      .pad_to = block };
    uint8_t *room = buffer_room(&f->out, 2 + DNS_QUERY_MAX);
    struct writer w = writer_of(room ? room + 2 : NULL, room ? DNS_QUERY_MAX : 0);

    if (!room)
        return ERR_NOMEM;
    TRY(compose_on_stream(&w, query, &settings));
    f->has_asked = true;
    put_u16(room, (uint16_t)writer_len(&w));
    buffer_filled(&f->out, 2 + writer_len(&w));
    return OK;
}

err_t framing_take(struct framing *f, struct slice bytes, struct channel *c)
{
    struct slice message;

    while (frame_next(&f->in, &bytes, &message))
        channel_received(c, message);
    return f->in.failed ? ERR_NOMEM : OK;
}

void framing_done(struct framing *f)
{
    buffer_done(&f->out);
    frame_done(&f->in);
}
