/* querylog/parts_json.c - parts of a record that the nested formats write in the same way.
 *
 * Called by: format_ecs.c, format_ocsf.c.
 */
#include "querylog/parts_json.h"

#include <string.h>

void json_time(struct pen *p, const char *name, uint64_t wall_ns)
{
    uint8_t *at;

    json_open_text(p, name);
    at = pen_open(p, PUT_TIME_MAX);
    if (at)
        pen_close(p, put_time(at, wall_ns));
    json_close_text(p);
}

void json_address(struct pen *p, const char *name, const union addr *addr)
{
    uint8_t *at;

    json_open_text(p, name);
    at = pen_open(p, PUT_IPV6_MAX);
    if (at)
        pen_close(p, put_address(at, addr));
    json_close_text(p);
}

static void json_hex(struct pen *p, const char *name, struct slice bytes)
{
    uint8_t *at;

    json_open_text(p, name);
    at = pen_room(p, 2 * bytes.len);
    if (at)
        put_hex(at, bytes);
    json_close_text(p);
}

void json_event_id(struct pen *p, const char *name, const struct stamp *stamp)
{
    uint8_t bytes[8];
    uint8_t *at;

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(stamp->stream >> (56 - 8 * i));
    json_open_text(p, name);
    at = pen_room(p, 2 * sizeof bytes);
    if (at)
        put_hex(at, slice_of(bytes, sizeof bytes));
    pen_byte(p, '-');
    pen_number(p, stamp->sequence);
    json_close_text(p);
}

const char *tls_number(const char *version)
{
    return strncmp(version, "TLS", 3) == 0 ? version + 3 : version;
}

void json_flags(struct pen *p, const char *name, uint16_t flags)
{
    uint8_t text[PUT_FLAGS_MAX], *end = put_flags(text, flags);

    json_text(p, name, slice_of(text, (size_t)(end - text)));
}

void json_house(struct pen *p, const struct log_view *v, const struct stamp *stamp)
{
    const struct log_record *r = v->head;
    struct slice shown = v->query;

    json_number(p, "lost", stamp->lost);
    if (stamp->sample > 1)
        json_number(p, "sample", stamp->sample);
    if (stamp->clients != CLIENTS_FULL)
        json_word(p, "clients", stamp->clients == CLIENTS_PREFIX ? "prefix" : "hashed");
    if (r->is_proven)
        json_true(p, "proven");
    json_word(p, "transport", r->transport);
    json_flags(p, "query_flags", r->flags);
    json_word(p, "source", source_name(r->source));
    if (r->look != LOOK_NONE)
        json_word(p, "cache", record_look_text(r->look));
    if (v->upstream.len > 0) {
        json_open(p, "upstream");
        json_text(p, "url", v->upstream);
        json_word(p, "transport", r->upstream_transport);
        json_close(p);
    }
    if (r->rule) {
        json_word(p, "action", action_name(r->action));
        if (r->rule_bits > 0)
            json_number(p, "rule_prefix", r->rule_bits);
    }
    if (r->shadow)
        json_text(p, "shadow_rule", slice_of_text(r->shadow));
    if (!r->is_readable && shown.len > 0) {
        shown.len = shown.len > MESSAGE_SHOWN ? MESSAGE_SHOWN : shown.len;
        json_hex(p, "message", shown);
    }
}

static void write_subnet(struct pen *p, struct slice subnet)
{
    uint8_t text[PUT_SUBNET_MAX], *end = put_subnet(text, subnet);

    if (end)
        json_text(p, "client_subnet", slice_of(text, (size_t)(end - text)));
}

void json_edns(struct pen *p, const struct log_view *v)
{
    const struct log_record *r = v->head;

    if (!r->has_edns)
        return;
    json_open(p, "edns");
    json_number(p, "version", r->edns_version);
    json_number(p, "udp_size", r->udp_size);
    if (r->dnssec_ok)
        json_true(p, "dnssec_ok");
    if (v->subnet.len > 0)
        write_subnet(p, v->subnet);
    json_close(p);
}

void json_extended_error(struct pen *p, const struct log_view *v)
{
    struct slice error = extended_error_of(v);

    if (error.len < 2)
        return;
    json_open(p, "extended_error");
    json_number(p, "code", code_at(error));
    if (error.len > 2)
        json_text(p, "text", slice_after(error, 2));
    json_close(p);
}
