#ifndef COMMAND_RESTART_H
#define COMMAND_RESTART_H

#include "config/config.h"

/* Adds each option that the two configurations differ in and that a reload leaves as it was. */
void restart_remarks(const struct config *before, const struct config *after,
                     struct problems *remarks);

#endif
