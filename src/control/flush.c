/* control/flush.c - `flush [NAME]`: the cache forgets, and the next questions go upstream. */
#include "cache/cache.h"
#include "control/kinds.h"
#include "dns/name.h"
#include "log/log.h"
#include "worker/crew.h"

static void tell(size_t count, const char *of, struct report *report)
{
    log_event(EVENT_flushed, "responses=%zu of=%s", count, of);
    if (report->is_json)
        report_number(report, "flushed", count);
    else
        report_say(report, "%zu response%s forgotten: %s", count, count == 1 ? " was" : "s were",
                   of);
}

void request_flush(struct control_house *house, const struct request *request,
                   struct report *report)
{
    struct cache *cache = house->crew->commons.cache;
    uint8_t wire[DNS_NAME_MAX];
    char text[DNS_NAME_TEXT_MAX + 16];
    struct writer w = writer_of(wire, sizeof wire);
    struct slice name;

    if (request->count == 1) {
        tell(cache ? cache_flush(cache, NULL) : 0, "all", report);
        return;
    }
    if (name_from_text(request->words[1], &w) != OK) {
        report_error(report, "%s is no name; write one such as example.com", request->words[1]);
        return;
    }
    name = writer_slice(&w);
    snprintf(text + name_to_text(name, text, DNS_NAME_TEXT_MAX), 16, " and below");
    tell(cache ? cache_flush(cache, &name) : 0, text, report);
}
