/* codec/forwarded.c - the client behind reverse proxies (RFC 7239, and X-Forwarded-For before it).
 *
 * Called by: listen/talk_http.c. Owns: nothing.
 * Each proxy adds at the end whom it heard from, so the list is believed from the end on, for as
 * long as those who wrote it are trusted.
 */
#include "codec/forwarded.h"

#include <strings.h>

#define NODE_MAX 64 /* an IPv6 address with brackets and port */

static struct slice trim(struct slice text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = slice_of(text.data + 1, text.len - 1);
    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* Takes what stands behind the last `separator` off the end of `*text`. */
static struct slice take_last(struct slice *text, char separator)
{
    size_t start = text->len;
    struct slice last;

    while (start > 0 && text->data[start - 1] != (uint8_t)separator)
        start--;
    last = slice_of(text->data + start, text->len - start);
    text->len = start > 0 ? start - 1 : 0;
    return trim(last);
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80". A scope means something on the
 * machine of who wrote it alone. */
static err_t read_node(struct slice node, union addr *ret_addr)
{
    char text[NODE_MAX], *host = text, *end;

    if (node.len == 0 || node.len >= sizeof text || memchr(node.data, '%', node.len))
        return ERR_MALFORMED;
    memcpy(text, node.data, node.len);
    text[node.len] = '\0';
    if (text[0] == '[') {
        host = text + 1;
        end = strchr(host, ']');
        if (!end)
            return ERR_MALFORMED;
        *end = '\0';
    } else {
        end = strchr(text, ':');
        if (end && !strchr(end + 1, ':'))
            *end = '\0';
    }
    return addr_parse(host, 0, ret_addr);
}

/* The value of "for" among "proto=https;for=\"[2001:db8::1]:80\"". */
static struct slice value_of_for(struct slice element)
{
    while (element.len > 0) {
        struct slice pair = take_last(&element, ';');

        if (pair.len < 4 || strncasecmp((const char *)pair.data, "for=", 4) != 0)
            continue;
        pair = slice_after(pair, 4);
        if (pair.len >= 2 && pair.data[0] == '"' && pair.data[pair.len - 1] == '"')
            pair = slice_of(pair.data + 1, pair.len - 2);
        return pair;
    }
    return (struct slice){ 0 };
}

static union addr last_untrusted(struct slice list, bool is_standard,
                                 const struct prefixes *trusted, const union addr *peer)
{
    union addr client = *peer;

    while (list.len > 0 && prefixes_cover(trusted, &client)) {
        struct slice element = take_last(&list, ',');
        union addr before;

        if (read_node(is_standard ? value_of_for(element) : element, &before) != OK)
            break;
        client = before;
    }
    return client;
}

/* A proxy that writes one of the two fields hands on the other as the client has made it up: which
 * one that is cannot be seen here, but that they differ. */
err_t forwarded_client(const struct http_request *request, const struct prefixes *trusted,
                       const union addr *peer, union addr *ret_client)
{
    struct slice standard = request->forwarded, other = request->x_forwarded_for;
    union addr client =
        last_untrusted(standard.len > 0 ? standard : other, standard.len > 0, trusted, peer);
    union addr also;

    if (standard.len > 0 && other.len > 0) {
        also = last_untrusted(other, false, trusted, peer);
        if (!addr_equal(&client, &also))
            return ERR_MALFORMED;
    }
    *ret_client = client;
    return OK;
}
