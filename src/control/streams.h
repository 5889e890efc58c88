#ifndef CONTROL_STREAMS_H
#define CONTROL_STREAMS_H

#include "control/report.h"

struct querylog;

/* How each stream of query records fares, and what has become of its records. */
void streams_tell(struct querylog *log, struct report *report);

#endif
