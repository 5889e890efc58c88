/* config/loader.c - the tree of a file into the structs of the sections. */
#include "config/loader.h"
#include "config/report.h"
#include "config/value.h"

#include <stdio.h>
#include <string.h>

#define ITEMS_MAX 1000 /* checks may compare each item of a list with each other one */

bool key_find(const struct loader *l, const char *name, const char *key, struct key *ret_key)
{
    const struct config *c = l->config;

    for (size_t i = 0; i < c->section_count; i++) {
        if (strcmp(c->sections[i]->name, name) != 0)
            continue;
        *ret_key = (struct key){ i, option_find(c->sections[i], key) };
        if (ret_key->row)
            return true;
    }
    return false;
}

struct place *place_of(const struct loader *l, size_t section, size_t item,
                       const struct option_row *row)
{
    const struct section *s = l->config->sections[section];
    size_t column = row ? (size_t)(row - s->options) + 1 : 0;

    return &l->places[section][item * (s->option_count + 1) + column];
}

static struct place place_at(struct mark mark)
{
    return (struct place){ .mark = mark };
}

static char *item_of(const struct loader *l, size_t section, size_t item)
{
    return l->config->parts[section].items + item * l->config->sections[section]->size;
}

err_t load_value(struct loader *l, struct key key, size_t item, const char *text,
                 struct place place, bool columns_count)
{
    struct problem problem;
    size_t at;
    err_t err =
        value_set(key.row, &l->config->store, text, item_of(l, key.section, item), &problem, &at);

    *place_of(l, key.section, item, key.row) = place;
    if (err != ERR_CONFIG)
        return err;
    if (columns_count)
        place.mark.column += (unsigned)at;
    report(l, key.section, place, "%s", problem.text);
    return OK;
}

static err_t load_texts(struct loader *l, struct key key, size_t item, const struct node *list)
{
    const char **texts;
    size_t count = 0, n = 0;

    for (const struct node *node = list->first; node; node = node->next, count++)
        if (node->kind != NODE_TEXT) {
            report(l, key.section, place_at(node->mark), "%s: each item must be a text",
                   key.row->name);
            return OK;
        }
    texts = store_alloc(&l->scratch, count, sizeof *texts);
    if (!texts)
        return ERR_NOMEM;
    for (const struct node *node = list->first; node; node = node->next)
        texts[n++] = node->text;
    return value_set_list(key.row, &l->config->store, texts, count, item_of(l, key.section, item));
}

/* A value for a list: the only one. */
static err_t load_text(struct loader *l, struct key key, size_t item, const char *text)
{
    return value_set_list(key.row, &l->config->store, &text, 1, item_of(l, key.section, item));
}

/* One key with its value, in item number `item`. */
static err_t load_pair(struct loader *l, struct key key, size_t item, const struct node *value)
{
    struct place *place = place_of(l, key.section, item, key.row);
    struct place here = place_at(value->mark);
    bool is_list = key.row->type == OPTION_STRINGS;

    if (place->mark.line) {
        report(l, key.section, place_at(value->key_mark),
               "%s: written twice, first in line %u; keep one", key.row->name, place->mark.line);
        return OK;
    }
    *place = here;
    if (value->kind == NODE_EMPTY)
        report(l, key.section, here, "%s: has no value; write one, or remove the key",
               key.row->name);
    else if (is_list && value->kind == NODE_LIST)
        return load_texts(l, key, item, value);
    else if (is_list && value->kind == NODE_TEXT)
        return load_text(l, key, item, value->text);
    else if (is_list)
        report(l, key.section, here, "%s: must be a list; write [a, b]", key.row->name);
    else if (value->kind == NODE_TEXT)
        return load_value(l, key, item, value->text, here, value->is_plain);
    else
        report(l, key.section, here, "%s: must be one value, not a %s", key.row->name,
               value->kind == NODE_LIST ? "list" : "map of keys");
    return OK;
}

/* All keys of one item of the sections called `name`. */
static err_t load_map(struct loader *l, const char *name, size_t item, const struct node *map)
{
    const struct config *c = l->config;
    struct key key;

    for (const struct node *value = map->first; value; value = value->next) {
        if (l->problems->count == PROBLEMS_MAX)
            return OK;
        if (key_find(l, name, value->key, &key))
            TRY(load_pair(l, key, item, value));
        else if (name[0] || !value->key[0] ||
                 section_find(c->sections, c->section_count, value->key) == c->section_count)
            report_unknown(l, name, value->key, place_at(value->key_mark));
    }
    return OK;
}

