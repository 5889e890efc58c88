/* querylog/format_dnstap.c - dnstap: a protobuf for each message, as it came or was sent.
 *
 * A query and its response are two frames, a question to an upstream and its answer as well. Frames
 * are framed by the sink.
 */
#include "base/clock.h"
#include "querylog/dnstap.pb-c.h"
#include "querylog/format.h"
#include "querylog/parts.h"

#include <stdio.h>

#define EXTRA_MAX 64

static ProtobufCBinaryData bytes_of(struct slice s)
{
    return (ProtobufCBinaryData){ s.len, (uint8_t *)(uintptr_t)s.data }; /* it is only read */
}

static ProtobufCBinaryData address_of(const union addr *addr)
{
    if (addr->any.sa_family == AF_INET6)
        return bytes_of(slice_of(&addr->v6.sin6_addr, sizeof addr->v6.sin6_addr));
    return bytes_of(slice_of(&addr->v4.sin_addr, sizeof addr->v4.sin_addr));
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

static void fill_socket(Dnstap__Message *m, const struct log_record *r, const struct stamp *stamp)
{
    bool is_client = r->kind == RECORD_QUERY;

    m->has_socket_family = m->has_socket_protocol = true;
    m->socket_family = r->listener.any.sa_family == AF_INET6 ? DNSTAP__SOCKET_FAMILY__INET6
                                                             : DNSTAP__SOCKET_FAMILY__INET;
    m->socket_protocol = protocol_of(r->transport);
    m->has_query_address = is_client;
    m->query_address = address_of(&r->client);
    m->has_query_port = is_client && shows_port(r, stamp);
    m->query_port = addr_port(&r->client);
    m->has_response_address = !addr_is_wildcard(&r->listener);
    m->response_address = address_of(&r->listener);
    m->has_response_port = true;
    m->response_port = addr_port(&r->listener);
}

/* The addresses of one message are of one family, whatever the listener's own is. */
static void fill_family(Dnstap__Message *m, const struct log_record *r)
{
    if (r->kind != RECORD_QUERY || r->client.any.sa_family == r->listener.any.sa_family)
        return;
    m->has_response_address = false;
    m->socket_family = r->client.any.sa_family == AF_INET6 ? DNSTAP__SOCKET_FAMILY__INET6
                                                           : DNSTAP__SOCKET_FAMILY__INET;
}

static void fill_query(Dnstap__Message *m, const struct log_view *v)
{
    m->has_query_time_sec = m->has_query_time_nsec = true;
    m->query_time_sec = v->arrived_wall_ns / NS_PER_S;
    m->query_time_nsec = (uint32_t)(v->arrived_wall_ns % NS_PER_S);
}

static void fill_response(Dnstap__Message *m, const struct log_view *v)
{
    uint64_t at_ns = v->arrived_wall_ns + v->head->took_ns;

    m->has_response_time_sec = m->has_response_time_nsec = true;
    m->response_time_sec = at_ns / NS_PER_S;
    m->response_time_nsec = (uint32_t)(at_ns % NS_PER_S);
    m->has_response_message = v->response.len > 0;
    m->response_message = bytes_of(v->response);
}

/* dnstap knows no refusal: then there is a rule and no action. */
static void fill_action(Dnstap__Policy *policy, enum action action)
{
    policy->has_action = true;
    switch (action) {
    case ACTION_PASS:
        policy->action = DNSTAP__POLICY__ACTION__PASS;
        return;
    case ACTION_TRUNCATE:
        policy->action = DNSTAP__POLICY__ACTION__TRUNCATE;
        return;
    case ACTION_ANSWER:
        policy->action = DNSTAP__POLICY__ACTION__LOCAL_DATA;
        return;
    case ACTION_DROP:
        policy->action = DNSTAP__POLICY__ACTION__DROP;
        return;
    case ACTION_BADCOOKIE:
    case ACTION_REFUSE:
    case ACTION_CACHE_ONLY:
        break;
    }
    policy->has_action = false;
}

static bool fill_policy(Dnstap__Policy *policy, const struct log_record *r)
{
    static char in_force[] = "dotproxy", in_shadow[] = "dotproxy shadow";
    const char *rule = r->rule ? r->rule : r->shadow;

    if (!rule)
        return false;
    policy->type = r->rule ? in_force : in_shadow;
    policy->has_rule = true;
    policy->rule = bytes_of(slice_of_text(rule));
    fill_action(policy, r->rule ? r->action : ACTION_PASS);
    policy->has_match = r->rule_bits > 0;
    policy->match = DNSTAP__POLICY__MATCH__CLIENT_IP;
    return true;
}

static unsigned count_frames(const struct log_view *v)
{
    return v->response.len > 0 ? 2 : 1;
}

static Dnstap__Message__Type type_of(const struct log_record *r, bool is_query)
{
    if (r->kind == RECORD_EXCHANGE)
        return is_query ? DNSTAP__MESSAGE__TYPE__FORWARDER_QUERY
                        : DNSTAP__MESSAGE__TYPE__FORWARDER_RESPONSE;
    return is_query ? DNSTAP__MESSAGE__TYPE__CLIENT_QUERY : DNSTAP__MESSAGE__TYPE__CLIENT_RESPONSE;
}

static void pack(struct pen *p, Dnstap__Message *m, const struct stamp *stamp)
{
    Dnstap__Dnstap whole = DNSTAP__DNSTAP__INIT;
    char extra[EXTRA_MAX];
    uint8_t *room;

    whole.type = DNSTAP__DNSTAP__TYPE__MESSAGE;
    whole.message = m;
    whole.has_identity = stamp->identity[0] != '\0';
    whole.identity = bytes_of(slice_of_text(stamp->identity));
    whole.has_version = whole.has_extra = true;
    whole.version = bytes_of(slice_of_text("dotproxy " DOTPROXY_VERSION));
    snprintf(extra, sizeof extra, "sequence=%llu lost=%llu", (unsigned long long)stamp->sequence,
             (unsigned long long)stamp->lost);
    whole.extra = bytes_of(slice_of_text(extra));
    room = pen_room(p, dnstap__dnstap__get_packed_size(&whole));
    if (room)
        dnstap__dnstap__pack(&whole, room);
}

static void write(struct pen *p, const struct log_view *v, const struct stamp *stamp,
                  unsigned frame)
{
    Dnstap__Message m = DNSTAP__MESSAGE__INIT;
    Dnstap__Policy policy = DNSTAP__POLICY__INIT;

    m.type = type_of(v->head, frame == 0);
    fill_socket(&m, v->head, stamp);
    fill_family(&m, v->head);
    fill_query(&m, v);
    m.has_query_message = frame == 0 && v->query.len > 0;
    m.query_message = bytes_of(v->query);
    if (frame > 0)
        fill_response(&m, v);
    if (fill_policy(&policy, v->head))
        m.policy = &policy;
    pack(p, &m, stamp);
}

const struct format_ops format_dnstap = {
    .name = "dnstap",
    .is_binary = true,
    .wants_messages = true,
    .count_frames = count_frames,
    .write = write,
};
