/* tests/fuzz/querylog_frames.c - what a reader of dnstap may say: heard the same in any pieces. */
#include "querylog/frames.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A sum of all events, in order. */
static uint64_t hear(const uint8_t *data, size_t size, size_t piece)
{
    struct frames_reader r = { .len = 0 };
    uint64_t sum = 1;

    for (size_t at = 0; at < size; at += piece) {
        size_t len = piece < size - at ? piece : size - at;
        uint8_t *copy = malloc(len);
        struct slice part = slice_of(copy, len);
        enum frames_control type = FRAMES_ACCEPT;
        enum frames_event event;

        memcpy(copy, data + at, len);
        while ((event = frames_read(&r, &part, &type)) == FRAMES_SAYS)
            sum = sum * 31 + type;
        free(copy);
        if (event == FRAMES_BROKEN)
            return sum * 31 + 7;
        if (part.len != 0 || r.len > sizeof r.bytes)
            abort();
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (hear(data + 1, size - 1, 1u + data[0]) != hear(data + 1, size - 1, 65536))
        abort();
    return 0;
}