/* Remembers where item number `item` of all sections called `name` begins. */
static void set_item_place(struct loader *l, const char *name, size_t item, struct place place)
{
    for (size_t i = 0; i < l->config->section_count; i++)
        if (strcmp(l->config->sections[i]->name, name) == 0)
            *place_of(l, i, item, NULL) = place;
}

/* A key without a default that nobody wrote is missed. */
static void check_required(struct loader *l, size_t section)
{
    const struct section *s = l->config->sections[section];

    for (size_t i = 0; i < l->config->parts[section].count * s->option_count; i++) {
        const struct option_row *row = &s->options[i % s->option_count];
        size_t item = i / s->option_count;
        const struct place *place = place_of(l, section, item, row);

        if (!row->initial && !place->mark.line && !place->text)
            report(l, section, *place_of(l, section, item, NULL), "%s: the key `%s` is missing",
                   s->name, row->name);
    }
}

/* Sees to it that `count` items stand there, each with the defaults. */
static err_t make_items(struct loader *l, size_t section, size_t count)
{
    const struct section *s = l->config->sections[section];
    struct part *part = &l->config->parts[section];
    struct problem problem;
    size_t at;

    part->items = store_alloc(&l->config->store, count, s->size);
    l->places[section] =
        store_alloc(&l->scratch, count * (s->option_count + 1), sizeof **l->places);
    if (!part->items || !l->places[section])
        return ERR_NOMEM;
    part->count = count;
    for (size_t i = 0; i < count * s->option_count; i++) {
        const struct option_row *row = &s->options[i % s->option_count];

        if (row->initial)
            TRY(value_set(row, &l->config->store, row->initial,
                          item_of(l, section, i / s->option_count), &problem, &at));
    }
    return OK;
}

/* The same for all sections that share a name. */
static err_t make_all_items(struct loader *l, const char *name, size_t count)
{
    for (size_t i = 0; i < l->config->section_count; i++)
        if (strcmp(l->config->sections[i]->name, name) == 0)
            TRY(make_items(l, i, count));
    return OK;
}

/* Its keys are not missed: what is written there cannot have any. */
static void refuse_item(struct loader *l, const struct section *s, size_t item, struct mark mark)
{
    size_t section = section_find(l->config->sections, l->config->section_count, s->name);

    report(l, section, place_at(mark), "%s: an item is written as `- %s: VALUE`", s->name,
           s->options[0].name);
    for (size_t i = 0; i < s->option_count; i++)
        place_of(l, section, item, &s->options[i])->mark = mark;
}

/* The last item of a list that keeps its default is one of defaults: it goes when another one bears
 * its name, which is the first option. */
static void settle_default(struct loader *l, const char *name)
{
    const struct config *c = l->config;
    size_t section = section_find(c->sections, c->section_count, name);
    size_t last = c->parts[section].count - 1;
    const struct option_row *row = c->sections[section]->options;

    for (size_t i = 0; i < last; i++) {
        const char *const *own = (const char *const *)(item_of(l, section, i) + row->offset);

        if (strcmp(*own, row->initial) != 0)
            continue;
        for (size_t j = 0; j < c->section_count; j++)
            if (strcmp(c->sections[j]->name, name) == 0)
                l->config->parts[j].count = last;
        return;
    }
}

static err_t load_written_items(struct loader *l, const struct section *s, const struct node *list)
{
    size_t i = 0;

    for (const struct node *item = list->first; item; item = item->next, i++) {
        if (l->problems->count == PROBLEMS_MAX)
            return OK;
        set_item_place(l, s->name, i, place_at(item->mark));
        if (item->kind == NODE_MAP)
            TRY(load_map(l, s->name, i, item));
        else
            refuse_item(l, s, i, item->mark);
    }
    return OK;
}

static err_t load_list(struct loader *l, const struct section *s, const struct node *list)
{
    size_t count = 0;

    for (const struct node *item = list->first; item; item = item->next)
        count++;
    if (count > ITEMS_MAX) {
        report(l, SIZE_MAX, place_at(list->mark), "%s: has %zu items, more than %d", s->name, count,
               ITEMS_MAX);
        return make_all_items(l, s->name, 0);
    }
    TRY(make_all_items(l, s->name, count + s->keeps_default));
    TRY(load_written_items(l, s, list));
    if (s->keeps_default)
        settle_default(l, s->name);
    return OK;
}

/* Items that are given by their first option alone: the defaults, or flags of the command line. */
static err_t load_items(struct loader *l, size_t section, const char *const *texts, size_t count,
                        const char *flag)
{
    const struct section *s = l->config->sections[section];

    TRY(make_all_items(l, s->name, count));
    for (size_t i = 0; i < count; i++) {
        struct place place = { .flag = flag, .text = texts[i] };

        set_item_place(l, s->name, i, place);
        TRY(load_value(l, (struct key){ section, s->options }, i, texts[i], place, false));
    }
    return OK;
}

