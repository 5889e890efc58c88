/* control/request.c - what can be asked, from requests.def, and how a line asks it.
 *
 * Called by: answer.c for the line that a caller sent, and `dotproxy ctl` for the one it sends.
 */
#include "control/request.h"

#include "config/nearest.h"
#include "control/kinds.h"

#define ROW(word, text, most, meaning, ...)                                                        \
    { .name = #word,                                                                               \
      .operands = text,                                                                            \
      .doc = meaning,                                                                              \
      .operands_max = most,                                                                        \
      .answer = request_##word,                                                                    \
      __VA_ARGS__ },

const struct request_kind request_kinds[] = {
#define REQUEST(...) ROW(__VA_ARGS__, .is_endless = false)
#define STREAM(...)  ROW(__VA_ARGS__, .is_endless = true)
#define WATCHED(...) ROW(__VA_ARGS__, .is_watched = true)
#include "control/requests.def"
#undef REQUEST
};

const size_t request_kind_count = sizeof request_kinds / sizeof *request_kinds;

const struct request_kind *request_find(const char *name)
{
    for (size_t i = 0; i < request_kind_count; i++)
        if (strcmp(request_kinds[i].name, name) == 0)
            return &request_kinds[i];
    return NULL;
}

const struct request_kind *request_nearest(const char *name)
{
    struct nearest n = nearest_to(name);

    for (size_t i = 0; i < request_kind_count; i++)
        nearest_offer(&n, request_kinds[i].name);
    return n.best ? request_find(n.best) : NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static err_t check_bytes(struct slice line)
{
    if (line.len > REQUEST_LINE_MAX)
        return ERR_TOOBIG;
    for (size_t i = 0; i < line.len; i++)
        if ((line.data[i] < ' ' && line.data[i] != '\t') || line.data[i] > '~')
            return ERR_MALFORMED;
    return OK;
}

static err_t take_word(struct request *r, const char *word)
{
    if (strcmp(word, "--json") == 0) {
        r->wants_json = true;
        return OK;
    }
    if (r->count == REQUEST_WORDS_MAX)
        return ERR_TOOBIG;
    r->words[r->count++] = word;
    return OK;
}

err_t request_parse(struct slice line, struct request *ret_request)
{
    struct request *r = ret_request;
    char *rest = r->text;

    if (line.len > 0 && line.data[line.len - 1] == '\r') /* from a terminal or telnet */
        line.len--;
    TRY(check_bytes(line));
    r->count = 0;
    r->wants_json = false;
    if (line.len > 0)
        memcpy(r->text, line.data, line.len);
    r->text[line.len] = 0;
    for (;;) {
        char *word;

        while (is_blank(*rest))
            rest++;
        if (*rest == 0)
            break;
        word = rest;
        while (*rest && !is_blank(*rest))
            rest++;
        if (*rest)
            *rest++ = 0;
        TRY(take_word(r, word));
    }
    return r->count > 0 ? OK : ERR_MALFORMED;
}
