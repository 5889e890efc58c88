/* listen/listen_config.c - the doors that the configuration asks for. */
#include "listen/listen_config.h"

#include "base/prefix.h"
#include "dns/name.h"

#include <string.h>

static const struct option_row listen_options[] = {
#define OPTION(...) OPTION_ROW(struct listen_config, __VA_ARGS__)
#include "listen/options.def"
#undef OPTION
};

static const char *const initial[] = { "dns://127.0.0.1:53", "dns://[::1]:53" };

/* dns:// takes the port for UDP and for TCP, udp:// for UDP, all others for TCP. */
static bool share_a_protocol(const struct url *a, const struct url *b)
{
    bool is_udp = strcmp(a->scheme, "udp") == 0, other_is_udp = strcmp(b->scheme, "udp") == 0;

    return is_udp == other_is_udp || strcmp(a->scheme, "dns") == 0 || strcmp(b->scheme, "dns") == 0;
}

static void check_address(const struct listen_config *listen, size_t i, struct loader *to)
{
    const struct url *url = &listen[i].url;

    if (!url->has_addr)
        complain(to, i, "url", "%s: %s is not an address; write %s://ADDRESS:PORT", url->text,
                 url->host, url->scheme);
    for (size_t j = 0; j < i && url->has_addr; j++)
        if (addr_equal(&listen[j].url.addr, &url->addr) && share_a_protocol(&listen[j].url, url)) {
            complain(to, i, "url", "%s: the port is taken by %s above", url->text,
                     listen[j].url.text);
            break;
        }
}

static void check_certificates(const struct listen_config *listen, size_t i, struct loader *to)
{
    const struct listen_config *item = &listen[i];
    bool has_tls = strcmp(item->url.scheme, "tls") == 0 || strcmp(item->url.scheme, "https") == 0;

    if (has_tls && item->certificate.count == 0)
        complain(to, i, "url",
                 "%s needs a certificate and its key; `dotproxy cert` makes a pair "
                 "to try it out",
                 item->url.text);
    else if (has_tls && item->certificate.count != item->key.count)
        complain(to, i, "key",
                 "certificate names %zu files and key %zu: each certificate needs "
                 "its key, in the same order",
                 item->certificate.count, item->key.count);
    else if (!has_tls && item->certificate.count > 0)
        complain(to, i, "certificate", "%s has no TLS: only tls:// and https:// take a certificate",
                 item->url.text);
}

static void check_name(const struct listen_config *item, size_t i, struct loader *to)
{
    uint8_t wire[DNS_NAME_MAX];
    struct writer w = writer_of(wire, sizeof wire);

    if (item->name[0] == '\0')
        return;
    if (item->certificate.count == 0)
        complain(to, i, "name", "%s has no TLS: only tls:// and https:// are found by a name",
                 item->url.text);
    else if (name_from_text(item->name, &w) != OK)
        complain(to, i, "name", "%.100s is no domain name", item->name);
}

static void check_prefixes(const struct strings *texts, const char *option, size_t i,
                           struct loader *to)
{
    struct prefix prefix;

    for (size_t n = 0; n < texts->count; n++)
        if (prefix_parse(texts->items[n], &prefix) != OK)
            complain(to, i, option, "%s is no prefix; write 192.0.2.0/24, or one address",
                     texts->items[n]);
}

static void check_forwarded(const struct listen_config *listen, size_t i, struct loader *to)
{
    if (listen[i].forwarded_from.count > 0 && strncmp(listen[i].url.scheme, "http", 4) != 0)
        complain(to, i, "forwarded_from",
                 "%s carries no HTTP requests; a load balancer tells the "
                 "client by the PROXY protocol: proxy_from",
                 listen[i].url.text);
}

static void check(const void *items, size_t count, struct loader *to)
{
    const struct listen_config *listen = items;

    for (size_t i = 0; i < count; i++) {
        check_address(listen, i, to);
        check_certificates(listen, i, to);
        check_name(&listen[i], i, to);
        check_prefixes(&listen[i].proxy_from, "proxy_from", i, to);
        check_prefixes(&listen[i].forwarded_from, "forwarded_from", i, to);
        check_forwarded(listen, i, to);
    }
}

const struct section listen_section = {
    .name = "listen",
    .doc = "Where dotproxy takes queries. --listen URL replaces the list.",
    SECTION_OPTIONS(listen_options),
    SECTION_INITIAL(initial),
    .size = sizeof(struct listen_config),
    .is_list = true,
    .check = check,
};
