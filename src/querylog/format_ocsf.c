/* querylog/format_ocsf.c - the Open Cybersecurity Schema Framework 1.5: class 4003, DNS Activity,
 * with the profile security_control.
 *
 * What that has no attribute for stands below `unmapped`. Names have no final dot there.
 */
#include "base/clock.h"
#include "dns/types.h"
#include "querylog/answers.h"
#include "querylog/codes.h"
#include "querylog/format.h"
#include "querylog/parts_json.h"

#include <string.h>

#define OCSF_VERSION "1.5.0"
#define CATEGORY     4 /* network activity */
#define CLASS        4003

/* A number of the schema and its caption. */
struct caption {
    unsigned id;
    const char *text;
};

static const struct caption query_alone = { 1, "Query" }, query_and_response = { 6, "Traffic" };

static struct caption activity_of(const struct log_view *v)
{
    return v->response.len > 0 ? query_and_response : query_alone;
}

static void write_caption(struct pen *p, const char *id_name, const char *name, struct caption c)
{
    json_number(p, id_name, c.id);
    json_word(p, name, c.text);
}

static void write_class(struct pen *p, const struct log_view *v)
{
    struct caption activity = activity_of(v);

    write_caption(p, "activity_id", "activity_name", activity);
    write_caption(p, "category_uid", "category_name",
                  (struct caption){ CATEGORY, "Network Activity" });
    write_caption(p, "class_uid", "class_name", (struct caption){ CLASS, "DNS Activity" });
    json_number(p, "type_uid", CLASS * 100 + activity.id);
    json_open_text(p, "type_name");
    PEN_LITERAL(p, "DNS Activity: ");
    pen_text(p, activity.text);
    json_close_text(p);
    write_caption(p, "severity_id", "severity", (struct caption){ 1, "Informational" });
}

static void write_times(struct pen *p, const struct log_view *v)
{
    uint64_t start_ms = v->arrived_wall_ns / NS_PER_MS;
    uint64_t end_ms = (v->arrived_wall_ns + v->head->took_ns) / NS_PER_MS;

    json_number(p, "time", start_ms);
    json_number(p, "start_time", start_ms);
    json_number(p, "end_time", end_ms);
    json_number(p, "duration", v->head->took_ns / NS_PER_MS);
    json_number(p, "query_time", start_ms);
    if (v->response.len > 0)
        json_number(p, "response_time", end_ms);
}

static void write_metadata(struct pen *p, const struct stamp *stamp)
{
    json_open(p, "metadata");
    json_word(p, "version", OCSF_VERSION);
    json_open(p, "product");
    json_word(p, "name", "dotproxy");
    json_word(p, "vendor_name", "dotproxy");
    json_word(p, "version", DOTPROXY_VERSION);
    json_close(p);
    json_open_list(p, "profiles");
    json_word(p, NULL, "security_control");
    json_close_list(p);
    json_word(p, "log_name", "query_log");
    if (stamp->identity[0])
        json_text(p, "log_provider", slice_of_text(stamp->identity));
    json_number(p, "sequence", stamp->sequence);
    json_event_id(p, "uid", stamp);
    json_close(p);
}

/* An endpoint must have an address or a name; a listener on all addresses has none that is known.
 */
static void write_endpoints(struct pen *p, const struct log_view *v, const struct stamp *stamp)
{
    const struct log_record *r = v->head;

    json_open(p, "src_endpoint");
    json_address(p, "ip", &r->client);
    if (shows_port(r, stamp))
        json_number(p, "port", addr_port(&r->client));
    json_close(p);
    json_open(p, "dst_endpoint");
    if (!addr_is_wildcard(&r->listener))
        json_address(p, "ip", &r->listener);
    json_number(p, "port", addr_port(&r->listener));
    json_word(p, "svc_name", "dns");
    json_close(p);
}

