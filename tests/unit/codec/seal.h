/* tests/unit/codec/seal.h - records of TLS 1.3 of any kind, as no client of GnuTLS would send them.
 */
#ifndef UNIT_CODEC_SEAL_H
#define UNIT_CODEC_SEAL_H

#include "base/slice.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>

#define SEAL_HEAD 5
#define SEAL_TAG  16
#define SEAL_MAX  1024 /* bytes of plaintext */

struct sealed {
    uint8_t bytes[SEAL_HEAD + SEAL_MAX + 1 + SEAL_TAG];
    size_t len;
};

/* Record number `number` of a client whose handshake is over. */
static inline bool seal(gnutls_session_t client, uint64_t number, uint8_t kind, struct slice bytes,
                        struct sealed *ret_record)
{
    uint8_t plain[SEAL_MAX + 1], nonce[12];
    size_t room = sizeof ret_record->bytes - SEAL_HEAD;
    uint16_t len = (uint16_t)(bytes.len + 1 + SEAL_TAG);
    gnutls_datum_t iv, key;
    gnutls_aead_cipher_hd_t cipher;
    bool is_sealed;

    if (bytes.len > SEAL_MAX || gnutls_record_get_state(client, 0, NULL, &iv, &key, NULL) < 0 ||
        gnutls_aead_cipher_init(&cipher, gnutls_cipher_get(client), &key) < 0)
        return false;
    memcpy(nonce, iv.data, sizeof nonce);
    for (unsigned i = 0; i < 8; i++)
        nonce[11 - i] ^= (uint8_t)(number >> 8 * i);
    if (bytes.len > 0)
        memcpy(plain, bytes.data, bytes.len);
    plain[bytes.len] = kind;
    memcpy(ret_record->bytes, (uint8_t[]){ 23, 3, 3, (uint8_t)(len >> 8), (uint8_t)len },
           SEAL_HEAD);
    is_sealed = gnutls_aead_cipher_encrypt(cipher, nonce, sizeof nonce, ret_record->bytes,
                                           SEAL_HEAD, SEAL_TAG, plain, bytes.len + 1,
                                           ret_record->bytes + SEAL_HEAD, &room) >= 0;
    ret_record->len = SEAL_HEAD + room;
    gnutls_aead_cipher_deinit(cipher);
    return is_sealed;
}

#endif
