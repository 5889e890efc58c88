#ifndef DNS_REGISTRABLE_H
#define DNS_REGISTRABLE_H

#include "base/slice.h"

/* The end of `name` (wire form, in small letters) that somebody has registered, as the Public
 * Suffix List says: example.co.uk of www.example.co.uk. The last two labels where the list knows of
 * none, all of it when there are fewer; empty when it is no name. Borrows from `name`, allocates
 * nothing, and looks at its last eight labels only. */
struct slice name_registrable(struct slice name);

#endif
