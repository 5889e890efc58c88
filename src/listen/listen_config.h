#ifndef LISTEN_LISTEN_CONFIG_H
#define LISTEN_LISTEN_CONFIG_H

#include "config/schema.h"

#define LISTEN_PATH_DEFAULT                                                                        \
    "/dns-query" /* RFC 8484 section 4.1.1 has it, and so have all clients */

struct listen_config {
#define OPTION OPTION_FIELD
#include "listen/options.def"
#undef OPTION
};

extern const struct section listen_section;

#endif