/* What `--NAME` gave on the command line; zero strings when it is not there. */
static err_t find_flags(struct loader *l, const char *name, struct strings *ret_texts)
{
    const struct config_source *source = l->source;
    const char **texts = store_alloc(&l->scratch, source->flag_count, sizeof *texts);
    size_t count = 0;

    if (!texts)
        return ERR_NOMEM;
    for (size_t i = 0; i < source->flag_count; i++)
        if (strcmp(source->flags[i].section, name) == 0)
            texts[count++] = source->flags[i].text;
    *ret_texts = (struct strings){ texts, count };
    return OK;
}

static const char *flag_of(struct loader *l, const char *name)
{
    char *flag = store_alloc(&l->scratch, strlen(name) + 3, 1);

    if (flag)
        sprintf(flag, "--%s", name);
    return flag;
}

static err_t load_list_section(struct loader *l, size_t section)
{
    const struct section *s = l->config->sections[section];
    const struct node *node = l->written[section];
    struct strings flags;

    TRY(find_flags(l, s->name, &flags));
    if (flags.count > 0)
        return load_items(l, section, flags.items, flags.count, flag_of(l, s->name));
    if (!node)
        return load_items(l, section, s->initial, s->initial_count, NULL);
    if (node->kind == NODE_LIST && (node->first || s->initial_count == 0))
        return load_list(l, s, node);
    if (node->kind == NODE_LIST || node->kind == NODE_EMPTY)
        report(l, section, place_at(node->mark),
               "%s: is empty; write at least one item, or remove the key", s->name);
    else
        report(l, section, place_at(node->mark),
               "%s: must be a list; write its items as `- %s: VALUE`", s->name, s->options[0].name);
    return make_all_items(l, s->name, 0);
}

static err_t load_one_section(struct loader *l, size_t section)
{
    const struct section *s = l->config->sections[section];
    const struct node *node = l->written[section];

    TRY(make_all_items(l, s->name, 1));
    if (!node || node->kind == NODE_EMPTY)
        return OK;
    set_item_place(l, s->name, 0, place_at(node->mark));
    if (node->kind == NODE_MAP)
        return load_map(l, s->name, 0, node);
    report(l, section, place_at(node->mark),
           s->name[0] ? "%s: must be a map of keys; write `KEY: VALUE` in lines below it"
                      : "%sthe file must be a map of keys; write `KEY: VALUE`",
           s->name);
    return OK;
}

/* Finds what the file says of each section; the root is what it says of "". */
static void find_written(struct loader *l, const struct node *root)
{
    const struct config *c = l->config;
    size_t at = section_find(c->sections, c->section_count, "");

    if (at < c->section_count)
        l->written[at] = root;
    if (!root)
        return;
    for (const struct node *node = root->kind == NODE_MAP ? root->first : NULL; node;
         node = node->next) {
        at = section_find(c->sections, c->section_count, node->key);
        if (at == c->section_count || !node->key[0])
            continue;
        if (l->written[at])
            report(l, at, place_at(node->key_mark), "%s: written twice, first in line %u; keep one",
                   node->key, l->written[at]->key_mark.line);
        else
            l->written[at] = node;
    }
}

err_t load_sections(struct loader *l, const struct node *root)
{
    const struct config *c = l->config;

    find_written(l, root);
    for (size_t i = 0; i < c->section_count; i++) {
        const struct section *s = c->sections[i];

        if (section_find(c->sections, c->section_count, s->name) < i)
            continue; /* done, together with the first of its name */
        TRY(s->is_list ? load_list_section(l, i) : load_one_section(l, i));
    }
    for (size_t i = 0; i < c->section_count; i++)
        check_required(l, i);
    return OK;
}

static size_t index_of(const struct loader *l, const struct section *section)
{
    size_t i = 0;

    while (i < l->config->section_count && l->config->sections[i] != section)
        i++;
    return i;
}

const void *peer_items(const struct loader *from, const struct section *section, size_t *ret_count)
{
    size_t i = index_of(from, section);

    if (i == from->config->section_count || from->is_broken[i])
        return NULL;
    *ret_count = from->config->parts[i].count;
    return from->config->parts[i].items;
}

bool is_from_flags(const struct loader *from, const struct section *section)
{
    size_t i = index_of(from, section);

    return i < from->config->section_count && from->config->parts[i].count > 0 &&
           place_of(from, i, 0, NULL)->flag;
}
