/* tests/fuzz/dns_query.c - whatever a client sends is dropped, answered with an error, or asked. */
#include "dns/compose.h"
#include "dns/cookie.h"
#include "dns/types.h"

#include <stdlib.h>

static void require(bool claim)
{
    if (!claim)
        abort();
}

/* As the doorman completes what the client has brought. */
static struct slice cookie_for(const struct message_query *q, uint8_t room[COOKIE_SIZE])
{
    const struct slice brought = q->edns.cookie;
    const union addr client = { .any.sa_family = AF_INET6 };
    const struct hash_key secret = { 1, 2 };

    if (!cookie_length_is_sane(brought.len))
        return (struct slice){ 0 };
    require(!cookie_is_made_with(brought, &client, &secret));
    cookie_make(room, slice_of(brought.data, COOKIE_CLIENT_SIZE), &client, 1, &secret);
    return slice_of(room, COOKIE_SIZE);
}

/* Without a question it may be a header alone, which is no response to us as an upstream's. */
static void check_error(const struct message_query *q, struct slice wire, struct slice cookie)
{
    struct message m;

    require(wire.len >= DNS_HEADER_SIZE && wire.len <= DNS_UDP_SIZE_MIN);
    if (!q->has_question || header_opcode(&q->header) != OPCODE_QUERY)
        return;
    require(message_read_response(wire, &m) == OK);
    require(m.header.id == q->header.id && m.edns.present == q->edns.present);
    require(slice_equal(m.question_name, question_name(&q->question)));
    require(slice_equal(m.edns.cookie, cookie));
}

static void refuse(const struct message_query *q)
{
    uint8_t room[DNS_MESSAGE_MAX], cookie_room[COOKIE_SIZE];
    struct writer w = writer_of(room, sizeof room);
    const struct compose_settings settings = { .limit = DNS_UDP_SIZE_MIN,
                                               .has_keepalive = true,
                                               .cookie = cookie_for(q, cookie_room) };
    const struct compose_fault fault = {
        .rcode = q->rcode ? q->rcode : RCODE_SERVFAIL,
        .has_ede = true,
        .ede = EDE_INVALID_DATA,
        .text = "as fuzzed",
    };

    require(compose_error(&w, q, &fault, &settings) == OK);
    check_error(q, writer_slice(&w), settings.cookie);
}

/* Records of our own stand behind any question that could be read. */
static void answer(const struct message_query *q)
{
    static const struct compose_record record = { TYPE_NS, 60, true, { (const uint8_t *)"", 0 } };
    const bool has_parent = q->question.name_len > 1 && q->header.id & 1;
    const struct compose_local local = { .rcode = RCODE_NXDOMAIN,
                                         .zone_at = has_parent ? q->question.name[0] + 1 : 0,
                                         .answers = &record,
                                         .answer_count = 1,
                                         .authority = &record,
                                         .text = "as fuzzed" };
    uint8_t room[DNS_UDP_SIZE_MIN];
    struct writer w = writer_of(room, sizeof room);

    require(compose_local(&w, q, &local, &(struct compose_settings){ .limit = sizeof room }) == OK);
    require(!(room[2] & DNS_TC >> 8));
    check_error(q, writer_slice(&w), (struct slice){ 0 });
}

/* What goes upstream reads as a query again, with the same question. */
static void ask(const struct message_query *q)
{
    uint8_t room[DNS_QUERY_MAX], padded_room[DNS_QUERY_MAX];
    struct writer query = writer_of(room, sizeof room);
    struct writer w = writer_of(padded_room, sizeof padded_room);
    struct message_query again;
    const struct compose_query_settings settings = {
        .id = q->header.id,
        .question = &q->question,
        .dnssec_ok = q->edns.dnssec_ok,
    };
    const struct compose_stream_settings stream = { .asks_keepalive = q->header.id & 1,
                                                    .pad_to = DNS_QUERY_PAD };

    require(compose_query(&query, &settings) == OK);
    require(compose_on_stream(&w, writer_slice(&query), &stream) == OK);
    require(writer_len(&w) % DNS_QUERY_PAD == 0);
    require(message_read_query(writer_slice(&w), &again) == OK && again.rcode == RCODE_NOERROR);
    require(question_equal(&q->question, question_name(&again.question), again.question.qtype,
                           again.question.qclass));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message_query q;

    if (message_read_query(slice_of(data, size), &q) != OK)
        return 0;
    require(q.has_question || q.rcode != RCODE_NOERROR || q.edns.cookie.data);
    if (q.rcode == RCODE_NOERROR && q.has_question) {
        ask(&q);
        answer(&q);
    }
    refuse(&q);
    return 0;
}
