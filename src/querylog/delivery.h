#ifndef QUERYLOG_DELIVERY_H
#define QUERYLOG_DELIVERY_H

#include "querylog/sink.h"
#include "querylog/spool.h"
#include "querylog/uplink.h"

/* Records on their way to a collector: kept until they have arrived, in memory and, while it is
 * away, in a spool. A sink that delivers begins with it. */
struct delivery {
    struct sink base;
    const struct delivery_ops *ops;
    struct uplink uplink;
    bool is_ready;     /* the collector takes records */
    bool is_away;      /* it did not, or does not any more */
    uint64_t ready_ns; /* since when it does; 0: that it does was told */
    bool is_ending, has_said_goodbye, has_ended;
    struct spool spool;
    bool has_spool;
    struct backlog load;            /* what is on its way, or goes next */
    bool is_from_spool;             /* it is still there, too */
    struct backlog_mark on_the_way; /* of it: sent, and not known to have arrived */
    struct buffer parcels;          /* struct parcel each: the parts of `on_the_way` */
    struct buffer wrapped;          /* the next parcel, as far as it was not sent yet */
    struct backlog_mark packed;     /* the load up to its end */
    struct timer look;
};

/* What one protocol adds. */
struct delivery_ops {
    /* Puts `record` into `out` as it is sent; NULL: as it is. */
    err_t (*wrap)(struct buffer *out, struct slice record);

    /* Connected; NULL: the collector takes records at once. Else delivery_is_ready tells it. */
    void (*greet)(struct delivery *d);
    void (*received)(struct delivery *d, struct slice bytes); /* NULL: it has nothing to say */

    /* All has arrived. NULL: nothing has to be said. Else delivery_has_ended tells that it was
     * heard. */
    void (*say_goodbye)(struct delivery *d);
};

/* What `ops` of a sink want, for both. `kind` tells what its records are, for the spool. */
err_t delivery_open(struct delivery *d, const struct delivery_ops *ops, uint32_t kind,
                    char reason[QUERYLOG_REASON_MAX]);
void delivery_begin(struct sink *s);
void delivery_flush(struct sink *s);
bool delivery_finish(struct sink *s, bool is_late);
void delivery_close(struct sink *s);

/* For the protocol. */
void delivery_say(struct delivery *d, struct slice bytes);
void delivery_is_ready(struct delivery *d);
void delivery_has_ended(struct delivery *d);
void delivery_fail(struct delivery *d, const char *why);

#endif
