/* listen/entrance.c - one item of section listen, made ready for all workers.
 *
 * Called by: worker/plan.c (made, and looked after), session.c.
 * Owns: the trusted prefixes, the certificates.
 */
#include "listen/entrance.h"

#include "base/clock.h"
#include "config/config.h"
#include "listen/certificates.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define DAY_S 86400

/* The public part comes first. */
struct kept {
    struct entrance open;
    _Atomic unsigned references;
    struct config *config;
};

static struct kept *kept_of(struct entrance *e)
{
    return (struct kept *)e;
}

/* They were checked with the configuration. */
static err_t read_prefixes(struct prefixes *p, const struct strings *texts)
{
    if (texts->count == 0)
        return OK;
    p->items = calloc(texts->count, sizeof *p->items);
    if (!p->items)
        return ERR_NOMEM;
    for (size_t i = 0; i < texts->count; i++)
        TRY(prefix_parse(texts->items[i], &p->items[p->count++]));
    return OK;
}

err_t entrance_new(struct entrance **ret_entrance, struct config *config, size_t item,
                   char reason[ENTRANCE_REASON_MAX])
{
    struct kept *k = calloc(1, sizeof *k);
    struct entrance *e = &k->open;
    err_t err;

    snprintf(reason, ENTRANCE_REASON_MAX, "%s", err_text(ERR_NOMEM));
    if (!k)
        return ERR_NOMEM;
    atomic_init(&k->references, 1);
    k->config = config_ref(config);
    e->config = config_item(config, &listen_section, item);
    err = read_prefixes(&e->proxy_from, &e->config->proxy_from);
    if (err == OK)
        err = read_prefixes(&e->forwarded_from, &e->config->forwarded_from);
    if (err == OK && e->config->certificate.count > 0)
        err = certificates_new(&e->certificates, e->config, reason);
    if (err != OK) {
        entrance_unref(&e);
        return err;
    }
    *ret_entrance = e;
    return OK;
}

struct entrance *entrance_ref(struct entrance *e)
{
    atomic_fetch_add_explicit(&kept_of(e)->references, 1, memory_order_relaxed);
    return e;
}

void entrance_unref(struct entrance **e)
{
    struct kept *k = *e ? kept_of(*e) : NULL;

    *e = NULL;
    if (!k || atomic_fetch_sub_explicit(&k->references, 1, memory_order_acq_rel) > 1)
        return;
    free(k->open.proxy_from.items);
    free(k->open.forwarded_from.items);
    certificates_free(&k->open.certificates);
    config_unref(&k->config);
    free(k);
}

struct tls_context *entrance_tls(struct entrance *e)
{
    return e->certificates ? certificates_context(e->certificates) : NULL;
}

bool entrance_days_left(const struct entrance *e, int64_t *ret_days)
{
    int64_t left_s;

    if (!e->certificates)
        return false;
    left_s = certificates_expire_s(e->certificates) - (int64_t)(clock_wall_ns() / NS_PER_S);
    *ret_days = (left_s < 0 ? left_s - (DAY_S - 1) : left_s) / DAY_S;
    return true;
}

void entrance_inherit(struct entrance *e, struct entrance *before)
{
    if (e->certificates && before->certificates)
        certificates_inherit(e->certificates, before->certificates);
}

void entrance_refresh(struct entrance *e)
{
    if (e->certificates)
        certificates_refresh(e->certificates);
}
