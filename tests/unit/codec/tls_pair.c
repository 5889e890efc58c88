#include "unit/codec/tls_pair.h"
#include "codec/mint.h"
#include "codec/tls.h"
#include "codec/tls_context.h"
#include "unit/codec/seal.h"
#include "unit/test.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

char tls_pair_paths[4][64]; /* ECDSA certificate and key, RSA certificate and key */

static void write_file(char path[64], const gnutls_datum_t *bytes)
{
    int fd;

    strcpy(path, "/tmp/dotproxy-test-XXXXXX");
    fd = mkstemp(path);
    CHECK(fd >= 0);
    CHECK_EQUAL(write(fd, bytes->data, bytes->size), bytes->size);
    close(fd);
}

static void make_files(const char *name, bool is_rsa, char certificate[64], char key[64])
{
    const struct mint_settings settings = {
        .names = &name, .name_count = 1, .days = 2, .is_rsa = is_rsa
    };
    struct minted minted;
    const char *reason;

    CHECK_EQUAL(mint(&settings, &minted, &reason), OK);
    write_file(certificate, &minted.certificate);
    write_file(key, &minted.key);
    mint_done(&minted);
}

void tls_pair_files(void)
{
    make_files("one.test", false, tls_pair_paths[0], tls_pair_paths[1]);
    make_files("two.test", true, tls_pair_paths[2], tls_pair_paths[3]);
}

void tls_pair_remove_files(void)
{
    for (size_t i = 0; i < 4; i++)
        unlink(tls_pair_paths[i]);
}

struct tls_context *tls_pair_context(size_t count, uint8_t key)
{
    const char *certificates[] = { tls_pair_paths[0], tls_pair_paths[2] },
               *keys[] = { tls_pair_paths[1], tls_pair_paths[3] };
    static const char *const alpn[] = { "dot" };
    struct tls_server_settings settings = {
        .certificates = certificates, .keys = keys, .count = count, .alpn = alpn, .alpn_count = 1
    };
    struct tls_context *context = NULL;
    char reason[TLS_REASON_MAX];

    memset(settings.ticket_key, key, sizeof settings.ticket_key);
    CHECK_EQUAL(tls_context_new_server(&context, &settings, reason), OK);
    return context;
}

/* The client's Finished, and behind it, in one record, what no client of GnuTLS would say. */
static struct slice append_to_finished(struct pair *p, struct slice record)
{
    static struct sealed longer;
    uint8_t nonce[12], plain[128];
    size_t room = sizeof plain;
    gnutls_datum_t iv, key;
    gnutls_aead_cipher_hd_t cipher;

    CHECK(gnutls_record_get_state(p->client, 0, NULL, &iv, &key, NULL) >= 0);
    CHECK(gnutls_aead_cipher_init(&cipher, gnutls_cipher_get(p->client), &key) >= 0);
    memcpy(nonce, iv.data, sizeof nonce);
    CHECK(gnutls_aead_cipher_decrypt(cipher, nonce, sizeof nonce, record.data, SEAL_HEAD, SEAL_TAG,
                                     record.data + SEAL_HEAD, record.len - SEAL_HEAD, plain,
                                     &room) >= 0);
    gnutls_aead_cipher_deinit(cipher);
    CHECK(plain[0] == GNUTLS_HANDSHAKE_FINISHED && plain[room - 1] == 22);
    memcpy(plain + room - 1, p->appended, strlen(p->appended));
    room += strlen(p->appended) - 1;
    CHECK(seal(p->client, 0, 22, slice_of(plain, room), &longer));
    p->appended = NULL;
    return slice_of(longer.bytes, longer.len);
}

ssize_t tls_pair_push(gnutls_transport_ptr_t arg, const void *bytes, size_t len)
{
    struct pair *p = arg;
    struct slice plaintext, record = slice_of(bytes, len);

    if (p->appended && record.data[0] == 23)
        record = append_to_finished(p, record);

    tls_feed(p->server, record);
    while ((p->last = tls_step(p->server, &plaintext)) == TLS_READY || p->last == TLS_DATA)
        if (p->last == TLS_DATA)
            strncat(p->said, (const char *)plaintext.data, plaintext.len);
    return (ssize_t)len;
}

static ssize_t pull(gnutls_transport_ptr_t arg, void *room, size_t size)
{
    struct pair *p = arg;
    struct slice output = tls_output(p->server);
    size_t len = output.len < size ? output.len : size;

    if (len == 0) {
        gnutls_transport_set_errno(p->client, EAGAIN);
        return -1;
    }
    memcpy(room, output.data, len);
    tls_output_sent(p->server, len);
    return (ssize_t)len;
}

void tls_pair_begin(struct pair *p, struct tls_context *context, const char *priority,
                    const char *name, const char *alpn)
{
    gnutls_datum_t protocol = { (uint8_t *)(uintptr_t)alpn, (unsigned)strlen(alpn) };

    *p = (struct pair){ 0 };
    CHECK_EQUAL(tls_open_server(&p->server, context), OK);
    CHECK(gnutls_init(&p->client, GNUTLS_CLIENT | GNUTLS_NONBLOCK) >= 0);
    CHECK(gnutls_priority_set_direct(p->client, priority, NULL) >= 0);
    CHECK(gnutls_certificate_allocate_credentials(&p->trust) >= 0);
    gnutls_credentials_set(p->client, GNUTLS_CRD_CERTIFICATE, p->trust);
    if (name[0])
        gnutls_server_name_set(p->client, GNUTLS_NAME_DNS, name, strlen(name));
    if (alpn[0])
        gnutls_alpn_set_protocols(p->client, &protocol, 1, 0);
    gnutls_transport_set_ptr(p->client, p);
    gnutls_transport_set_push_function(p->client, tls_pair_push);
    gnutls_transport_set_pull_function(p->client, pull);
}

void tls_pair_end(struct pair *p)
{
    gnutls_deinit(p->client);
    gnutls_certificate_free_credentials(p->trust);
    tls_free(&p->server);
}

int tls_pair_shake(struct pair *p)
{
    int ret;

    for (unsigned i = 0; i < 20; i++) {
        ret = gnutls_handshake(p->client);
        if (ret != GNUTLS_E_AGAIN)
            return ret;
    }
    return ret;
}

void tls_pair_talk(struct pair *p)
{
    char heard[32] = "";

    CHECK_EQUAL(gnutls_record_send(p->client, "question", 8), 8);
    CHECK_TEXT(p->said, "question");
    CHECK_EQUAL(tls_send(p->server, slice_of("response", 8)), OK);
    for (unsigned i = 0; i < 4 && !heard[0]; i++)
        gnutls_record_recv(p->client, heard, sizeof heard);
    CHECK_TEXT(heard, "response");
    CHECK_EQUAL(tls_held(p->server), 0);
}

const char *const tls_pair_both[2] = { "NORMAL:-VERS-ALL:+VERS-TLS1.2",
                                       "NORMAL:-VERS-ALL:+VERS-TLS1.3" };
