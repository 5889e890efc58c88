/* policy/tell.c - the log hears whom rules are against: once when it begins, once when it is over.
 *
 * Called by: worker/crew.c, the control room; from the main thread.
 */
#include "policy/tell.h"

#include "dns/name.h"
#include "log/log.h"
#include "policy/limited.h"
#include "policy/state.h"

#include <stdio.h>

#define ITEM_TEXT_MAX (DNS_NAME_TEXT_MAX + 160)

static const char *domain_of(const struct limited_item *item, char name[DNS_NAME_TEXT_MAX])
{
    name[0] = 0;
    if (item->about_len > 0)
        name_to_text(slice_of(item->about, item->about_len), name, DNS_NAME_TEXT_MAX);
    return name;
}

/* "rule=rate prefix=192.0.2.1/32 mode=enforce" */
static const char *describe(const struct limited_item *item, char text[ITEM_TEXT_MAX])
{
    char prefix[PREFIX_TEXT_MAX], name[DNS_NAME_TEXT_MAX];

    snprintf(text, ITEM_TEXT_MAX, "rule=%s prefix=%s mode=%s%s%s", rule_name(item->rule),
             prefix_format(&item->prefix, prefix), item->is_shadow ? "shadow" : "enforce",
             item->about_len ? " domain=" : "", domain_of(item, name));
    return text;
}

static void tell(void *arg, const struct limited_news *news)
{
    char text[ITEM_TEXT_MAX];

    (void)arg;
    switch (news->kind) {
    case LIMITED_BEGINS:
        log_event(EVENT_limited, "%s denied=%llu", describe(news->item, text),
                  (unsigned long long)news->denied);
        break;
    case LIMITED_ENDS:
        log_event(EVENT_limited_end, "%s denied=%llu seconds=%llu", describe(news->item, text),
                  (unsigned long long)news->denied, (unsigned long long)news->seconds);
        break;
    case LIMITED_MORE:
        log_event(EVENT_limited_more, "prefixes=%llu denied=%llu unplaced=%llu",
                  (unsigned long long)news->prefixes, (unsigned long long)news->denied,
                  (unsigned long long)news->unplaced);
        break;
    }
}

void policy_state_tell(struct policy_state *s, uint64_t now_ns)
{
    limited_tell(s->limited, now_ns, tell, NULL);
}

const char *policy_state_limits(const struct policy_state *s, const union addr *client, char *text,
                                size_t size)
{
    const struct limited_item *item;
    char prefix[PREFIX_TEXT_MAX], name[DNS_NAME_TEXT_MAX];
    size_t at = 0, len = 0;

    text[0] = 0;
    while (len < size && (item = limited_next(s->limited, client, &at)))
        len += (size_t)snprintf(text + len, size - len, "%s%s %s%s%s%s", len ? ", " : "",
                                rule_name(item->rule), prefix_format(&item->prefix, prefix),
                                item->about_len ? " " : "", domain_of(item, name),
                                item->is_shadow ? " (shadow)" : "");
    return text;
}
