#ifndef DNS_QUESTION_H
#define DNS_QUESTION_H

#include "dns/name.h"

/* What is asked; the name in wire form, in the letter case of the asker. */
struct question {
    uint16_t qtype, qclass;
    uint8_t name_len;
    uint8_t name[DNS_NAME_MAX]; /* only name_len bytes of it are defined */
};

static inline struct slice question_name(const struct question *q)
{
    return slice_of(q->name, q->name_len);
}

err_t read_question(struct reader *r, struct question *ret_question);
void write_question(struct writer *w, const struct question *q);

/* Letter case does not matter. */
bool question_equal(const struct question *q, struct slice name, uint16_t qtype, uint16_t qclass);

#endif
