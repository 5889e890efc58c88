/* querylog/parts.c - parts of a record that several formats write.
 *
 * Called by: the formats.
 */
#include "querylog/parts.h"

#include "dns/header.h"

enum subnet_family { SUBNET_IPV4 = 1, SUBNET_IPV6 = 2 }; /* RFC 7871 section 6 */

uint8_t *put_address(uint8_t *at, const union addr *addr)
{
    if (addr->any.sa_family == AF_INET6)
        return put_ipv6(at, addr->v6.sin6_addr.s6_addr);
    return put_ipv4(at, (const uint8_t *)&addr->v4.sin_addr);
}

uint8_t *put_flags(uint8_t *at, uint16_t flags)
{
    static const struct {
        uint16_t bit;
        char text[3];
    } names[] = { { DNS_AA, "aa " }, { DNS_TC, "tc " }, { DNS_RD, "rd " },
                  { DNS_RA, "ra " }, { DNS_AD, "ad " }, { DNS_CD, "cd " } };
    uint8_t *start = at;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        memcpy(at, names[i].text, sizeof names[i].text);
        at += flags & names[i].bit ? sizeof names[i].text : 0;
    }
    return at - (at > start);
}

uint8_t *put_subnet(uint8_t *at, struct slice option)
{
    struct reader r = reader_of(option);
    uint16_t family = read_u16(&r);
    uint8_t bits = read_u8(&r);
    uint8_t scope = read_u8(&r);
    struct slice prefix = read_rest(&r);
    uint8_t address[16] = { 0 };
    size_t size = family == SUBNET_IPV4 ? 4 : 16;

    (void)scope;
    if (r.failed || (family != SUBNET_IPV4 && family != SUBNET_IPV6) || prefix.len > size ||
        bits > 8 * size)
        return NULL;
    if (prefix.len > 0)
        memcpy(address, prefix.data, prefix.len);
    at = family == SUBNET_IPV4 ? put_ipv4(at, address) : put_ipv6(at, address);
    *at++ = '/';
    return put_number(at, bits);
}
