/* querylog/filter.c - which records a stream takes.
 *
 * Called by: outlet.c, query_log_config.c (to find what is wrong).
 */
#include "querylog/filter.h"

#include "dns/suffix_set.h"
#include "dns/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define RCODE_OF_NOTHING UINT16_MAX /* there was no response */

struct reading {
    filter_fault_fn *fault;
    void *arg;
    bool is_faulty;
};

static void tell(struct reading *r, const char *option, const char *text, const char *why)
{
    char told[256];

    snprintf(told, sizeof told, "%.100s %s", text, why);
    r->fault(r->arg, option, told);
    r->is_faulty = true;
}

static err_t read_clients(struct filter *f, const struct strings *texts, struct reading *r)
{
    f->clients.items = calloc(texts->count + 1, sizeof *f->clients.items);
    if (!f->clients.items)
        return ERR_NOMEM;
    for (size_t i = 0; i < texts->count; i++)
        if (prefix_parse(texts->items[i], &f->clients.items[f->clients.count]) == OK)
            f->clients.count++;
        else
            tell(r, "clients_from", texts->items[i],
                 "is no prefix; write 192.0.2.0/24, or one address");
    return OK;
}

static err_t read_names(struct filter *f, const struct strings *texts, struct reading *r)
{
    struct suffix *suffixes = calloc(texts->count + 1, sizeof *suffixes);
    uint8_t *room = calloc(texts->count + 1, DNS_NAME_MAX);
    err_t err = suffixes && room ? OK : ERR_NOMEM;
    size_t count = 0;

    for (size_t i = 0; err == OK && i < texts->count; i++) {
        struct writer w = writer_of(room + i * DNS_NAME_MAX, DNS_NAME_MAX);

        if (name_from_text(texts->items[i], &w) == OK)
            suffixes[count++].name = writer_slice(&w);
        else
            tell(r, "names", texts->items[i], "is no name");
    }
    if (err == OK && count > 0)
        err = suffix_set_new(&f->names, suffixes, count);
    free(suffixes);
    free(room);
    return err;
}

static err_t read_rcodes(struct filter *f, const struct strings *texts, struct reading *r)
{
    f->rcodes = calloc(texts->count + 1, sizeof *f->rcodes);
    if (!f->rcodes)
        return ERR_NOMEM;
    for (size_t i = 0; i < texts->count; i++) {
        uint16_t rcode = RCODE_OF_NOTHING;

        if (strcasecmp(texts->items[i], "none") == 0 || rcode_from_text(texts->items[i], &rcode))
            f->rcodes[f->rcode_count++] = rcode;
        else
            tell(r, "rcodes", texts->items[i],
                 "is no RCODE; write NXDOMAIN or the like, or none for queries without a response");
    }
    return OK;
}

err_t filter_init(struct filter *f, const struct query_log_config *config, filter_fault_fn *fault,
                  void *arg)
{
    struct reading r = { .fault = fault, .arg = arg };
    err_t err;

    *f = (struct filter){ .only = config->only, .sample = config->sample };
    err = read_clients(f, &config->clients_from, &r);
    if (err == OK)
        err = read_names(f, &config->names, &r);
    if (err == OK)
        err = read_rcodes(f, &config->rcodes, &r);
    if (err == OK && r.is_faulty)
        err = ERR_CONFIG;
    if (err != OK)
        filter_done(f);
    return err;
}

void filter_done(struct filter *f)
{
    free(f->clients.items);
    free(f->rcodes);
    suffix_set_free(&f->names);
    *f = (struct filter){ 0 };
}

void filter_set_key(struct filter *f, const uint8_t key[FILTER_KEY_SIZE])
{
    struct hash_key whole;

    memcpy(&whole, key, sizeof whole);
    f->key.k0 = hash_bytes(&whole, slice_of(key + sizeof whole, FILTER_KEY_SIZE - sizeof whole));
    f->key.k1 = hash_bytes(&whole, slice_of("sample", 6));
}

static bool is_error(const struct log_view *v)
{
    return v->response.len == 0 || (v->rcode != RCODE_NOERROR && v->rcode != RCODE_NXDOMAIN);
}

static bool has_outcome(const struct filter *f, const struct log_view *v)
{
    switch (f->only) {
    case ONLY_ALL:
        return true;
    case ONLY_DENIED:
        return action_denies(v->head->action) || v->head->shadow;
    case ONLY_ERRORS:
        break;
    }
    return is_error(v);
}

static bool has_rcode(const struct filter *f, const struct log_view *v)
{
    uint16_t rcode = v->response.len > 0 ? v->rcode : RCODE_OF_NOTHING;

    for (size_t i = 0; i < f->rcode_count; i++)
        if (f->rcodes[i] == rcode)
            return true;
    return f->rcode_count == 0;
}

static bool has_name(const struct filter *f, const struct log_view *v)
{
    uint32_t value;

    return !f->names || (v->qname.len > 0 && suffix_set_find(f->names, v->qname, &value));
}

static struct slice bytes_of(const union addr *addr)
{
    if (addr->any.sa_family == AF_INET6)
        return slice_of(&addr->v6.sin6_addr, sizeof addr->v6.sin6_addr);
    return slice_of(&addr->v4.sin_addr, sizeof addr->v4.sin_addr);
}

/* By client and name, whatever the letter case: who asks for something again and again is in the
 * sample with all of it, or with nothing. */
static bool is_drawn(const struct filter *f, const struct log_view *v)
{
    uint8_t bytes[DNS_NAME_MAX + 16];
    struct slice address = bytes_of(&v->head->client);

    if (f->sample <= 1)
        return true;
    memcpy(bytes, address.data, address.len);
    if (v->qname.len > 0)
        memcpy(bytes + address.len, v->qname.data, v->qname.len);
    name_lower(bytes + address.len, v->qname.len);
    return hash_bytes(&f->key, slice_of(bytes, address.len + v->qname.len)) % f->sample == 0;
}

/* An exchange with an upstream belongs to no client, and nobody has judged it. */
static bool may_be_exchange(const struct filter *f)
{
    return f->only == ONLY_ALL && f->clients.count == 0 && f->sample <= 1;
}

bool filter_passes(const struct filter *f, const struct log_view *v)
{
    if (v->head->kind == RECORD_EXCHANGE)
        return may_be_exchange(f) && has_name(f, v) && has_rcode(f, v);
    return has_outcome(f, v) && has_rcode(f, v) && has_name(f, v) &&
           (f->clients.count == 0 || prefixes_cover(&f->clients, &v->head->client)) &&
           is_drawn(f, v);
}
