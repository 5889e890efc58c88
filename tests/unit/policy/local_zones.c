#include "policy/local_zones.h"

#include "unit/dns/wire.h"

#undef NAME
static const char *const all[] = {
#define NAME(text, ...) text,
#include "policy/local_names.def"
#undef NAME
};

static char told[256];

static void note(void *arg, const char *text)
{
    (*(unsigned *)arg)++;
    strncpy(told, text, sizeof told - 1);
}

static struct local_zones *zones_without(const char *const *passed, size_t count)
{
    const struct strings names = { passed, count };
    struct local_zones *zones;
    unsigned faults = 0;

    CHECK_EQUAL(local_zones_new(&zones, &names, note, &faults), OK);
    CHECK_EQUAL(faults, 0);
    return zones;
}

static const char *zone_of(const struct local_zones *zones, struct slice name)
{
    const struct local_zone *zone = local_zones_find(zones, name);

    return zone ? zone->name : "none";
}

TEST(local_zones_all, "each name of the list is found, and what is below it, and knows its length")
{
    struct local_zones *zones = zones_without(NULL, 0);

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        uint8_t room[DNS_NAME_MAX];
        struct writer w = writer_of(room, sizeof room);

        CHECK_TEXT(zone_of(zones, name_of(all[i])), all[i]);
        CHECK_EQUAL(local_zones_find(zones, name_of(all[i]))->name_len, name_of(all[i]).len);
        write_bytes(&w, BYTES("\1X"));
        write_bytes(&w, name_of(all[i]));
        CHECK_TEXT(zone_of(zones, writer_slice(&w)), all[i]);
        CHECK_TEXT(zone_of(zones, slice_after(writer_slice(&w), 2 + name_of(all[i]).data[0] + 1u)),
                   "none");
    }
    local_zones_free(&zones);
}

TEST(local_zones_others, "names that look alike are names like others")
{
    static const char *const others[] = {
        ".",
        "a",
        "ab",
        "abc",
        "latest",
        "x.halt",
        "nonlocal",
        "test.com",
        "my\\.test",
        "onion.example",
        "localhosts",
        "mylocalhost",
        "example",
        "arpa",
        "in-addr.arpa",
        "11.in-addr.arpa",
        "32.172.in-addr.arpa",
        "63.100.in-addr.arpa",
        "128.100.in-addr.arpa",
        "ip6.arpa",
        "c.e.f.ip6.arpa",
        "ipv4only.arpa",
        "internal",
        "as112.arpa",
        "\\003alt.xyz",
    };
    struct local_zones *zones = zones_without(NULL, 0);

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CHECK_TEXT(zone_of(zones, name_of(others[i])), "none");
    CHECK_TEXT(zone_of(zones, (struct slice){ 0 }), "none");
    CHECK_TEXT(zone_of(zones, name_of("A.B.LocalHost")), "localhost");
    CHECK_TEXT(zone_of(zones, name_of("x.ALT")), "alt");
    local_zones_free(&zones);
}

TEST(local_zones_passed, "what is passed on is not found, in whatever letters it was written")
{
    struct local_zones *zones =
        zones_without((const char *const[]){ "Home.Arpa.", "10.in-addr.arpa", "test" }, 3);

    CHECK_TEXT(zone_of(zones, name_of("printer.home.arpa")), "none");
    CHECK_TEXT(zone_of(zones, name_of("1.10.in-addr.arpa")), "none");
    CHECK_TEXT(zone_of(zones, name_of("test")), "none");
    CHECK_TEXT(zone_of(zones, name_of("1.168.192.in-addr.arpa")), "168.192.in-addr.arpa");
    CHECK_TEXT(zone_of(zones, name_of("x.onion")), "onion");
    local_zones_free(&zones);
}

TEST(local_zones_unknown, "who passes what was never stopped is told, with the nearest name")
{
    const struct strings names = { (const char *const[]){ "onion", "homes.arpa", "a..b" }, 3 };
    struct local_zones *zones;
    unsigned faults = 0;

    CHECK_EQUAL(local_zones_new(&zones, &names, note, &faults), ERR_CONFIG);
    CHECK_EQUAL(faults, 2);
    faults = 0;
    CHECK_EQUAL(local_zones_new(&zones, &(struct strings){ names.items + 1, 1 }, note, &faults),
                ERR_CONFIG);
    CHECK_TEXT(told,
               "homes.arpa is none of the names that are answered here; did you mean home.arpa");
}
