#ifndef QUERYLOG_PARTS_H
#define QUERYLOG_PARTS_H

#include "dns/header.h"
#include "querylog/format.h"
#include "querylog/pen.h"
#include "querylog/record.h"

/* Parts of a record that several formats write. */

#define MESSAGE_SHOWN  512 /* bytes of a message that cannot be read */
#define PUT_FLAGS_MAX  24
#define PUT_SUBNET_MAX 49

static inline struct slice slice_of_text(const char *text)
{
    return slice_of(text, strlen(text));
}

static inline uint8_t *put_text(uint8_t *at, const char *text)
{
    return put_bytes(at, text, strlen(text));
}

/* Without the port. */
uint8_t *put_address(uint8_t *at, const union addr *addr);

/* "rd ad", as far as they are set. */
uint8_t *put_flags(uint8_t *at, uint16_t flags);

/* A client subnet option (RFC 7871 section 6) as 192.0.2.0/24; NULL when it is malformed. */
uint8_t *put_subnet(uint8_t *at, struct slice option);

/* The first two bytes as a number. */
static inline uint16_t code_at(struct slice bytes)
{
    return (uint16_t)(bytes.data[0] << 8 | bytes.data[1]);
}

/* A client's port is hidden as the client is; one that a reverse proxy has named has none. */
static inline bool shows_port(const struct log_record *r, const struct stamp *stamp)
{
    return stamp->clients == CLIENTS_FULL && addr_port(&r->client) != 0;
}

static inline unsigned opcode_of(uint16_t flags)
{
    return (flags & DNS_OPCODE) >> 11;
}

/* The extended error that the response bears (RFC 8914): code and text; empty when there is none.
 */
static inline struct slice extended_error_of(const struct log_view *v)
{
    return v->has_message ? v->message.edns.extended_error : (struct slice){ 0 };
}

/* Of a message that has a header. */
static inline uint16_t flags_of(struct slice message)
{
    return code_at(slice_after(message, 2));
}

#endif
