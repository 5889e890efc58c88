/* control/web.c - metrics and health over HTTP.
 *
 * libmicrohttpd does the HTTP, on a thread of its own. Called by: command/service.c. Owns: the
 * daemon. A request that the crew has to be looked at for is suspended, mailed to the thread that
 * owns the crew, and resumed with its answer.
 */
#include "control/web.h"

#include "base/clock.h"
#include "base/thread.h"
#include "control/control.h"
#include "control/page.h"
#include "worker/crew.h"

#include <microhttpd.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX    32
#define CONNECTIONS_OF_ONE 16 /* address: who holds all of his keeps nobody else out */
#define PATIENCE_S         10 /* without a byte */
#define TRY_EVERY_NS       NS_PER_S
#define MEMORY_MAX         32768 /* of one connection: its request, mostly */

struct web {
    struct control_house *house;
    struct MHD_Daemon *daemon;
    struct mailbox asked; /* posted by the daemon's thread, taken by web_work */
    _Atomic unsigned waiting;
    _Atomic bool stops; /* written by web_close, read by the daemon's thread */
    uint64_t try_at_ns; /* for web_work: before then upstreams are not asked again */
};

enum page { PAGE_METRICS, PAGE_READY };

/* A request. Its answer may have to be written by the owner of the crew. */
struct ask {
    struct mail mail;
    struct MHD_Connection *connection;
    bool is_asked; /* the owner of the crew has got it, and has written its answer */
    enum page page;
    bool is_openmetrics;
    unsigned status;
    char *text; /* NULL: there was no memory for it */
    size_t len;
};

