#ifndef QUERYLOG_CODES_H
#define QUERYLOG_CODES_H

#include "querylog/pen.h"

#define PUT_CODE_MAX 16 /* "NSEC3PARAM", "RCODE4095" */

/* The name of a number, or for want of one TYPE65280, CLASS42, RCODE4000 or OPCODE15. */
uint8_t *put_type(uint8_t *at, uint16_t type);
uint8_t *put_class(uint8_t *at, uint16_t dns_class);
uint8_t *put_rcode(uint8_t *at, uint16_t rcode);

void pen_type(struct pen *p, uint16_t type);
void pen_class(struct pen *p, uint16_t dns_class);
void pen_rcode(struct pen *p, uint16_t rcode);
void pen_opcode(struct pen *p, unsigned opcode);

#endif
