#ifndef CODEC_OUTBOX_H
#define CODEC_OUTBOX_H

#include "base/err.h"
#include "base/slice.h"

/* Bytes that wait to be sent. All zero is an empty one. */
struct outbox {
    uint8_t *bytes;
    size_t sent, len, size; /* what waits lies from `sent` to `len` */
};

void outbox_done(struct outbox *o);

/* Makes sure that `more` bytes can be added. ERR_BUSY when more than OUTBOX_MAX would wait. */
err_t outbox_reserve(struct outbox *o, size_t more);
err_t outbox_add(struct outbox *o, struct slice bytes);

struct slice outbox_waiting(const struct outbox *o);
void outbox_sent(struct outbox *o, size_t len);

#define OUTBOX_MAX ((size_t)256 << 10)

#endif