static const char type_text[] = "text/plain; charset=utf-8";
static const char type_prometheus[] = "text/plain; version=0.0.4; charset=utf-8";
static const char type_openmetrics[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/* Takes `text` if it is to be freed, also on failure. */
static enum MHD_Result say(struct MHD_Connection *connection, unsigned status, const char *type,
                           char *text, size_t len, enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(len, text, mode);
    enum MHD_Result result;

    if (!response) {
        if (mode == MHD_RESPMEM_MUST_FREE)
            free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result say_text(struct MHD_Connection *connection, unsigned status,
                                const char *text)
{
    return say(connection, status, type_text, (char *)(uintptr_t)text, strlen(text),
               MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result say_answer(struct ask *a)
{
    const char *type = a->page == PAGE_READY ? type_text
                       : a->is_openmetrics   ? type_openmetrics
                                             : type_prometheus;
    char *text = a->text;

    if (!text)
        return say_text(a->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory, or stopping\n");
    a->text = NULL;
    return say(a->connection, a->status, type, text, a->len, MHD_RESPMEM_MUST_FREE);
}

static bool wants_openmetrics(struct MHD_Connection *connection)
{
    const char *accept =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

    return accept && strstr(accept, "application/openmetrics-text");
}

/* The connection is suspended before anybody else knows of it. */
static enum MHD_Result ask(struct web *w, struct ask *a, enum page page)
{
    a->page = page;
    a->is_openmetrics = wants_openmetrics(a->connection);
    a->is_asked = true;
    atomic_fetch_add(&w->waiting, 1);
    if (atomic_load(&w->stops)) {
        atomic_fetch_sub(&w->waiting, 1);
        return say_answer(a);
    }
    MHD_suspend_connection(a->connection);
    mailbox_post(&w->asked, &a->mail);
    w->house->call(w->house->arg);
    return MHD_YES;
}

/* The owner of the crew may wait for the very worker that does not go on, so he is not asked. */
static enum MHD_Result say_health(const struct web *w, struct MHD_Connection *connection)
{
    if (crew_count_stuck(w->house->crew) > 0)
        return say_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                        "a worker has been at one thing for more than 5 seconds\n");
    return say_text(connection, MHD_HTTP_OK, "alive\n");
}

static enum MHD_Result answer_url(struct web *w, struct ask *a, const char *url)
{
    if (a->is_asked)
        return say_answer(a);
    if (strcmp(url, "/metrics") == 0)
        return ask(w, a, PAGE_METRICS);
    if (strcmp(url, "/ready") == 0)
        return ask(w, a, PAGE_READY);
    if (strcmp(url, "/health") == 0)
        return say_health(w, a->connection);
    return say_text(a->connection, MHD_HTTP_NOT_FOUND, "there are /metrics, /health and /ready\n");
}

/* The library calls it when the head of a request is there, for each piece of a body, when all is
 * there, and once more after a suspension. What is answered at the first of them closes the
 * connection. */
static enum MHD_Result requested(void *arg, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *body,
                                 size_t *body_len, void **ret_ask) /* NOLINT: the library's */
{
    struct ask *a = *ret_ask;

    (void)version, (void)body;
    if (a && *body_len == 0)
        return answer_url(arg, a, url);
    if (a)
        return MHD_NO; /* no page wants a body, and nobody waits for its end */
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return say_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are known\n");
    a = calloc(1, sizeof *a);
    if (!a)
        return MHD_NO;
    a->connection = connection;
    *ret_ask = a;
    return MHD_YES;
}

static void completed(void *arg, struct MHD_Connection *connection, void **asked,
                      enum MHD_RequestTerminationCode why)
{
    struct ask *a = *asked;

    (void)arg, (void)connection, (void)why;
    if (!a)
        return;
    free(a->text);
    free(a);
    *asked = NULL;
}

/* Who is not ready gets no queries where monitoring decides on that, and would never be. */
static bool is_ready(struct web *w)
{
    uint64_t now_ns = clock_monotonic_ns();

    if (page_is_ready(w->house))
        return true;
    if (now_ns >= w->try_at_ns) {
        crew_try_upstreams(w->house->crew);
        w->try_at_ns = now_ns + TRY_EVERY_NS;
    }
    return false;
}

static void write_page(struct web *w, struct ask *a, FILE *out)
{
    a->status = MHD_HTTP_OK;
    if (a->page == PAGE_METRICS) {
        page_write(w->house, a->is_openmetrics, out);
    } else if (is_ready(w)) {
        fputs("ready\n", out);
    } else {
        a->status = MHD_HTTP_SERVICE_UNAVAILABLE;
        fputs("no upstream answers, and the cache has no answer; upstreams are being asked\n", out);
    }
}

static void write_answer(struct web *w, struct ask *a)
{
    FILE *out = open_memstream(&a->text, &a->len);

    if (!out)
        return;
    __fsetlocking(out, FSETLOCKING_BYCALLER); /* nobody else has it */
    write_page(w, a, out);
    if (ferror(out) | fclose(out)) {
        free(a->text);
        a->text = NULL;
    }
}

void web_work(struct web *w)
{
    struct mail *next;

    for (struct mail *mail = w ? mailbox_take(&w->asked) : NULL; mail; mail = next) {
        struct ask *a = (struct ask *)mail;

        next = mail->next;
        write_answer(w, a);
        MHD_resume_connection(a->connection);
        atomic_fetch_sub(&w->waiting, 1);
    }
}

err_t web_open(struct web **ret_web, int *fd, struct control_house *house)
{
    struct web *w = calloc(1, sizeof *w);

    if (!w)
        return ERR_NOMEM;
    w->house = house;
    w->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, requested, w,
        MHD_OPTION_LISTEN_SOCKET, *fd, MHD_OPTION_NOTIFY_COMPLETED, completed, w,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_OF_ONE, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)PATIENCE_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX, MHD_OPTION_END);
    if (!w->daemon) {
        free(w);
        return ERR_NOMEM;
    }
    *fd = -1;
    *ret_web = w;
    return OK;
}

/* A daemon that is stopped must have no suspended connections. */
void web_close(struct web **web)
{
    struct web *w = *web;

    *web = NULL;
    if (!w)
        return;
    atomic_store(&w->stops, true);
    while (atomic_load(&w->waiting) > 0)
        web_work(w);
    MHD_stop_daemon(w->daemon); /* and closes the socket */
    free(w);
}
