#ifndef UPSTREAM_GROUP_CONFIG_H
#define UPSTREAM_GROUP_CONFIG_H

#include "config/schema.h"

#define GROUP_DEFAULT                                                                              \
    "default" /* is always there; asked about names that no route sends elsewhere */

struct group_config {
#define OPTION OPTION_FIELD
#include "upstream/group_options.def"
#undef OPTION
};

extern const struct section group_section;

/* For the check of a section with an option that names a group: complains when there is none of
 * that name. */
void group_check_name(struct loader *to, size_t item, const char *option, const char *name);

#endif
