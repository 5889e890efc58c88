#ifndef DNS_SVCB_PRINT_H
#define DNS_SVCB_PRINT_H

#include "base/reader.h"

#include <stdio.h>

/* Writes the service parameters up to the cursor's end: RFC 9460 section 2.1. */
void print_service_parameters(FILE *out, struct reader *r);

#endif
