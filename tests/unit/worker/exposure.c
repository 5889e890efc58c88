#include "worker/exposure.h"

#include "command/sections.h"
#include "config/config.h"
#include "policy/policy.h"
#include "unit/test.h"

#include <stdio.h>

static char text[EXPOSURE_TEXT_MAX];

static bool is_exposed(const char *listen, const char *limit)
{
    char yaml[512], reason[POLICY_REASON_MAX];
    struct config_source source = { .file = "exposure.yaml" };
    static struct problems problems;
    struct config *config;
    struct policy *policy;
    bool found;

    problems.count = 0;
    snprintf(yaml, sizeof yaml, "listen: [{url: \"%s\"}]\nlimit: {%s}\n", listen, limit);
    source.bytes = slice_of(yaml, strlen(yaml));
    if (config_load(&source, config_sections, config_section_count, &config, &problems) != OK)
        fail_msg("%s", problems.list[0].text);
    CHECK_EQUAL(policy_new(&policy, config, reason), OK);
    found = exposure_find(config, policy, text);
    policy_free(&policy);
    config_unref(&config);
    return found;
}

TEST(exposure_default, "without a word about clients nobody is exposed, wherever it listens")
{
    CHECK(!is_exposed("dns://0.0.0.0:53", ""));
    CHECK(!is_exposed("dns://[::]:53", ""));
    CHECK(!is_exposed("dns://8.8.8.8:53", ""));
}

TEST(exposure_open, "who listens to everybody and lets everybody ask is told so")
{
    CHECK(is_exposed("dns://0.0.0.0:53", "allow: [0.0.0.0/0]"));
    CHECK(strstr(text, "dns://0.0.0.0:53") && strstr(text, "limit.allow"));
    CHECK(is_exposed("udp://8.8.8.8:53", "allow: [0.0.0.0/0]"));
    CHECK(is_exposed("tcp://[::]:53", "allow: [\"::/0\"]"));
    CHECK(is_exposed("dns://[2001:db8::1]:53", "allow: [\"2000::/3\"]"));
    CHECK(is_exposed("dns://0.0.0.0:53", "allow: [0.0.0.0/1, 128.0.0.0/1], deny: [10.0.0.0/8]"));
}

TEST(exposure_closed, "own networks, however many, and listeners that nobody reaches are no matter")
{
    CHECK(!is_exposed("dns://0.0.0.0:53", "allow: [17.0.0.0/8, 203.0.113.0/24, 10.0.0.0/8]"));
    CHECK(!is_exposed("dns://[::]:53", "allow: [\"2001:db8::/32\", \"fc00::/7\"]"));
    CHECK(!is_exposed("dns://127.0.0.1:53", "allow: [0.0.0.0/0]"));
    CHECK(!is_exposed("dns://192.168.1.1:53", "allow: [0.0.0.0/0]"));
    CHECK(!is_exposed("dns://[::1]:53", "allow: [\"::/0\"]"));
    CHECK(!is_exposed("dns://0.0.0.0:53", "allow: [\"::/0\"]")); /* the other family */
    CHECK(!is_exposed("dns://0.0.0.0:53", "allow: [0.0.0.0/0], deny: [0.0.0.0/1, 128.0.0.0/1]"));
}

TEST(exposure_mode, "a rule that is not in force keeps nobody out")
{
    CHECK(is_exposed("dns://0.0.0.0:53", "mode: off"));
    CHECK(is_exposed("dns://0.0.0.0:53", "mode: shadow"));
    CHECK(is_exposed("dns://0.0.0.0:53", "shadow: [access]"));
    CHECK(!is_exposed("dns://0.0.0.0:53", "shadow: [rate, subdomains]"));
}
