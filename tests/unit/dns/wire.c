/* tests/unit/dns/wire.c - messages written by hand, for the tests of this room. */
#include "unit/dns/wire.h"

struct slice name_of(const char *text)
{
    static uint8_t room[1 << 16];
    static struct writer w;
    struct writer one;

    if (!w.start)
        w = writer_of(room, sizeof room);
    one = writer_of(w.next, (size_t)(w.end - w.next));
    CHECK_EQUAL(name_from_text(text, &one), OK);
    w.next = one.next;
    return writer_slice(&one);
}

void wire_header(struct wire *m, uint16_t flags, uint16_t qd, uint16_t an, uint16_t ns, uint16_t ar)
{
    m->w = writer_of(m->room, sizeof m->room);
    write_header(&m->w, &(struct header){ WIRE_ID, flags, qd, an, ns, ar });
}

void wire_question(struct wire *m, const char *name, uint16_t qtype)
{
    write_bytes(&m->w, NAME(name));
    write_u16(&m->w, qtype);
    write_u16(&m->w, CLASS_IN);
}

void wire_record(struct wire *m, struct slice owner, uint16_t type, struct slice rdata)
{
    write_bytes(&m->w, owner);
    write_u16(&m->w, type);
    write_u16(&m->w, CLASS_IN);
    write_u32(&m->w, WIRE_TTL);
    write_u16(&m->w, (uint16_t)rdata.len);
    write_bytes(&m->w, rdata);
}

void wire_opt(struct wire *m, uint32_t ttl, struct slice options)
{
    write_u8(&m->w, 0);
    write_u16(&m->w, TYPE_OPT);
    write_u16(&m->w, 4096);
    write_u32(&m->w, ttl);
    write_u16(&m->w, (uint16_t)options.len);
    write_bytes(&m->w, options);
}

struct message_query client_for(const char *name, uint16_t flags, bool has_edns)
{
    struct message_query q;
    struct wire m;

    wire_header(&m, flags, 1, 0, 0, has_edns);
    wire_question(&m, name, TYPE_A);
    if (has_edns)
        wire_opt(&m, 0, BYTES(""));
    CHECK_EQUAL(message_read_query(writer_slice(&m.w), &q), OK);
    q.edns.options = q.edns.cookie = (struct slice){ 0 };
    q.header.id = 0x4711;
    return q;
}
