/* log/log.c - what the operator reads.
 *
 * Called by: every room from floor 4 up.
 * Owns: a bounded queue of lines and the thread that writes them, so that a reader who stalls (a
 * full pipe, a slow disk) never holds up a worker.
 */
#include "log/log.h"

#include "base/clock.h"
#include "base/thread.h"
#include "log/line.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_LINES 256

#define GATE_NS (60 * NS_PER_S)

/* The one global of the house: a log that had to be handed down would be in every signature. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_t thread;
    bool runs, stops;
    _Atomic int level; /* written by main, read by all */
    struct log_settings settings;
    struct log_line *queue;
    size_t first, count;
    uint64_t lost;
} the_log = { .lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER };

static const enum log_level event_levels[EVENT_COUNT] = {
#define EVENT(name, level, text) [EVENT_##name] = LOG_LEVEL_##level,
#include "log/events.def"
#undef EVENT
};

/* With the lock held. */
static void append(enum log_event event, const char *details)
{
    struct log_line *line;

    if (the_log.count == QUEUE_LINES) {
        the_log.lost++;
        return;
    }
    line = &the_log.queue[(the_log.first + the_log.count++) % QUEUE_LINES];
    line->event = event;
    line->level = event_levels[event];
    line->at_ns = clock_wall_ns();
    snprintf(line->details, sizeof line->details, "%s", details);
    pthread_cond_signal(&the_log.filled);
}

/* With the lock held: makes room known again as soon as there is some. */
static void tell_lost(void)
{
    char details[64];

    if (the_log.lost == 0 || the_log.count > QUEUE_LINES / 2)
        return;
    snprintf(details, sizeof details, "lines=%llu", (unsigned long long)the_log.lost);
    the_log.lost = 0;
    append(EVENT_log_lost, details);
}

static void *write_lines(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&the_log.lock);
    for (;;) {
        struct log_line line;
        struct log_settings settings;

        while (the_log.count == 0 && !the_log.stops)
            pthread_cond_wait(&the_log.filled, &the_log.lock);
        if (the_log.count == 0)
            break;
        line = the_log.queue[the_log.first];
        the_log.first = (the_log.first + 1) % QUEUE_LINES;
        the_log.count--;
        settings = the_log.settings;
        tell_lost();
        pthread_mutex_unlock(&the_log.lock);
        log_line_write(&line, &settings);
        pthread_mutex_lock(&the_log.lock);
    }
    pthread_mutex_unlock(&the_log.lock);
    return NULL;
}

err_t log_start(const struct log_settings *settings)
{
    the_log.queue = calloc(QUEUE_LINES, sizeof *the_log.queue);
    if (!the_log.queue)
        return ERR_NOMEM;
    the_log.first = the_log.count = 0;
    the_log.stops = false;
    log_change(settings);
    TRY(thread_start(&the_log.thread, "dotproxy-log", write_lines, NULL));
    the_log.runs = true;
    return OK;
}

void log_change(const struct log_settings *settings)
{
    pthread_mutex_lock(&the_log.lock);
    the_log.settings = *settings;
    atomic_store_explicit(&the_log.level, (int)settings->level, memory_order_relaxed);
    pthread_mutex_unlock(&the_log.lock);
}

void log_stop(void)
{
    struct timespec end;

    if (!the_log.runs)
        return;
    pthread_mutex_lock(&the_log.lock);
    the_log.stops = true;
    the_log.runs = false;
    pthread_cond_signal(&the_log.filled);
    pthread_mutex_unlock(&the_log.lock);
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec++;
    /* a reader who takes nothing keeps the thread waiting: then the process ends without it */
    if (pthread_timedjoin_np(the_log.thread, NULL, &end) != 0) {
        pthread_detach(the_log.thread);
        return;
    }
    free(the_log.queue);
    the_log.queue = NULL;
}

void log_event(enum log_event event, const char *format, ...)
{
    char details[LOG_DETAILS_MAX];
    va_list args;

    if ((int)event_levels[event] > atomic_load_explicit(&the_log.level, memory_order_relaxed))
        return;
    va_start(args, format);
    vsnprintf(details, sizeof details, format, args);
    va_end(args);
    pthread_mutex_lock(&the_log.lock);
    if (the_log.runs)
        append(event, details);
    pthread_mutex_unlock(&the_log.lock);
}

_Bool log_gate_opens(struct log_gate *gate, uint64_t now_ns, uint64_t *ret_held_back)
{
    uint64_t open_at_ns = atomic_load(&gate->open_at_ns);

    if (now_ns < open_at_ns ||
        !atomic_compare_exchange_strong(&gate->open_at_ns, &open_at_ns, now_ns + GATE_NS)) {
        atomic_fetch_add(&gate->held_back, 1);
        return false;
    }
    *ret_held_back = atomic_exchange(&gate->held_back, 0);
    return true;
}
