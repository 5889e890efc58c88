/* config/load_sets.c - `--set KEY=VALUE`: single values from the command line, over all others. */
#include "config/loader.h"
#include "config/report.h"
#include "config/utf8.h"

#include <stdlib.h>
#include <string.h>

/* "upstream.0.ca=FILE" in its parts. */
struct set {
    const char *section; /* "" for a key at the top */
    const char *index;   /* NULL: every item */
    const char *key, *value;
    struct place place;
};

static bool is_text(const char *text)
{
    struct slice rest = slice_of(text, strlen(text));
    uint32_t c;

    for (size_t len; rest.len > 0; rest = slice_after(rest, len)) {
        len = utf8_read(rest, &c);
        if (len == 0)
            return false;
    }
    return true;
}

/* Cuts `text`, a copy, at its dots and its equals sign. */
static bool split(char *text, struct set *set)
{
    char *value = strchr(text, '='), *dot;

    if (!value || value == text || !is_text(text))
        return false;
    *value = '\0';
    set->value = value + 1;
    set->section = "";
    set->key = text;
    dot = strchr(text, '.');
    if (!dot)
        return true;
    *dot = '\0';
    set->section = text;
    set->key = dot + 1;
    dot = strchr(set->key, '.');
    if (!dot)
        return true;
    set->index = set->key;
    set->key = dot + 1;
    *dot = '\0';
    return true;
}

static err_t set_in_all(struct loader *l, const struct set *set, struct key key)
{
    for (size_t i = 0; i < l->config->parts[key.section].count; i++)
        TRY(load_value(l, key, i, set->value, set->place, false));
    return OK;
}

static err_t set_in_one(struct loader *l, const struct set *set, struct key key)
{
    size_t count = l->config->parts[key.section].count;
    size_t digits = strspn(set->index, "0123456789");
    unsigned long index = strtoul(set->index, NULL, 10);

    if (!l->config->sections[key.section]->is_list)
        report(l, SIZE_MAX, set->place, "%s is no list; write %s.%s=VALUE", set->section,
               set->section, key.row->name);
    else if (digits == 0 || set->index[digits] || index >= count)
        report(l, SIZE_MAX, set->place, "%.20s is not one of the %zu items, which count from 0",
               set->index, count);
    else
        return load_value(l, key, index, set->value, set->place, false);
    return OK;
}

static err_t load_set(struct loader *l, const struct set *set)
{
    const struct config *c = l->config;
    struct key key;

    if (section_find(c->sections, c->section_count, set->section) == c->section_count)
        report_unknown(l, "", set->section, set->place);
    else if (!key_find(l, set->section, set->key, &key))
        report_unknown(l, set->section, set->key, set->place);
    else if (set->index)
        return set_in_one(l, set, key);
    else
        return set_in_all(l, set, key);
    return OK;
}

err_t load_sets(struct loader *l)
{
    for (size_t i = 0; i < l->source->set_count; i++) {
        const char *text = l->source->sets[i];
        struct set set = { .place = { .flag = "--set", .text = text } };
        char *copy = store_text(&l->scratch, text, strlen(text));

        if (!copy)
            return ERR_NOMEM;
        if (split(copy, &set))
            TRY(load_set(l, &set));
        else
            report(l, SIZE_MAX, set.place, "write it as KEY=VALUE, for example log.level=debug");
    }
    return OK;
}
