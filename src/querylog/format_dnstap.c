/* querylog/format_dnstap.c - dnstap: a protobuf for each message, as it came or was sent.
 *
 * A query and its response are two frames, a question to an upstream and its answer as well. Frames
 * are framed by the sink. dnstap.proto has the numbers; they are written by hand, because
 * protobuf-c takes six times as long. What stands in a frame lies around its DNS message: a head,
 * and a tail.
 */
#include "base/clock.h"
#include "querylog/dnstap.pb-c.h"
#include "querylog/format.h"
#include "querylog/parts.h"

#define VARINT_MAX 10
#define EXTRA_MAX  64
#define POLICY_MAX 127 /* so that its length is one byte */
#define HEAD_MAX   128 /* of a message: all numbers, two addresses */
#define TAIL_MAX   (POLICY_MAX + 2)

static const char version[] = "dotproxy " DOTPROXY_VERSION;

/* The fields' numbers: those of dnstap.proto. */
enum whole_field { IDENTITY = 1, VERSION = 2, EXTRA = 3, MESSAGE = 14, WHOLE_TYPE = 15 };
enum policy_field { POLICY_TYPE = 1, POLICY_RULE = 2, POLICY_ACTION = 3, POLICY_MATCH = 4 };
enum message_field {
    TYPE = 1,
    FAMILY = 2,
    PROTOCOL = 3,
    QUERY_ADDRESS = 4,
    RESPONSE_ADDRESS = 5,
    QUERY_PORT = 6,
    RESPONSE_PORT = 7,
    QUERY_SEC = 8,
    QUERY_NSEC = 9,
    QUERY_MESSAGE = 10,
    RESPONSE_SEC = 12,
    RESPONSE_NSEC = 13,
    RESPONSE_MESSAGE = 14,
    POLICY = 15,
};

/* How a field's value is written; it stands in the field's key. */
enum wire { WIRE_VARINT = 0, WIRE_BYTES = 2, WIRE_32_BITS = 5 };

static uint8_t *put_varint(uint8_t *at, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *at++ = (uint8_t)(number | 0x80);
    *at++ = (uint8_t)number;
    return at;
}

static size_t varint_len(uint64_t number)
{
    size_t len = 1;

    for (; number >= 0x80; number >>= 7)
        len++;
    return len;
}

static uint8_t *put_key(uint8_t *at, unsigned field, enum wire wire)
{
    *at++ = (uint8_t)(field << 3 | wire); /* all fields are below 16 */
    return at;
}

static uint8_t *put_varint_field(uint8_t *at, unsigned field, uint64_t number)
{
    return put_varint(put_key(at, field, WIRE_VARINT), number);
}

static uint8_t *put_fixed(uint8_t *at, unsigned field, uint32_t number)
{
    at = put_key(at, field, WIRE_32_BITS);
    for (unsigned shift = 0; shift < 32; shift += 8)
        *at++ = (uint8_t)(number >> shift);
    return at;
}

static uint8_t *put_field(uint8_t *at, unsigned field, struct slice bytes)
{
    at = put_varint(put_key(at, field, WIRE_BYTES), bytes.len);
    return put_bytes(at, bytes.data, bytes.len);
}

static size_t field_len(struct slice bytes)
{
    return 1 + varint_len(bytes.len) + bytes.len;
}

static struct slice address_of(const union addr *addr)
{
    if (addr->any.sa_family == AF_INET6)
        return slice_of(&addr->v6.sin6_addr, sizeof addr->v6.sin6_addr);
    return slice_of(&addr->v4.sin_addr, sizeof addr->v4.sin_addr);
}

static Dnstap__SocketProtocol protocol_of(const char *transport)
{
    if (strcmp(transport, "udp") == 0)
        return DNSTAP__SOCKET_PROTOCOL__UDP;
    if (strcmp(transport, "tcp") == 0)
        return DNSTAP__SOCKET_PROTOCOL__TCP;
    if (strcmp(transport, "tls") == 0)
        return DNSTAP__SOCKET_PROTOCOL__DOT;
    return DNSTAP__SOCKET_PROTOCOL__DOH;
}

/* The addresses of one message are of one family, whatever the listener's own is. */
static uint8_t *put_socket(uint8_t *at, const struct log_record *r, const struct stamp *stamp)
{
    bool is_client = r->kind == RECORD_QUERY;
    const union addr *known = is_client ? &r->client : &r->listener;
    bool is_one_family = known->any.sa_family == r->listener.any.sa_family;

    at = put_varint_field(at, FAMILY,
                          known->any.sa_family == AF_INET6 ? DNSTAP__SOCKET_FAMILY__INET6
                                                           : DNSTAP__SOCKET_FAMILY__INET);
    at = put_varint_field(at, PROTOCOL, protocol_of(r->transport));
    if (is_client)
        at = put_field(at, QUERY_ADDRESS, address_of(&r->client));
    if (is_one_family && !addr_is_wildcard(&r->listener))
        at = put_field(at, RESPONSE_ADDRESS, address_of(&r->listener));
    if (is_client && shows_port(r, stamp))
        at = put_varint_field(at, QUERY_PORT, addr_port(&r->client));
    return put_varint_field(at, RESPONSE_PORT, addr_port(&r->listener));
}

