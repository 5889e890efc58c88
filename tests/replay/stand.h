/* tests/replay/stand.h - upstreams that behave by themselves, and clients who ask on and on.
 *
 *     stand_start(LISTEN UPSTREAMS_TCP2);
 *     stand_run(1000, 5);
 *     stand_sets(1, SILENT, 0);
 *     stand_run(1000, 5);
 *     seen = stand_looks();
 *     CHECK_EQUAL(seen.failed, 0);
 *     stand_end();
 *
 * Time goes in steps of a millisecond.
 */
#ifndef REPLAY_STAND_H
#define REPLAY_STAND_H

#include "replay/script.h"

#define STAND_UPSTREAMS 4 /* numbered from 1 */

enum behaviour {
    WELL,      /* answers */
    SILENT,    /* takes connections and queries, and says nothing */
    BLACKHOLE, /* takes nothing */
    REFUSING,  /* refuses connections, resets those there are */
    FAILING,   /* says SERVFAIL */
};

/* What has happened since somebody looked. */
struct seen {
    unsigned asked;                          /* by clients */
    unsigned answered;                       /* right */
    unsigned failed;                         /* with SERVFAIL */
    unsigned truncated;                      /* with TC and nothing else */
    uint64_t worst_ms;                       /* until a right answer */
    uint64_t latest_ms;                      /* until a failure */
    uint64_t first_at_ms;                    /* when the first right answer came; 0: none did */
    unsigned heard[STAND_UPSTREAMS + 1];     /* queries, by upstream */
    unsigned opened[STAND_UPSTREAMS + 1];    /* connections that were taken, by upstream */
    unsigned most_open[STAND_UPSTREAMS + 1]; /* at once, by upstream */
};

/* All upstreams are well and take a millisecond. */
void stand_start(const char *yaml);

/* From now on; `delay_ms` is how long its answers take. */
void stand_sets(unsigned upstream, enum behaviour behaviour, unsigned delay_ms);

/* One answer in `every` takes `ms` instead; never with 0. */
void stand_slows(unsigned upstream, unsigned every, unsigned ms);

/* Lets time pass while `count` questions are asked each `every_ms`; with 0 nobody asks. */
void stand_run(uint64_t ms, unsigned every_ms);
void stand_asks(unsigned count);
struct seen stand_looks(void);
unsigned stand_waiting(void); /* questions without a response */

/* Checks that each question had one response. */
void stand_end(void);

#endif
