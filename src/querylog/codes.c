/* querylog/codes.c - the numbers of DNS by their names.
 *
 * Called by: the formats.
 */
#include "querylog/codes.h"

#include "dns/header.h"
#include "dns/types.h"

static void write_code(struct pen *p, const char *name, const char *otherwise, unsigned code)
{
    pen_text(p, name ? name : otherwise);
    if (!name)
        pen_number(p, code);
}

void pen_type(struct pen *p, uint16_t type)
{
    write_code(p, type_name(type), "TYPE", type);
}

void pen_class(struct pen *p, uint16_t dns_class)
{
    write_code(p, class_name(dns_class), "CLASS", dns_class);
}

void pen_rcode(struct pen *p, uint16_t rcode)
{
    write_code(p, rcode_name(rcode), "RCODE", rcode);
}

void pen_opcode(struct pen *p, unsigned opcode)
{
    static const char *const names[] = {
        [OPCODE_QUERY] = "QUERY",   [OPCODE_IQUERY] = "IQUERY", [OPCODE_STATUS] = "STATUS",
        [OPCODE_NOTIFY] = "NOTIFY", [OPCODE_UPDATE] = "UPDATE", [OPCODE_DSO] = "DSO",
    };

    write_code(p, opcode < sizeof names / sizeof *names ? names[opcode] : NULL, "OPCODE", opcode);
}
