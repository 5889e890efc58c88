/* querylog/codes.c - the numbers of DNS by their names.
 *
 * Called by: the formats.
 */
#include "querylog/codes.h"

#include "dns/header.h"
#include "dns/types.h"

static uint8_t *put_code(uint8_t *at, const char *name, const char *otherwise, unsigned code)
{
    if (name)
        return put_bytes(at, name, strlen(name));
    return put_number(put_bytes(at, otherwise, strlen(otherwise)), code);
}

uint8_t *put_type(uint8_t *at, uint16_t type)
{
    return put_code(at, type_name(type), "TYPE", type);
}

uint8_t *put_class(uint8_t *at, uint16_t dns_class)
{
    return put_code(at, class_name(dns_class), "CLASS", dns_class);
}

uint8_t *put_rcode(uint8_t *at, uint16_t rcode)
{
    return put_code(at, rcode_name(rcode), "RCODE", rcode);
}

static uint8_t *put_opcode(uint8_t *at, unsigned opcode)
{
    static const char *const names[] = {
        [OPCODE_QUERY] = "QUERY",   [OPCODE_IQUERY] = "IQUERY", [OPCODE_STATUS] = "STATUS",
        [OPCODE_NOTIFY] = "NOTIFY", [OPCODE_UPDATE] = "UPDATE", [OPCODE_DSO] = "DSO",
    };
    const char *name = opcode < sizeof names / sizeof *names ? names[opcode] : NULL;

    return put_code(at, name, "OPCODE", opcode);
}

void pen_type(struct pen *p, uint16_t type)
{
    uint8_t *at = pen_open(p, PUT_CODE_MAX);

    if (at)
        pen_close(p, put_type(at, type));
}

void pen_class(struct pen *p, uint16_t dns_class)
{
    uint8_t *at = pen_open(p, PUT_CODE_MAX);

    if (at)
        pen_close(p, put_class(at, dns_class));
}

void pen_rcode(struct pen *p, uint16_t rcode)
{
    uint8_t *at = pen_open(p, PUT_CODE_MAX);

    if (at)
        pen_close(p, put_rcode(at, rcode));
}

void pen_opcode(struct pen *p, unsigned opcode)
{
    uint8_t *at = pen_open(p, PUT_CODE_MAX);

    if (at)
        pen_close(p, put_opcode(at, opcode));
}
