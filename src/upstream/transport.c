/* upstream/transport.c - the transports by their names. */
#include "upstream/transport.h"

#include <string.h>

#define TRANSPORT(name) extern const struct transport_ops transport_##name;
#include "upstream/transports.def"
#undef TRANSPORT

static const struct transport_ops *const table[] = {
#define TRANSPORT(name) &transport_##name,
#include "upstream/transports.def"
#undef TRANSPORT
};

const struct transport_ops *transport_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i]->name, name) == 0)
            return table[i];
    return NULL;
}
