/* tests/fuzz/codec_tls.c - bytes from a server that is no friend, fed to a client session.
 *
 * The first byte is the size of the pieces in which the rest arrives.
 */
#include "codec/tls.h"
#include "codec/tls_context.h"

#include <stdlib.h>

static struct tls_context *context;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char reason[TLS_REASON_MAX];

    (void)argc;
    (void)argv;
    if (tls_context_new_client(&context, "system", reason) != OK)
        abort();
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
    const struct tls_peer peer = { .name = "dns.example", .alpn = "dot" };
    struct slice stream = slice_of(data, size);
    struct tls *t;
    size_t piece;

    if (size < 2 || tls_open_client(&t, context, &peer) != OK)
        return 0;
    feed(t, slice_of(data, 0)); /* the client speaks first */
    piece = (size_t)data[0] + 1;
    stream = slice_after(stream, 1);
    while (stream.len > 0 &&
           feed(t, slice_of(stream.data, piece < stream.len ? piece : stream.len)))
        stream = slice_after(stream, piece);
    tls_ticket(t);
    tls_shutdown(t);
    tls_free(&t);
    return 0;
}
