/* querylog/delivery.c - records are kept until the other side's kernel has acknowledged them.
 *
 * Called by: sink_syslog.c, sink_dnstap.c. Their order is: the load, then what is in the spool,
 * then what is in the tray. The spool takes records only while the collector is away, or has not
 * caught up yet; so a load never comes from the tray while the spool holds older ones.
 */
#include "querylog/delivery.h"

#include "base/clock.h"
#include "codec/tls_context.h"
#include "io/loop.h"
#include "log/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROOF_NS NS_PER_S
#define LOOK_NS  (20 * NS_PER_MS)   /* between two looks at what has arrived */
#define WINDOW   (1u << 20)         /* bytes of records that may be on their way */
#define PARCEL   (UPLINK_CHUNK / 2) /* bytes from which on it is sent */
#define KEEP     UPLINK_CHUNK

/* Records that were sent together. */
struct parcel {
    uint64_t end; /* uplink_given behind it */
    struct backlog_mark size;
};

static struct delivery *delivery_of(struct sink *s)
{
    return (struct delivery *)s;
}

static err_t open_tls(struct delivery *d, struct tls_context **ret_context,
                      char reason[QUERYLOG_REASON_MAX])
{
    const struct query_log_config *config = d->base.config;
    char why[TLS_REASON_MAX];
    err_t err = tls_context_new_client(ret_context, config->ca, why);

    if (err == OK && config->certificate[0])
        err = tls_context_show(*ret_context, config->certificate, config->key, why);
    if (err != OK) {
        snprintf(reason, QUERYLOG_REASON_MAX, "query_log: %s: %.300s", config->to, why);
        tls_context_unref(ret_context);
    }
    return err;
}

err_t delivery_open(struct delivery *d, const struct delivery_ops *ops, uint32_t kind,
                    char reason[QUERYLOG_REASON_MAX])
{
    const struct query_log_config *config = d->base.config;
    struct tls_context *tls_context = NULL;
    char why[SPOOL_REASON_MAX];
    err_t err;

    d->ops = ops;
    d->spool.kind = kind;
    d->has_spool = config->spool[0] != '\0';
    if (d->has_spool) {
        err = spool_check(config->spool, kind, why);
        if (err != OK) {
            snprintf(reason, QUERYLOG_REASON_MAX, "query_log: spool: %.400s", why);
            return err;
        }
    }
    if (d->base.target->kind == TARGET_TLS)
        TRY(open_tls(d, &tls_context, reason));
    uplink_init(&d->uplink, d->base.target, tls_context);
    return OK;
}

static void tell_kept(struct delivery *d)
{
    size_t records = d->spool.records;

    atomic_store_explicit(&d->base.kept, records, memory_order_relaxed);
}

static void tell_spooled(const struct delivery *d, uint64_t cut)
{
    log_event(EVENT_query_log_spooled, "to=%s spool=%s records=%zu%s", d->base.config->to,
              d->base.config->spool, d->spool.records,
              cut > 0 ? " reason=\"the end of a file was torn off\"" : "");
}

static void open_spool(struct delivery *d)
{
    const struct query_log_config *config = d->base.config;
    uint64_t cut;

    if (spool_open(&d->spool, config->spool, config->spool_size, d->spool.kind, &cut) != OK) {
        sink_fails(&d->base, "the spool cannot be read");
        spool_close(&d->spool);
        d->has_spool = false;
        return;
    }
    atomic_store_explicit(&d->base.inherited, d->spool.records, memory_order_relaxed);
    tell_kept(d);
    if (d->spool.records > 0 || cut > 0)
        tell_spooled(d, cut);
}

/* What is on its way has arrived as far as the uplink knows. Whether something has. */
static bool settle(struct delivery *d)
{
    const uint64_t arrived = uplink_arrived(&d->uplink);
    struct backlog_mark gone = { 0 };
    struct parcel parcel;

    while (d->parcels.len >= sizeof parcel) {
        memcpy(&parcel, buffer_slice(&d->parcels).data, sizeof parcel);
        if (parcel.end > arrived)
            break;
        gone.bytes += parcel.size.bytes;
        gone.records += parcel.size.records;
        buffer_consume(&d->parcels, sizeof parcel, KEEP);
    }
    if (gone.records == 0)
        return false;
    uplink_proves_good(&d->uplink);
    d->on_the_way.bytes -= gone.bytes;
    d->on_the_way.records -= gone.records;
    d->packed.bytes -= gone.bytes;
    d->packed.records -= gone.records;
    if (d->is_from_spool) {
        backlog_drop(&d->load, gone);
        spool_drop(&d->spool, gone);
        tell_kept(d);
    } else {
        tray_drop(&d->base.tray, &d->load, gone);
    }
    sink_wrote(&d->base, gone.records);
    return true;
}

