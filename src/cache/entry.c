/* cache/entry.c - the form in which a response is kept.
 *
 * Called by: cache.c (in and out), shard.c (whose is it), save.c.
 * The bytes behind the DNS header are those of the response: pointers stay right, and what comes
 * out can be checked and composed like a message from an upstream.
 */
#include "cache/entry.h"

#include "dns/types.h"

#define KEY_MAX        (DNS_NAME_MAX + 7) /* name, QTYPE, QCLASS, bits, view */
#define ANSWERS_MAX    0xfffu
#define AUTHORITY_MAX  0x3ffu
#define ADDITIONAL_MAX 0x3ffu
#define TTL_AND_LENGTH 6 /* bytes between a record's class and its RDATA */
#define WIRE_START     (ENTRY_HEADER - DNS_HEADER_SIZE)

static uint8_t key_bits(const struct cache_key *key)
{
    return (uint8_t)((key->dnssec_ok ? ENTRY_DO : 0) | (key->checking_disabled ? ENTRY_CD : 0));
}

/* What stands behind the name in a key. */
struct key_rest {
    uint8_t type_and_class[4];
    uint8_t bits;
    uint16_t view;
};

static uint64_t hash_key(const struct hash_key *secret, struct slice name,
                         const struct key_rest *rest)
{
    uint8_t key[KEY_MAX];
    struct writer w = writer_of(key, sizeof key);

    write_bytes(&w, name);
    name_lower(key, name.len);
    write_bytes(&w, slice_of(rest->type_and_class, sizeof rest->type_and_class));
    write_u8(&w, rest->bits);
    write_u16(&w, rest->view);
    return hash_bytes(secret, writer_slice(&w));
}

uint64_t key_hash(const struct hash_key *secret, const struct cache_key *key)
{
    struct key_rest rest = { .bits = key_bits(key), .view = key->view };

    put_u16(rest.type_and_class, key->question->qtype);
    put_u16(rest.type_and_class + 2, key->question->qclass);
    return hash_key(secret, question_name(key->question), &rest);
}

static struct slice entry_body(const struct entry *e)
{
    return slice_of(e->body, e->len - (size_t)ENTRY_HEADER);
}

struct slice entry_name(const struct entry *e)
{
    struct reader r = reader_of(entry_body(e));

    return read_name(&r);
}

uint64_t entry_hash(const struct hash_key *secret, const struct entry *e)
{
    const struct slice name = entry_name(e);
    struct key_rest rest = { .bits = e->bits & ENTRY_KEY_BITS, .view = e->view };

    memcpy(rest.type_and_class, e->body + name.len, sizeof rest.type_and_class);
    return hash_key(secret, name, &rest);
}

/* The body begins with its question: a name as long as the key's that equals it ends where the
 * key's ends. */
bool entry_answers(const struct entry *e, const struct cache_key *key)
{
    const struct question *q = key->question;
    struct reader r = reader_of(entry_body(e));
    const struct slice name = read_bytes(&r, q->name_len);
    const uint16_t qtype = read_u16(&r), qclass = read_u16(&r);

    return !r.failed && e->view == key->view && (e->bits & ENTRY_KEY_BITS) == key_bits(key) &&
           question_equal(q, name, qtype, qclass);
}

/* The response without its OPT, at its place in the room. compose_response drops it, and puts right
 * the pointers across it; a client without EDNS who asks for all flags gets all the rest. */
static err_t write_wire(union entry_room *room, const struct cache_key *key,
                        const struct message *response, size_t *ret_len)
{
    const struct compose_settings settings = { .limit = ENTRY_WIRE_MAX };
    struct message_query whoever = { .header.flags = DNS_AD, .has_question = true };
    struct message plain = *response;
    struct writer w = writer_of(room->bytes + WIRE_START, sizeof *room - WIRE_START);

    if (response->wire.len > ENTRY_WIRE_MAX)
        return ERR_TOOBIG;
    whoever.question.qtype = key->question->qtype;
    whoever.question.qclass = key->question->qclass;
    whoever.question.name_len = (uint8_t)response->question_name.len;
    memcpy(whoever.question.name, response->question_name.data, response->question_name.len);
    plain.edns.options = (struct slice){ 0 };
    TRY(compose_response(&w, &plain, &whoever, &settings));
    *ret_len = writer_len(&w);
    return OK;
}

