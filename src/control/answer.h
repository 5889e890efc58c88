#ifndef CONTROL_ANSWER_H
#define CONTROL_ANSWER_H

#include "base/slice.h"

struct control_house;
struct tail;

/* What a request line is answered. The receiver frees the text, and owns the tail. */
struct answer {
    char *text; /* NULL when memory is out */
    size_t len;
    struct tail *tail; /* that follows, attached to the query log; NULL: nothing follows */
};

struct answer answer(struct control_house *house, struct slice line);

#endif
