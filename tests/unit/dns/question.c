#include "dns/question.h"
#include "unit/dns/wire.h"

TEST(question_keeps_case, "a question is read and written in the asker's letter case")
{
    const struct slice wire = BYTES("\3wWw\2Eu\0\0\x1c\0\1");
    struct reader r = reader_of(wire);
    uint8_t room[64];
    struct writer w = writer_of(room, sizeof room);
    struct question q;

    CHECK_EQUAL(read_question(&r, &q), OK);
    CHECK(q.qtype == TYPE_AAAA && q.qclass == CLASS_IN && q.name_len == 8);
    write_question(&w, &q);
    CHECK(slice_equal(writer_slice(&w), wire));
}

TEST(question_compares, "questions are equal when name, type and class are")
{
    struct reader r = reader_of(BYTES("\3wWw\2Eu\0\0\x1c\0\1"));
    struct question q;

    CHECK_EQUAL(read_question(&r, &q), OK);
    CHECK(question_equal(&q, NAME("www.eu"), TYPE_AAAA, CLASS_IN));
    CHECK(!question_equal(&q, NAME("www.de"), TYPE_AAAA, CLASS_IN));
    CHECK(!question_equal(&q, NAME("www.eu"), TYPE_A, CLASS_IN));
    CHECK(!question_equal(&q, NAME("www.eu"), TYPE_AAAA, CLASS_CH));
}

TEST(question_must_be_whole, "a question cut short is malformed")
{
    struct reader r = reader_of(BYTES("\3www\0\0\1\0"));
    struct question q;

    CHECK_EQUAL(read_question(&r, &q), ERR_MALFORMED);
}