static void lose(struct delivery *d, struct backlog *taken, struct backlog_mark gone)
{
    tray_drop(&d->base.tray, taken, gone);
    atomic_fetch_add_explicit(&d->base.lost, gone.records, memory_order_relaxed);
}

/* Whether there may be more to do. */
static bool spool_some(struct delivery *d, struct backlog *taken)
{
    struct backlog_mark gone;
    err_t err = spool_add(&d->spool, taken, &gone);

    tray_drop(&d->base.tray, taken, gone);
    if (err != ERR_TOOBIG)
        return false;
    gone = (struct backlog_mark){ 0 }; /* it would be in the way for ever */
    backlog_next(taken, &gone);
    lose(d, taken, gone);
    return true;
}

/* As much of the tray as the spool takes. */
static void spool_tray(struct delivery *d)
{
    struct backlog taken = { 0 };

    if (!d->has_spool || !tray_take(&d->base.tray, &taken))
        return;
    while (spool_some(d, &taken))
        ;
    if (taken.records > 0)
        tray_return(&d->base.tray, &taken);
    lose(d, &taken, (struct backlog_mark){ taken.bytes.len, taken.records }); /* no memory */
    backlog_done(&taken);
    tell_kept(d);
}

/* What was on its way will be sent once more: from the spool, or from memory. */
static void put_load_back(struct delivery *d)
{
    const struct backlog_mark all = { d->load.bytes.len, d->load.records };

    if (d->is_from_spool) {
        backlog_done(&d->load);
        spool_rewind(&d->spool);
    } else if (d->has_spool && d->load.records > 0 && spool_put_back(&d->spool, &d->load) == OK) {
        tray_drop(&d->base.tray, &d->load, all);
        tell_kept(d);
    }
    d->is_from_spool = false;
    d->on_the_way = d->packed = (struct backlog_mark){ 0 };
    buffer_done(&d->parcels);
    buffer_done(&d->wrapped);
}

static void down(void *arg, const char *why)
{
    struct delivery *d = arg;

    settle(d);
    d->is_ready = false;
    d->is_away = true;
    d->ready_ns = 0;
    put_load_back(d);
    if (d->has_said_goodbye)
        d->has_ended = true;
    else
        sink_fails(&d->base, why);
    spool_tray(d);
}

static void load_from_spool(struct delivery *d)
{
    if (d->is_ending || spool_read(&d->spool, &d->load) != ERR_MALFORMED || d->load.records > 0)
        return;
    atomic_fetch_add_explicit(&d->base.lost, spool_give_up(&d->spool), memory_order_relaxed);
    tell_kept(d);
}

/* The next records join the load: those of the tray only when the spool has no older ones. */
static void load_more(struct delivery *d)
{
    const bool has_older = d->has_spool && d->spool.records > 0;

    if (d->load.bytes.len >= WINDOW)
        return;
    if (d->load.records == 0)
        d->is_from_spool = has_older;
    if (d->is_from_spool)
        load_from_spool(d);
    else if (!has_older)
        tray_take_some(&d->base.tray, &d->load, WINDOW / 4);
}

static err_t wrap(struct delivery *d, struct slice record)
{
    return d->ops->wrap ? d->ops->wrap(&d->wrapped, record) : buffer_append(&d->wrapped, record);
}

/* Packs the next parcel; whether there is one. */
static bool pack(struct delivery *d)
{
    struct backlog_mark next = d->packed;
    struct slice record;

    if (d->packed.records == d->load.records)
        load_more(d);
    while (d->wrapped.len < PARCEL && (record = backlog_next(&d->load, &next)).len > 0 &&
           wrap(d, record) == OK)
        d->packed = next;
    return d->wrapped.len > 0;
}

