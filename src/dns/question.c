/* dns/question.c - the question section's one entry: RFC 1035 section 4.1.2. */
#include "dns/question.h"

err_t read_question(struct reader *r, struct question *ret_question)
{
    struct slice name = read_name(r);
    uint16_t qtype = read_u16(r);
    uint16_t qclass = read_u16(r);

    if (r->failed)
        return ERR_MALFORMED;
    ret_question->qtype = qtype;
    ret_question->qclass = qclass;
    ret_question->name_len = (uint8_t)name.len;
    memcpy(ret_question->name, name.data, name.len);
    return OK;
}

void write_question(struct writer *w, const struct question *q)
{
    uint8_t *room = write_room(w, q->name_len + 4u);

    if (!room)
        return;
    memcpy(room, q->name, q->name_len);
    put_u16(room + q->name_len, q->qtype);
    put_u16(room + q->name_len + 2, q->qclass);
}

bool question_equal(const struct question *q, struct slice name, uint16_t qtype, uint16_t qclass)
{
    return q->qtype == qtype && q->qclass == qclass && name_equal(question_name(q), name);
}
