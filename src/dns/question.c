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
    write_bytes(w, question_name(q));
    write_u16(w, q->qtype);
    write_u16(w, q->qclass);
}

bool question_equal(const struct question *q, struct slice name, uint16_t qtype, uint16_t qclass)
{
    return q->qtype == qtype && q->qclass == qclass && name_equal(question_name(q), name);
}
