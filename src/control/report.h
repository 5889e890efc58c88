#ifndef CONTROL_REPORT_H
#define CONTROL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* How a response begins that tells of an error: for people, and as JSON. No other does. */
#define REPORT_ERROR      "error: "
#define REPORT_ERROR_JSON "{\"error\":"

/* A response in the making: lines of "key value" for people, or one JSON object in one line. Zero
 * what is not needed. */
struct report {
    FILE *out;
    bool is_json;
    int width; /* of the column of keys, for people; 0 leaves the keys out */
    size_t fields, items;
    const char *list; /* the key of the list that is being told */
};

void report_number(struct report *r, const char *key, uint64_t value);
void report_bytes(struct report *r, const char *key, uint64_t bytes);
void report_seconds(struct report *r, const char *key, uint64_t seconds);
void report_text(struct report *r, const char *key, const char *text);

void report_list(struct report *r, const char *key);
void report_item(struct report *r, const char *text);
void report_list_end(struct report *r);

/* A sentence for people; nothing in JSON. */
void report_say(struct report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What went wrong. Comes first; fields may follow. */
void report_error(struct report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

void report_end(struct report *r);

#endif
