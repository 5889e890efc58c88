#include "codec/tls.h"
#include "unit/codec/peer.h"
#include "unit/test.h"

#define HOUR 3600
#define DAY  (24 * HOUR)

static const struct slice no_ticket = { 0 };
static const struct recipe good = { .dns_name = "dns.example" };

/* Why a client that means w->peer does not accept this chain; "" if it does. In both versions the
 * verdict must be the same, and must come before anything is said. */
static void check_verdict(struct world *w, const struct identity *id, const struct identity *also,
                          const char *verdict)
{
    static const char *const both[] = { PRIORITY_12, PRIORITY_13 };

    for (int i = 0; i < 2; i++) {
        w->priority = both[i];
        world_connect(w, id, also, no_ticket);
        world_talk(w);
        CHECK_TEXT(tls_failure(w->client), verdict);
        CHECK_EQUAL(w->last, verdict[0] ? TLS_FAILED : TLS_READY);
        CHECK_EQUAL(w->was_ready, verdict[0] == '\0');
        CHECK_EQUAL(tls_error(w->client), verdict[0] ? ERR_UNTRUSTED : OK);
        if (verdict[0]) /* the server was told */
            CHECK(gnutls_alert_get(w->server.session) == GNUTLS_A_BAD_CERTIFICATE);
        world_disconnect(w);
    }
}

static void check_recipe(const struct recipe *recipe, const char *name, const char *verdict)
{
    struct world w;
    struct identity id;

    world_open(&w);
    w.peer.name = name;
    id = identity_make(recipe, &w.authority);
    check_verdict(&w, &id, NULL, verdict);
    identity_free(&id);
    world_close(&w);
}

TEST(verify_validity, "a certificate counts from its first day to its last")
{
    check_recipe(&(struct recipe){ .dns_name = "dns.example", .from_s = -DAY, .until_s = -HOUR },
                 "dns.example", "certificate has expired");
    check_recipe(&(struct recipe){ .dns_name = "dns.example", .from_s = HOUR, .until_s = DAY },
                 "dns.example", "certificate is not valid yet");
}

TEST(verify_name, "the name must be among the certificate's names; a wildcard is one label")
{
    check_recipe(&good, "dns.example", "");
    check_recipe(&good, "DNS.example", "");
    check_recipe(&good, "dns.example.org", "certificate is not for this name");
    check_recipe(&(struct recipe){ .dns_name = "*.dns.example" }, "a.dns.example", "");
    check_recipe(&(struct recipe){ .dns_name = "*.dns.example" }, "a.b.dns.example",
                 "certificate is not for this name");
}

TEST(verify_common_name, "the common name is no name to go by")
{
    check_recipe(&(struct recipe){ .common_name = "dns.example" }, "dns.example",
                 "certificate is not for this name");
}

TEST(verify_address, "an address must be among the certificate's addresses")
{
    check_recipe(&(struct recipe){ .address = "192.0.2.1" }, "192.0.2.1", "");
    check_recipe(&(struct recipe){ .address = "2001:db8::1" }, "2001:db8:0::1", "");
    check_recipe(&(struct recipe){ .address = "192.0.2.1" }, "192.0.2.2",
                 "certificate is not for this name");
    check_recipe(&(struct recipe){ .dns_name = "192.0.2.1" }, "192.0.2.1",
                 "certificate is not for this name");
}

TEST(verify_purpose, "a certificate for clients is not for a server")
{
    check_recipe(&(struct recipe){ .dns_name = "dns.example", .purpose = GNUTLS_KP_TLS_WWW_SERVER },
                 "dns.example", "");
    check_recipe(&(struct recipe){ .dns_name = "dns.example", .purpose = GNUTLS_KP_TLS_WWW_CLIENT },
                 "dns.example", "certificate is not for a server");
}

