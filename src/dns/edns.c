/* dns/edns.c - the OPT record and its options: RFC 6891 section 6.1.
 *
 * Called by: message.c. Options that are not in the list are ignored (section 6.1.2).
 */
#include "dns/edns.h"

#define DO_BIT 0x8000u /* RFC 3225 section 3 */

bool read_option(struct reader *r, struct option *ret_option)
{
    uint16_t code, len;

    if (reader_left(r) == 0)
        return false;
    code = read_u16(r);
    len = read_u16(r);
    *ret_option = (struct option){ code, read_bytes(r, len) };
    return !r->failed;
}

static void note_first(struct slice *noted, struct slice data)
{
    if (!noted->data)
        *noted = data;
}

/* RFC 7828 section 3.1: without a timeout from clients, with one from servers. Other lengths say
 * nothing, and no rule makes them an error. */
static void note_keepalive(struct edns *e, struct slice data)
{
    struct reader r = reader_of(data);

    if (data.len == 0)
        e->wants_keepalive = true;
    if (data.len != 2)
        return;
    e->has_keepalive = true;
    e->keepalive_timeout = read_u16(&r);
}

static void note_option(struct edns *e, struct option option)
{
    if (option.code == EDNS_CLIENT_SUBNET)
        note_first(&e->client_subnet, option.data);
    else if (option.code == EDNS_COOKIE)
        note_first(&e->cookie, option.data);
    else if (option.code == EDNS_TCP_KEEPALIVE)
        note_keepalive(e, option.data);
    else if (option.code == EDNS_PADDING)
        e->padded = true;
    else if (option.code == EDNS_EXTENDED_ERROR && option.data.len >= 2)
        note_first(&e->extended_error, option.data);
}

err_t read_edns(uint16_t udp_size, uint32_t ttl, struct slice options, struct edns *ret_edns)
{
    struct reader r = reader_of(options);
    struct option option;

    *ret_edns = (struct edns){
        .present = true,
        .dnssec_ok = (ttl & DO_BIT) != 0,
        .version = (uint8_t)(ttl >> 16),
        .extended_rcode = (uint8_t)(ttl >> 24),
        .udp_size = udp_size < DNS_UDP_SIZE_MIN ? DNS_UDP_SIZE_MIN : udp_size,
        .options = slice_of(options.data, 0),
    };
    /* another version may lay its options out differently: RFC 6891 section 6.1.3 */
    if (ret_edns->version != 0)
        return OK;
    while (read_option(&r, &option))
        note_option(ret_edns, option);
    if (r.failed)
        return ERR_MALFORMED;
    ret_edns->options = options;
    return OK;
}
