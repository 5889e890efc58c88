/* control/call.c - the other end of the control socket.
 *
 * Called by: command/ctl.c. It blocks: there is nothing else to do.
 */
#include "control/call.h"

#include "config/yaml.h"
#include "control/control_config.h"
#include "io/socket.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#define PATIENCE_MS  30000 /* a reload reads certificates and waits for every worker */
#define RESPONSE_MAX (64u << 20)

static const struct node *find_key(const struct node *map, const char *key)
{
    const struct node *node = map && map->kind == NODE_MAP ? map->first : NULL;

    while (node && strcmp(node->key, key) != 0)
        node = node->next;
    return node;
}

static err_t read_file(const char *file, struct store *store, const struct node **ret_root)
{
    uint8_t *bytes = store_alloc(store, YAML_BYTES_MAX, 1);
    FILE *in = bytes && file ? fopen(file, "re") : NULL;
    struct problem problem;
    struct mark mark;
    size_t len;

    if (!in)
        return ERR_NOTFOUND;
    len = fread(bytes, 1, YAML_BYTES_MAX, in);
    fclose(in);
    return yaml_read(slice_of(bytes, len), store, ret_root, &problem, &mark);
}

const char *call_find_socket(const char *file, struct store *store)
{
    const struct node *root = NULL, *socket = NULL;

    if (read_file(file, store, &root) == OK)
        socket = find_key(find_key(root, control_section.name), "socket");
    if (socket && socket->kind == NODE_TEXT)
        return socket->text;
    return option_find(&control_section, "socket")->initial;
}

static err_t send_all(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);

        if (sent < 0 && errno == EAGAIN)
            return ERR_TIMEOUT;
        if (sent < 0 && errno != EINTR)
            return ERR_CLOSED;
        if (sent > 0)
            bytes = slice_after(bytes, (size_t)sent);
    }
    return OK;
}

static err_t receive_all(int fd, struct buffer *response)
{
    while (buffer_slice(response).len < RESPONSE_MAX) {
        uint8_t *room = buffer_room(response, 65536);
        ssize_t len = room ? recv(fd, room, 65536, 0) : 0;

        if (!room)
            return ERR_NOMEM;
        if (len == 0)
            return buffer_slice(response).len > 0 ? OK : ERR_CLOSED;
        if (len < 0 && errno == EAGAIN)
            return ERR_TIMEOUT;
        if (len < 0 && errno != EINTR)
            return ERR_CLOSED;
        if (len > 0)
            buffer_filled(response, (size_t)len);
    }
    return ERR_TOOBIG;
}

/* Connects and says the line. */
static err_t begin(const char *path, const char *line, int *ret_fd)
{
    err_t err;

    TRY(socket_connect_unix(path, PATIENCE_MS, ret_fd));
    err = send_all(*ret_fd, slice_of(line, strlen(line)));
    if (err == OK)
        err = send_all(*ret_fd, slice_of("\n", 1));
    if (err != OK)
        socket_close(ret_fd);
    return err;
}

err_t call(const char *path, const char *line, struct buffer *ret_response)
{
    int fd;
    err_t err;

    TRY(begin(path, line, &fd));
    err = receive_all(fd, ret_response);
    socket_close(&fd);
    return err;
}

static err_t receive_on(int fd, call_fn *heard, void *arg)
{
    uint8_t room[16384];

    for (;;) {
        ssize_t len = recv(fd, room, sizeof room, 0);

        if (len == 0 || (len < 0 && errno != EINTR && errno != EAGAIN))
            return ERR_CLOSED;
        if (len > 0 && !heard(arg, slice_of(room, (size_t)len)))
            return OK;
    }
}

err_t call_endless(const char *path, const char *line, call_fn *heard, void *arg)
{
    int fd;
    err_t err;

    TRY(begin(path, line, &fd));
    err = receive_on(fd, heard, arg);
    socket_close(&fd);
    return err;
}
