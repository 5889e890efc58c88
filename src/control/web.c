/* control/web.c - metrics and health over HTTP.
 *
 * libmicrohttpd does the HTTP, on a thread of its own. Called by: command/service.c. Owns: the
 * daemon. A request that the crew has to be looked at for is suspended, mailed to the thread that
 * owns the crew, and resumed with its answer.
 */
#include "control/web.h"

#include "base/thread.h"
#include "control/control.h"
#include "control/page.h"
#include "io/socket.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX 32
#define PATIENCE_S      10
#define MEMORY_MAX      32768 /* of one connection: its request, mostly */

struct web {
    struct control_house *house;
    struct MHD_Daemon *daemon;
    struct mailbox asked; /* posted by the daemon's thread, taken by web_work */
    _Atomic unsigned waiting;
    _Atomic bool stops; /* written by web_close, read by the daemon's thread */
};

enum page { PAGE_METRICS, PAGE_READY };

/* A request whose answer is written by the owner of the crew. */
struct ask {
    struct mail mail;
    struct MHD_Connection *connection;
    enum page page;
    bool is_openmetrics;
    unsigned status;
    char *text; /* NULL: not yet written, or no memory for it */
    size_t len;
};

static const char type_text[] = "text/plain; charset=utf-8";
static const char type_prometheus[] = "text/plain; version=0.0.4; charset=utf-8";
static const char type_openmetrics[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";

static enum MHD_Result say(struct MHD_Connection *connection, unsigned status, const char *type,
                           const char *text, size_t len)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
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
    return say(connection, status, type_text, text, strlen(text));
}

static enum MHD_Result say_answer(const struct ask *a)
{
    if (!a->text)
        return say_text(a->connection, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory, or stopping\n");
    return say(a->connection, a->status,
               a->page == PAGE_READY ? type_text
               : a->is_openmetrics   ? type_openmetrics
                                     : type_prometheus,
               a->text, a->len);
}

static bool wants_openmetrics(struct MHD_Connection *connection)
{
    const char *accept =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

    return accept && strstr(accept, "application/openmetrics-text");
}

/* The connection is suspended before anybody else knows of it. */
static enum MHD_Result ask(struct web *w, struct MHD_Connection *connection, enum page page,
                           void **ret_ask)
{
    struct ask *a = calloc(1, sizeof *a);

    if (!a)
        return MHD_NO;
    *ret_ask = a;
    a->connection = connection;
    a->page = page;
    a->is_openmetrics = wants_openmetrics(connection);
    atomic_fetch_add(&w->waiting, 1);
    if (atomic_load(&w->stops)) {
        atomic_fetch_sub(&w->waiting, 1);
        return say_answer(a);
    }
    MHD_suspend_connection(connection);
    mailbox_post(&w->asked, &a->mail);
    w->house->call(w->house->arg);
    return MHD_YES;
}

static enum MHD_Result requested(void *arg, struct MHD_Connection *connection, const char *url,
                                 const char *method, const char *version, const char *body,
                                 size_t *body_len, void **asked)
{
    struct web *w = arg;

    (void)version, (void)body;
    if (*asked)
        return say_answer(*asked);
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        *body_len = 0;
        return say_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are known\n");
    }
    if (strcmp(url, "/metrics") == 0)
        return ask(w, connection, PAGE_METRICS, asked);
    if (strcmp(url, "/ready") == 0)
        return ask(w, connection, PAGE_READY, asked);
    if (strcmp(url, "/health") == 0)
        return say_text(connection, MHD_HTTP_OK, "alive\n");
    return say_text(connection, MHD_HTTP_NOT_FOUND, "there are /metrics, /health and /ready\n");
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

static void write_answer(const struct control_house *house, struct ask *a)
{
    FILE *out = open_memstream(&a->text, &a->len);
    bool is_ready = true;

    if (!out)
        return;
    if (a->page == PAGE_METRICS) {
        page_write(house, a->is_openmetrics, out);
    } else {
        is_ready = page_is_ready(house);
        fputs(is_ready ? "ready\n" : "no upstream has answered, and the cache is empty\n", out);
    }
    a->status = is_ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
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
        write_answer(w->house, a);
        MHD_resume_connection(a->connection);
        atomic_fetch_sub(&w->waiting, 1);
    }
}

err_t web_open(struct web **ret_web, const union addr *addr, struct control_house *house)
{
    struct web *w = calloc(1, sizeof *w);
    int fd = -1;
    err_t err;

    if (!w)
        return ERR_NOMEM;
    w->house = house;
    err = socket_listen(addr, true, &fd, 1);
    if (err == OK) {
        errno = ENOMEM;
        w->daemon = MHD_start_daemon(
            MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, requested, w,
            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, completed, w,
            MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
            (unsigned)PATIENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX,
            MHD_OPTION_END);
        err = w->daemon ? OK : ERR_SYSTEM;
    }
    if (err != OK) {
        socket_close(&fd);
        free(w);
        return err;
    }
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
