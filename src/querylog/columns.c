/* querylog/columns.c - records as lines for people, in a terminal.
 *
 * Called by: tail.c. A text that is too long for its column pushes the others of its line aside.
 */
#include "querylog/columns.h"

#include "base/clock.h"
#include "dns/types.h"

#include <arpa/inet.h>
#include <stdio.h>

#define LINE_MAX_LEN (DNS_NAME_TEXT_MAX + 256)
#define NAME_WIDTH   36
#define DAY_S        86400

const char columns_head[] =
    "time (UTC)    client           over   name                                  type    "
    "rcode     from           ms  rule";

static const char *text_of_client(const union addr *client, char text[INET6_ADDRSTRLEN])
{
    const bool is_v6 = client->any.sa_family == AF_INET6;
    const void *bytes = is_v6 ? (const void *)&client->v6.sin6_addr : &client->v4.sin_addr;

    return inet_ntop(client->any.sa_family, bytes, text, INET6_ADDRSTRLEN) ? text : "?";
}

static const char *text_of_name(const struct log_view *v, char text[DNS_NAME_TEXT_MAX])
{
    if (!v->head->is_readable)
        return "(unreadable)";
    return name_to_text(v->qname, text, DNS_NAME_TEXT_MAX) > 0 ? text : "?";
}

/* "rate", or "(rate)" when it would have been against the query only. */
static const char *text_of_rule(const struct log_record *r, char text[64])
{
    if (!r->rule && !r->shadow)
        return "";
    snprintf(text, 64, r->rule ? "  %s" : "  (%s)", r->rule ? r->rule : r->shadow);
    return text;
}

static void write_line(struct pen *p, const struct log_view *v, const struct stamp *stamp,
                       unsigned frame)
{
    const struct log_record *r = v->head;
    const uint64_t ms = v->arrived_wall_ns / NS_PER_MS;
    const unsigned day_s = (unsigned)(ms / 1000 % DAY_S);
    char line[LINE_MAX_LEN], client[INET6_ADDRSTRLEN], name[DNS_NAME_TEXT_MAX], rule[64];
    char type[TYPE_TEXT_MAX], rcode[TYPE_TEXT_MAX];
    int len;

    (void)stamp;
    (void)frame;
    len = snprintf(
        line, sizeof line, "%02u:%02u:%02u.%03u  %-15s  %-5s  %-*s  %-6s  %-8s  %-8s %8.3f%s\n",
        day_s / 3600, day_s / 60 % 60, day_s % 60, (unsigned)(ms % 1000),
        text_of_client(&r->client, client), r->transport, NAME_WIDTH, text_of_name(v, name),
        r->is_readable ? type_to_text(r->qtype, type) : "-",
        r->response_len > 0 ? rcode_to_text(v->rcode, rcode) : "-",
        source_name((enum query_source)r->source), (double)r->took_ns / 1e6, text_of_rule(r, rule));
    pen_bytes(p, line, (size_t)len);
}

const struct format_ops format_columns = {
    .name = "columns",
    .write = write_line,
};
