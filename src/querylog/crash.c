/* querylog/crash.c - the last records, written when the process dies.
 *
 * Called by: the kernel, on whatever thread has gone wrong. Only what a signal handler may do: the
 * recorder's lines first, which are ready; then those that the recorder's thread has not come to,
 * as far as they still make sense. A fault in here ends the process at once.
 */
#include "querylog/crash.h"

#include "base/clock.h"
#include "querylog/querylog.h"
#include "querylog/recorder.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SCRATCH_SIZE 131072 /* for one record; longer ones are left out */
#define TRIES        100    /* to stop the thread that writes; it may be what has gone wrong */

/* Static, because nothing is handed to a signal handler. */
static struct {
    int fd;
    struct querylog *log;
    uint8_t *scratch;
    atomic_flag is_taken; /* by the first thread that dies */
} armed = { .fd = -1, .is_taken = ATOMIC_FLAG_INIT };

static const struct {
    int number;
    const char *name;
} signals[] = {
    { SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" },   { SIGILL, "SIGILL" },
    { SIGFPE, "SIGFPE" },   { SIGABRT, "SIGABRT" },
};

#define SIGNALS (sizeof signals / sizeof *signals)

static void write_all(void *arg, struct slice bytes)
{
    (void)arg;
    while (bytes.len > 0) {
        ssize_t written = write(armed.fd, bytes.data, bytes.len);

        if (written <= 0)
            return;
        bytes = slice_after(bytes, (size_t)written);
    }
}

/* Records whose turn has not ended have no duration yet. */
static void write_record(struct slice bytes, bool is_committed)
{
    struct pen scratch = pen_on(armed.scratch, SCRATCH_SIZE);
    struct log_view view = record_read(bytes);
    struct log_record head = *view.head;

    if (head.kind != RECORD_QUERY)
        return;
    if (!is_committed)
        head.took_ns = 0;
    view.head = &head;
    view.arrived_wall_ns = head.arrived_ns + clock_wall_ns() - clock_monotonic_ns();
    recorder_format(querylog_recorder(armed.log), &view, 0, &scratch);
    if (!scratch.is_too_long)
        write_all(NULL, pen_slice(&scratch));
}

static void write_belt(const struct belt *belt)
{
    const size_t written = atomic_load_explicit(&belt->written, memory_order_acquire);
    struct slice bytes;
    size_t at = belt->next;

    while ((bytes = belt_peek(belt, &at, written)).len > 0)
        write_record(bytes, true);
    at = written;
    while ((bytes = belt_peek(belt, &at, belt->filled)).len > 0)
        write_record(bytes, false);
}

static void write_end(int number)
{
    struct pen p = pen_on(armed.scratch, SCRATCH_SIZE);
    uint8_t *at;

    PEN_LITERAL(&p, "{\"crash\":\"");
    for (size_t i = 0; i < SIGNALS; i++)
        if (signals[i].number == number)
            pen_text(&p, signals[i].name);
    PEN_LITERAL(&p, "\",\"time\":\"");
    at = pen_room(&p, PUT_TIME_MAX);
    p.next = put_time(at, clock_wall_ns());
    PEN_LITERAL(&p, "\",\"dotproxy\":\"" DOTPROXY_VERSION "\",\"pid\":");
    pen_number(&p, (uint64_t)getpid());
    PEN_LITERAL(&p, "}\n");
    write_all(NULL, pen_slice(&p));
}

static void wait_a_millisecond(void)
{
    static const struct timespec moment = { .tv_nsec = NS_PER_MS };

    nanosleep(&moment, NULL);
}

/* What is on its way from a belt to the recorder arrives there first. */
static void stop_writer(void)
{
    for (unsigned i = 0; i < TRIES && !querylog_seize(armed.log); i++)
        wait_a_millisecond();
}

/* What it was to do comes when this has returned: the signal is held back until then. */
static void die(int number)
{
    signal(number, SIG_DFL);
    raise(number);
}

static void crash(int number)
{
    while (atomic_flag_test_and_set(&armed.is_taken))
        wait_a_millisecond(); /* until the other one has ended all */
    stop_writer();
    recorder_read(querylog_recorder(armed.log), write_all, NULL);
    write_end(number);
    for (size_t i = 0; i < querylog_workers(armed.log); i++)
        write_belt(&querylog_desk(armed.log, i)->belt);
    die(number);
}

/* A second fault, in here, is not held back: the kernel ends the process for it. */
static void set_handlers(void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler };

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&action.sa_mask, signals[i].number);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i].number, &action, NULL);
}

err_t crash_arm(int fd, struct querylog *log)
{
    armed.scratch = malloc(SCRATCH_SIZE);
    if (!armed.scratch)
        return ERR_NOMEM;
    armed.fd = fd;
    armed.log = log;
    set_handlers(crash);
    return OK;
}

void crash_disarm(void)
{
    if (!armed.scratch)
        return;
    set_handlers(SIG_DFL);
    close(armed.fd);
    free(armed.scratch);
    armed.scratch = NULL;
    armed.fd = -1;
}
