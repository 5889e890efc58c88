/* codec/tls_offer.c - which certificates a client could do something with, by its ClientHello.
 *
 * GnuTLS asks for a certificate once, before it looks which suites would go with it, and does not
 * tell what the client offered. Called by: tls_server.c. Owns: nothing.
 */
#include "codec/tls_offer.h"

#include "base/reader.h"

/* Those that tls_context.c allows, by IANA's numbers. */
static const uint16_t suites_ecdsa[] = { 0xC02B, 0xC02C, 0xCCA9 };
static const uint16_t suites_rsa[] = { 0xC02F, 0xC030, 0xCCA8 };

static bool is_among(uint16_t suite, const uint16_t suites[3])
{
    return suite == suites[0] || suite == suites[1] || suite == suites[2];
}

/* RFC 5246 section 7.4.1.2: version, random, session id, suites, and what does not matter here. */
void tls_offer_read(struct tls_offer *offer, struct slice hello)
{
    struct reader r = reader_of(hello);

    *offer = (struct tls_offer){ 0 };
    read_bytes(&r, 2 + 32);
    read_bytes(&r, read_u8(&r));
    r = reader_of(read_bytes(&r, read_u16(&r)));
    while (reader_left(&r) > 0) {
        uint16_t suite = read_u16(&r);

        offer->ecdsa = offer->ecdsa || is_among(suite, suites_ecdsa);
        offer->rsa = offer->rsa || is_among(suite, suites_rsa);
    }
}

/* RFC 8446 section 4.2.3; a client of TLS 1.2 that lists nothing takes anything. */
static bool is_signed_for(gnutls_session_t session, gnutls_pk_algorithm_t kind)
{
    gnutls_sign_algorithm_t sign;
    size_t i = 0;

    for (; gnutls_sign_algorithm_get_requested(session, i, &sign) >= 0; i++)
        if (gnutls_sign_supports_pk_algorithm(sign, kind))
            return true;
    return i == 0;
}

size_t tls_offer_kinds(const struct tls_offer *offer, gnutls_session_t session,
                       gnutls_pk_algorithm_t ret_kinds[TLS_OFFER_KINDS_MAX])
{
    const struct {
        gnutls_pk_algorithm_t kind;
        bool has_suite;
    } all[TLS_OFFER_KINDS_MAX] = {
        { GNUTLS_PK_ECDSA, offer->ecdsa },
        { GNUTLS_PK_EDDSA_ED25519, offer->ecdsa }, /* RFC 8422 section 5.10 */
        { GNUTLS_PK_EDDSA_ED448, offer->ecdsa },
        { GNUTLS_PK_RSA, offer->rsa },
        { GNUTLS_PK_RSA_PSS, offer->rsa },
    };
    bool needs_suite = gnutls_protocol_get_version(session) == GNUTLS_TLS1_2;
    size_t count = 0;

    for (size_t i = 0; i < TLS_OFFER_KINDS_MAX; i++)
        if ((all[i].has_suite || !needs_suite) && is_signed_for(session, all[i].kind))
            ret_kinds[count++] = all[i].kind;
    return count;
}
