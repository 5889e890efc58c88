#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include "config/loader.h"

/* Reports files that options name to be read, and that cannot be. Sections that have a problem
 * already are left alone. */
void check_files(struct loader *l);

#endif
