/* base/addr.c - IP addresses with ports: read, written, compared. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

void addr_unmap(union addr *addr)
{
    union addr v4 = { .v4 = { .sin_family = AF_INET, .sin_port = addr->v6.sin6_port } };

    if (addr->any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&addr->v6.sin6_addr))
        return;
    memcpy(&v4.v4.sin_addr, addr->v6.sin6_addr.s6_addr + 12, sizeof v4.v4.sin_addr);
    *addr = v4;
}

err_t addr_parse(const char *host, uint16_t port, union addr *ret_addr)
{
    const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM };
    struct addrinfo *found;
    union addr addr = { 0 };

    /* inet_pton knows no scopes ("fe80::1%eth0"), getaddrinfo accepts "127.1": both must agree */
    if (!strchr(host, ':') && inet_pton(AF_INET, host, &addr.v4.sin_addr) != 1)
        return ERR_MALFORMED;
    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return ERR_MALFORMED;
    if (found->ai_family == AF_INET6)
        memcpy(&addr.v6, found->ai_addr, sizeof addr.v6);
    else
        memcpy(&addr.v4, found->ai_addr, sizeof addr.v4);
    freeaddrinfo(found);
    addr_unmap(&addr);
    if (addr.any.sa_family == AF_INET6)
        addr.v6.sin6_port = htons(port);
    else
        addr.v4.sin_port = htons(port);
    *ret_addr = addr;
    return OK;
}

const char *addr_format(const union addr *addr, char text[ADDR_TEXT_MAX])
{
    char host[ADDR_TEXT_MAX - 10];

    if (getnameinfo(&addr->any, addr_len(addr), host, sizeof host, NULL, 0, NI_NUMERICHOST) != 0)
        snprintf(host, sizeof host, "?");
    snprintf(text, ADDR_TEXT_MAX, addr->any.sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
             addr_port(addr));
    return text;
}

socklen_t addr_len(const union addr *addr)
{
    return addr->any.sa_family == AF_INET6 ? sizeof addr->v6 : sizeof addr->v4;
}

uint16_t addr_port(const union addr *addr)
{
    return ntohs(addr->any.sa_family == AF_INET6 ? addr->v6.sin6_port : addr->v4.sin_port);
}

bool addr_equal(const union addr *a, const union addr *b)
{
    if (a->any.sa_family != b->any.sa_family || addr_port(a) != addr_port(b))
        return false;
    if (a->any.sa_family != AF_INET6)
        return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return IN6_ARE_ADDR_EQUAL(&a->v6.sin6_addr, &b->v6.sin6_addr) &&
           a->v6.sin6_scope_id == b->v6.sin6_scope_id;
}

bool addr_is_wildcard(const union addr *addr)
{
    if (addr->any.sa_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&addr->v6.sin6_addr);
    return addr->v4.sin_addr.s_addr == htonl(INADDR_ANY);
}
