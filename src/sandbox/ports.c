/* sandbox/ports.c - sets of TCP ports. */
#include "sandbox/ports.h"

#include <stdio.h>
#include <string.h>

#define PORT_TEXT 6 /* a comma and five digits */
#define MORE      ",..."

void ports_add(struct ports *ports, uint16_t port)
{
    ports->bits[port / 8] |= (uint8_t)(1u << port % 8);
}

bool ports_has(const struct ports *ports, uint16_t port)
{
    return ports->bits[port / 8] >> port % 8 & 1;
}

int ports_next(const struct ports *ports, unsigned from)
{
    for (unsigned port = from; port <= UINT16_MAX; port++)
        if (ports_has(ports, (uint16_t)port))
            return (int)port;
    return -1;
}

const char *ports_format(const struct ports *ports, char text[PORTS_TEXT_MAX])
{
    size_t len = 0;
    int next = ports_next(ports, 0);

    snprintf(text, PORTS_TEXT_MAX, "none");
    for (; next >= 0 && PORTS_TEXT_MAX - len > PORT_TEXT + strlen(MORE); len = strlen(text)) {
        snprintf(text + len, PORTS_TEXT_MAX - len, "%s%d", len ? "," : "", next);
        next = ports_next(ports, (unsigned)next + 1);
    }
    if (next >= 0)
        snprintf(text + len, PORTS_TEXT_MAX - len, MORE);
    return text;
}

bool port_parse(const char *text, uint16_t *ret_port)
{
    size_t digits = strspn(text, "0123456789");
    unsigned port = 0;

    if (digits == 0 || digits > 5 || text[digits])
        return false;
    for (size_t i = 0; i < digits; i++)
        port = port * 10 + (unsigned)(text[i] - '0');
    *ret_port = (uint16_t)port;
    return port >= 1 && port <= UINT16_MAX;
}