static uint8_t *put_moment(uint8_t *at, enum message_field sec, enum message_field nsec,
                           uint64_t wall_ns)
{
    at = put_varint_field(at, sec, wall_ns / NS_PER_S);
    return put_fixed(at, nsec, (uint32_t)(wall_ns % NS_PER_S));
}

static Dnstap__Message__Type type_of(const struct log_record *r, bool is_query)
{
    if (r->kind == RECORD_EXCHANGE)
        return is_query ? DNSTAP__MESSAGE__TYPE__FORWARDER_QUERY
                        : DNSTAP__MESSAGE__TYPE__FORWARDER_RESPONSE;
    return is_query ? DNSTAP__MESSAGE__TYPE__CLIENT_QUERY : DNSTAP__MESSAGE__TYPE__CLIENT_RESPONSE;
}

static uint8_t *put_head(uint8_t *at, const struct log_view *v, const struct stamp *stamp,
                         bool is_query)
{
    at = put_varint_field(at, TYPE, type_of(v->head, is_query));
    at = put_socket(at, v->head, stamp);
    at = put_moment(at, QUERY_SEC, QUERY_NSEC, v->arrived_wall_ns);
    if (is_query)
        return at;
    return put_moment(at, RESPONSE_SEC, RESPONSE_NSEC, v->arrived_wall_ns + v->head->took_ns);
}

/* dnstap knows no refusal: then there is a rule and no action. */
static uint8_t *put_action(uint8_t *at, enum action action)
{
    switch (action) {
    case ACTION_PASS:
        return put_varint_field(at, POLICY_ACTION, DNSTAP__POLICY__ACTION__PASS);
    case ACTION_TRUNCATE:
        return put_varint_field(at, POLICY_ACTION, DNSTAP__POLICY__ACTION__TRUNCATE);
    case ACTION_ANSWER:
        return put_varint_field(at, POLICY_ACTION, DNSTAP__POLICY__ACTION__LOCAL_DATA);
    case ACTION_DROP:
        return put_varint_field(at, POLICY_ACTION, DNSTAP__POLICY__ACTION__DROP);
    case ACTION_BADCOOKIE:
    case ACTION_REFUSE:
    case ACTION_CACHE_ONLY:
        break;
    }
    return at;
}

static uint8_t *put_policy(uint8_t *at, const struct log_record *r)
{
    const char *rule = r->rule ? r->rule : r->shadow;
    uint8_t policy[POLICY_MAX], *end = policy;

    if (!rule)
        return at;
    end = put_field(end, POLICY_TYPE, slice_of_text(r->rule ? "dotproxy" : "dotproxy shadow"));
    end = put_field(end, POLICY_RULE, slice_of_text(rule));
    end = put_action(end, r->rule ? r->action : ACTION_PASS);
    if (r->rule_bits > 0)
        end = put_varint_field(end, POLICY_MATCH, DNSTAP__POLICY__MATCH__CLIENT_IP);
    return put_field(at, POLICY, slice_of(policy, (size_t)(end - policy)));
}

static unsigned count_frames(const struct log_view *v)
{
    return v->response.len > 0 ? 2 : 1;
}

static struct slice put_extra(uint8_t room[EXTRA_MAX], const struct stamp *stamp)
{
    uint8_t *end = put_number(PUT(room, "sequence="), stamp->sequence);

    end = put_number(PUT(end, " lost="), stamp->lost);
    return slice_of(room, (size_t)(end - room));
}

static void write(struct pen *p, const struct log_view *v, const struct stamp *stamp,
                  unsigned frame)
{
    const bool is_query = frame == 0;
    const struct slice identity = slice_of_text(stamp->identity), of = slice_of_text(version);
    const struct slice dns = is_query ? v->query : v->response;
    uint8_t head[HEAD_MAX], tail[TAIL_MAX], extra_room[EXTRA_MAX];
    const size_t head_len = (size_t)(put_head(head, v, stamp, is_query) - head);
    const size_t tail_len = (size_t)(put_policy(tail, v->head) - tail);
    const size_t message_len = head_len + (dns.len > 0 ? field_len(dns) : 0) + tail_len;
    const struct slice extra = put_extra(extra_room, stamp);
    uint8_t *at = pen_open(p, identity.len + of.len + extra.len + message_len + 6 * VARINT_MAX);

    if (!at)
        return;
    if (identity.len > 0)
        at = put_field(at, IDENTITY, identity);
    at = put_field(at, VERSION, of);
    at = put_field(at, EXTRA, extra);
    at = put_varint(put_key(at, MESSAGE, WIRE_BYTES), message_len);
    at = put_bytes(at, head, head_len);
    if (dns.len > 0)
        at = put_field(at, is_query ? QUERY_MESSAGE : RESPONSE_MESSAGE, dns);
    at = put_bytes(at, tail, tail_len);
    pen_close(p, put_varint_field(at, WHOLE_TYPE, DNSTAP__DNSTAP__TYPE__MESSAGE));
}

const struct format_ops format_dnstap = {
    .name = "dnstap",
    .is_binary = true,
    .wants_messages = true,
    .count_frames = count_frames,
    .write = write,
};
