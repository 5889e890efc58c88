/* tests/replay/names.h - upstreams that are written by name, and who resolves them. */
#ifndef REPLAY_NAMES_H
#define REPLAY_NAMES_H

#include "replay/script.h"

#define RESOLVER 9 /* 198.51.100.9 */
#define BY_NAME  NO_CACHE "bootstrap: [udp://198.51.100.9]\nupstream: [{url: tcp://dns.example}]\n"

/* The hosts of a name, as upstreams are numbered; 0 ends a list. */
struct hosts {
    unsigned ipv4[4], ipv6[4];
};

/* What was asked of `dns.example`: both questions, in the order that names_expect found them. */
struct lookup {
    struct asked aaaa, a;
};

/* The resolver is asked both questions, and nothing else. */
struct lookup names_expect(void);
void names_expect_nothing(void);

/* Answers one question with the hosts of its family, or with an error. */
void names_answer(const struct asked *asked, const struct hosts *hosts, uint32_t ttl);
void names_fail(const struct asked *asked, uint16_t rcode);

/* names_expect and names_answer for both. */
void names_resolve(const struct hosts *hosts, uint32_t ttl);

#endif
