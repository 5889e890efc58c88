/* tests/unit/querylog/made.h - records as the walk makes them, and what formats make of them. */
#ifndef UNIT_QUERYLOG_MADE_H
#define UNIT_QUERYLOG_MADE_H

#include "querylog/desk.h"
#include "querylog/format.h"
#include "unit/dns/wire.h"

struct config;

/* The streams of a configuration file that holds this. The caller gives it back. */
struct config *made_config(const char *yaml);

/* A query that can be changed before it is noted. */
struct made {
    struct query query;
    struct querylog_facts facts;
    union addr listener;
    struct wire response;
    struct stamp stamp;
};

#define MADE_WALL_NS 1700000000123456789ull /* 2023-11-14T22:13:20.123456Z */
#define MADE_TOOK_NS 1234567ull

/* www.example.com A over UDP, from the cache: 192.0.2.1. */
void made_begin(struct made *m);

/* Asks another question, and answers it with nothing. */
void made_ask(struct made *m, struct slice qname, uint16_t qtype);

/* One more record in the answer. */
void made_answer(struct made *m, struct slice owner, uint16_t type, uint16_t dns_class,
                 struct slice rdata);

/* What the thread that writes gets to see; lasts until the next call. */
struct log_view made_view(const struct made *m);

/* A frame of that in a format, or all of a text with its final zero; lasts until the next call. */
struct slice made_frame(const struct made *m, const char *format, unsigned frame);
const char *made_text(const struct made *m, const char *format);

#endif
