/* querylog/sink_dnstap.c - dnstap to a reader that listens, by Frame Streams over TCP or a socket
 * that is a file.
 *
 * We say READY and hear ACCEPT, say START and then send; at the end STOP, and hear FINISH.
 */
#include "querylog/delivery.h"
#include "querylog/frames.h"

#define ROOM (16u << 20)
#define KIND 2 /* in a spool */

struct dnstap {
    struct delivery delivery;
    struct frames_reader reader;
};

static void say(struct delivery *d, enum frames_control what)
{
    uint8_t room[FRAMES_CONTROL_MAX];

    delivery_say(d, frames_write(what, room));
}

static void greet(struct delivery *d)
{
    ((struct dnstap *)d)->reader.len = 0;
    say(d, FRAMES_READY);
}

static void say_goodbye(struct delivery *d)
{
    say(d, FRAMES_STOP);
}

static void hear(struct delivery *d, enum frames_control what)
{
    if (what == FRAMES_ACCEPT && !d->is_ready) {
        say(d, FRAMES_START);
        delivery_is_ready(d);
    } else if (what == FRAMES_FINISH && d->has_said_goodbye) {
        delivery_has_ended(d);
    } else {
        delivery_fail(d, "the reader says what has no place there");
    }
}

static void received(struct delivery *d, struct slice bytes)
{
    struct dnstap *t = (struct dnstap *)d;
    enum frames_control what;

    for (;;) {
        switch (frames_read(&t->reader, &bytes, &what)) {
        case FRAMES_MORE:
            return;
        case FRAMES_SAYS:
            hear(d, what);
            break;
        case FRAMES_BROKEN:
            delivery_fail(d, "this is no reader of dnstap");
            return;
        }
    }
}

static err_t open_dnstap(struct sink *s, char reason[QUERYLOG_REASON_MAX])
{
    static const struct delivery_ops ops = {
        .greet = greet,
        .received = received,
        .say_goodbye = say_goodbye,
    };

    return delivery_open((struct delivery *)s, &ops, KIND, reason);
}

const struct sink_ops sink_dnstap = {
    .size = sizeof(struct dnstap),
    .room = ROOM,
    .open = open_dnstap,
    .begin = delivery_begin,
    .flush = delivery_flush,
    .finish = delivery_finish,
    .close = delivery_close,
    .open_frame = frames_open,
    .close_frame = frames_close,
};
