/* control/status.c - `status`: what runs, since when, and where it listens. */
#include "base/clock.h"
#include "cache/cache.h"
#include "config/url.h"
#include "control/kinds.h"
#include "control/streams.h"
#include "listen/admission.h"
#include "listen/entrance.h"
#include "listen/listen.h"
#include "upstream/roster.h"
#include "upstream/server_view.h"
#include "worker/crew.h"
#include "worker/plan.h"

#include <unistd.h>

#define DOOR_URL_MAX (ADDR_TEXT_MAX + 16)

static const char *url_of(const struct door *door, char text[DOOR_URL_MAX])
{
    char addr[ADDR_TEXT_MAX];

    snprintf(text, DOOR_URL_MAX, "%s://%s", door->ops->name, addr_format(&door->addr, addr));
    return text;
}

static void tell_listeners(const struct plan *plan, struct report *report)
{
    report_list(report, "listeners");
    for (size_t i = 0; i < plan->door_count; i++) {
        const struct door *door = &plan->doors[i];
        char url[DOOR_URL_MAX];

        if (!door->is_absent)
            report_item(report, url_of(door, url));
    }
    report_list_end(report);
}

static void tell_certificates(const struct plan *plan, struct report *report)
{
    report_object(report, "certificate_days_left");
    for (size_t i = 0; i < plan->door_count; i++) {
        const struct door *door = &plan->doors[i];
        char url[DOOR_URL_MAX], days[32];
        int64_t left;

        if (!entrance_days_left(door->entrance, &left))
            continue;
        snprintf(days, sizeof days, "%lld", (long long)left);
        report_text(report, url_of(door, url), days);
    }
    report_object_end(report);
}

/* For machines there is `upstreams`. */
static void tell_upstreams(const struct roster *roster, struct report *report)
{
    report_list(report, "upstreams");
    for (size_t i = 0; i < roster->count; i++) {
        char text[URL_TEXT_MAX + SERVER_VIEW_STATE_MAX], state[SERVER_VIEW_STATE_MAX];
        struct server_view view;

        server_view_read(&view, roster, i);
        snprintf(text, sizeof text, "%s  %s", view.url, server_view_state(&view, state));
        report_item(report, report->is_json ? view.url : text);
    }
    report_list_end(report);
}

static void tell_cache(struct cache *cache, struct report *report)
{
    struct cache_stats stats = { 0 };

    if (cache)
        cache_stats(cache, &stats);
    report_number(report, "cache_entries", stats.entries);
    report_bytes(report, "cache_bytes", stats.bytes);
    report_bytes(report, "cache_size", stats.size);
}

static void tell_crowd(const struct crew *crew, struct report *report)
{
    const struct commons *commons = &crew->commons;
    uint64_t now[GAUGE_COUNT];
    char text[OVERLOAD_TEXT_MAX];

    crew_gauges(crew, now);
    report_text(report, "overload", overload_text(admission_overload(commons->admission), text));
    report_number(report, "waiting", now[GAUGE_waiting]);
    report_number(report, "connections", admission_connections(commons->admission));
    report_bytes(report, "buffers", admission_bytes(commons->admission));
}

void request_status(struct control_house *house, const struct request *request,
                    struct report *report)
{
    const struct crew *crew = house->crew;
    const size_t stuck = crew_count_stuck(crew);

    (void)request;
    report->width = (int)strlen("cache_entries");
    report_text(report, "version", DOTPROXY_VERSION);
    report_number(report, "pid", (uint64_t)getpid());
    report_text(report, "configuration", house->config_file ? house->config_file : "none");
    report_seconds(report, "uptime", (clock_monotonic_ns() - crew->started_ns) / NS_PER_S);
    report_number(report, "workers", crew->count);
    if (stuck > 0)
        report_number(report, "workers_stuck", stuck);
    tell_listeners(crew->plan, report);
    tell_certificates(crew->plan, report);
    tell_upstreams(crew->plan->roster, report);
    tell_cache(crew->commons.cache, report);
    tell_crowd(crew, report);
    streams_tell(crew->commons.querylog, report);
}
