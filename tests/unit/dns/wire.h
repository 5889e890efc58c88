#ifndef UNIT_DNS_WIRE_H
#define UNIT_DNS_WIRE_H

#include "dns/message.h"
#include "dns/types.h"
#include "unit/test.h"

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)

/* The wire form of a name given as text; lives until the program ends. */
struct slice name_of(const char *text);
#define NAME(text) name_of(text)

/* A message in the making, in a room of its own. */
struct wire {
    struct writer w;
    uint8_t room[DNS_MESSAGE_MAX];
};

void wire_header(struct wire *m, uint16_t flags, uint16_t qd, uint16_t an, uint16_t ns,
                 uint16_t ar);
void wire_question(struct wire *m, const char *name, uint16_t qtype);
void wire_record(struct wire *m, struct slice owner, uint16_t type, struct slice rdata);
void wire_opt(struct wire *m, uint32_t ttl, struct slice options);

/* A query for the addresses of `name`, as it was read; the slices in it are empty. */
struct message_query client_for(const char *name, uint16_t flags, bool has_edns);

#define TO_QUESTION BYTES("\xc0\x0c")
#define WIRE_ID     0x1234
#define WIRE_TTL    300

#endif
