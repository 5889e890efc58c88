/* policy/local_zones.c - which names no upstream is asked about.
 *
 * Called by: local_names.c (for each question), policy_config.c (to find what is wrong).
 * Owns: the zones in force. Nearly all names are none of them, and most of these are known by their
 * last four bytes, so that only what may be special is looked up.
 */
#include "policy/local_zones.h"

#include "config/nearest.h"
#include "dns/name.h"
#include "dns/suffix_set.h"

#include <stdio.h>
#include <stdlib.h>

static const struct local_zone table[] = {
#define NAME(text, what, rfc)                                                                      \
    { .name = text, .name_len = sizeof text + 1, .kind = LOCAL_##what, .why = rfc },
#include "policy/local_names.def"
#undef NAME
};

#define COUNT (sizeof table / sizeof *table)

#define TAIL_LEN 4

struct local_zones {
    struct suffix_set *set;
    size_t tail_count;
    uint32_t tails[COUNT]; /* each once */
};

/* The last bytes before the root's, a label's length among them where the label is short; the same
 * for all letter cases. 0 for a name that has too few, and for no other. */
static uint32_t tail_of(struct slice name)
{
    uint32_t tail;

    if (name.len < TAIL_LEN + 1)
        return 0;
    memcpy(&tail, name.data + name.len - TAIL_LEN - 1, sizeof tail);
    return tail | 0x20202020;
}

static bool has_tail(const struct local_zones *z, uint32_t tail)
{
    for (size_t i = 0; i < z->tail_count; i++)
        if (z->tails[i] == tail)
            return true;
    return false;
}

static struct slice write_name(const char *text, uint8_t room[DNS_NAME_MAX])
{
    struct writer w = writer_of(room, DNS_NAME_MAX);

    return name_from_text(text, &w) == OK ? writer_slice(&w) : (struct slice){ 0 };
}

/* The row of a name in wire form, or COUNT. */
static size_t row_of(struct slice name)
{
    uint8_t room[DNS_NAME_MAX];
    size_t row = 0;

    while (row < COUNT && !name_equal(write_name(table[row].name, room), name))
        row++;
    return row;
}

static void tell(const char *name, local_fault_fn *fault, void *arg)
{
    struct nearest n = nearest_to(name);
    char text[256];

    for (size_t i = 0; i < COUNT; i++)
        nearest_offer(&n, table[i].name);
    snprintf(text, sizeof text, "%.80s is none of the names that are answered here%s%s", name,
             n.best ? "; did you mean " : "", n.best ? n.best : "");
    fault(arg, text);
}

static err_t mark_passed(const struct strings *passed, bool is_passed[COUNT], local_fault_fn *fault,
                         void *arg)
{
    uint8_t room[DNS_NAME_MAX];
    err_t err = OK;

    for (size_t i = 0; i < passed->count; i++) {
        size_t row = row_of(write_name(passed->items[i], room));

        if (row < COUNT) {
            is_passed[row] = true;
            continue;
        }
        tell(passed->items[i], fault, arg);
        err = ERR_CONFIG;
    }
    return err;
}

static err_t fill(struct local_zones *z, const bool is_passed[COUNT])
{
    uint8_t rooms[COUNT][DNS_NAME_MAX];
    struct suffix suffixes[COUNT];
    size_t count = 0;

    for (size_t i = 0; i < COUNT; i++) {
        struct slice name = write_name(table[i].name, rooms[i]);

        if (is_passed[i])
            continue;
        suffixes[count++] = (struct suffix){ name, (uint32_t)i };
        if (!has_tail(z, tail_of(name)))
            z->tails[z->tail_count++] = tail_of(name);
    }
    return suffix_set_new(&z->set, suffixes, count);
}

err_t local_zones_new(struct local_zones **ret_zones, const struct strings *passed,
                      local_fault_fn *fault, void *arg)
{
    bool is_passed[COUNT] = { false };
    struct local_zones *z;
    err_t err;

    TRY(mark_passed(passed, is_passed, fault, arg));
    z = calloc(1, sizeof *z);
    if (!z)
        return ERR_NOMEM;
    err = fill(z, is_passed);
    if (err == OK)
        *ret_zones = z;
    else
        local_zones_free(&z);
    return err;
}

void local_zones_free(struct local_zones **zones)
{
    struct local_zones *z = *zones;

    *zones = NULL;
    if (z)
        suffix_set_free(&z->set);
    free(z);
}

const struct local_zone *local_zones_find(const struct local_zones *z, struct slice name)
{
    uint32_t row;

    if (!has_tail(z, tail_of(name)) || !suffix_set_find(z->set, name, &row))
        return NULL;
    return &table[row];
}
