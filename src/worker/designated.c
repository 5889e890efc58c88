/* worker/designated.c - what clients are told who know our address and would rather come by TLS.
 *
 * Called by: plan.c. Owns: nothing.
 */
#include "worker/designated.h"

#include "config/config.h"
#include "dns/types.h"
#include "listen/listen_config.h"

#define TTL 300 /* a door that is closed by a reload is not tried for long */

/* RFC 9460 section 14.3.2, RFC 9461 section 5: they stand in this order. */
enum svc_key { SVC_ALPN = 1, SVC_PORT = 3, SVC_IPV4HINT = 4, SVC_IPV6HINT = 6, SVC_DOHPATH = 7 };

static void write_value(struct writer *w, enum svc_key key, struct slice value)
{
    write_u16(w, (uint16_t)key);
    write_u16(w, (uint16_t)value.len);
    write_bytes(w, value);
}

static void write_alpn(struct writer *w, bool is_http)
{
    static const char dot[] = "\003dot", http[] = "\002h2\010http/1.1";

    write_value(w, SVC_ALPN,
                is_http ? slice_of(http, sizeof http - 1) : slice_of(dot, sizeof dot - 1));
}

static void write_port(struct writer *w, uint16_t port)
{
    uint8_t value[2];

    put_u16(value, port);
    write_value(w, SVC_PORT, slice_of(value, sizeof value));
}

/* A door that listens at all addresses is found by asking for its name. */
static void write_hint(struct writer *w, const union addr *addr)
{
    if (addr_is_wildcard(addr))
        return;
    if (addr->any.sa_family == AF_INET6)
        write_value(w, SVC_IPV6HINT, slice_of(&addr->v6.sin6_addr, sizeof addr->v6.sin6_addr));
    else
        write_value(w, SVC_IPV4HINT, slice_of(&addr->v4.sin_addr, sizeof addr->v4.sin_addr));
}

/* RFC 9461 section 5: a template, in which the client puts its query. */
static void write_dohpath(struct writer *w, const char *path)
{
    static const char variable[] = "{?dns}";

    write_u16(w, SVC_DOHPATH);
    write_u16(w, (uint16_t)(strlen(path) + sizeof variable - 1));
    write_bytes(w, slice_of(path, strlen(path)));
    write_bytes(w, slice_of(variable, sizeof variable - 1));
}

/* RFC 9460 section 2.2. The first door of the file is the one to try first. */
static void write_rdata(struct writer *w, const struct listen_config *door, uint16_t priority)
{
    const bool is_http = strcmp(door->url.scheme, "https") == 0;
    const char *path = door->url.path ? door->url.path : LISTEN_PATH_DEFAULT;

    write_u16(w, priority);
    if (name_from_text(door->name, w) != OK)
        w->failed = true;
    write_alpn(w, is_http);
    write_port(w, door->url.port);
    write_hint(w, &door->url.addr);
    if (is_http)
        write_dohpath(w, path);
}

void designated_read(struct designated *d, const struct config *config)
{
    const size_t doors = config_count(config, &listen_section);
    struct writer all = writer_of(d->rdata, sizeof d->rdata);

    d->count = 0;
    for (size_t i = 0; i < doors && d->count < DESIGNATED_MAX; i++) {
        const struct listen_config *door = config_item(config, &listen_section, i);
        struct writer one = writer_of(all.next, (size_t)(all.end - all.next));

        if (door->name[0] == '\0')
            continue;
        write_rdata(&one, door, (uint16_t)(d->count + 1));
        if (one.failed)
            continue;
        all.next = one.next;
        d->records[d->count++] =
            (struct compose_record){ .type = TYPE_SVCB, .ttl = TTL, .rdata = writer_slice(&one) };
    }
}
