/* upstream/server.c - one server that may be asked, as the configuration describes it.
 *
 * Called by: roster.c. Owns: pins, and what the workers count.
 */
#include "upstream/server.h"

#include "base/hash.h"
#include "codec/pin.h"
#include "upstream/server_stats.h"
#include "upstream/transport.h"
#include "upstream/upstream_config.h"

#include <stdlib.h>
#include <string.h>

static err_t read_pins(struct server *server, const struct strings *texts)
{
    uint8_t(*pins)[PIN_SIZE] = calloc(texts->count ? texts->count : 1, sizeof *pins);

    if (!pins)
        return ERR_NOMEM;
    server->peer.pins = (const uint8_t(*)[PIN_SIZE])pins;
    server->peer.pin_count = texts->count;
    for (size_t i = 0; i < texts->count; i++)
        TRY(pin_from_text(texts->items[i], pins[i]));
    return OK;
}

/* The name is a provider's, whatever its addresses. Need not be secret, but the same for ever. */
static uint64_t provider_of(const struct url *url)
{
    static const struct hash_key key = { 0 };
    const char *name = url->name ? url->name : url->host;

    return hash_bytes(&key, slice_of((const uint8_t *)name, strlen(name)));
}

/* The address that was written, or none yet. */
static void start_book(struct server *server, const struct url *url)
{
    book_init(&server->book);
    server->port = url->port;
    if (!url->has_addr)
        server->host = url->host;
    else if (url->addr.any.sa_family == AF_INET6)
        book_write(&server->book, BOOK_IPV6, &url->addr, 1);
    else
        book_write(&server->book, BOOK_IPV4, &url->addr, 1);
}

err_t server_init(struct server *server, const struct upstream_config *config, size_t workers,
                  struct tls_context *tls)
{
    server->url = config->url.text;
    tickets_init(&server->tickets);
    server->ops = transport_find(config->url.scheme);
    start_book(server, &config->url);
    server->connections = config->connections;
    server->weight = config->weight;
    server->provider = provider_of(&config->url);
    server->tls = tls;
    server->stats = calloc(workers, sizeof *server->stats);
    if (!server->stats)
        return ERR_NOMEM;
    if (!server->ops->encrypted)
        return OK;
    server->peer.alpn = "dot"; /* RFC 7858 section 6 (IANA) */
    server->peer.name = config->url.name ? config->url.name : config->url.host;
    return read_pins(server, &config->pin);
}

void server_done(struct server *server)
{
    free((void *)(uintptr_t)server->peer.pins);
    free(server->stats);
    if (server->ops) { /* else it was never made */
        book_done(&server->book);
        tickets_done(&server->tickets);
    }
}
