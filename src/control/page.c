/* control/page.c - the page of metrics that Prometheus reads.
 *
 * Called by: web.c's requests, on the thread that owns the crew.
 */
#include "control/page.h"

#include "base/clock.h"
#include "cache/cache.h"
#include "control/control.h"
#include "dns/types.h"
#include "listen/admission.h"
#include "listen/certificates.h"
#include "listen/entrance.h"
#include "listen/listen.h"
#include "metrics/exposition.h"
#include "querylog/querylog.h"
#include "upstream/roster.h"
#include "upstream/server_view.h"
#include "worker/crew.h"
#include "worker/plan.h"

#include <sys/resource.h>

#define STREAMS_MAX  64
#define DOOR_URL_MAX (ADDR_TEXT_MAX + 16)

static void tell_number(struct exposition *e, enum page_family family, uint64_t value)
{
    page_begin(e, family);
    exposition_value(e, NULL, value);
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void tell_cpu(struct exposition *e)
{
    static const struct label user[] = { { "mode", "user" }, NO_LABELS },
                              system[] = { { "mode", "system" }, NO_LABELS };
    struct rusage usage = { 0 };

    getrusage(RUSAGE_SELF, &usage);
    exposition_real(e, user, seconds(usage.ru_utime));
    exposition_real(e, system, seconds(usage.ru_stime));
}

static void tell_build(struct exposition *e, const struct crew *crew)
{
    const struct label labels[] = { { "version", DOTPROXY_VERSION }, NO_LABELS };

    page_begin(e, PAGE_build_info);
    exposition_value(e, labels, 1);
    page_begin(e, PAGE_uptime_seconds);
    exposition_real(e, NULL, (double)(clock_monotonic_ns() - crew->started_ns) / 1e9);
    tell_number(e, PAGE_workers, crew->count);
    tell_number(e, PAGE_workers_stuck, crew_count_stuck(crew));
    page_begin(e, PAGE_cpu_seconds);
    tell_cpu(e);
}

static void tell_counters(struct exposition *e, const struct crew *crew)
{
    uint64_t sums[METRIC_COUNT] = { 0 };

    for (size_t i = 0; i < crew->count; i++)
        metrics_sum(&crew->workers[i]->metrics, sums);
    exposition_counters(e, sums);
}

static void tell_rcodes(struct exposition *e, const struct crew *crew)
{
    page_begin(e, PAGE_responses_by_rcode);
    for (unsigned rcode = 0; rcode < REPLY_RCODES; rcode++) {
        uint64_t count = crew_replies_of(crew, rcode);
        char text[TYPE_TEXT_MAX];
        const struct label labels[] = {
            { "rcode", rcode == REPLY_RCODES - 1 ? "other" : rcode_to_text((uint16_t)rcode, text) },
            NO_LABELS
        };

        if (count > 0 || rcode <= RCODE_REFUSED)
            exposition_value(e, labels, count);
    }
}

static void tell_latency(struct exposition *e, const struct crew *crew)
{
    page_begin(e, PAGE_query_duration_seconds);
    for (unsigned source = FROM_NOWHERE + 1; source < SOURCE_COUNT; source++) {
        const struct label labels[] = { { "source", source_name((enum query_source)source) },
                                        NO_LABELS };
        struct histogram_sum sum = { 0 };

        crew_latency(crew, (enum query_source)source, &sum);
        exposition_durations(e, labels, &sum);
    }
}

static void tell_crowd(struct exposition *e, const struct crew *crew)
{
    struct admission *admission = crew->commons.admission;
    struct overload *overload = admission_overload(admission);
    uint64_t now[GAUGE_COUNT];

    crew_gauges(crew, now);
    tell_number(e, PAGE_queries_waiting, now[GAUGE_waiting]);
    page_begin(e, PAGE_connections_open);
    for (enum gauge g = 0; g < GAUGE_COUNT; g++) {
        const struct label labels[] = { { "transport", metrics_transport(g) }, NO_LABELS };

        if (labels[0].value[0])
            exposition_value(e, labels, now[g]);
    }
    tell_number(e, PAGE_connections_max, crew->plan->limits.tcp_connections);
    tell_number(e, PAGE_connection_bytes, admission_bytes(admission));
    tell_number(e, PAGE_overload, overload_is_on(overload));
    tell_number(e, PAGE_overloads, atomic_load(&overload->times));
}

static void tell_cache(struct exposition *e, struct cache *cache)
{
    struct cache_stats stats = { 0 };

    if (cache)
        cache_stats(cache, &stats);
    tell_number(e, PAGE_cache_entries, stats.entries);
    tell_number(e, PAGE_cache_bytes, stats.bytes);
    tell_number(e, PAGE_cache_size_bytes, stats.size);
    tell_number(e, PAGE_cache_insertions, stats.insertions);
    tell_number(e, PAGE_cache_evictions, stats.evictions);
    tell_number(e, PAGE_cache_expirations, stats.expirations);
}

static void tell_rules(struct exposition *e, const struct crew *crew)
{
    struct policy_count counts[POLICY_COUNTS_MAX];
    size_t count = crew_policy_counts(crew, counts);

    page_begin(e, PAGE_policy_decisions);
    for (size_t i = 0; i < count; i++) {
        const struct label labels[] = { { "rule", counts[i].rule },
                                        { "mode", counts[i].is_shadow ? "shadow" : "enforce" },
                                        NO_LABELS };

        if (counts[i].rule)
            exposition_value(e, labels, counts[i].value);
    }
    page_begin(e, PAGE_policy_prefix_decisions);
    for (size_t i = 0; i < count; i++) {
        char prefix[16];
        const struct label labels[] = { { "prefix", prefix },
                                        { "mode", counts[i].is_shadow ? "shadow" : "enforce" },
                                        NO_LABELS };

        snprintf(prefix, sizeof prefix, "ipv%c/%u", counts[i].is_v6 ? '6' : '4', counts[i].bits);
        if (!counts[i].rule)
            exposition_value(e, labels, counts[i].value);
    }
}

static uint64_t number_of(const struct querylog_count *count, enum page_family family)
{
    if (family == PAGE_query_log_up)
        return count->why[0] == 0;
    if (family == PAGE_query_log_written)
        return count->written;
    if (family == PAGE_query_log_lost)
        return count->lost;
    if (family == PAGE_query_log_skipped)
        return count->skipped;
    return family == PAGE_query_log_waiting ? count->waiting : count->spooled;
}

static void tell_streams(struct exposition *e, struct querylog *log)
{
    struct querylog_count counts[STREAMS_MAX];
    size_t count = querylog_counts(log, counts, STREAMS_MAX);

    for (enum page_family f = PAGE_query_log_up; f <= PAGE_query_log_spooled; f++) {
        page_begin(e, f);
        for (size_t i = 0; i < count && i < STREAMS_MAX; i++) {
            const struct label labels[] = { { "to", counts[i].to }, NO_LABELS };

            exposition_value(e, labels, number_of(&counts[i], f));
        }
    }
}

static void tell_certificates(struct exposition *e, const struct plan *plan)
{
    page_begin(e, PAGE_certificate_expiry_timestamp_seconds);
    for (size_t i = 0; i < plan->door_count; i++) {
        struct certificates *certificates = plan->doors[i].entrance->certificates;
        char addr[ADDR_TEXT_MAX], url[DOOR_URL_MAX];
        const struct label labels[] = { { "listener", url }, NO_LABELS };

        if (!certificates)
            continue;
        snprintf(url, sizeof url, "%s://%s", plan->doors[i].ops->name,
                 addr_format(&plan->doors[i].addr, addr));
        exposition_value(e, labels, (uint64_t)certificates_expire_s(certificates));
    }
}

void page_write(const struct control_house *house, bool is_openmetrics, FILE *out)
{
    const struct crew *crew = house->crew;
    struct exposition e = { .out = out, .is_openmetrics = is_openmetrics };

    tell_build(&e, crew);
    tell_counters(&e, crew);
    tell_rcodes(&e, crew);
    tell_latency(&e, crew);
    tell_crowd(&e, crew);
    tell_cache(&e, crew->commons.cache);
    tell_rules(&e, crew);
    page_upstreams(&e, crew->plan->roster);
    tell_streams(&e, crew->commons.querylog);
    tell_certificates(&e, crew->plan);
    exposition_end(&e);
}

bool page_is_ready(const struct control_house *house)
{
    const struct crew *crew = house->crew;
    const struct roster *roster = crew->plan->roster;

    for (size_t i = 0; i < roster->upstream_count; i++) {
        struct server_view view;

        server_view_read(&view, roster, i);
        if (server_view_is_up(&view) && view.counts[SERVER_answers] > 0)
            return true;
    }
    return crew->commons.cache &&
           cache_can_answer(crew->commons.cache, (uint32_t)(clock_monotonic_ns() / NS_PER_S));
}
