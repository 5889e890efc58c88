/* querylog/syslog.c - what stands before a record that is a message of syslog (RFC 5424).
 *
 * Called by: outlet.c, through the sinks. The message itself is the record's text without its
 * newline, UTF-8 without a byte order mark (section 6.4 allows that), because it must parse.
 */
#include "querylog/syslog.h"

#include "dns/header.h"

#include <pthread.h>
#include <unistd.h>

#define HEAD_MAX      512
#define NAME_MAX_LEN  255        /* RFC 5424 section 6 */
#define SEQUENCE_MAX  2147483647 /* section 7.3.1 */
#define FACILITY_STEP 8

enum severity { SEVERITY_WARNING = 4, SEVERITY_NOTICE = 5, SEVERITY_INFO = 6 };

/* In the order of the option's words: local0 to local7, user, daemon, authpriv, audit. */
static const unsigned facilities[] = { 16, 17, 18, 19, 20, 21, 22, 23, 1, 3, 10, 13 };

/* No answer, or a rule was against it: what an analyst may want to see first. */
static enum severity severity_of(const struct log_view *view)
{
    if (view->head->source == FROM_NOWHERE || view->head->source == FROM_ERROR)
        return view->head->rule ? SEVERITY_NOTICE : SEVERITY_WARNING;
    return view->head->rule || view->head->shadow ? SEVERITY_NOTICE : SEVERITY_INFO;
}

/* Printable ASCII without spaces; what has no such name is called "-" (section 6). */
static uint8_t *put_word(uint8_t *at, const char *word)
{
    size_t len = 0;

    for (; word[len] > ' ' && word[len] <= '~' && len < NAME_MAX_LEN; len++)
        *at++ = (uint8_t)word[len];
    if (len == 0)
        *at++ = '-';
    return at;
}

/* What is the same in all messages of this process. */
static struct {
    pthread_once_t once;
    char host[NAME_MAX_LEN + 1];
    pid_t pid;
} origin = { .once = PTHREAD_ONCE_INIT };

static void find_origin(void)
{
    gethostname(origin.host, sizeof origin.host - 1);
    origin.pid = getpid();
}

void syslog_open_frame(const struct sink *s, struct pen *p, const struct log_view *view,
                       const struct stamp *stamp, bool is_cut)
{
    unsigned facility = facilities[s->config->facility];
    uint8_t *at = pen_open(p, HEAD_MAX);

    if (!at)
        return;
    pthread_once(&origin.once, find_origin);
    at = put_number(PUT(at, "<"), facility * FACILITY_STEP + (unsigned)severity_of(view));
    at = put_time(PUT(at, ">1 "), view->arrived_wall_ns);
    at = put_word(PUT(at, " "), stamp->identity[0] ? stamp->identity : origin.host);
    at = put_number(PUT(at, " dotproxy "), (uint64_t)origin.pid);
    at = is_cut ? PUT(at, " query-cut") : PUT(at, " query");
    at = put_number(PUT(at, " [meta sequenceId=\""), (stamp->sequence - 1) % SEQUENCE_MAX + 1);
    pen_close(p, PUT(at, "\"][origin software=\"dotproxy\" swVersion=\"" DOTPROXY_VERSION "\"] "));
}

void syslog_close_frame(struct pen *p, size_t start)
{
    (void)start;
    if (!p->is_too_long && p->next > p->start && p->next[-1] == '\n')
        p->next--;
}
