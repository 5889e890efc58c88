/* policy/policy_config.c - who may ask, and how much. */
#include "policy/policy_config.h"

#include "base/gcra.h"
#include "config/nearest.h"
#include "policy/access_list.h"
#include "policy/cookie_secrets.h"
#include "policy/counts.h"
#include "policy/local_zones.h"
#include "policy/prefix_lengths.h"

#include <string.h>

static const struct option_row policy_options[] = {
#define OPTION(...) OPTION_ROW(struct policy_config, __VA_ARGS__)
#include "policy/options.def"
#undef OPTION
};

static void tell(void *arg, const char *option, const char *text)
{
    complain(arg, 0, option, "%s", text);
}

static void check_access(const struct policy_config *config, struct loader *to)
{
    struct prefix_map *map;

    if (access_list_read(&map, config, tell, to) == OK)
        prefix_map_free(&map);
}

static void check_lengths(const struct strings *bits, const struct strings *multiples,
                          unsigned longest, const char *option, struct loader *to)
{
    struct prefix_lengths lengths;
    const char *fault = prefix_lengths_read(bits, multiples, &lengths);

    if (fault)
        complain(to, 0, option, "%s", fault);
    else if (lengths.count > 0 && lengths.items[0].bits > longest)
        complain(to, 0, option, "%u bits are more than an address has: %u", lengths.items[0].bits,
                 longest);
}

static void check_burst(uint64_t rate, uint64_t burst, const char *option, struct loader *to)
{
    if (rate > 0 && burst / rate >= GCRA_LONGEST_S)
        complain(to, 0, option, "takes more than a day to fill at this rate; lower it");
}

static void check_cookie_secret(const struct policy_config *config, struct loader *to)
{
    struct cookie_secrets secrets;
    char fault[COOKIE_FAULT_MAX];

    if (config->cookie_secret[0] &&
        cookie_secrets_read(&secrets, config->cookie_secret, fault) != OK)
        complain(to, 0, "cookie_secret", "%s", fault);
}

static void check_shadow(const struct strings *names, struct loader *to)
{
    for (size_t i = 0; i < names->count; i++) {
        struct nearest n = nearest_to(names->items[i]);
        bool is_known = false;

        for (enum rule_id r = 0; r < RULE_COUNT; r++) {
            is_known = is_known || strcmp(rule_name(r), names->items[i]) == 0;
            nearest_offer(&n, rule_name(r));
        }
        if (!is_known)
            complain(to, 0, "shadow", "%.60s is no rule%s%s", names->items[i],
                     n.best ? "; did you mean " : "", n.best ? n.best : "");
    }
}

static void tell_pass(void *arg, const char *text)
{
    tell(arg, "pass", text);
}

static void check_pass(const struct strings *names, struct loader *to)
{
    struct local_zones *zones;

    if (local_zones_new(&zones, names, tell_pass, to) == OK)
        local_zones_free(&zones);
}

static void check(const void *items, size_t count, struct loader *to)
{
    const struct policy_config *config = items;

    (void)count;
    check_access(config, to);
    check_lengths(&config->prefix4, &config->multiple4, 32, "prefix4", to);
    check_lengths(&config->prefix6, &config->multiple6, 128, "prefix6", to);
    check_burst(config->rate, config->burst, "burst", to);
    check_burst(config->subdomain_rate, config->subdomain_burst, "subdomain_burst", to);
    check_burst(config->tls_handshakes, config->tls_handshakes_burst, "tls_handshakes_burst", to);
    check_cookie_secret(config, to);
    check_shadow(&config->shadow, to);
    check_pass(&config->pass, to);
}

const struct section policy_section = {
    .name = "limit",
    .doc = "Who may ask, and how much.",
    SECTION_OPTIONS(policy_options),
    .size = sizeof(struct policy_config),
    .check = check,
};
