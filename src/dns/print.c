/* dns/print.c - a response as a person reads it.
 *
 * Called by: the command that asks one question. Looks like the output of dig, so that eyes and
 * tools that know one know the other.
 */
#include "dns/print.h"

#include "dns/rdata.h"
#include "dns/rdata_print.h"
#include "dns/types.h"

static const struct {
    uint16_t flag;
    const char *name;
} flags[] = {
    { DNS_QR, "qr" }, { DNS_AA, "aa" }, { DNS_TC, "tc" }, { DNS_RD, "rd" },
    { DNS_RA, "ra" }, { DNS_Z, "z" },   { DNS_AD, "ad" }, { DNS_CD, "cd" },
};

static void print_header(FILE *out, const struct message *m)
{
    char rcode[TYPE_TEXT_MAX];

    fprintf(out, ";; ->>HEADER<<- opcode: QUERY, status: %s, id: %u\n;; flags:",
            rcode_to_text(message_rcode(m), rcode), m->header.id);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (m->header.flags & flags[i].flag)
            fprintf(out, " %s", flags[i].name);
    fprintf(out, "; QUERY: %u, ANSWER: %u, AUTHORITY: %u, ADDITIONAL: %u\n", m->header.qdcount,
            m->header.ancount, m->header.nscount, m->header.arcount);
}

static void print_extended_error(FILE *out, struct slice data)
{
    struct reader r = reader_of(data);
    const uint16_t code = read_u16(&r);
    const char *name = ede_name(code);
    struct slice text = read_rest(&r);

    if (r.failed)
        return;
    fprintf(out, "; EDE: %u", code);
    if (name)
        fprintf(out, " (%s)", name);
    if (text.len) {
        fputs(": ", out);
        print_quoted(out, text);
    }
    fputc('\n', out);
}

static void print_option(FILE *out, struct option option)
{
    if (option.code == EDNS_EXTENDED_ERROR) {
        print_extended_error(out, option.data);
        return;
    }
    if (option.code == EDNS_PADDING) {
        fprintf(out, "; PADDING: %zu bytes\n", option.data.len);
        return;
    }
    fprintf(out, "; OPT=%u: ", option.code);
    print_hex(out, option.data);
    fputc('\n', out);
}

static void print_edns(FILE *out, const struct edns *edns)
{
    struct reader r = reader_of(edns->options);
    struct option option;

    fprintf(out, "; EDNS: version: %u, flags:%s; udp: %u\n", edns->version,
            edns->dnssec_ok ? " do" : "", edns->udp_size);
    if (edns->has_keepalive)
        fprintf(out, "; KEEPALIVE: %u.%u s\n", edns->keepalive_timeout / 10,
                edns->keepalive_timeout % 10);
    while (read_option(&r, &option))
        if (option.code != EDNS_TCP_KEEPALIVE)
            print_option(out, option);
}

static void print_question(FILE *out, const struct message *m)
{
    char dns_class[TYPE_TEXT_MAX], type[TYPE_TEXT_MAX];

    fputs(";; QUESTION SECTION:\n;", out);
    print_name(out, m->question_name);
    fprintf(out, "\t\t%s\t%s\n", class_to_text(m->qclass, dns_class), type_to_text(m->qtype, type));
}

static void print_record(FILE *out, const struct message *m, const struct record *rr)
{
    char dns_class[TYPE_TEXT_MAX], type[TYPE_TEXT_MAX];
    uint8_t owner[DNS_NAME_MAX];
    struct reader r = reader_of(m->wire);

    read_bytes(&r, rr->start);
    print_name(out, slice_of(owner, name_expand(&r, owner)));
    fprintf(out, "\t%u\t%s\t%s\t", rr->ttl, class_to_text(rr->dns_class, dns_class),
            type_to_text(rr->type, type));
    rdata_print(out, rdata_reader(m->wire, rr->rdata), type_layout(rr->type, rr->dns_class));
    fputc('\n', out);
}

static const char *section_title(enum message_section section)
{
    switch (section) {
    case SECTION_ANSWER:
        return "ANSWER";
    case SECTION_AUTHORITY:
        return "AUTHORITY";
    case SECTION_ADDITIONAL:
        return "ADDITIONAL";
    }
    return "";
}

static void print_section(FILE *out, const struct message *m, enum message_section section)
{
    struct records records = message_records(m);
    struct record rr;
    bool has_title = false;

    while (message_next_record(&records, &rr)) {
        if (rr.section != section || rr.type == TYPE_OPT)
            continue;
        if (!has_title)
            fprintf(out, "\n;; %s SECTION:\n", section_title(section));
        has_title = true;
        print_record(out, m, &rr);
    }
}

void message_print(FILE *out, const struct message *m)
{
    print_header(out, m);
    fputc('\n', out);
    if (m->edns.present) {
        fputs(";; OPT PSEUDOSECTION:\n", out);
        print_edns(out, &m->edns);
    }
    print_question(out, m);
    print_section(out, m, SECTION_ANSWER);
    print_section(out, m, SECTION_AUTHORITY);
    print_section(out, m, SECTION_ADDITIONAL);
}
