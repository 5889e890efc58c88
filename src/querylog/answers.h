#ifndef QUERYLOG_ANSWERS_H
#define QUERYLOG_ANSWERS_H

#include "dns/message.h"
#include "querylog/pen.h"
#include "querylog/record.h"

#define ANSWERS_MAX                                                                                \
    262144 /* bytes of one record that its answers may take up, and one answer more */

/* Goes over the records of the answer section. */
struct answers {
    const struct log_view *view;
    struct records next;
    struct record rr; /* the one that answers_next has found */
    unsigned left;
    struct slice qname_text; /* as the record has it already, in the notation of `dot` */
    enum pen_dot dot;
    uint8_t *start;
    bool is_cut; /* there were more than a record has room for */
};

void answers_begin(struct answers *a, const struct log_view *view, const struct pen *p,
                   struct slice qname_text, enum pen_dot dot);
bool answers_next(struct answers *a, const struct pen *p);

/* Parts of the answer that was found, as the inside of a JSON string. */
void answers_write_name(struct pen *p, const struct answers *a);
void answers_write_type(struct pen *p, const struct answers *a);
void answers_write_class(struct pen *p, const struct answers *a);

/* Its data in presentation format. */
void answers_write_data(struct pen *p, const struct answers *a);

/* The address that it is, or NULL. */
const uint8_t *answers_address(const struct answers *a, bool *ret_is_ipv6);

#endif
