#ifndef CONTROL_REPORT_H
#define CONTROL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct tail;

/* How a response begins that tells of an error: for people, and as JSON. No other does. */
#define REPORT_ERROR      "error: "
#define REPORT_ERROR_JSON "{\"error\":"

/* A response in the making: lines of "key value" for people, or one JSON object in one line. Zero
 * what is not needed. */
struct report {
    FILE *out;
    bool is_json;
    int width;            /* of the column of keys, for people; 0 leaves the keys out */
    size_t fields, items; /* so many were told, of this object and of this list */
    const char *list;     /* the key of the list that is being told */
    const char *object;   /* the key of an object that has begun and is still empty */
    int depth;            /* of objects in objects */
    bool is_begun, is_row;
    bool is_raw;       /* what it is made of stands for itself: no braces are added */
    struct tail *tail; /* what follows, without end, when the report is made; else NULL */
};

void report_number(struct report *r, const char *key, uint64_t value);
void report_bytes(struct report *r, const char *key, uint64_t bytes);
void report_seconds(struct report *r, const char *key, uint64_t seconds);
void report_text(struct report *r, const char *key, const char *text);

void report_list(struct report *r, const char *key);
void report_item(struct report *r, const char *text);
void report_list_end(struct report *r);

/* A number with three decimals. */
void report_thousandths(struct report *r, const char *key, uint64_t thousandths);

/* A time span in milliseconds and their thousandths. */
void report_milliseconds(struct report *r, const char *key, uint64_t ns);

/* A list of objects: for people, blocks with an empty line between them. It is a list of its own:
 * there are no lists in its objects. */
void report_objects(struct report *r, const char *key);
void report_next_object(struct report *r);
void report_objects_end(struct report *r);

/* An object in the object: for people, what is in it is indented below its key, and nothing is
 * said of an empty one. */
void report_object(struct report *r, const char *key);
void report_object_end(struct report *r);

/* The same with numbers alone: for people, all of them stand in the key's line. */
void report_row(struct report *r, const char *key);
void report_row_end(struct report *r);

/* A sentence for people; nothing in JSON. */
void report_say(struct report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What went wrong. Comes first; fields may follow. */
void report_error(struct report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

void report_end(struct report *r);

#endif
