/* upstream/bootstrap_read.c - the addresses in a response of a bootstrap server.
 *
 * Called by: bootstrap.c. The message was checked record by record when it was read, and believed
 * because it answers our question; what it says may still be nonsense.
 */
#include "upstream/bootstrap.h"

#include "dns/message.h"
#include "dns/types.h"

#include <string.h>

#define TTL_SIGN 0x80000000u /* RFC 2181 section 8: such a TTL counts as 0 */

/* This network, multicast, and what is kept back: RFC 1122 section 3.2.1.3. */
static bool is_nobodys4(const uint8_t bytes[4])
{
    return bytes[0] == 0 || bytes[0] >= 224;
}

/* Multicast, ::, IPv4 in disguise, and link-local addresses, which mean nothing without a link. */
static bool is_nobodys6(const struct in6_addr *addr)
{
    return IN6_IS_ADDR_MULTICAST(addr) || IN6_IS_ADDR_UNSPECIFIED(addr) ||
           IN6_IS_ADDR_V4MAPPED(addr) || IN6_IS_ADDR_LINKLOCAL(addr);
}

static bool read_address(const struct record *record, uint16_t port, union addr *ret_addr)
{
    union addr addr = { 0 };

    if (record->type == TYPE_A && record->rdata.len == sizeof addr.v4.sin_addr) {
        addr.v4.sin_family = AF_INET;
        addr.v4.sin_port = htons(port);
        memcpy(&addr.v4.sin_addr, record->rdata.data, sizeof addr.v4.sin_addr);
        *ret_addr = addr;
        return !is_nobodys4(record->rdata.data);
    }
    if (record->type == TYPE_AAAA && record->rdata.len == sizeof addr.v6.sin6_addr) {
        addr.v6.sin6_family = AF_INET6;
        addr.v6.sin6_port = htons(port);
        memcpy(&addr.v6.sin6_addr, record->rdata.data, sizeof addr.v6.sin6_addr);
        *ret_addr = addr;
        return !is_nobodys6(&addr.v6.sin6_addr);
    }
    return false;
}

static bool is_new(const struct bootstrap_answer *answer, const union addr *addr)
{
    for (size_t i = 0; i < answer->count; i++)
        if (addr_equal(&answer->addrs[i], addr))
            return false;
    return true;
}

void bootstrap_read(const struct message *m, uint16_t port, struct bootstrap_answer *ret_answer)
{
    struct records records = message_records(m);
    struct record record;

    *ret_answer = (struct bootstrap_answer){ .is_usable = message_rcode(m) == RCODE_NOERROR,
                                             .ttl = UINT32_MAX };
    if (!ret_answer->is_usable)
        return;
    while (message_next_record(&records, &record) && record.section == SECTION_ANSWER) {
        uint32_t ttl = record.ttl & TTL_SIGN ? 0 : record.ttl;
        union addr addr;

        if (ttl < ret_answer->ttl)
            ret_answer->ttl = ttl;
        if (record.type == m->qtype && record.dns_class == CLASS_IN &&
            ret_answer->count < BOOK_MAX && read_address(&record, port, &addr) &&
            is_new(ret_answer, &addr))
            ret_answer->addrs[ret_answer->count++] = addr;
    }
}
