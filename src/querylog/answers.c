/* querylog/answers.c - what a response says, for the formats that are JSON.
 *
 * Called by: the formats. Addresses and aliases, which most records are, are written directly; all
 * others by dns/rdata_print.c, through a stream that takes longer.
 */
#include "querylog/answers.h"

#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/rdata_print.h"
#include "dns/types.h"
#include "querylog/codes.h"

#include <stdlib.h>

#define BIT_MAP_MAX         512
#define POINTER_TO_QUESTION (0xc000u | DNS_HEADER_SIZE)

void answers_begin(struct answers *a, const struct log_view *view, const struct pen *p,
                   struct slice qname_text, enum pen_dot dot)
{
    a->view = view;
    a->qname_text = qname_text;
    a->dot = dot;
    a->start = p->next;
    a->is_cut = false;
    a->left = 0;
    if (!view->has_message)
        return;
    a->next = message_records(&view->message);
    a->left = view->message.header.ancount;
}

bool answers_next(struct answers *a, const struct pen *p)
{
    if (a->left == 0)
        return false;
    if (p->next - a->start > ANSWERS_MAX) {
        a->is_cut = true;
        return false;
    }
    a->left--;
    return message_next_record(&a->next, &a->rr);
}

static void write_name_at(struct pen *p, struct reader r, enum pen_dot dot)
{
    uint8_t name[DNS_NAME_MAX];

    pen_json_name(p, slice_of(name, name_expand(&r, name)), dot);
}

void answers_write_name(struct pen *p, const struct answers *a)
{
    struct reader owner = reader_of(a->view->message.wire);
    struct reader ahead;

    read_bytes(&owner, a->rr.start);
    ahead = owner;
    if (a->qname_text.len > 0 && read_u16(&ahead) == POINTER_TO_QUESTION)
        pen_bytes(p, a->qname_text.data, a->qname_text.len);
    else
        write_name_at(p, owner, a->dot);
}

void answers_write_type(struct pen *p, const struct answers *a)
{
    pen_type(p, a->rr.type);
}

void answers_write_class(struct pen *p, const struct answers *a)
{
    pen_class(p, a->rr.dns_class);
}

/* A bit map of types (the last field) that is longer than an honest one becomes hundreds of times
 * as long when it is printed: then the RDATA is written as if its type were unknown. */
static bool is_bloated(struct reader rdata, const char *layout)
{
    return reader_left(&rdata) > BIT_MAP_MAX && strchr(layout, 'm');
}

static void write_printed(struct pen *p, struct reader rdata, const char *layout)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out) {
        p->is_too_long = true;
        return;
    }
    rdata_print(out, rdata, is_bloated(rdata, layout) ? "" : layout);
    fclose(out);
    pen_json_again(p, slice_of(text, len));
    free(text);
}

const uint8_t *answers_address(const struct answers *a, bool *ret_is_ipv6)
{
    const struct record *rr = &a->rr;

    *ret_is_ipv6 = rr->type == TYPE_AAAA;
    if (rr->dns_class != CLASS_IN)
        return NULL;
    if ((rr->type == TYPE_A && rr->rdata.len == 4) ||
        (rr->type == TYPE_AAAA && rr->rdata.len == 16))
        return rr->rdata.data;
    return NULL;
}

void answers_write_data(struct pen *p, const struct answers *a)
{
    const struct record *rr = &a->rr;
    struct reader r = rdata_reader(a->view->message.wire, rr->rdata);
    const char *layout = type_layout(rr->type, rr->dns_class);
    bool is_ipv6;
    const uint8_t *address = answers_address(a, &is_ipv6);
    uint8_t *at = pen_open(p, PUT_IPV6_MAX);

    if (!at)
        return;
    if (address)
        pen_close(p, is_ipv6 ? put_ipv6(at, address) : put_ipv4(at, address));
    else if (layout[0] == 'n' && layout[1] == '\0')
        write_name_at(p, r, a->dot);
    else
        write_printed(p, r, layout);
}
