/* policy/access_list.c - which clients may ask, from the configuration and from files.
 *
 * Called by: policy_config.c (to find what is wrong), access.c (to keep it).
 */
#include "policy/access_list.h"

#include "base/buffer.h"
#include "config/lines.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FAULTS_MAX   20 /* that are told of one list */
#define PREFIXES_MAX 1000000

struct list {
    const struct policy_config *config;
    access_fault_fn *fault;
    void *arg;
    size_t faults;
    struct buffer items; /* of struct prefix_value */
    size_t count;
    /* what is read */
    enum access_source source;
    const char *option, *file;
};

static void tell(struct list *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct list *l, const char *format, ...)
{
    char text[512];
    va_list args;

    l->faults++;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    l->fault(l->arg, l->option, text);
}

static err_t add(struct list *l, const struct prefix *prefix)
{
    const struct prefix_value item = { *prefix, access_value(l->source, prefix->bits) };

    if (l->count >= PREFIXES_MAX) {
        tell(l, "there may be %d prefixes at most", PREFIXES_MAX);
        return ERR_CONFIG;
    }
    l->count++;
    return buffer_append(&l->items, slice_of(&item, sizeof item));
}

static err_t add_line(void *arg, unsigned line, const char *text)
{
    struct list *l = arg;
    struct prefix prefix;

    if (text && prefix_parse(text, &prefix) == OK)
        return add(l, &prefix);
    tell(l, "%.200s:%u: %.60s is no prefix; write 192.0.2.0/24, or one address", l->file, line,
         text ? text : "a line that is too long");
    return l->faults < FAULTS_MAX ? OK : ERR_CONFIG;
}

static err_t add_texts(struct list *l, const char *const *texts, size_t count)
{
    struct prefix prefix;

    for (size_t i = 0; i < count; i++)
        if (prefix_parse(texts[i], &prefix) == OK)
            TRY(add(l, &prefix));
        else
            tell(l, "%.60s is no prefix; write 192.0.2.0/24, or one address", texts[i]);
    return OK;
}

static err_t add_file(struct list *l, const char *file)
{
    err_t err;

    if (!file[0])
        return OK;
    l->file = file;
    err = lines_read(file, add_line, l);
    if (err != ERR_SYSTEM)
        return err;
    tell(l, "%.200s: %s; give a file that can be read", file, strerrordesc_np(errno));
    return OK;
}

static void begin(struct list *l, enum access_source source, const char *option)
{
    l->source = source;
    l->option = option;
}

static err_t add_all(struct list *l)
{
    const struct policy_config *c = l->config;

    begin(l, IN_DEFAULT, "allow");
    if (c->allow.count == 0 && !c->allow_file[0])
        TRY(add_texts(l, prefixes_private, PREFIXES_PRIVATE));
    begin(l, IN_ALLOW, "allow");
    TRY(add_texts(l, c->allow.items, c->allow.count));
    begin(l, IN_ALLOW_FILE, "allow_file");
    TRY(add_file(l, c->allow_file));
    begin(l, IN_DENY, "deny");
    TRY(add_texts(l, c->deny.items, c->deny.count));
    begin(l, IN_DENY_FILE, "deny_file");
    return add_file(l, c->deny_file);
}

err_t access_list_read(struct prefix_map **ret_map, const struct policy_config *config,
                       access_fault_fn *fault, void *arg)
{
    struct list l = { .config = config, .fault = fault, .arg = arg };
    err_t err = add_all(&l);

    if (err == OK && l.faults > 0)
        err = ERR_CONFIG;
    if (err == OK)
        err = prefix_map_new(ret_map, (const void *)buffer_slice(&l.items).data, l.count);
    buffer_done(&l.items);
    return err;
}