static void put_u32(uint8_t *at, uint32_t value)
{
    put_u16(at, (uint16_t)(value >> 16));
    put_u16(at + 2, (uint16_t)value);
}

/* A cursor on the first record. */
static struct records entry_records(const struct entry *e)
{
    struct records records = { .next = reader_of(slice_of(e, e->len)) };

    /* pointers count from where the DNS header would begin */
    records.next.start = records.next.next = (const uint8_t *)e + WIRE_START;
    read_bytes(&records.next, DNS_HEADER_SIZE + entry_name(e).len + 4);
    return records;
}

/* Where the TTL of a record lies. */
static uint8_t *ttl_of(union entry_room *room, const struct record *rr)
{
    return room->bytes + WIRE_START + rr->end - rr->rdata.len - TTL_AND_LENGTH;
}

void entry_age_ttls(union entry_room *room, uint32_t age)
{
    struct records records = entry_records(&room->entry);
    struct record rr;

    while (message_next_record(&records, &rr))
        put_u32(ttl_of(room, &rr), rr.ttl > age ? rr.ttl - age : 1);
}

void entry_set_ttls(union entry_room *room, uint32_t ttl)
{
    struct records records = entry_records(&room->entry);
    struct record rr;

    while (message_next_record(&records, &rr))
        put_u32(ttl_of(room, &rr), ttl);
}

/* Each record's TTL is put between the bounds that hold for the whole. */
static void bound_ttls(union entry_room *room, const struct admission *bounds)
{
    struct records records = entry_records(&room->entry);
    struct record rr;

    while (message_next_record(&records, &rr)) {
        uint32_t ttl = honest_ttl(rr.ttl);

        if (ttl < bounds->least)
            ttl = bounds->least;
        if (ttl > bounds->most)
            ttl = bounds->most;
        put_u32(ttl_of(room, &rr), ttl);
    }
}

err_t entry_make(union entry_room *room, const struct cache_key *key,
                 const struct message *response, const struct admission *admission)
{
    struct reader r = reader_of(slice_of(room->bytes + WIRE_START, DNS_HEADER_SIZE));
    struct header header;
    size_t len;

    TRY(write_wire(room, key, response, &len));
    header = read_header(&r);
    if (header.ancount > ANSWERS_MAX || header.nscount > AUTHORITY_MAX ||
        header.arcount > ADDITIONAL_MAX)
        return ERR_TOOBIG;
    room->entry.len = (uint16_t)(WIRE_START + len);
    room->entry.view = key->view;
    room->entry.ttl_s = admission->ttl;
    room->entry.flags = header.flags;
    room->entry.bits = (uint8_t)(key_bits(key) | (admission->is_failure ? ENTRY_FAILURE : 0));
    room->entry.unused = 0;
    room->entry.counts =
        (uint32_t)header.ancount << 20 | (uint32_t)header.nscount << 10 | header.arcount;
    memset(room->bytes + room->entry.len, 0, entry_words(&room->entry) * 8 - room->entry.len);
    bound_ttls(room, admission);
    return OK;
}

void entry_to_message(union entry_room *room, struct message *ret_message)
{
    const struct entry *e = &room->entry;
    struct writer w = writer_of(room->bytes + WIRE_START, DNS_HEADER_SIZE);
    const struct slice body = entry_body(e);
    struct reader r = reader_of(body);
    struct message m = {
        .wire = { room->bytes + WIRE_START, e->len - (size_t)WIRE_START },
        .header = { .flags = e->flags,
                    .qdcount = 1,
                    .ancount = (uint16_t)(e->counts >> 20),
                    .nscount = (uint16_t)(e->counts >> 10 & AUTHORITY_MAX),
                    .arcount = (uint16_t)(e->counts & ADDITIONAL_MAX) },
    };

    m.question_name = read_name(&r);
    m.qtype = read_u16(&r);
    m.qclass = read_u16(&r);
    m.question_end = DNS_HEADER_SIZE + reader_offset(&r);
    write_header(&w, &m.header);
    *ret_message = m;
}
