/* sandbox/ports.c - sets of TCP ports. */
#include "sandbox/ports.h"

#include <stdio.h>
#include <string.h>

#define PORT_TEXT 6 /* a comma and five digits */

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

    strcpy(text, "none");
    for (int port = ports_next(ports, 0); port >= 0; port = ports_next(ports, (unsigned)port + 1)) {
        bool has_room = len + PORT_TEXT + sizeof ",..." <= PORTS_TEXT_MAX;

        if (!has_room) {
            strcpy(text + len, ",...");
            break;
        }
        len += (size_t)sprintf(text + len, "%s%d", len ? "," : "", port);
    }
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
