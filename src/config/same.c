/* config/same.c - whether a reload has changed an item.
 *
 * Called by: querylog (streams go on that are the same), command/restart.c.
 */
#include "config/same.h"

#include <string.h>

static bool strings_same(const struct strings *a, const struct strings *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->items[i], b->items[i]) == 0;
    return same;
}

static bool field_same(enum option_type type, const void *a, const void *b)
{
    switch (type) {
    case OPTION_STRING:
        return strcmp(*(const char *const *)a, *(const char *const *)b) == 0;
    case OPTION_URL:
        return strcmp(((const struct url *)a)->text, ((const struct url *)b)->text) == 0;
    case OPTION_STRINGS:
        return strings_same(a, b);
    case OPTION_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case OPTION_CHOICE:
    case OPTION_COUNT:
    case OPTION_PERCENT:
    case OPTION_RATE:
        return *(const unsigned *)a == *(const unsigned *)b;
    case OPTION_DURATION:
    case OPTION_DELAY:
        return *(const uint64_t *)a == *(const uint64_t *)b;
    case OPTION_SIZE:
        break;
    }
    return *(const size_t *)a == *(const size_t *)b;
}

bool section_option_same(const struct option_row *row, const void *a, const void *b)
{
    return field_same(row->type, (const char *)a + row->offset, (const char *)b + row->offset);
}

bool section_item_same(const struct section *section, const void *a, const void *b)
{
    for (size_t i = 0; i < section->option_count; i++)
        if (!section_option_same(&section->options[i], a, b))
            return false;
    return true;
}
