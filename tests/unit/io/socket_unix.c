#include "io/socket.h"
#include "unit/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char directory[32], path[48];
};

static struct place make_place(void)
{
    struct place p = { .directory = "/tmp/dotproxy-unit-XXXXXX" };

    CHECK(mkdtemp(p.directory) != NULL);
    snprintf(p.path, sizeof p.path, "%s/socket", p.directory);
    return p;
}

static void leave_place(const struct place *p)
{
    unlink(p->path);
    CHECK_EQUAL(rmdir(p->directory), 0);
}

static void check_fails(const char *path, int error)
{
    int fd = -1;

    errno = 0;
    CHECK_EQUAL(socket_listen_unix(path, &fd), ERR_SYSTEM);
    CHECK_EQUAL(errno, error);
    CHECK_EQUAL(fd, -1);
}

TEST(socket_unix_mode, "whatever the umask, only the user may connect, and the umask stays")
{
    const struct place p = make_place();
    const mode_t before = umask(022);
    struct stat there;
    int fd;

    CHECK_EQUAL(socket_listen_unix(p.path, &fd), OK);
    CHECK_EQUAL(umask(before), 022);
    CHECK_EQUAL(stat(p.path, &there), 0);
    CHECK_EQUAL(there.st_mode, S_IFSOCK | 0600);
    socket_close(&fd);
    leave_place(&p);
}

TEST(socket_unix_talks, "who connects is heard")
{
    const struct place p = make_place();
    int listener, client, session;
    char byte = 0;

    CHECK_EQUAL(socket_listen_unix(p.path, &listener), OK);
    CHECK_EQUAL(socket_connect_unix(p.path, 1000, &client), OK);
    session = accept(listener, NULL, NULL);
    CHECK(session >= 0);
    CHECK_EQUAL(recv(client, &byte, 1, 0), -1); /* after its patience */
    CHECK_EQUAL(errno, EAGAIN);
    CHECK_EQUAL(send(client, "x", 1, 0), 1);
    CHECK_EQUAL(recv(session, &byte, 1, 0), 1);
    CHECK_EQUAL(byte, 'x');
    socket_close(&session);
    socket_close(&client);
    socket_close(&listener);
    leave_place(&p);
}

TEST(socket_unix_at_once, "without patience nothing waits")
{
    const struct place p = make_place();
    int listener, client;
    char byte;

    CHECK_EQUAL(socket_connect_unix(p.path, 0, &client), ERR_SYSTEM);
    CHECK_EQUAL(errno, ENOENT);
    CHECK_EQUAL(socket_listen_unix(p.path, &listener), OK);
    CHECK_EQUAL(socket_connect_unix(p.path, 0, &client), OK);
    CHECK_EQUAL(recv(client, &byte, 1, 0), -1);
    CHECK_EQUAL(errno, EAGAIN);
    socket_close(&client);
    socket_close(&listener);
    leave_place(&p);
}

TEST(socket_unix_alive, "a socket in use is left to who uses it, a dead one is replaced")
{
    const struct place p = make_place();
    int first, second;

    CHECK_EQUAL(socket_listen_unix(p.path, &first), OK);
    check_fails(p.path, EADDRINUSE);
    socket_close(&first);
    CHECK_EQUAL(socket_connect_unix(p.path, 1000, &second), ERR_SYSTEM);
    CHECK_EQUAL(errno, ECONNREFUSED);
    CHECK_EQUAL(socket_listen_unix(p.path, &second), OK);
    check_fails(p.path, EADDRINUSE);
    socket_close(&second);
    leave_place(&p);
}

TEST(socket_unix_stranger, "what is no socket is not touched")
{
    const struct place p = make_place();
    FILE *file = fopen(p.path, "w");

    fclose(file);
    check_fails(p.path, EEXIST);
    CHECK_EQUAL(access(p.path, F_OK), 0);
    leave_place(&p);
}

TEST(socket_unix_nowhere, "a path that is too long or leads nowhere is an error")
{
    char path[200] = "/tmp/";

    memset(path + 5, 'x', sizeof path - 6);
    check_fails(path, ENAMETOOLONG);
    check_fails("/nonexistent-directory/socket", ENOENT);
}
