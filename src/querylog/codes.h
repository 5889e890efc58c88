#ifndef QUERYLOG_CODES_H
#define QUERYLOG_CODES_H

#include "querylog/pen.h"

/* The name of a number, or for want of one TYPE65280, CLASS42, RCODE4000 or OPCODE15. */
void pen_type(struct pen *p, uint16_t type);
void pen_class(struct pen *p, uint16_t dns_class);
void pen_rcode(struct pen *p, uint16_t rcode);
void pen_opcode(struct pen *p, unsigned opcode);

#endif
