/* cache/entry.c - the form in which a response is kept.
 *
 * Called by: cache.c (in and out), shard.c (whose is it), save.c.
 * The bytes behind the DNS header are those of the response: pointers stay right, and what comes
 * out can be checked and composed like a message from an upstream.
 */
#include "cache/entry.h"

#include "dns/types.h"

#define ANSWERS_MAX    0xfffu
#define AUTHORITY_MAX  0x3ffu
#define ADDITIONAL_MAX 0x3ffu
#define POINTER        0xc0u /* the high bits of a compression pointer: RFC 1035 section 4.1.4 */
#define TTL_AND_LENGTH 6     /* bytes between a record's class and its RDATA */
/* SipHash-1-3: enough for a table whose hashes nobody sees, at half the price */
#define WORD_ROUNDS 1
#define END_ROUNDS  3
#define WIRE_START  (ENTRY_HEADER - DNS_HEADER_SIZE)

static uint8_t key_bits(const struct cache_key *key)
{
    return (uint8_t)((key->dnssec_ok ? ENTRY_DO : 0) | (key->checking_disabled ? ENTRY_CD : 0));
}

/* Eight letters at once: bytes from 'A' to 'Z' get the bit that makes them small. Bytes with their
 * top bit set are no letters. */
static uint64_t lower_word(uint64_t word)
{
    const uint64_t each = 0x0101010101010101u, low = word & 0x7f * each;
    const uint64_t from_a = low + (0x80 - 'A') * each, beyond_z = low + (0x7f - 'Z') * each;

    return word | ((from_a & ~beyond_z & ~word & 0x80 * each) >> 2);
}

/* What of a key is no name. */
static uint64_t key_word(uint16_t qtype, uint16_t qclass, uint8_t bits, uint16_t view)
{
    return (uint64_t)qtype << 48 | (uint64_t)qclass << 32 | (uint64_t)view << 16 | bits;
}

/* The last bytes of a name, with some before them where there are any. */
static uint64_t last_word(struct slice name)
{
    uint64_t word = 0;

    if (name.len >= 8)
        memcpy(&word, name.data + name.len - 8, 8);
    else
        memcpy(&word, name.data, name.len);
    return word;
}

/* The first word tells the name's length, and so which bytes the last one tells again. */
static uint64_t hash_key(const struct hash_key *secret, struct slice name, uint64_t rest)
{
    struct hash hash = hash_start(secret);
    uint64_t word;

    hash_word(&hash, rest | (uint64_t)name.len << 8, WORD_ROUNDS);
    for (size_t i = 0; i + 8 < name.len; i += 8) {
        memcpy(&word, name.data + i, 8);
        hash_word(&hash, lower_word(word), WORD_ROUNDS);
    }
    hash_word(&hash, lower_word(last_word(name)), WORD_ROUNDS);
    return hash_end(&hash, END_ROUNDS);
}

uint64_t key_hash(const struct hash_key *secret, const struct cache_key *key)
{
    const struct question *q = key->question;

    return hash_key(secret, question_name(q),
                    key_word(q->qtype, q->qclass, key_bits(key), key->view));
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
    struct reader r = reader_of(entry_body(e));
    const struct slice name = read_name(&r);
    const uint16_t qtype = read_u16(&r), qclass = read_u16(&r);

    return hash_key(secret, name, key_word(qtype, qclass, e->bits & ENTRY_KEY_BITS, e->view));
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

/* A cursor on the first record, behind a question with a name of `name_len` bytes. */
static struct records entry_records(const struct entry *e, size_t name_len)
{
    struct records records = { .next = reader_of(slice_of(e, e->len)) };

    /* pointers count from where the DNS header would begin */
    records.next.start += WIRE_START;
    read_bytes(&records.next, ENTRY_HEADER + name_len + 4);
    return records;
}

static void set_ttl(union entry_room *room, const struct record *rr, uint32_t ttl)
{
    const size_t at = WIRE_START + rr->end - rr->rdata.len - TTL_AND_LENGTH;
    struct writer w = writer_of(room->bytes, sizeof room->bytes);

    write_room(&w, at);
    write_u32(&w, ttl);
}

void entry_age_ttls(union entry_room *room, size_t name_len, uint32_t age)
{
    struct records records = entry_records(&room->entry, name_len);
    struct record rr;

    while (message_next_record(&records, &rr))
        set_ttl(room, &rr, rr.ttl > age ? rr.ttl - age : 1);
}

void entry_set_ttls(union entry_room *room, size_t name_len, uint32_t ttl)
{
    struct records records = entry_records(&room->entry, name_len);
    struct record rr;

    while (message_next_record(&records, &rr))
        set_ttl(room, &rr, ttl);
}

/* Each record's TTL is put between the bounds that hold for the whole. */
static void bound_ttls(union entry_room *room, size_t name_len, const struct admission *bounds)
{
    struct records records = entry_records(&room->entry, name_len);
    struct record rr;

    while (message_next_record(&records, &rr)) {
        uint32_t ttl = honest_ttl(rr.ttl);

        if (ttl < bounds->least)
            ttl = bounds->least;
        if (ttl > bounds->most)
            ttl = bounds->most;
        set_ttl(room, &rr, ttl);
    }
}

/* See compose_stored: a hostile record may point into the middle of a label. */
static bool may_mislead(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] >= POINTER)
            return true;
    return false;
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
    room->entry.bits = (uint8_t)(key_bits(key) | (admission->is_failure ? ENTRY_FAILURE : 0) |
                                 (may_mislead(response->question_name) ? ENTRY_MISLEADS : 0));
    room->entry.unused = 0;
    room->entry.counts =
        (uint32_t)header.ancount << 20 | (uint32_t)header.nscount << 10 | header.arcount;
    memset(room->bytes + room->entry.len, 0, entry_words(&room->entry) * 8 - room->entry.len);
    bound_ttls(room, response->question_name.len, admission);
    return OK;
}

static struct header entry_dns_header(const struct entry *e)
{
    return (struct header){
        .flags = e->flags,
        .qdcount = 1,
        .ancount = (uint16_t)(e->counts >> 20),
        .nscount = (uint16_t)(e->counts >> 10 & AUTHORITY_MAX),
        .arcount = (uint16_t)(e->counts & ADDITIONAL_MAX),
    };
}

struct compose_stored entry_stored(const struct entry *e, size_t name_len)
{
    return (struct compose_stored){
        .header = entry_dns_header(e),
        .records = slice_after(entry_body(e), name_len + 4),
    };
}

void entry_to_message(union entry_room *room, struct message *ret_message)
{
    struct writer w = writer_of(room->bytes + WIRE_START, DNS_HEADER_SIZE);
    const struct slice body = entry_body(&room->entry);
    struct reader r = reader_of(body);
    struct message m = {
        .wire = { room->bytes + WIRE_START, DNS_HEADER_SIZE + body.len },
        .header = entry_dns_header(&room->entry),
    };

    m.question_name = read_name(&r);
    m.qtype = read_u16(&r);
    m.qclass = read_u16(&r);
    m.question_end = DNS_HEADER_SIZE + reader_offset(&r);
    write_header(&w, &m.header);
    *ret_message = m;
}
