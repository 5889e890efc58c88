#ifndef QUERYLOG_PEN_H
#define QUERYLOG_PEN_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Where one record is being written: room of fixed size. What does not fit makes it too long, and
 * then nothing of it counts. */
struct pen {
    uint8_t *start, *next, *end;
    bool is_too_long;
};

static inline struct pen pen_on(uint8_t *room, size_t size)
{
    return (struct pen){ room, room, room + size, false };
}

static inline struct slice pen_slice(const struct pen *p)
{
    return slice_of(p->start, (size_t)(p->next - p->start));
}

/* Room for `len` bytes that the caller fills at once, or NULL. */
static inline uint8_t *pen_room(struct pen *p, size_t len)
{
    uint8_t *room = p->next;

    if (len > (size_t)(p->end - p->next)) {
        p->is_too_long = true;
        return NULL;
    }
    p->next += len;
    return room;
}

static inline void pen_bytes(struct pen *p, const void *bytes, size_t len)
{
    uint8_t *room = pen_room(p, len);

    if (room)
        memcpy(room, bytes, len);
}

/* A text that stands in the code. */
#define PEN_LITERAL(pen, text) pen_bytes(pen, text, sizeof(text) - 1)

static inline void pen_text(struct pen *p, const char *text)
{
    pen_bytes(p, text, strlen(text));
}

static inline void pen_byte(struct pen *p, char c)
{
    uint8_t *room = pen_room(p, 1);

    if (room)
        *room = (uint8_t)c;
}

void pen_number(struct pen *p, uint64_t number);

/* So many digits, zeroes in front. */
void pen_digits(struct pen *p, uint64_t number, unsigned digits);

/* An address without its port, as in RFC 5952. */
void pen_ipv4(struct pen *p, const uint8_t address[4]);
void pen_ipv6(struct pen *p, const uint8_t address[16]);

/* RFC 3339, UTC, with microseconds. */
void pen_time(struct pen *p, uint64_t wall_ns);

/* The inside of a JSON string (RFC 8259 section 7); what is no printable ASCII becomes \u00XX, so
 * that each byte is one character. */
void pen_json(struct pen *p, struct slice bytes);

/* A wire name as text inside a JSON string, escaped twice: RFC 1035 section 5.1, RFC 8259. */
void pen_json_name(struct pen *p, struct slice wire);

#endif
