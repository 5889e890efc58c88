/* config/url.c - where to listen and whom to ask, read strictly. */
#include "config/url.h"

#include <ctype.h>
#include <string.h>

#define LABEL_MAX 63  /* RFC 1035 section 2.3.4 */
#define NAME_MAX_ 253 /* of 255 octets on the wire, without the two that text does not show */

static const struct scheme {
    const char *name;
    uint16_t port;
    bool has_path, has_name;
} schemes[] = {
    { "dns", 53, false, false },  { "udp", 53, false, false },
    { "tcp", 53, false, false },  { "tls", 853, false, true }, /* RFC 7858 section 3.1 */
    { "https", 443, true, true },                              /* RFC 8484 */
    { "http", 80, true, false },
};

/* The text that is left to read, and the first fault. */
struct scan {
    const char *start, *next;
    struct store *store;
    struct url_fault fault;
};

static err_t fail(struct scan *s, const char *at, const char *why)
{
    s->fault = (struct url_fault){ (size_t)(at - s->start), why };
    return ERR_MALFORMED;
}

static bool is_letter_or_digit(char c)
{
    return isalnum((unsigned char)c) && (unsigned char)c < 0x80;
}

static bool is_number(const char *text)
{
    return text[strspn(text, "0123456789")] == '\0';
}

/* Letters, digits and inner hyphens, and a last label that is no number (RFC 1123 section 2.1). */
static bool is_host_name(const char *name)
{
    const char *label = name;

    if (strlen(name) > NAME_MAX_)
        return false;
    for (;;) {
        size_t len = strcspn(label, ".");

        if (len == 0 || len > LABEL_MAX || label[0] == '-' || label[len - 1] == '-')
            return false;
        for (size_t i = 0; i < len; i++)
            if (!is_letter_or_digit(label[i]) && label[i] != '-')
                return false;
        if (label[len] == '\0')
            return !is_number(label);
        label += len + 1;
    }
}

static err_t take_scheme(struct scan *s, struct url *url, const struct scheme **ret_scheme)
{
    const char *end = strstr(s->next, "://");
    size_t len = end ? (size_t)(end - s->next) : 0;

    if (!end)
        return fail(s, s->next,
                    "a URL begins with dns://, udp://, tcp://, tls://, https:// or http://");
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (strlen(schemes[i].name) != len || memcmp(schemes[i].name, s->next, len) != 0)
            continue;
        memcpy(url->scheme, s->next, len);
        *ret_scheme = &schemes[i];
        s->next = end + 3;
        return OK;
    }
    return fail(s, s->next, "the scheme is none of dns, udp, tcp, tls, https, http");
}

/* "[2001:db8::1]"; the brackets are not part of the host. */
static err_t take_bracketed(struct scan *s, struct url *url)
{
    const char *host = s->next + 1;
    size_t len = strcspn(host, "]/#");

    if (host[len] != ']')
        return fail(s, s->next, "the bracket of the IPv6 address is not closed");
    url->host = store_text(s->store, host, len);
    if (!url->host)
        return ERR_NOMEM;
    if (!strchr(url->host, ':') || addr_parse(url->host, 0, &url->addr) != OK)
        return fail(s, host, "what stands in brackets is not an IPv6 address");
    url->has_addr = true;
    s->next = host + len + 1;
    if (*s->next && !strchr(":/#", *s->next))
        return fail(s, s->next, "after the bracket comes a port, a path, a #name or the end");
    return OK;
}

static err_t take_host(struct scan *s, struct url *url)
{
    const char *host = s->next;
    size_t len = strcspn(host, ":/?#");

    if (*host == '[')
        return take_bracketed(s, url);
    if (host[len] == ':' && host[len + 1 + strcspn(host + len + 1, ":/#")] == ':')
        return fail(s, host, "an IPv6 address stands in brackets: [2001:db8::1]");
    if (len == 0)
        return fail(s, host, "the address is missing");
    url->host = store_text(s->store, host, len);
    if (!url->host)
        return ERR_NOMEM;
    s->next = host + len;
    url->has_addr = addr_parse(url->host, 0, &url->addr) == OK;
    if (!url->has_addr && !is_host_name(url->host))
        return fail(s, host, "the host is neither an address nor a name");
    return OK;
}

static err_t take_port(struct scan *s, struct url *url)
{
    const char *digits = s->next + 1;
    unsigned long port = 0;
    size_t len;

    if (*s->next != ':')
        return OK;
    len = strspn(digits, "0123456789");
    for (size_t i = 0; i < len && port <= UINT16_MAX; i++)
        port = port * 10 + (unsigned long)(digits[i] - '0');
    if (len == 0 || digits[0] == '0' || port > UINT16_MAX)
        return fail(s, digits, "the port is a number from 1 to 65535");
    if (digits[len] && !strchr("/#", digits[len]))
        return fail(s, digits + len, "after the port comes a path, a #name or the end");
    url->port = (uint16_t)port;
    url->has_port = true;
    s->next = digits + len;
    return OK;
}

static err_t take_path(struct scan *s, const struct scheme *scheme, struct url *url)
{
    size_t len = strcspn(s->next, "#");

    if (len == 0)
        return OK;
    if (!scheme->has_path)
        return fail(s, s->next, "only https:// and http:// have a path");
    if (*s->next != '/')
        return fail(s, s->next, "the path begins with /");
    url->path = store_text(s->store, s->next, len);
    s->next += len;
    return url->path ? OK : ERR_NOMEM;
}

static err_t take_name(struct scan *s, const struct scheme *scheme, struct url *url)
{
    const char *name = s->next + 1;

    if (*s->next != '#')
        return OK;
    if (!scheme->has_name)
        return fail(s, s->next, "only tls:// and https:// have a #name");
    if (!is_host_name(name))
        return fail(s, name, "what follows # is not a host name");
    url->name = store_text(s->store, name, strlen(name));
    return url->name ? OK : ERR_NOMEM;
}

static err_t take_all(struct scan *s, struct url *url)
{
    const struct scheme *scheme = NULL;

    if (strlen(s->start) > URL_TEXT_MAX)
        return fail(s, s->start + URL_TEXT_MAX, "no URL is longer than 1024 characters");
    for (const char *c = s->start; *c; c++)
        if (*c <= ' ' || *c > '~')
            return fail(s, c, "only visible ASCII characters, and no spaces");
    TRY(take_scheme(s, url, &scheme));
    if (s->next[strcspn(s->next, "@/#")] == '@')
        return fail(s, s->next, "user names have no place here");
    url->port = scheme->port;
    TRY(take_host(s, url));
    TRY(take_port(s, url));
    TRY(take_path(s, scheme, url));
    TRY(take_name(s, scheme, url));
    url->text = store_text(s->store, s->start, strlen(s->start));
    if (!url->text)
        return ERR_NOMEM;
    return url->has_addr ? addr_parse(url->host, url->port, &url->addr) : OK;
}

err_t url_parse(struct store *store, const char *text, struct url *ret_url,
                struct url_fault *ret_fault)
{
    struct scan s = { .start = text, .next = text, .store = store, .fault.why = "out of memory" };
    struct url url = { 0 };
    err_t err = take_all(&s, &url);

    *ret_fault = s.fault;
    if (err == OK)
        *ret_url = url;
    return err;
}
