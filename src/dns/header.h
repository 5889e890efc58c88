#ifndef DNS_HEADER_H
#define DNS_HEADER_H

#include "base/reader.h"
#include "base/writer.h"

#define DNS_HEADER_SIZE 12
#define DNS_MESSAGE_MAX 65535 /* what the two-byte length of RFC 1035 section 4.2.2 can say */

/* The flags between the id and the counts: RFC 1035 section 4.1.1, RFC 4035 section 3. */
#define DNS_QR     0x8000u
#define DNS_AA     0x0400u
#define DNS_TC     0x0200u
#define DNS_RD     0x0100u
#define DNS_RA     0x0080u
#define DNS_Z      0x0040u
#define DNS_AD     0x0020u
#define DNS_CD     0x0010u
#define DNS_OPCODE 0x7800u /* the field's mask */
#define DNS_RCODE  0x000fu /* the field's mask */

enum dns_opcode {
    OPCODE_QUERY = 0,
    OPCODE_IQUERY = 1,
    OPCODE_STATUS = 2,
    OPCODE_NOTIFY = 4,
    OPCODE_UPDATE = 5,
    OPCODE_DSO = 6,
};

struct header {
    uint16_t id, flags, qdcount, ancount, nscount, arcount;
};

static inline uint16_t header_opcode(const struct header *h)
{
    return (h->flags & DNS_OPCODE) >> 11;
}

/* The low four bits only: see message_rcode. */
static inline uint16_t header_rcode(const struct header *h)
{
    return h->flags & DNS_RCODE;
}

static inline struct header read_header(struct reader *r)
{
    struct header h;

    h.id = read_u16(r);
    h.flags = read_u16(r);
    h.qdcount = read_u16(r);
    h.ancount = read_u16(r);
    h.nscount = read_u16(r);
    h.arcount = read_u16(r);
    return h;
}

static inline void write_header(struct writer *w, const struct header *h)
{
    uint8_t *room = write_room(w, DNS_HEADER_SIZE);

    if (!room)
        return;
    put_u16(room, h->id);
    put_u16(room + 2, h->flags);
    put_u16(room + 4, h->qdcount);
    put_u16(room + 6, h->ancount);
    put_u16(room + 8, h->nscount);
    put_u16(room + 10, h->arcount);
}

#endif
