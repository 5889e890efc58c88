/* tests/unit/querylog/json_valid.h - whether bytes are one JSON value (RFC 8259), in UTF-8 and on
 * one line; and what a string in it says. */
#ifndef UNIT_QUERYLOG_JSON_VALID_H
#define UNIT_QUERYLOG_JSON_VALID_H

#include "base/slice.h"

#include <stddef.h>
#include <string.h>

struct json_reader {
    const uint8_t *next, *end;
};

static inline bool json_take(struct json_reader *j, uint8_t c)
{
    if (j->next == j->end || *j->next != c)
        return false;
    j->next++;
    return true;
}

static inline bool json_is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* How long the UTF-8 character at `at` is; 0 when it is none (RFC 3629 section 4). */
static inline size_t json_utf8(const uint8_t *at, const uint8_t *end)
{
    size_t len = *at < 0x80 ? 1 : *at >= 0xc2 && *at < 0xe0 ? 2 : (*at & 0xf0) == 0xe0 ? 3 : 4;

    if ((*at >= 0x80 && *at < 0xc2) || *at > 0xf4 || (size_t)(end - at) < len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) ||
        (*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] > 0x8f))
        return 0;
    return len;
}

static inline bool json_string(struct json_reader *j)
{
    if (!json_take(j, '"'))
        return false;
    while (j->next < j->end && *j->next != '"') {
        size_t len = json_utf8(j->next, j->end);

        if (len == 0 || *j->next < 0x20)
            return false;
        if (*j->next != '\\') {
            j->next += len;
            continue;
        }
        j->next++;
        if (j->next == j->end || !strchr("\"\\/bfnrtu", *j->next))
            return false;
        if (*j->next++ != 'u')
            continue;
        for (int i = 0; i < 4; i++)
            if (j->next == j->end || !json_is_hex(*j->next++))
                return false;
    }
    return json_take(j, '"');
}

static inline bool json_digits(struct json_reader *j)
{
    const uint8_t *start = j->next;

    while (j->next < j->end && *j->next >= '0' && *j->next <= '9')
        j->next++;
    return j->next > start && (*start != '0' || j->next == start + 1);
}

static inline bool json_value(struct json_reader *j, int depth);

static inline bool json_members(struct json_reader *j, uint8_t close, int depth)
{
    if (json_take(j, close))
        return true;
    do {
        if (close == '}' && (!json_string(j) || !json_take(j, ':')))
            return false;
        if (!json_value(j, depth))
            return false;
    } while (json_take(j, ','));
    return json_take(j, close);
}

static inline bool json_value(struct json_reader *j, int depth)
{
    if (depth == 0 || j->next == j->end)
        return false;
    if (json_take(j, '{'))
        return json_members(j, '}', depth - 1);
    if (json_take(j, '['))
        return json_members(j, ']', depth - 1);
    if (*j->next == '"')
        return json_string(j);
    if (j->end - j->next >= 4 && memcmp(j->next, "true", 4) == 0) {
        j->next += 4;
        return true;
    }
    return json_digits(j);
}

static inline bool json_is_line(struct slice bytes)
{
    struct json_reader j = { bytes.data, bytes.data + bytes.len };

    return json_value(&j, 16) && json_take(&j, '\n') && j.next == j.end;
}

/* Copies what the first string called `name` says, its escapes undone, and a final zero; false when
 * there is none. The escapes of \u are not known here: no format writes them. */
static inline bool json_find(struct slice line, const char *name, char *text, size_t size)
{
    char key[64] = "\"";
    const uint8_t *at;

    strncat(key, name, sizeof key - 8);
    strcat(key, "\":\"");
    at = memmem(line.data, line.len, key, strlen(key));
    if (!at)
        return false;
    for (at += strlen(key); *at != '"' && size > 1; at++, size--) {
        if (*at == '\\')
            at++;
        *text++ = (char)*at;
    }
    *text = '\0';
    return true;
}

#endif
