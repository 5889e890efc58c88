#ifndef QUERYLOG_FRAMES_H
#define QUERYLOG_FRAMES_H

#include "querylog/pen.h"

struct log_view;
struct sink;
struct stamp;

/* Frame Streams, the framing of dnstap: data frames behind their length, and control frames, of
 * which a stream has a START and a STOP; who talks with a reader begins with READY and hears
 * ACCEPT, and FINISH after the STOP. */
enum frames_control {
    FRAMES_ACCEPT = 1,
    FRAMES_START = 2,
    FRAMES_STOP = 3,
    FRAMES_READY = 4,
    FRAMES_FINISH = 5,
};

#define FRAMES_CONTROL_MAX 520 /* bytes of a control frame with all that is around it */
#define FRAMES_HEAD        4   /* bytes in front of a data frame: how long it is */

/* Around each frame that a pen writes: struct sink_ops. */
void frames_open(const struct sink *s, struct pen *p, const struct log_view *view,
                 const struct stamp *stamp, bool is_cut);
void frames_close(struct pen *p, size_t start);

/* READY and START say that the frames are dnstap. */
struct slice frames_write(enum frames_control type, uint8_t room[FRAMES_CONTROL_MAX]);

/* What a reader says. Zero it first. */
struct frames_reader {
    uint8_t bytes[FRAMES_CONTROL_MAX];
    size_t len;
};

enum frames_event {
    FRAMES_MORE,   /* all was taken, and a frame is not whole yet */
    FRAMES_SAYS,   /* a control frame */
    FRAMES_BROKEN, /* this is no reader of dnstap */
};

/* Takes from the front of `bytes`; `ret_type` is what a control frame says. */
enum frames_event frames_read(struct frames_reader *r, struct slice *bytes,
                              enum frames_control *ret_type);

#endif