static void note_parcel(struct delivery *d)
{
    const struct parcel parcel = {
        .end = uplink_given(&d->uplink),
        .size = { d->packed.bytes - d->on_the_way.bytes,
                  d->packed.records - d->on_the_way.records },
    };

    if (buffer_append(&d->parcels, slice_of(&parcel, sizeof parcel)) != OK)
        uplink_fail(&d->uplink, err_text(ERR_NOMEM));
    else
        d->on_the_way = d->packed;
}

static void ship(struct delivery *d)
{
    while (uplink_has_room(&d->uplink) && (d->wrapped.len > 0 || pack(d))) {
        struct slice piece = buffer_slice(&d->wrapped);

        if (piece.len > UPLINK_CHUNK)
            piece.len = UPLINK_CHUNK;
        uplink_send(&d->uplink, piece);
        buffer_consume(&d->wrapped, piece.len, KEEP);
        if (d->wrapped.len == 0)
            note_parcel(d);
    }
}

static void look_again(void *arg)
{
    delivery_flush(arg);
}

/* Many accept a connection only to end it: what counts is that something arrives, or that it
 * lasts. */
static void see_whether_it_works(struct delivery *d, bool has_arrived)
{
    if (d->ready_ns == 0 || (!has_arrived && clock_monotonic_ns() < d->ready_ns + PROOF_NS))
        return;
    d->ready_ns = 0;
    sink_works(&d->base);
}

void delivery_flush(struct sink *s)
{
    struct delivery *d = delivery_of(s);

    if (d->is_ready) {
        see_whether_it_works(d, settle(d));
        ship(d);
    }
    if (d->is_away || tray_is_half_full(&s->tray))
        spool_tray(d);
    if (d->on_the_way.records > 0)
        wheel_set(loop_wheel(s->loop), &d->look, clock_monotonic_ns() + LOOK_NS, look_again, d);
}

static void up(void *arg)
{
    struct delivery *d = arg;

    if (d->ops->greet)
        d->ops->greet(d);
    else
        delivery_is_ready(d);
}

static void received(void *arg, struct slice bytes)
{
    struct delivery *d = arg;

    if (d->ops->received)
        d->ops->received(d, bytes);
}

static struct tls_context *renew(void *arg)
{
    struct tls_context *context = NULL;
    char reason[QUERYLOG_REASON_MAX];

    return open_tls(arg, &context, reason) == OK ? context : NULL;
}

static void room(void *arg)
{
    delivery_flush(arg);
}

void delivery_begin(struct sink *s)
{
    static const struct uplink_handler handler = {
        .renew = renew, .up = up, .received = received, .room = room, .down = down
    };
    struct delivery *d = delivery_of(s);

    if (d->has_spool)
        open_spool(d);
    uplink_start(&d->uplink, s->loop, &handler, d);
}

void delivery_is_ready(struct delivery *d)
{
    d->is_ready = true;
    d->is_away = false;
    d->ready_ns = clock_monotonic_ns();
    delivery_flush(&d->base);
}

void delivery_say(struct delivery *d, struct slice bytes)
{
    uplink_send(&d->uplink, bytes);
}

void delivery_fail(struct delivery *d, const char *why)
{
    uplink_fail(&d->uplink, why);
}

void delivery_has_ended(struct delivery *d)
{
    d->has_ended = true;
}

static void say_goodbye(struct delivery *d)
{
    if (d->has_said_goodbye)
        return;
    d->has_said_goodbye = true;
    if (d->is_ready && d->ops->say_goodbye)
        d->ops->say_goodbye(d);
    else
        d->has_ended = true;
}

bool delivery_finish(struct sink *s, bool is_late)
{
    struct delivery *d = delivery_of(s);

    d->is_ending = true;
    if (is_late) {
        settle(d);
        put_load_back(d);
        spool_tray(d);
        return true;
    }
    if (d->on_the_way.records > 0 || d->wrapped.len > 0)
        return false;
    say_goodbye(d);
    return d->has_ended;
}

void delivery_close(struct sink *s)
{
    struct delivery *d = delivery_of(s);

    if (d->has_spool && d->spool.records > 0)
        tell_spooled(d, 0);
    uplink_done(&d->uplink);
    spool_close(&d->spool);
    backlog_done(&d->load);
    buffer_done(&d->parcels);
    buffer_done(&d->wrapped);
}
