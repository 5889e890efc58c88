#ifndef SANDBOX_PORTS_H
#define SANDBOX_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Any of the 65536 ports. Starts as zeroes. */
struct ports {
    uint8_t bits[UINT16_MAX / 8 + 1];
};

void ports_add(struct ports *ports, uint16_t port);
bool ports_has(const struct ports *ports, uint16_t port);

/* The first one that is not below `from`, or -1. */
int ports_next(const struct ports *ports, unsigned from);

#define PORTS_TEXT_MAX 80

/* "53,853"; "none"; when there are many, "..." stands for the rest. Returns `text`. */
const char *ports_format(const struct ports *ports, char text[PORTS_TEXT_MAX]);

/* A number from 1 to 65535 and nothing else. */
bool port_parse(const char *text, uint16_t *ret_port);

#endif
