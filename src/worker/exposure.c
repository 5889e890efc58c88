/* worker/exposure.c - would strangers be served?
 *
 * Called by: command/service.c (the log), command/check.c.
 */
#include "worker/exposure.h"

#include "base/prefix.h"
#include "config/config.h"
#include "listen/listen_config.h"
#include "policy/policy.h"

#include <stdio.h>

#define SAMPLES_4 256
#define SAMPLES_6                                                                                  \
    512              /* of 2000::/3, out of which all addresses are given: RFC 4291 section 2.4    \
                      */
#define STRANGERS 16 /* one of so many is more than any network of one's own */

static union addr sample_4(unsigned i)
{
    union addr addr = { .v4.sin_family = AF_INET };

    addr.v4.sin_addr.s_addr = htonl(i << 24 | 0x00570b01); /* 87.11.1 is nothing special */
    return addr;
}

static union addr sample_6(unsigned i)
{
    union addr addr = { .v6.sin6_family = AF_INET6 };
    const uint16_t first = htons((uint16_t)(0x2000 + (i << 4)));

    memcpy(addr.v6.sin6_addr.s6_addr, &first, sizeof first);
    addr.v6.sin6_addr.s6_addr[15] = 1;
    return addr;
}

/* Whether clients from all over the internet may ask. */
static bool lets_strangers_in(const struct policy *policy, sa_family_t family)
{
    unsigned samples = family == AF_INET6 ? SAMPLES_6 : SAMPLES_4, let_in = 0;

    for (unsigned i = 0; i < samples; i++) {
        union addr addr = family == AF_INET6 ? sample_6(i) : sample_4(i);

        let_in += !addr_is_private(&addr) && policy_lets_in(policy, &addr);
    }
    return let_in > samples / STRANGERS;
}

bool exposure_find(const struct config *config, const struct policy *policy,
                   char text[EXPOSURE_TEXT_MAX])
{
    size_t count = config_count(config, &listen_section);

    for (size_t i = 0; i < count; i++) {
        const struct listen_config *listen = config_item(config, &listen_section, i);
        const union addr *addr = &listen->url.addr;

        if (addr_is_private(addr) || !lets_strangers_in(policy, addr->any.sa_family))
            continue;
        snprintf(text, EXPOSURE_TEXT_MAX,
                 "%.200s can be reached from the internet, and everybody there may ask: strangers "
                 "will use it to attack others; name your own networks in limit.allow, and have "
                 "the rule access in force",
                 listen->url.text);
        return true;
    }
    return false;
}