static void write_connection(struct pen *p, const struct log_view *v)
{
    const struct log_record *r = v->head;
    bool is_udp = strcmp(r->transport, "udp") == 0;

    json_open(p, "connection_info");
    write_caption(p, "direction_id", "direction", (struct caption){ 1, "Inbound" });
    write_caption(p, "protocol_num", "protocol_name",
                  is_udp ? (struct caption){ IPPROTO_UDP, "udp" }
                         : (struct caption){ IPPROTO_TCP, "tcp" });
    json_number(p, "protocol_ver_id", r->client.any.sa_family == AF_INET6 ? 6 : 4);
    json_close(p);
    json_open(p, "traffic"); /* as the client sees it */
    json_number(p, "bytes_out", r->query_len);
    json_number(p, "bytes_in", v->response.len);
    json_number(p, "bytes", r->query_len + v->response.len);
    json_close(p);
    if (!r->tls_version[0])
        return;
    json_open(p, "tls");
    json_word(p, "version", tls_number(r->tls_version));
    if (v->sni.len > 0)
        json_text(p, "sni", v->sni);
    json_close(p);
}

static struct caption opcode_caption(unsigned opcode)
{
    static const char *const captions[] = {
        "Query", "Inverse Query", "Status", "Reserved", "Notify", "Update", "DSO Message",
    };

    if (opcode < sizeof captions / sizeof *captions)
        return (struct caption){ opcode, captions[opcode] };
    return (struct caption){ 99, "Other" };
}

static struct slice write_query(struct pen *p, const struct log_view *v)
{
    const struct log_record *r = v->head;
    struct slice qname;

    json_open(p, "query");
    json_open_text(p, "hostname");
    qname = pen_json_name(p, v->qname, WITHOUT_DOT);
    json_close_text(p);
    json_open_text(p, "type");
    pen_type(p, r->qtype);
    json_close_text(p);
    json_open_text(p, "class");
    pen_class(p, r->qclass);
    json_close_text(p);
    json_number(p, "packet_uid", r->id);
    write_caption(p, "opcode_id", "opcode", opcode_caption(opcode_of(r->flags)));
    json_close(p);
    return qname;
}

static void write_flag_ids(struct pen *p, uint16_t flags)
{
    static const uint16_t bits[] = { DNS_AA, DNS_TC, DNS_RD, DNS_RA, DNS_AD, DNS_CD };

    json_open_list(p, "flag_ids");
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        if (flags & bits[i])
            json_number(p, NULL, i + 1);
    json_close_list(p);
}

static bool write_answers(struct pen *p, const struct log_view *v)
{
    struct answers a;

    answers_begin(&a, v, p, (struct slice){ 0 }, WITHOUT_DOT);
    if (a.left == 0)
        return false;
    json_open_list(p, "answers");
    while (answers_next(&a, p)) {
        json_open(p, NULL);
        json_open_text(p, "rdata");
        answers_write_data(p, &a);
        json_close_text(p);
        json_open_text(p, "type");
        answers_write_type(p, &a);
        json_close_text(p);
        json_open_text(p, "class");
        answers_write_class(p, &a);
        json_close_text(p);
        json_number(p, "ttl", a.rr.ttl);
        write_flag_ids(p, v->message.header.flags);
        json_close(p);
    }
    json_close_list(p);
    return a.is_cut;
}

static struct caption rcode_caption(uint16_t rcode)
{
    static const char *const captions[] = {
        "NoError",  "FormError", "ServError", "NXDomain", "NotImp",  "Refused",
        "YXDomain", "YXRRSet",   "NXRRSet",   "NotAuth",  "NotZone", "DSOTYPENI",
    };

    if (rcode < sizeof captions / sizeof *captions)
        return (struct caption){ rcode, captions[rcode] };
    if (rcode == RCODE_BADVERS) /* or a bad signature, which is as the schema has it until 1.9 */
        return (struct caption){ rcode, "BADSIG_VERS" };
    if (rcode > RCODE_BADVERS && rcode <= RCODE_BADCOOKIE)
        return (struct caption){ rcode, rcode_name(rcode) };
    if (rcode <= 3840) /* RFC 6895 section 2.3 */
        return (struct caption){ 24, "Unassigned" };
    return (struct caption){ 25, "Reserved" };
}

