#ifndef DNS_PRINT_H
#define DNS_PRINT_H

#include "dns/message.h"

#include <stdio.h>

/* Writes a response for a person to read, as dig does. No byte that came from the network reaches
 * the terminal but as printable ASCII. */
void message_print(FILE *out, const struct message *m);

#endif
