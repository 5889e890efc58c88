#ifndef DNS_RDATA_PRINT_H
#define DNS_RDATA_PRINT_H

#include "dns/name.h"

#include <stdio.h>

/* Writes the bytes from the cursor to its end in presentation format, by `layout` (see types.def);
 * in the form for unknown types (RFC 3597 section 5) when that is empty or does not fit. */
void rdata_print(FILE *out, struct reader r, const char *layout);

/* The parts it is made of. */
void print_name(FILE *out, struct slice wire);
void print_quoted(FILE *out, struct slice text);
void print_escaped(FILE *out, struct slice text, const char *special);
void print_hex(FILE *out, struct slice bytes);
void print_base64(FILE *out, struct slice bytes);
void print_ipv4(FILE *out, struct reader *r);
void print_ipv6(FILE *out, struct reader *r);

#endif
