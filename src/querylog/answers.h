#ifndef QUERYLOG_ANSWERS_H
#define QUERYLOG_ANSWERS_H

#include "dns/message.h"
#include "querylog/pen.h"

/* The records of the answer section, as `,"answers":[{"name","type","ttl","data"}...]`; nothing
 * when there are none. */
void answers_write_json(struct pen *p, const struct message *m);

/* The data of a record in presentation format, as the inside of a JSON string. */
void answers_write_data(struct pen *p, const struct message *m, const struct record *rr);

#endif
