#ifndef WORKER_EXPOSURE_H
#define WORKER_EXPOSURE_H

#include <stdbool.h>

struct config;
struct policy;

#define EXPOSURE_TEXT_MAX 512

/* Whether the listeners can be reached from the internet, and clients from anywhere in it may ask:
 * an open resolver. `text` tells a person which listener that is, and what to do. */
bool exposure_find(const struct config *config, const struct policy *policy,
                   char text[EXPOSURE_TEXT_MAX]);

#endif
