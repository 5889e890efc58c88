/* codec/doh.c - which query a request bears, and how a response is put (RFC 8484).
 *
 * Called by: listen/talk_http.c. Owns: nothing.
 */
#include "codec/doh.h"

#include "base/reader.h"
#include "codec/base64url.h"
#include "dns/header.h"
#include "dns/name.h"
#include "dns/types.h"

#include <strings.h>

#define MEDIA_TYPE "application/dns-message"

static struct slice up_to(struct slice text, char end)
{
    const uint8_t *at = text.len > 0 ? memchr(text.data, end, text.len) : NULL;

    return at ? slice_of(text.data, (size_t)(at - text.data)) : text;
}

static bool equals(struct slice a, const char *b)
{
    return slice_equal(a, slice_of(b, strlen(b)));
}

/* The value of `dns` in "a=b&dns=AAABAA&c=d". */
static unsigned find_parameter(struct slice text, struct slice *ret_value)
{
    bool found = false;

    while (text.len > 0) {
        struct slice pair = up_to(text, '&');

        text = slice_after(text, pair.len + 1);
        if (pair.len < 4 || memcmp(pair.data, "dns=", 4) != 0)
            continue;
        if (found)
            return 400;
        found = true;
        *ret_value = slice_after(pair, 4);
    }
    return found ? 200 : 400;
}

static unsigned read_get(struct slice target, uint8_t *room, size_t size, struct slice *ret_message)
{
    struct slice value = { 0 };
    size_t len = 0;
    err_t err;
    unsigned status = find_parameter(slice_after(target, up_to(target, '?').len + 1), &value);

    if (status != 200)
        return status;
    err = base64url_decode(value, room, size, &len);
    if (err != OK)
        return err == ERR_TOOBIG ? 414 : 400;
    *ret_message = slice_of(room, len);
    return 200;
}

/* Parameters of a media type say nothing here (RFC 9110 section 8.3.1). */
static bool is_dns(struct slice content_type)
{
    struct slice type = up_to(content_type, ';');

    while (type.len > 0 && (type.data[type.len - 1] == ' ' || type.data[type.len - 1] == '\t'))
        type.len--;
    return type.len == strlen(MEDIA_TYPE) &&
           strncasecmp((const char *)type.data, MEDIA_TYPE, type.len) == 0;
}

static unsigned read_post(const struct http_request *request, struct slice *ret_message)
{
    if (!is_dns(request->content_type))
        return 415;
    if (request->body.len > DNS_MESSAGE_MAX)
        return 413;
    *ret_message = request->body;
    return 200;
}

unsigned doh_read(const struct http_request *request, const char *path, uint8_t *room, size_t size,
                  struct slice *ret_message)
{
    struct slice message = { 0 };
    unsigned status = 405;

    if (request->fault)
        return request->fault;
    if (!equals(up_to(request->target, '?'), path))
        return 404;
    if (request->verb == VERB_POST)
        status = read_post(request, &message);
    else if (request->verb == VERB_GET || request->verb == VERB_HEAD)
        status = read_get(request->target, room, size, &message);
    if (status != 200)
        return status;
    if (message.len < DNS_HEADER_SIZE)
        return 400;
    *ret_message = message;
    return 200;
}

/* The number of seconds that the record at `r` may be kept; false for what is no record of data. */
static bool read_ttl(struct reader *r, bool is_negative, uint32_t *ret_ttl)
{
    uint16_t type;
    struct slice rdata;

    skip_name(r);
    type = read_u16(r);
    read_u16(r);
    *ret_ttl = read_u32(r);
    rdata = read_bytes(r, read_u16(r));
    if (r->failed || type == TYPE_OPT)
        return false;
    if (*ret_ttl > INT32_MAX) /* RFC 2181 section 8 */
        *ret_ttl = 0;
    /* RFC 2308 section 5: what is not there is remembered for as long as MINIMUM says, at most */
    if (is_negative && type == TYPE_SOA && rdata.len >= 4) {
        struct reader minimum = reader_of(slice_after(rdata, rdata.len - 4));
        uint32_t seconds = read_u32(&minimum);

        *ret_ttl = seconds < *ret_ttl ? seconds : *ret_ttl;
    }
    return true;
}

static bool find_max_age(struct slice dns, uint32_t *ret_seconds)
{
    struct reader r = reader_of(dns);
    struct header header = read_header(&r);
    size_t records = (size_t)header.ancount + header.nscount + header.arcount;
    uint32_t smallest = UINT32_MAX;

    for (unsigned i = 0; i < header.qdcount && !r.failed; i++) {
        skip_name(&r);
        read_bytes(&r, 4);
    }
    for (size_t i = 0; i < records && !r.failed; i++) {
        uint32_t ttl;

        if (read_ttl(&r, header.ancount == 0, &ttl) && ttl < smallest)
            smallest = ttl;
    }
    *ret_seconds = smallest == UINT32_MAX ? 0 : smallest;
    return !r.failed;
}

struct http_response doh_response(struct slice dns)
{
    struct http_response response = { .status = 200, .content_type = MEDIA_TYPE, .body = dns };

    response.has_max_age = find_max_age(dns, &response.max_age_s);
    return response;
}

struct http_response doh_refusal(unsigned status)
{
    static const struct {
        unsigned status;
        const char *text;
    } texts[] = {
        { 400, "400: there is no DNS query in this request, or it cannot be read (RFC 8484)\n" },
        { 404, "404: there is nothing at this path\n" },
        { 405, "405: DNS queries come by GET or POST\n" },
        { 413, "413: no DNS message is that long\n" },
        { 414, "414: the target is too long\n" },
        { 415, "415: a query is sent as content-type: " MEDIA_TYPE "\n" },
        { 431, "431: the header fields are too long, or too many\n" },
        { 503, "503: no more queries can be taken now\n" },
    };
    struct http_response response = { .status = status, .content_type = "text/plain" };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].status == status)
            response.body = slice_of(texts[i].text, strlen(texts[i].text));
    if (status == 405)
        response.allow = "GET, HEAD, POST";
    return response;
}
