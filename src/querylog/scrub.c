/* querylog/scrub.c - what in a message tells of the client, and is taken out.
 *
 * Called by: privacy.c.
 */
#include "querylog/scrub.h"

#include "dns/message.h"
#include "dns/types.h"

#define SUBNET_HEAD 4 /* family, two lengths in bits: RFC 7871 section 6 */

/* What these say is about the resolver, the zone or the message; cookies, subnets and the options
 * that nobody has registered are about the client. The IANA registry of EDNS0 option codes. */
static bool is_harmless(uint16_t code)
{
    static const uint16_t codes[] = {
        3 /* NSID */,       5 /* DAU */,      6 /* DHU */,           7 /* N3U */,
        11 /* keepalive */, 12 /* padding */, 13 /* CHAIN */,        14 /* key tag */,
        15 /* EDE */,       18 /* report */,  19 /* zone version */,
    };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i] == code)
            return true;
    return false;
}

bool scrub_subnet(uint8_t *option, size_t len, scrub_fn *hide, void *arg)
{
    uint8_t whole[16] = { 0 };
    size_t size, given = len - SUBNET_HEAD;

    if (len < SUBNET_HEAD || option[0] != 0 || (option[1] != 1 && option[1] != 2))
        return false;
    size = option[1] == 1 ? 4 : 16;
    if (given > size || option[2] > 8 * size)
        return false;
    memcpy(whole, option + SUBNET_HEAD, given);
    hide(arg, whole, size);
    for (size_t bit = option[2]; bit < 8 * size; bit++)
        whole[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
    memcpy(option + SUBNET_HEAD, whole, given);
    return true;
}

/* `options` are a part of the message that `room` is a copy of. */
static bool scrub_options(struct slice message, struct slice options, uint8_t *room, scrub_fn *hide,
                          void *arg)
{
    struct reader r;
    struct option option;

    if (options.len == 0)
        return true;
    r = reader_of(options);
    while (read_option(&r, &option)) {
        uint8_t *data = room + (option.data.data - message.data);

        if (option.code == EDNS_CLIENT_SUBNET && scrub_subnet(data, option.data.len, hide, arg))
            continue;
        if (!is_harmless(option.code))
            memset(data, 0, option.data.len);
    }
    return !r.failed;
}

/* Records beside the OPT may be a signature, whose key has a name. */
static bool has_only_opt(const struct message_query *q)
{
    return q->header.ancount == 0 && q->header.nscount == 0 &&
           q->header.arcount == (q->edns.present ? 1 : 0) && q->edns.version == 0;
}

struct slice scrub_query(struct slice message, uint8_t *room, scrub_fn *hide, void *arg)
{
    struct message_query q;

    if (message.len > DNS_MESSAGE_MAX || message_read_query(message, &q) != OK ||
        q.rcode == RCODE_FORMERR || !q.has_question || !has_only_opt(&q))
        return (struct slice){ 0 };
    memcpy(room, message.data, message.len);
    if (!scrub_options(message, q.edns.options, room, hide, arg))
        return (struct slice){ 0 };
    return slice_of(room, message.len);
}

struct slice scrub_response(struct slice message, uint8_t *room, scrub_fn *hide, void *arg)
{
    struct message m;

    if (message.len == DNS_HEADER_SIZE)
        return message;
    if (message_read_response(message, &m) != OK || m.edns.version != 0)
        return (struct slice){ 0 };
    memcpy(room, message.data, message.len);
    if (!scrub_options(message, m.edns.options, room, hide, arg))
        return (struct slice){ 0 };
    return slice_of(room, message.len);
}
