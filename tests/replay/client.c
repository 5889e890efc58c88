/* tests/replay/client.c - who asks. */
#include "replay/script.h"

#include "base/reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define CLIENTS_A_HOST 60000
#define FIRST_HOST     0xc0000201u /* 192.0.2.1 */
#define FIRST_PORT     1024

/* Few hosts with many ports: client 0 to 59999 are 192.0.2.1. */
static union addr client_addr(unsigned client)
{
    union addr a = { 0 };

    a.v4.sin_family = AF_INET;
    a.v4.sin_addr.s_addr = htonl(FIRST_HOST + client / CLIENTS_A_HOST);
    a.v4.sin_port = htons((uint16_t)(FIRST_PORT + client % CLIENTS_A_HOST));
    return a;
}

static unsigned client_number(const union addr *a)
{
    return (ntohl(a->v4.sin_addr.s_addr) - FIRST_HOST) * CLIENTS_A_HOST + ntohs(a->v4.sin_port) -
           FIRST_PORT;
}

/* The newest door of this kind. */
static struct socket *find_door(enum socket_kind kind)
{
    struct socket *found = NULL;

    list_for_each (node, &world.open) {
        struct socket *s = LIST_OF(node, struct socket, link);

        if (s->kind == kind && s->local.any.sa_family != 0)
            found = s;
    }
    return found;
}

static void put_datagram(unsigned client, struct slice bytes)
{
    struct socket *door = find_door(SOCKET_DGRAM);
    const union addr peer = client_addr(client);

    CHECK(door != NULL);
    world_sends(&door->to_code, bytes, &peer, &door->local);
}

void client_udp_send_bytes(unsigned client, struct slice bytes)
{
    put_datagram(client, bytes);
    settle();
}

const char *numbered(unsigned number, const char *domain)
{
    static char name[80];

    snprintf(name, sizeof name, "n%u.%s", number, domain);
    return name;
}

void client_udp_send(unsigned client, uint16_t id, const char *name)
{
    const struct said query = say_query(id, name);

    client_udp_send_bytes(client, said_slice(&query));
}

static bool take_datagram(struct socket *s, unsigned *ret_client, struct heard *ret_heard)
{
    struct packet *p;

    if (s->kind != SOCKET_DGRAM || s->local.any.sa_family == 0 || list_is_empty(&s->to_script))
        return false;
    p = LIST_OF(list_first(&s->to_script), struct packet, link);
    list_remove(&p->link);
    *ret_client = client_number(&p->peer);
    CHECK(hear_response(slice_of(p->bytes, p->len), ret_heard));
    free(p);
    return true;
}

bool client_udp_hears(unsigned *ret_client, struct heard *ret_heard)
{
    list_for_each (node, &world.open)
        if (take_datagram(LIST_OF(node, struct socket, link), ret_client, ret_heard))
            return true;
    list_for_each (node, &world.closed)
        if (take_datagram(LIST_OF(node, struct socket, link), ret_client, ret_heard))
            return true;
    return false;
}

struct heard client_udp_expect(unsigned client)
{
    unsigned who;
    struct heard heard;

    CHECK(client_udp_hears(&who, &heard));
    CHECK_EQUAL(who, client);
    return heard;
}

void client_udp_expect_nothing(void)
{
    unsigned who;
    struct heard heard;

    CHECK(!client_udp_hears(&who, &heard));
}

void expect_answer(const struct heard *heard, uint16_t id, const char *name)
{
    char with_dot[DNS_NAME_TEXT_MAX + 1];

    snprintf(with_dot, sizeof with_dot, "%s.", name);
    CHECK_EQUAL(heard->rcode, RCODE_NOERROR);
    CHECK_EQUAL(heard->id, id);
    CHECK_TEXT(heard->name, with_dot);
    CHECK(heard->has_address);
    CHECK_EQUAL(heard->address, address_of(name));
}

void expect_servfail(const struct heard *heard, uint16_t id, enum dns_ede ede, const char *text)
{
    CHECK_EQUAL(heard->id, id);
    CHECK_EQUAL(heard->rcode, RCODE_SERVFAIL);
    CHECK(heard->has_ede);
    CHECK_EQUAL(heard->ede, ede);
    CHECK_TEXT(heard->ede_text, text);
}

void client_udp_expect_answer(unsigned client, uint16_t id, const char *name)
{
    const struct heard heard = client_udp_expect(client);

    expect_answer(&heard, id, name);
}

struct socket *client_tcp_open(unsigned client)
{
    struct socket *door = find_door(SOCKET_DOOR), *s = world_socket(SOCKET_STREAM);

    s->peer = client_addr(client);
    if (door)
        list_append(&door->to_code, &s->waits);
    else
        world_code_closes(s);
    settle();
    return s;
}

struct said framed(struct slice message)
{
    struct said said;
    struct writer w = writer_of(said.bytes, sizeof said.bytes);

    write_u16(&w, (uint16_t)message.len);
    write_bytes(&w, message);
    said.len = writer_len(&w);
    return said;
}

void client_tcp_send_bytes(struct socket *s, struct slice bytes)
{
    if (!s->code_closed)
        CHECK_EQUAL(buffer_append(&s->in, bytes), OK);
    settle();
}

void client_tcp_send(struct socket *s, uint16_t id, const char *name)
{
    const struct said query = say_query(id, name), with_length = framed(said_slice(&query));

    client_tcp_send_bytes(s, said_slice(&with_length));
}

bool client_tcp_hears(struct socket *s, struct heard *ret_heard)
{
    struct reader r = reader_of(buffer_slice(&s->out));
    uint16_t len = read_u16(&r);
    struct slice message = read_bytes(&r, len);

    if (r.failed)
        return false;
    CHECK(hear_response(message, ret_heard));
    buffer_consume(&s->out, 2u + len, 0);
    return true;
}

struct heard client_tcp_expect(struct socket *s)
{
    struct heard heard;

    CHECK(client_tcp_hears(s, &heard));
    return heard;
}

void client_tcp_expect_answer(struct socket *s, uint16_t id, const char *name)
{
    const struct heard heard = client_tcp_expect(s);

    expect_answer(&heard, id, name);
}

void client_tcp_half_close(struct socket *s)
{
    s->finished = true;
    settle();
}

void client_tcp_close(struct socket *s)
{
    s->error = ECONNRESET;
    s->gone = true;
    buffer_done(&s->out);
    settle();
}

void client_tcp_takes(struct socket *s, size_t window)
{
    s->window = window;
    settle();
}