TEST(verify_self_signed, "a self-signed certificate is refused, and told as such")
{
    struct world w;
    struct identity id =
        identity_make(&(struct recipe){ .common_name = "Self", .dns_name = "dns.example" }, NULL);

    world_open(&w);
    check_verdict(&w, &id, NULL, "certificate is self-signed and not trusted");
    identity_free(&id);
    world_close(&w);
}

TEST(verify_authority,
     "an authority that is not ours does not count, though it bears the same name")
{
    const struct recipe same = { .common_name = "Authority", .is_authority = true };
    const struct recipe another = { .common_name = "Another", .is_authority = true };
    struct identity impostor = identity_make(&same, NULL), other = identity_make(&another, NULL);
    struct identity id = identity_make(&good, &impostor), id_other = identity_make(&good, &other);
    struct world w;

    world_open(&w);
    check_verdict(&w, &id, NULL, "certificate's signature is wrong");
    check_verdict(&w, &id, &impostor, "certificate's signature is wrong");
    check_verdict(&w, &id_other, &other, "certificate's issuer is not trusted");
    identity_free(&impostor);
    identity_free(&other);
    identity_free(&id);
    identity_free(&id_other);
    world_close(&w);
}

TEST(verify_chain,
     "an intermediate authority links the certificate to ours, one without the right does "
     "not")
{
    struct world w;
    struct identity between, id;

    world_open(&w);
    for (int may_sign = 0; may_sign < 2; may_sign++) {
        between = identity_make(
            &(struct recipe){ .common_name = "Between", .is_authority = may_sign }, &w.authority);
        id = identity_make(&good, &between);
        check_verdict(&w, &id, &between,
                      may_sign ? "" : "certificate's issuer may not sign others");
        identity_free(&between);
        identity_free(&id);
    }
    world_close(&w);
}

TEST(verify_pins, "one of the pins must be of the certificate or of one that signed it")
{
    struct world w;
    struct identity between, id, stranger;
    uint8_t pins[2][32] = { { 0 } };

    world_open(&w);
    between = identity_make(&(struct recipe){ .common_name = "Between", .is_authority = true },
                            &w.authority);
    id = identity_make(&good, &between);
    stranger = identity_make(&good, &w.authority);
    w.peer.pins = (const uint8_t(*)[32])pins;
    w.peer.pin_count = 2;
    check_verdict(&w, &id, &between, "no pin matches");
    identity_pin(&id, pins[1]);
    check_verdict(&w, &id, &between, "");
    identity_pin(&between, pins[1]);
    check_verdict(&w, &id, &between, "");
    identity_pin(&w.authority, pins[1]);
    check_verdict(&w, &id, &between, "");
    identity_pin(&stranger, pins[1]);
    check_verdict(&w, &id, &between, "no pin matches");
    identity_free(&between);
    identity_free(&id);
    identity_free(&stranger);
    world_close(&w);
}

TEST(verify_pin_of_bystander, "a pinned certificate that only stands in the chain is no match")
{
    const struct recipe another = { .common_name = "Another", .is_authority = true };
    struct world w;
    struct identity id, bystander = identity_make(&another, NULL);
    uint8_t pins[1][32];

    world_open(&w);
    id = identity_make(&good, &w.authority);
    identity_pin(&bystander, pins[0]);
    w.peer.pins = (const uint8_t(*)[32])pins;
    w.peer.pin_count = 1;
    check_verdict(&w, &id, &bystander, "no pin matches");
    identity_free(&bystander);
    identity_free(&id);
    world_close(&w);
}

TEST(verify_pin_is_not_trust, "a pin does not excuse a bad certificate")
{
    struct world w;
    struct identity id;
    uint8_t pins[1][32];

    world_open(&w);
    id = identity_make(
        &(struct recipe){ .dns_name = "dns.example", .from_s = -DAY, .until_s = -HOUR },
        &w.authority);
    identity_pin(&id, pins[0]);
    w.peer.pins = (const uint8_t(*)[32])pins;
    w.peer.pin_count = 1;
    check_verdict(&w, &id, NULL, "certificate has expired");
    identity_free(&id);
    world_close(&w);
}
