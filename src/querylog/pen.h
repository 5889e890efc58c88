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
    pen_bytes(p, &c, 1);
}

/* Groups: room for all parts is asked for once, and each part then says where it ends. A part is
 * never longer than its PUT_..._MAX says. */

/* Room for a group of at most `max` bytes, or NULL. pen_close tells where it ended. */
static inline uint8_t *pen_open(struct pen *p, size_t max)
{
    if (max <= (size_t)(p->end - p->next))
        return p->next;
    p->is_too_long = true;
    return NULL;
}

static inline void pen_close(struct pen *p, uint8_t *end)
{
    p->next = end;
}

static inline uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return at + len;
}

#define PUT(at, text) put_bytes(at, text, sizeof(text) - 1)

#define PUT_NUMBER_MAX 20
#define PUT_IPV4_MAX   15
#define PUT_IPV6_MAX   45
#define PUT_TIME_MAX   27

uint8_t *put_number(uint8_t *at, uint64_t number);

/* So many digits, zeroes in front. */
uint8_t *put_digits(uint8_t *at, uint64_t number, unsigned digits);

/* Addresses without a port; RFC 5952. */
uint8_t *put_ipv4(uint8_t *at, const uint8_t address[4]);
uint8_t *put_ipv6(uint8_t *at, const uint8_t address[16]);

/* RFC 3339, UTC, with microseconds. */
uint8_t *put_time(uint8_t *at, uint64_t wall_ns);

/* Hexadecimal, two digits a byte. */
uint8_t *put_hex(uint8_t *at, struct slice bytes);

void pen_number(struct pen *p, uint64_t number);

/* Bytes inside a JSON string (RFC 8259 section 7): printable UTF-8 as it is, all other bytes as
 * \DDD, a backslash as two (RFC 1035 section 5.1), so that the bytes can be told again. */
void pen_json(struct pen *p, struct slice bytes);

/* The same for ASCII that is in presentation format already. */
void pen_json_again(struct pen *p, struct slice text);

/* A wire name as text inside a JSON string: RFC 1035 section 5.1, with the final dot, or without
 * (the root has its dot all the same). Returns what was written. */
enum pen_dot { WITH_DOT, WITHOUT_DOT };
struct slice pen_json_name(struct pen *p, struct slice wire, enum pen_dot dot);

#endif
