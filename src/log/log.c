/* log/log.c - what the operator reads.
 *
 * Called by: every room from floor 4 up.
 * Owns: a bounded queue of lines and the thread that writes them, so that a reader who stalls (a
 * full pipe, a slow disk) never holds up a worker.
 */
#include "log/log.h"

#include "base/clock.h"
#include "base/thread.h"
#include "log/fold.h"
#include "log/line.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

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
    struct folds *folds;
    size_t first, count;
    uint64_t lost;
} the_log = { .lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER };

static const enum log_level event_levels[EVENT_COUNT] = {
#define EVENT(name, level, text) [EVENT_##name] = LOG_LEVEL_##level,
#define EVENT_EACH               EVENT
#include "log/events.def"
#undef EVENT
#undef EVENT_EACH
};

static const bool is_told_each_time[EVENT_COUNT] = {
#define EVENT(name, level, text)      [EVENT_##name] = false,
#define EVENT_EACH(name, level, text) [EVENT_##name] = true,
#include "log/events.def"
#undef EVENT
#undef EVENT_EACH
};

/* With the lock held. */
static void append(const struct log_line *line)
{
    if (the_log.count == QUEUE_LINES) {
        the_log.lost++;
        return;
    }
    the_log.queue[(the_log.first + the_log.count++) % QUEUE_LINES] = *line;
    pthread_cond_signal(&the_log.filled);
}

static void fill(struct log_line *line, enum log_event event)
{
    line->event = event;
    line->level = event_levels[event];
    line->at_ns = clock_wall_ns();
}

/* With the lock held: of what was said again and again, how often. */
static void append_folded(uint64_t now_ns)
{
    struct log_line line;

    while (fold_next(the_log.folds, now_ns, &line))
        append(&line);
}

/* With the lock held: makes room known again as soon as there is some. */
static void tell_lost(void)
{
    struct log_line line;

    if (the_log.lost == 0 || the_log.count > QUEUE_LINES / 2)
        return;
    fill(&line, EVENT_log_lost);
    snprintf(line.details, sizeof line.details, "lines=%llu", (unsigned long long)the_log.lost);
    the_log.lost = 0;
    append(&line);
}

/* With the lock held: until there is a line, or the log is to stop. */
static void wait_for_lines(void)
{
    while (the_log.count == 0 && !the_log.stops) {
        uint64_t due_ns = fold_due_ns(the_log.folds);
        struct timespec due = { .tv_sec = (time_t)(due_ns / NS_PER_S),
                                .tv_nsec = (long)(due_ns % NS_PER_S) };

        if (due_ns == UINT64_MAX)
            pthread_cond_wait(&the_log.filled, &the_log.lock);
        else
            pthread_cond_clockwait(&the_log.filled, &the_log.lock, CLOCK_MONOTONIC, &due);
        append_folded(clock_monotonic_ns());
    }
}

static void *write_lines(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&the_log.lock);
    for (;;) {
        struct log_line line;
        struct log_settings settings;

        wait_for_lines();
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
    the_log.folds = calloc(1, sizeof *the_log.folds);
    if (!the_log.queue || !the_log.folds)
        return ERR_NOMEM;
    openlog(NULL, LOG_PID, LOG_DAEMON);
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
    append_folded(UINT64_MAX);
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
    free(the_log.folds);
    the_log.queue = NULL;
    the_log.folds = NULL;
}

void log_event(enum log_event event, const char *format, ...)
{
    struct log_line line;
    va_list args;

    if ((int)event_levels[event] > atomic_load_explicit(&the_log.level, memory_order_relaxed))
        return;
    fill(&line, event);
    va_start(args, format);
    vsnprintf(line.details, sizeof line.details, format, args);
    va_end(args);
    pthread_mutex_lock(&the_log.lock);
    if (the_log.runs &&
        (is_told_each_time[event] || !fold_hold(the_log.folds, &line, clock_monotonic_ns())))
        append(&line);
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
