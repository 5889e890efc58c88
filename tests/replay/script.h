/* tests/replay/script.h - conversations, written as a script that moves time and all messages.
 *
 *     replay_start(LISTEN UPSTREAM_TCP);
 *     client_udp_send(1, 7, "www.example");
 *     to = upstream_expect_connection(1);
 *     asked = upstream_expect_query(to);
 *     upstream_answer(&asked);
 *     client_udp_expect_answer(1, 7, "www.example");
 *     replay_end();
 *
 * Clients and upstreams are numbered. Whatever a script says is followed by as many turns of the
 * loop as there is work for; time stands still but for `advance`, `leap` and `machine_sleeps`.
 */
#ifndef REPLAY_SCRIPT_H
#define REPLAY_SCRIPT_H

#include "base/err.h"
#include "metrics/metrics.h"
#include "replay/talk.h"
#include "replay/world.h"
#include "unit/test.h"

struct worker;

#define NO_CACHE     "cache: {size: 0}\n"
#define LISTEN       "listen: [{url: dns://203.0.113.53}]\n"
#define UPSTREAM_TCP NO_CACHE "upstream: [{url: tcp://198.51.100.1}]\n"
#define UPSTREAM_UDP NO_CACHE "upstream: [{url: udp://198.51.100.1}]\n"
/* The first of several is asked while it is well. */
#define IN_ORDER "group: [{name: default, policy: failover}]\n"
#define UPSTREAMS_TCP2                                                                             \
    NO_CACHE IN_ORDER "upstream: [{url: tcp://198.51.100.1}, {url: tcp://198.51.100.2}]\n"
#define UPSTREAMS_TCP3                                                                             \
    NO_CACHE IN_ORDER "upstream: [{url: tcp://198.51.100.1}, {url: tcp://198.51.100.2},"           \
                      "{url: tcp://198.51.100.3}]\n"
#define UPSTREAMS_UDP2                                                                             \
    NO_CACHE IN_ORDER "upstream: [{url: udp://198.51.100.1}, {url: udp://198.51.100.2}]\n"

/* A worker with this configuration, in a fresh world. */
void replay_start(const char *yaml);
void replay_start_seeded(const char *yaml, uint64_t seed);
err_t replay_reload(const char *yaml);
void replay_stop(void);
bool replay_is_over(void);
struct worker *replay_worker(void);

/* How many bytes all TCP clients together make the worker hold. */
size_t replay_bytes_held(void);

/* Stops the worker if that has not been done, and checks that nothing is left: no query, no
 * socket, no byte. */
void replay_end(void);

bool turn(void);
void settle(void); /* turns until there is nothing to do at this moment */
void advance(uint64_t ms);
void leap(uint64_t ms);            /* all at once, as a process that was stopped */
void machine_sleeps(uint64_t ms);  /* deadlines stand still meanwhile */
void machine_moves(unsigned host); /* to 192.0.2.HOST, unnoticed; 0: no way leads out of it */
void network_changes(void);        /* as the kernel tells it, 100 ms later */
void set_wall_clock(int64_t days);
uint64_t now_ms(void); /* since the start of the replay */
uint64_t counted(enum metric which);
#define CHECK_COUNTED(name, expected) CHECK_EQUAL(counted(METRIC_##name), expected)

/* --- clients --- */
/* "n17.burst.example": a name of its own for each number; lasts until the next call. */
const char *numbered(unsigned number, const char *domain);

void client_udp_send(unsigned client, uint16_t id, const char *name);
void client_udp_send_bytes(unsigned client, struct slice bytes);
bool client_udp_hears(unsigned *ret_client, struct heard *ret_heard);
struct heard client_udp_expect(unsigned client);
void client_udp_expect_answer(unsigned client, uint16_t id, const char *name);
void client_udp_expect_nothing(void);

/* Connections; `code_closed` tells that the worker has closed one. */
struct socket *client_tcp_open(unsigned client);
void client_tcp_send(struct socket *s, uint16_t id, const char *name);
void client_tcp_send_bytes(struct socket *s, struct slice bytes);
bool client_tcp_hears(struct socket *s, struct heard *ret_heard);
struct heard client_tcp_expect(struct socket *s);
void client_tcp_expect_answer(struct socket *s, uint16_t id, const char *name);
void client_tcp_half_close(struct socket *s);
void client_tcp_close(struct socket *s);
void client_tcp_takes(struct socket *s, size_t window); /* as many bytes as it leaves unread */

/* The answer to `name`, and nothing else. */
void expect_answer(const struct heard *heard, uint16_t id, const char *name);
void expect_servfail(const struct heard *heard, uint16_t id, enum dns_ede ede, const char *text);

/* --- upstreams --- */
#define UPSTREAM_EDE  EDE_DNSSEC_BOGUS
#define UPSTREAM_TEXT "so says the upstream"
#define OVER_IPV6     1000 /* upstream OVER_IPV6 + 1 is 2001:db8::1 */

struct socket *upstream_next_connection(unsigned upstream); /* that waits to be accepted, or NULL */
struct socket *upstream_expect_connection(unsigned upstream); /* and accepts it */
void upstream_expect_no_connection(unsigned upstream);
void upstream_accept(struct socket *s);
void upstream_refuse(unsigned upstream);
void upstream_refuse_for(unsigned upstream, uint64_t ms);  /* all who knock meanwhile */
unsigned upstream_connections(unsigned upstream);          /* that are open, accepted or not */
struct socket *upstream_any_connection(unsigned upstream); /* that was accepted, or NULL */
bool upstream_hears(struct socket *s, struct asked *ret_asked);
struct asked upstream_expect_query(struct socket *s);
bool upstream_hears_datagram(unsigned upstream, struct asked *ret_asked);
bool upstream_hears_any(unsigned upstream, struct asked *ret_asked); /* over whatever it has */
struct asked upstream_expect_any(unsigned upstream);
struct asked upstream_expect_datagram(unsigned upstream);
void upstream_expect_nothing(unsigned upstream);
void upstream_answer(const struct asked *asked);
void upstream_serve(unsigned upstream); /* accepts and answers all there is */
void upstream_answer_flags(const struct asked *asked, uint16_t flags);
void upstream_answer_keepalive(const struct asked *asked, uint16_t timeout);
void upstream_fail(const struct asked *asked, enum dns_rcode rcode); /* with UPSTREAM_EDE */
void upstream_say(struct socket *s, struct slice message);           /* whatever it is */
void upstream_close(struct socket *s);
void upstream_reset(struct socket *s);
void upstream_vanishes(struct socket *s); /* from now on it hears, says and acknowledges nothing */

/* Bytes with their length in front, as on a stream. */
struct said framed(struct slice message);

#endif