static void write_outcome(struct pen *p, const struct log_view *v)
{
    struct slice error = extended_error_of(v);
    bool is_good = v->response.len > 0 && (v->rcode == RCODE_NOERROR || v->rcode == RCODE_NXDOMAIN);

    if (v->response.len >= DNS_HEADER_SIZE)
        write_caption(p, "rcode_id", "rcode", rcode_caption(v->rcode));
    write_caption(p, "status_id", "status",
                  is_good ? (struct caption){ 1, "Success" } : (struct caption){ 2, "Failure" });
    if (error.len > 2)
        json_text(p, "status_detail", slice_after(error, 2));
}

/* What the rules made of it: the profile security_control. */
static void write_disposition(struct pen *p, const struct log_record *r)
{
    static const struct caption allowed = { 1, "Allowed" }, denied = { 2, "Denied" },
                                observed = { 3, "Observed" };
    struct caption action = r->shadow ? observed : allowed;
    struct caption disposition = r->shadow ? (struct caption){ 17, "Logged" } : allowed;

    switch ((enum action)r->action) {
    case ACTION_PASS:
        break;
    case ACTION_ANSWER:
        action = (struct caption){ 4, "Modified" };
        disposition = (struct caption){ 99, "Answered locally" };
        break;
    case ACTION_CACHE_ONLY:
        action = denied;
        disposition = (struct caption){ 99, "Cache only" };
        break;
    case ACTION_BADCOOKIE: /* a real client comes again, with our cookie or by TCP */
    case ACTION_TRUNCATE:
        action = denied;
        disposition = (struct caption){ 23, "Challenge" };
        break;
    case ACTION_REFUSE:
        action = denied;
        disposition = (struct caption){ 2, "Blocked" };
        break;
    case ACTION_DROP:
        action = denied;
        disposition = (struct caption){ 6, "Dropped" };
        break;
    }
    write_caption(p, "action_id", "action", action);
    write_caption(p, "disposition_id", "disposition", disposition);
    if (!r->rule && !r->shadow)
        return;
    json_open(p, "firewall_rule");
    json_text(p, "name", slice_of_text(r->rule ? r->rule : r->shadow));
    json_close(p);
}

static void write_observables(struct pen *p, const struct log_view *v, struct slice qname)
{
    json_open_list(p, "observables");
    json_open(p, NULL);
    json_word(p, "name", "src_endpoint.ip");
    write_caption(p, "type_id", "type", (struct caption){ 2, "IP Address" });
    json_address(p, "value", &v->head->client);
    json_close(p);
    if (qname.len > 0) {
        json_open(p, NULL);
        json_word(p, "name", "query.hostname");
        write_caption(p, "type_id", "type", (struct caption){ 1, "Hostname" });
        json_open_text(p, "value");
        pen_bytes(p, qname.data, qname.len);
        json_close_text(p);
        json_close(p);
    }
    json_close_list(p);
}

static void write_unmapped(struct pen *p, const struct log_view *v, const struct stamp *stamp,
                           bool is_cut)
{
    json_open(p, "unmapped");
    json_house(p, v, stamp);
    json_edns(p, v);
    json_extended_error(p, v);
    if (v->response.len >= DNS_HEADER_SIZE)
        json_flags(p, "response_flags", flags_of(v->response)); /* without an answer, only here */
    if (!v->head->is_readable) {
        json_number(p, "id", v->head->id);
        json_open_text(p, "opcode");
        pen_opcode(p, opcode_of(v->head->flags));
        json_close_text(p);
    }
    if (is_cut)
        json_true(p, "answers_cut");
    json_close(p);
}

static void write(struct pen *p, const struct log_view *v, const struct stamp *stamp,
                  unsigned frame)
{
    struct slice qname = { 0 };
    bool is_cut;

    (void)frame;
    json_open(p, NULL);
    write_class(p, v);
    write_times(p, v);
    write_metadata(p, stamp);
    write_endpoints(p, v, stamp);
    write_connection(p, v);
    if (v->head->is_readable)
        qname = write_query(p, v);
    is_cut = write_answers(p, v);
    write_outcome(p, v);
    write_disposition(p, v->head);
    write_observables(p, v, qname);
    write_unmapped(p, v, stamp, is_cut);
    json_close(p);
    pen_byte(p, '\n');
}

const struct format_ops format_ocsf = {
    .name = "ocsf",
    .write = write,
};
