/* querylog/answers.c - what a response says, as part of a JSON object.
 *
 * Called by: the formats that are JSON. Addresses and aliases, which most records are, are written
 * directly; all others by dns/rdata_print.c, through a stream that takes longer.
 */
#include "querylog/answers.h"

#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/rdata_print.h"
#include "dns/types.h"

#include <stdlib.h>

static void write_printed(struct pen *p, struct reader rdata, const char *layout)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out) {
        p->is_too_long = true;
        return;
    }
    rdata_print(out, rdata, layout);
    fclose(out);
    pen_json(p, slice_of(text, len));
    free(text);
}

static void write_name_at(struct pen *p, struct reader r)
{
    uint8_t name[DNS_NAME_MAX];

    pen_json_name(p, slice_of(name, name_expand(&r, name)));
}

void answers_write_data(struct pen *p, const struct message *m, const struct record *rr)
{
    bool is_internet = rr->dns_class == CLASS_IN;
    struct reader r = rdata_reader(m->wire, rr->rdata);

    if (rr->type == TYPE_A && is_internet && rr->rdata.len == 4)
        pen_ipv4(p, rr->rdata.data);
    else if (rr->type == TYPE_AAAA && is_internet && rr->rdata.len == 16)
        pen_ipv6(p, rr->rdata.data);
    else if (rr->type == TYPE_CNAME || rr->type == TYPE_NS || rr->type == TYPE_PTR)
        write_name_at(p, r);
    else
        write_printed(p, r, type_layout(rr->type, rr->dns_class));
}

static void write_record(struct pen *p, const struct message *m, const struct record *rr)
{
    struct reader owner = reader_of(m->wire);
    char type[TYPE_TEXT_MAX];

    read_bytes(&owner, rr->start);
    PEN_LITERAL(p, "{\"name\":\"");
    write_name_at(p, owner);
    PEN_LITERAL(p, "\",\"type\":\"");
    pen_text(p, type_to_text(rr->type, type));
    PEN_LITERAL(p, "\",\"ttl\":");
    pen_number(p, rr->ttl);
    PEN_LITERAL(p, ",\"data\":\"");
    answers_write_data(p, m, rr);
    PEN_LITERAL(p, "\"}");
}

void answers_write_json(struct pen *p, const struct message *m)
{
    struct records records = message_records(m);
    struct record rr;
    bool is_first = true;

    if (m->header.ancount == 0)
        return;
    PEN_LITERAL(p, ",\"answers\":[");
    while (message_next_record(&records, &rr) && rr.section == SECTION_ANSWER) {
        if (!is_first)
            pen_byte(p, ',');
        write_record(p, m, &rr);
        is_first = false;
    }
    pen_byte(p, ']');
}
