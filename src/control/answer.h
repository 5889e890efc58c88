#ifndef CONTROL_ANSWER_H
#define CONTROL_ANSWER_H

#include "base/slice.h"

struct control_house;

/* The response to a request line, which the caller frees; NULL when memory is out. */
char *answer(struct control_house *house, struct slice line, size_t *ret_len);

#endif
