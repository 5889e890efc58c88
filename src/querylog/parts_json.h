#ifndef QUERYLOG_PARTS_JSON_H
#define QUERYLOG_PARTS_JSON_H

#include "querylog/format.h"
#include "querylog/json.h"
#include "querylog/parts.h"

/* Parts of a record that the nested formats write in the same way, as members called `name`. */

void json_time(struct pen *p, const char *name, uint64_t wall_ns);
void json_address(struct pen *p, const char *name, const union addr *addr);
void json_flags(struct pen *p, const char *name, uint16_t flags); /* "rd ad" */

/* A text that no other record has: the stream's number and the sequence number. */
void json_event_id(struct pen *p, const char *name, const struct stamp *stamp);

/* What no common schema has a place for: members of an object that is open. */
void json_house(struct pen *p, const struct log_view *v, const struct stamp *stamp);

/* Objects "edns" and "extended_error", when there is something to say. */
void json_edns(struct pen *p, const struct log_view *v);
void json_extended_error(struct pen *p, const struct log_view *v);

/* "1.3" of "TLS1.3" */
const char *tls_number(const char *version);

#endif
