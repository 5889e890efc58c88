/* command/page_check.c - whether a page is there, such as /ready of another dotproxy.
 *
 * Called by: healthcheck.c. There is nothing else to do meanwhile, so it waits.
 */
#include "command/page_check.h"

#include "io/socket.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define REQUEST_MAX (URL_TEXT_MAX + 64)
#define STATUS_AT   9 /* behind "HTTP/1.1 " */
#define STATUS_LEN  3

static bool wait_for(int fd, short events, int patience_ms)
{
    struct pollfd poll_fd = { .fd = fd, .events = events };

    return poll(&poll_fd, 1, patience_ms) == 1;
}

/* The start of what is answered, as far as the status goes; its length. */
static size_t read_status(int fd, int patience_ms, char *line, size_t size)
{
    size_t len = 0;

    while (len < size && wait_for(fd, POLLIN, patience_ms)) {
        ssize_t got = recv(fd, line + len, size - len, 0);

        if (got <= 0)
            break;
        len += (size_t)got;
    }
    return len;
}

static bool ask(int fd, const struct url *url, int patience_ms, char reason[PAGE_REASON_MAX])
{
    char request[REQUEST_MAX], line[STATUS_AT + STATUS_LEN];
    int len, error;

    if (!wait_for(fd, POLLOUT, patience_ms))
        error = ETIMEDOUT;
    else
        error = socket_error(fd);
    if (error) {
        snprintf(reason, PAGE_REASON_MAX, "%s", strerror(error));
        return false;
    }
    len = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n",
                   url->path ? url->path : "/", url->host);
    if (send(fd, request, (size_t)len, MSG_NOSIGNAL) != len ||
        read_status(fd, patience_ms, line, sizeof line) < sizeof line ||
        memcmp(line, "HTTP/", 5) != 0) {
        snprintf(reason, PAGE_REASON_MAX, "it does not answer in HTTP");
        return false;
    }
    snprintf(reason, PAGE_REASON_MAX, "it answers with status %.3s", line + STATUS_AT);
    return memcmp(line + STATUS_AT, "200", STATUS_LEN) == 0;
}

bool page_check(const struct url *url, int patience_ms, char reason[PAGE_REASON_MAX])
{
    bool is_there;
    int fd;

    if (!url->has_addr) {
        snprintf(reason, PAGE_REASON_MAX, "write an address in place of the name");
        return false;
    }
    if (socket_connect_stream(&url->addr, &fd) != OK) {
        snprintf(reason, PAGE_REASON_MAX, "%s", err_text(ERR_SYSTEM));
        return false;
    }
    is_there = ask(fd, url, patience_ms, reason);
    socket_close(&fd);
    return is_there;
}
