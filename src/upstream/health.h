#ifndef UPSTREAM_HEALTH_H
#define UPSTREAM_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

/* Whether one upstream is asked: a circuit that opens when it fails, lets one question through now
 * and then, and closes with the first good answer. Pure: it neither asks nor tells. Zero it first.
 */
struct health {
    bool is_good;      /* its last answer was, and nothing else is held against it */
    bool is_open;      /* it fails: who has another choice asks others */
    bool is_probing;   /* a question is on its way to find out */
    unsigned failures; /* in a row */
    uint64_t retry_at_ns;
    uint64_t probed_ns; /* when the last probe was sent */
    unsigned blame;     /* how many of its last answers others bettered, of HEALTH_ALL */
};

#define HEALTH_ALL 1024

/* What was tried at `since_ns` has failed: the pause counts from then, because whoever takes long
 * to fail has had a part of it already. */
void health_fails(struct health *h, uint64_t since_ns);

/* It is in doubt: another attempt may follow at once. */
void health_is_doubted(struct health *h, uint64_t now_ns);

/* A good answer came. */
void health_answers(struct health *h);

/* It said SERVFAIL or REFUSED, and another upstream then had an answer. Whether that is enough of
 * it to open the circuit. */
bool health_is_blamed(struct health *h, uint64_t now_ns);

/* A probe is sent. */
void health_is_probed(struct health *h, uint64_t now_ns);

/* The pause is over and nobody is trying yet. */
bool health_wants_probe(const struct health *h, uint64_t now_ns);

#endif
