#ifndef QUERYLOG_JSON_H
#define QUERYLOG_JSON_H

#include "querylog/pen.h"

/* JSON on its way out, a member at a time; the commas come by themselves. `name` is a text that
 * stands in the code, and NULL inside a list. */
void json_open(struct pen *p, const char *name); /* an object */
void json_close(struct pen *p);
void json_open_list(struct pen *p, const char *name);
void json_close_list(struct pen *p);

void json_number(struct pen *p, const char *name, uint64_t number);
void json_true(struct pen *p, const char *name);

/* A text that needs no escape, or as pen_json writes it. */
void json_word(struct pen *p, const char *name, const char *word);
void json_text(struct pen *p, const char *name, struct slice text);

/* The same, but the caller writes what stands between the quotes. */
void json_open_text(struct pen *p, const char *name);
void json_close_text(struct pen *p);

#endif
