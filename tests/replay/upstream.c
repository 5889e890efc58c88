/* tests/replay/upstream.c - who is asked. */
#include "replay/script.h"

#include "base/reader.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_HOST 0xc6336400u /* upstream 1 is 198.51.100.1 */

static bool is_ipv6(const union addr *addr, unsigned host)
{
    const uint8_t expected[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)host };

    return addr->any.sa_family == AF_INET6 && memcmp(&addr->v6.sin6_addr, expected, 16) == 0;
}

static bool is_to(const struct socket *s, enum socket_kind kind, unsigned upstream)
{
    if (s->kind != kind)
        return false;
    if (upstream >= OVER_IPV6)
        return is_ipv6(&s->peer, upstream - OVER_IPV6);
    return s->peer.any.sa_family == AF_INET &&
           ntohl(s->peer.v4.sin_addr.s_addr) == FIRST_HOST + upstream;
}

struct socket *upstream_next_connection(unsigned upstream)
{
    list_for_each (node, &world.open) {
        struct socket *s = LIST_OF(node, struct socket, link);

        if (is_to(s, SOCKET_STREAM, upstream) && s->connecting && !s->accepted && !s->error)
            return s;
    }
    return NULL;
}

void upstream_accept(struct socket *s)
{
    s->accepted = true;
    settle();
}

struct socket *upstream_expect_connection(unsigned upstream)
{
    struct socket *s = upstream_next_connection(upstream);

    CHECK(s != NULL);
    upstream_accept(s);
    return s;
}

void upstream_expect_no_connection(unsigned upstream)
{
    CHECK(upstream_next_connection(upstream) == NULL);
}

void upstream_refuse(unsigned upstream)
{
    struct socket *s = upstream_next_connection(upstream);

    CHECK(s != NULL);
    s->error = ECONNREFUSED;
    settle();
}

void upstream_refuse_for(unsigned upstream, uint64_t ms)
{
    for (uint64_t end_ms = now_ms() + ms; now_ms() < end_ms; advance(1))
        while (upstream_next_connection(upstream))
            upstream_refuse(upstream);
}

unsigned upstream_connections(unsigned upstream)
{
    unsigned count = 0;

    list_for_each (node, &world.open) {
        const struct socket *s = LIST_OF(node, struct socket, link);

        count += is_to(s, SOCKET_STREAM, upstream) || is_to(s, SOCKET_DGRAM, upstream);
    }
    return count;
}

struct socket *upstream_any_connection(unsigned upstream)
{
    list_for_each (node, &world.open) {
        struct socket *s = LIST_OF(node, struct socket, link);

        if (is_to(s, SOCKET_STREAM, upstream) && !s->connecting && !s->gone)
            return s;
    }
    return NULL;
}

bool upstream_hears(struct socket *s, struct asked *ret_asked)
{
    struct reader r = reader_of(buffer_slice(&s->out));
    uint16_t len = read_u16(&r);
    struct slice message = read_bytes(&r, len);

    if (r.failed)
        return false;
    CHECK(hear_query(message, ret_asked));
    ret_asked->on = s;
    buffer_consume(&s->out, 2u + len, 0);
    return true;
}

struct asked upstream_expect_query(struct socket *s)
{
    struct asked asked;

    CHECK(upstream_hears(s, &asked));
    return asked;
}

static bool take_datagram(struct socket *s, unsigned upstream, struct asked *ret_asked)
{
    struct packet *p;

    if (!is_to(s, SOCKET_DGRAM, upstream) || list_is_empty(&s->to_script))
        return false;
    p = LIST_OF(list_first(&s->to_script), struct packet, link);
    list_remove(&p->link);
    CHECK(hear_query(slice_of(p->bytes, p->len), ret_asked));
    ret_asked->on = s;
    free(p);
    return true;
}

bool upstream_hears_datagram(unsigned upstream, struct asked *ret_asked)
{
    list_for_each (node, &world.open)
        if (take_datagram(LIST_OF(node, struct socket, link), upstream, ret_asked))
            return true;
    return false;
}

bool upstream_hears_any(unsigned upstream, struct asked *ret_asked)
{
    list_for_each (node, &world.open) {
        struct socket *s = LIST_OF(node, struct socket, link);

        if (is_to(s, SOCKET_STREAM, upstream) && upstream_hears(s, ret_asked))
            return true;
    }
    return upstream_hears_datagram(upstream, ret_asked);
}

struct asked upstream_expect_any(unsigned upstream)
{
    struct asked asked;

    while (upstream_next_connection(upstream))
        upstream_accept(upstream_next_connection(upstream));
    CHECK(upstream_hears_any(upstream, &asked));
    return asked;
}

void upstream_serve(unsigned upstream)
{
    struct asked asked;
    struct socket *s;

    while ((s = upstream_next_connection(upstream)) != NULL)
        upstream_accept(s);
    while (upstream_hears_any(upstream, &asked))
        upstream_answer(&asked);
}

struct asked upstream_expect_datagram(unsigned upstream)
{
    struct asked asked;

    CHECK(upstream_hears_datagram(upstream, &asked));
    return asked;
}

void upstream_expect_nothing(unsigned upstream)
{
    struct asked asked;

    CHECK(!upstream_hears_datagram(upstream, &asked));
    upstream_expect_no_connection(upstream);
}

void upstream_say(struct socket *s, struct slice message)
{
    struct said with_length;

    if (s->code_closed || s->vanished)
        return;
    if (s->kind == SOCKET_DGRAM) {
        world_sends(&s->to_code, message, &s->peer, NULL);
    } else {
        with_length = framed(message);
        CHECK_EQUAL(buffer_append(&s->in, said_slice(&with_length)), OK);
    }
    settle();
}

void upstream_answer_flags(const struct asked *asked, uint16_t flags)
{
    const struct said answer = say_answer(asked, flags);

    upstream_say(asked->on, said_slice(&answer));
}

void upstream_answer_keepalive(const struct asked *asked, uint16_t timeout)
{
    const struct said answer = say_answer_keepalive(asked, timeout);

    upstream_say(asked->on, said_slice(&answer));
}

void upstream_fail(const struct asked *asked, enum dns_rcode rcode)
{
    const struct said failure = say_failure(asked, rcode, UPSTREAM_EDE, UPSTREAM_TEXT);

    upstream_say(asked->on, said_slice(&failure));
}

void upstream_answer(const struct asked *asked)
{
    upstream_answer_flags(asked, 0);
}

void upstream_close(struct socket *s)
{
    s->finished = s->gone = true;
    buffer_done(&s->out);
    settle();
}

void upstream_reset(struct socket *s)
{
    s->error = s->kind == SOCKET_DGRAM ? ECONNREFUSED : ECONNRESET;
    s->gone = true;
    buffer_done(&s->out);
    settle();
}

void upstream_vanishes(struct socket *s)
{
    s->vanished = true;
}
