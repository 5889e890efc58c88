/* tests/fuzz/control_request.c - a request line: what is taken for words reads the same again. */
#include "control/request.h"

#include <stdio.h>
#include <stdlib.h>

static void require(bool claim)
{
    if (!claim)
        abort();
}

static size_t join(const struct request *r, char *line, size_t size)
{
    size_t len = (size_t)snprintf(line, size, "%s", r->wants_json ? "--json" : "");

    for (size_t i = 0; i < r->count; i++)
        len += (size_t)snprintf(line + len, size - len, " %s", r->words[i]);
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char line[2 * REQUEST_LINE_MAX];
    struct request r, again;

    if (request_parse(slice_of(data, size), &r) != OK)
        return 0;
    require(size <= REQUEST_LINE_MAX + 1 && r.count >= 1 && r.count <= REQUEST_WORDS_MAX);
    for (size_t i = 0; i < r.count; i++)
        require(r.words[i][0] && !strpbrk(r.words[i], " \t\r\n"));
    request_nearest(r.words[0]);
    if (join(&r, line, sizeof line) > REQUEST_LINE_MAX) /* a tab was narrower than a blank */
        return 0;
    require(request_parse(slice_of(line, strlen(line)), &again) == OK);
    require(again.count == r.count && again.wants_json == r.wants_json);
    for (size_t i = 0; i < r.count; i++)
        require(strcmp(again.words[i], r.words[i]) == 0);
    return 0;
}
