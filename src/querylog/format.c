/* querylog/format.c - the formats by their names. */
#include "querylog/format.h"

#include <string.h>

#define FORMAT(name) extern const struct format_ops format_##name;
#include "querylog/formats.def"
#undef FORMAT

static const struct format_ops *const table[] = {
#define FORMAT(name) &format_##name,
#include "querylog/formats.def"
#undef FORMAT
};

const struct format_ops *format_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}
