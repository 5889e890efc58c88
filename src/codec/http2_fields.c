/* codec/http2_fields.c - a response's header fields, as nghttp2 takes them. Called by: http2.c. */
#include "codec/http2_fields.h"

#include <string.h>

#define MAX_AGE "max-age="

/* Writes before `end`; returns where the digits begin. */
static char *write_number(char *end, size_t number)
{
    do {
        *--end = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return end;
}

/* `name` lasts for ever, as does a value with NO_COPY_VALUE. */
static void add(struct http2_fields *f, const char *name, const char *value, size_t len,
                uint8_t flags)
{
    f->list[f->count++] = (nghttp2_nv){ .name = (uint8_t *)(uintptr_t)name,
                                        .value = (uint8_t *)(uintptr_t)value,
                                        .namelen = strlen(name),
                                        .valuelen = len,
                                        .flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | flags };
}

static void add_constant(struct http2_fields *f, const char *name, const char *value)
{
    add(f, name, value, strlen(value), NGHTTP2_NV_FLAG_NO_COPY_VALUE);
}

static void add_number(struct http2_fields *f, const char *name, char room[HTTP2_NUMBER_MAX],
                       size_t number)
{
    char *end = room + HTTP2_NUMBER_MAX, *start = write_number(end, number);

    add(f, name, start, (size_t)(end - start), 0);
}

static void add_max_age(struct http2_fields *f, uint32_t seconds)
{
    char *end = f->age + sizeof f->age, *start = write_number(end, seconds);

    start -= sizeof MAX_AGE - 1;
    memcpy(start, MAX_AGE, sizeof MAX_AGE - 1);
    add(f, "cache-control", start, (size_t)(end - start), 0);
}

void http2_fields_write(struct http2_fields *f, const struct http_response *response)
{
    f->count = 0;
    add_number(f, ":status", f->status, response->status);
    if (response->content_type)
        add_constant(f, "content-type", response->content_type);
    add_number(f, "content-length", f->length, response->body.len);
    if (response->date)
        add(f, "date", response->date, strlen(response->date), 0);
    if (response->has_max_age)
        add_max_age(f, response->max_age_s);
    else if (response->status >= 400)
        add_constant(f, "cache-control", "no-store");
    if (response->allow)
        add_constant(f, "allow", response->allow);
}
