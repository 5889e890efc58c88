/* querylog/pseudonym.c - pseudonyms for addresses, by a key.
 *
 * Called by: privacy.c. Bit number i of a pseudonym is that of the address, turned over or not as
 * one bit of AES says, whose input are the i bits before it and, behind them, a secret pad.
 */
#include "querylog/pseudonym.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 16
#define KNOWN 4096 /* pseudonyms that are remembered: most queries come from few clients */

struct known {
    uint8_t len; /* 0: nothing */
    uint8_t address[16], pseudonym[16];
};

struct pseudonyms {
    gnutls_cipher_hd_t aes;
    uint8_t pad[BLOCK];
    struct known known[KNOWN];
};

/* CBC of one block that follows zeroes is the cipher itself. */
static void encrypt(const struct pseudonyms *p, uint8_t block[BLOCK])
{
    uint8_t zeroes[BLOCK] = { 0 };

    gnutls_cipher_set_iv(p->aes, zeroes, sizeof zeroes);
    gnutls_cipher_encrypt(p->aes, block, BLOCK);
}

err_t pseudonyms_new(struct pseudonyms **ret_pseudonyms, const uint8_t key[PSEUDONYM_KEY_SIZE])
{
    struct pseudonyms *p = calloc(1, sizeof *p);
    uint8_t secret[BLOCK], zeroes[BLOCK] = { 0 };
    const gnutls_datum_t iv = { zeroes, BLOCK }, aes_key = { secret, BLOCK };

    if (!p)
        return ERR_NOMEM;
    memcpy(secret, key, BLOCK);
    if (gnutls_cipher_init(&p->aes, GNUTLS_CIPHER_AES_128_CBC, &aes_key, &iv) != 0) {
        free(p);
        return ERR_NOMEM;
    }
    gnutls_memset(secret, 0, sizeof secret);
    memcpy(p->pad, key + BLOCK, BLOCK);
    encrypt(p, p->pad);
    *ret_pseudonyms = p;
    return OK;
}

void pseudonyms_free(struct pseudonyms **pseudonyms)
{
    struct pseudonyms *p = *pseudonyms;

    if (!p)
        return;
    *pseudonyms = NULL;
    gnutls_cipher_deinit(p->aes);
    gnutls_memset(p, 0, sizeof *p);
    free(p);
}

static void compute(const struct pseudonyms *p, const uint8_t *address, size_t len, uint8_t *ret)
{
    uint8_t input[BLOCK], turned[BLOCK] = { 0 };

    memcpy(input, p->pad, BLOCK);
    for (size_t i = 0; i < 8 * len; i++) {
        uint8_t block[BLOCK], bit = (uint8_t)(0x80 >> i % 8);

        memcpy(block, input, BLOCK);
        encrypt(p, block);
        turned[i / 8] |= block[0] & 0x80 ? bit : 0;
        input[i / 8] = (uint8_t)((input[i / 8] & ~bit) | (address[i / 8] & bit));
    }
    for (size_t i = 0; i < len; i++)
        ret[i] = address[i] ^ turned[i];
}

/* Where a client's pseudonym is remembered; who shares a place with another takes longer. */
static struct known *place_of(struct pseudonyms *p, const uint8_t *address, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum = (sum ^ address[i]) * 16777619u;
    return &p->known[(sum ^ sum >> 16) % KNOWN];
}

void pseudonyms_find(struct pseudonyms *p, const uint8_t *address, size_t len, uint8_t *ret)
{
    struct known *k = place_of(p, address, len);

    if (k->len != len || memcmp(k->address, address, len) != 0) {
        k->len = (uint8_t)len;
        memcpy(k->address, address, len);
        compute(p, address, len, k->pseudonym);
    }
    memcpy(ret, k->pseudonym, len);
}
