/* tests/fuzz/querylog_formats.c - whatever a query, its response and its texts are, each format
 * that is JSON writes one valid object on one line, never too long, and dnstap writes what can be
 * read again; also when the client is hidden.
 */
#include "dns/types.h"
#include "querylog/desk.h"
#include "querylog/dnstap.pb-c.h"
#include "querylog/format.h"
#include "querylog/privacy.h"
#include "unit/querylog/json_valid.h"

#include <stdlib.h>

#define ROOM (1u << 20)

enum choice {
    CLIENT_IS_IPV6 = 1,
    HAS_RULE = 2,
    HAS_SHADOW = 4,
    HAS_TLS = 8,
    ECHOES = 16,
    IS_ERROR = 32,
    HIDES = 64,
    HASHES = 128,
};

static void require(bool claim)
{
    if (!claim)
        abort();
}

/* A part of the input, as long as its first byte says. */
static struct slice take(struct reader *r, size_t max)
{
    size_t len = read_u8(r);

    len = len > max ? max : len;
    return read_bytes(r, len > reader_left(r) ? reader_left(r) : len);
}

static union addr address(bool is_ipv6)
{
    union addr addr = { 0 };

    addr.any.sa_family = is_ipv6 ? AF_INET6 : AF_INET;
    if (is_ipv6)
        memset(&addr.v6.sin6_addr, 0xee, sizeof addr.v6.sin6_addr);
    else
        memset(&addr.v4.sin_addr, 0xee, sizeof addr.v4.sin_addr);
    return addr;
}

static void read_asked(struct message_query *asked, struct slice query)
{
    struct reader r = reader_of(query.len ? query : slice_of("", 0));
    uint8_t name[DNS_NAME_MAX];

    if (query.len && message_read_query(query, asked) == OK)
        return;
    *asked = (struct message_query){ 0 };
    asked->question.qtype = read_u16(&r);
    asked->question.name_len = (uint8_t)name_expand(&r, name);
    memcpy(asked->question.name, name, asked->question.name_len);
    asked->has_question = asked->question.name_len > 0;
}

static void check_json(const struct log_view *v, const struct stamp *stamp, const char *name)
{
    static uint8_t room[ROOM];
    struct pen pen = pen_on(room, sizeof room);

    format_find(name)->write(&pen, v, stamp, 0);
    require(!pen.is_too_long);
    require(json_is_line(pen_slice(&pen)));
}

static void check_dnstap(const struct log_view *v, const struct stamp *stamp)
{
    static uint8_t room[ROOM];
    const struct format_ops *format = format_find("dnstap");

    for (unsigned frame = 0; frame < format->count_frames(v); frame++) {
        struct pen pen = pen_on(room, sizeof room);
        Dnstap__Dnstap *tap;

        format->write(&pen, v, stamp, frame);
        require(!pen.is_too_long);
        tap = dnstap__dnstap__unpack(NULL, pen_slice(&pen).len, room);
        require(tap && tap->message);
        require(tap->message->response_message.len == (frame ? v->response.len : 0));
        dnstap__dnstap__free_unpacked(tap, NULL);
    }
}

static void check_all(const struct log_view *v, const struct stamp *stamp)
{
    check_json(v, stamp, "json");
    check_json(v, stamp, "ecs");
    check_json(v, stamp, "ocsf");
    check_dnstap(v, stamp);
}

static const struct log_view *hide(const struct log_view *v, enum clients clients)
{
    static struct privacy *hiders[CLIENTS_HASHED + 1];
    static struct query_log_config configs[CLIENTS_HASHED + 1];
    char reason[PRIVACY_REASON_MAX];

    if (!hiders[clients]) {
        configs[clients] = (struct query_log_config){
            .clients = clients, .client_key = "", .client_prefix4 = 24, .client_prefix6 = 48
        };
        require(privacy_new(&hiders[clients], &configs[clients], reason) == OK);
    }
    return privacy_apply(hiders[clients], v);
}

static struct querylog_desk *desk(void)
{
    static struct querylog_desk one = { .wants = WANTS_RECORDS | WANTS_MESSAGES };

    if (!one.belt.bytes)
        require(belt_init(&one.belt, ROOM) == OK);
    belt_release(&one.belt);
    return &one;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(size ? slice_of(data, size) : slice_of("", 0));
    uint8_t choice = read_u8(&r), verdict = read_u8(&r);
    const union addr listener = address(choice & CLIENT_IS_IPV6);
    struct querylog_facts facts = { .transport = choice & HAS_TLS ? "tls" : "udp",
                                    .listener = &listener,
                                    .tls_version = choice & HAS_TLS ? "TLS1.3" : "",
                                    .upstream_transport = "tls" };
    struct query q = { .client = listener,
                       .source = choice & IS_ERROR ? FROM_ERROR : FROM_UPSTREAM,
                       .look = (enum cache_look)(verdict >> 6) };
    struct stamp stamp = { .identity = "", .sample = verdict, .sequence = size };
    struct log_view view;

    if (r.failed)
        return 0;
    facts.sni = take(&r, 255);
    facts.upstream = take(&r, 255);
    q.message = take(&r, 255);
    q.response = read_rest(&r);
    q.response.len = q.response.len > DNS_MESSAGE_MAX ? DNS_MESSAGE_MAX : q.response.len;
    read_asked(&q.asked, choice & ECHOES ? slice_after(q.response, DNS_HEADER_SIZE) : q.message);
    q.fault.rcode = (uint16_t)(verdict * 16);
    q.verdict = (struct verdict){ .action = (enum action)(verdict & 3),
                                  .rule = choice & HAS_RULE ? "rate" : NULL,
                                  .shadow = choice & HAS_SHADOW ? "access" : NULL,
                                  .bits = verdict };
    querylog_note(desk(), &q, &facts);
    querylog_turn_ends(desk(), size);
    view = record_read(belt_next(&desk()->belt));
    check_all(&view, &stamp);
    if (!(choice & HIDES))
        return 0;
    stamp.clients = choice & HASHES ? CLIENTS_HASHED : CLIENTS_PREFIX;
    check_all(hide(&view, stamp.clients), &stamp);
    return 0;
}
