/* tests/fuzz/codec_tls_server.c - bytes from a client that is no friend, fed to a server's session.
 *
 * The first byte is the size of the pieces in which the rest arrives.
 */
#include "codec/mint.h"
#include "codec/tls.h"
#include "codec/tls_context.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct tls_context *context;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_file(char path[32], const gnutls_datum_t *bytes)
{
    int fd = mkstemp(path);

    if (fd < 0 || write(fd, bytes->data, bytes->size) != (ssize_t)bytes->size)
        abort();
    close(fd);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char *const names[] = { "dns.example" }, *const alpn[] = { "dot" };
    const struct mint_settings wishes = { .names = names, .name_count = 1, .days = 1 };
    char certificate[32] = "/tmp/dotproxy-fuzz-XXXXXX", key[32] = "/tmp/dotproxy-fuzz-XXXXXX";
    /* two pairs: so that it is looked which of them the client can do something with */
    const char *const certificates[] = { certificate, certificate }, *const keys[] = { key, key };
    const struct tls_server_settings settings = { .certificates = certificates,
                                                  .keys = keys,
                                                  .count = 2,
                                                  .alpn = alpn,
                                                  .alpn_count = 1,
                                                  .ticket_key = { 1 } };
    char reason[TLS_REASON_MAX];
    const char *why;
    struct minted minted;

    (void)argc;
    (void)argv;
    if (mint(&wishes, &minted, &why) != OK)
        abort();
    write_file(certificate, &minted.certificate);
    write_file(key, &minted.key);
    mint_done(&minted);
    if (tls_context_new_server(&context, &settings, reason) != OK)
        abort();
    unlink(certificate);
    unlink(key);
    return 0;
}

/* Takes all events of one piece; false when the session is over. */
static bool feed(struct tls *t, struct slice piece)
{
    uint8_t *copy = malloc(piece.len + 1);
    struct slice plaintext;
    enum tls_event event;

    memcpy(copy, piece.data, piece.len);
    tls_feed(t, slice_of(copy, piece.len));
    do
        event = tls_step(t, &plaintext);
    while (event == TLS_READY || event == TLS_DATA);
    free(copy);
    if (event == TLS_FAILED && (tls_error(t) == OK || tls_failure(t)[0] == '\0'))
        abort();
    tls_output_sent(t, tls_output(t).len);
    return event == TLS_WANTS_INPUT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice stream = slice_of(data, size);
    struct tls *t;
    size_t piece;

    if (size < 2 || tls_open_server(&t, context) != OK)
        return 0;
    piece = (size_t)data[0] + 1;
    stream = slice_after(stream, 1);
    while (stream.len > 0 &&
           feed(t, slice_of(stream.data, piece < stream.len ? piece : stream.len)))
        stream = slice_after(stream, piece);
    tls_send(t, slice_of("x", 1));
    tls_shutdown(t);
    tls_free(&t);
    return 0;
}
