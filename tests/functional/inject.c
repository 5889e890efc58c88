/* inject.c - what an intruder would do, done by dotproxy's own threads.
 *
 * Preloaded by tests (injection.py) and no part of the product. Orders come as datagrams by the
 * descriptor INJECT_FD: "THREAD ACT [NUMBER] [TEXT]". The thread of that name obeys when it next
 * comes by a hook below, and answers with a number: 0, or the errno.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LANDLOCK_VERSION_QUESTION 1

struct order {
    char thread[32], act[32], text[256];
    long number;
};

static int outcome(long result)
{
    return result < 0 ? errno : 0;
}

static int close_if_open(int fd)
{
    int error = fd < 0 ? errno : 0;

    if (fd >= 0)
        close(fd);
    return error;
}

static struct sockaddr_in local(const struct order *o)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)o->number),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* How a socket fares at a local port: 'b'ind, 'c'onnect, 'f'ast open. */
static int use_port(const struct order *o, int type, int protocol, char how)
{
    struct sockaddr_in to = local(o);
    int fd = socket(AF_INET, type, protocol), error;
    long result;

    if (fd < 0)
        return errno;
    if (how == 'f')
        result = sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof to);
    else if (how == 'c')
        result = connect(fd, (struct sockaddr *)&to, sizeof to);
    else
        result = bind(fd, (struct sockaddr *)&to, sizeof to);
    error = outcome(result);
    close(fd);
    return error;
}

static int act_connect(const struct order *o)
{
    return use_port(o, SOCK_STREAM, 0, 'c');
}
static int act_fastopen(const struct order *o)
{
    return use_port(o, SOCK_STREAM, 0, 'f');
}
static int act_multipath(const struct order *o)
{
    return use_port(o, SOCK_STREAM, 262, 'c');
}
static int act_bind_tcp(const struct order *o)
{
    return use_port(o, SOCK_STREAM, 0, 'b');
}
static int act_bind_udp(const struct order *o)
{
    return use_port(o, SOCK_DGRAM, 0, 'b');
}

static int act_packet(const struct order *o)
{
    (void)o;
    return close_if_open(socket(AF_PACKET, SOCK_RAW, 0));
}

static int act_raw(const struct order *o)
{
    (void)o;
    return close_if_open(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static int act_read(const struct order *o)
{
    return close_if_open(open(o->text, O_RDONLY | O_CLOEXEC));
}

static int act_write(const struct order *o)
{
    return close_if_open(open(o->text, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int act_list(const struct order *o)
{
    return close_if_open(open(o->text, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int act_remove(const struct order *o)
{
    return outcome(unlink(o->text));
}
static int act_chmod(const struct order *o)
{
    return outcome(chmod(o->text, 0777));
}

static int act_code(const struct order *o)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)o;
    return page == MAP_FAILED ? errno : 0;
}

static int act_code_late(const struct order *o)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)o;
    return outcome(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int act_fork(const struct order *o)
{
    pid_t child = fork();

    (void)o;
    if (child == 0)
        _exit(0);
    return child < 0 ? errno : outcome(waitpid(child, NULL, 0));
}

static int act_signal(const struct order *o)
{
    (void)o;
    return outcome(kill(getppid(), 0));
}

/* What arrives at a descriptor becomes a signal to its owner. */
static int act_owner(const struct order *o)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0), error;

    (void)o;
    error = fd < 0 ? errno : outcome(fcntl(fd, F_SETOWN, getppid()));
    if (fd >= 0)
        close(fd);
    return error;
}

static int set_on_socket(int level, int option, const void *value, socklen_t len)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), error;

    error = fd < 0 ? errno : outcome(setsockopt(fd, level, option, value, len));
    if (fd >= 0)
        close(fd);
    return error;
}

static int act_filter(const struct order *o)
{
    struct sock_filter code = { .code = BPF_RET | BPF_K, .k = 0xffff };
    const struct sock_fprog program = { .len = 1, .filter = &code };

    (void)o;
    return set_on_socket(SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static int act_congestion(const struct order *o)
{
    (void)o;
    return set_on_socket(IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
}

static int act_user(const struct order *o)
{
    (void)o;
    return outcome(syscall(SYS_setresuid, -1, -1, -1));
}

static int act_exec(const struct order *o)
{
    char *const words[] = { (char *)o->text, NULL };

    return outcome(execve(o->text, words, words + 1));
}

/* Any system call, with arguments of which the kernel makes nothing. */
static int act_call(const struct order *o)
{
    return outcome(syscall(o->number, 0, 0, 0, 0, 0, 0));
}

static int act_leak(const struct order *o)
{
    (void)o;
    return malloc(1234) ? 0 : ENOMEM;
}

static int act_free_twice(const struct order *o)
{
    void *volatile room = malloc(16);

    (void)o;
    free(room);
    free(room);
    return 0;
}

static int line(void)
{
    const char *number = getenv("INJECT_FD");

    return number ? atoi(number) : -1;
}

/* Until there is another order. */
static int act_hang(const struct order *o)
{
    char word[16];

    (void)o;
    return outcome(recv(line(), word, sizeof word, 0));
}

static const struct {
    const char *name;
    int (*run)(const struct order *o);
} acts[] = {
#define ACT(act)                                                                                   \
    {                                                                                              \
#act, act_##act                                                                            \
    }
    ACT(connect),    ACT(fastopen), ACT(multipath), ACT(bind_tcp),   ACT(bind_udp),
    ACT(packet),     ACT(raw),      ACT(read),      ACT(write),      ACT(list),
    ACT(remove),     ACT(chmod),    ACT(code),      ACT(code_late),  ACT(fork),
    ACT(signal),     ACT(user),     ACT(exec),      ACT(call),       ACT(leak),
    ACT(free_twice), ACT(owner),    ACT(filter),    ACT(congestion), ACT(hang),
};

static int obey(const struct order *o)
{
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        if (strcmp(acts[i].name, o->act) == 0)
            return acts[i].run(o);
    return EINVAL;
}

/* The order that waits, when it is for this thread; it stays there for the others. Who is to hang
 * does it at work, not while waiting for that. */
static void look_for_order(int is_at_work)
{
    char text[512], name[16] = "", answer[16];
    struct order o = { .text = "" };
    int fd = line(), before = errno;
    ssize_t len = recv(fd, text, sizeof text - 1, MSG_DONTWAIT | MSG_PEEK);

    if (len > 0) {
        text[len] = '\0';
        prctl(PR_GET_NAME, name);
        if (sscanf(text, "%31s %31s %ld %255s", o.thread, o.act, &o.number, o.text) >= 2 &&
            strcmp(o.thread, name) == 0 && (strcmp(o.act, "hang") != 0 || is_at_work) &&
            recv(fd, text, sizeof text, MSG_DONTWAIT) == len) {
            len = snprintf(answer, sizeof answer, "%d", obey(&o));
            send(fd, answer, (size_t)len, 0);
        }
    }
    errno = before;
}

/* Where main comes by. */
int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
    int (*real)(const sigset_t *, siginfo_t *, const struct timespec *) =
        dlsym(RTLD_NEXT, "sigtimedwait");
    int got = real(set, info, timeout);

    look_for_order(0);
    return got;
}

/* Where workers come by. */
int epoll_wait(int epoll, struct epoll_event *events, int count, int timeout)
{
    int (*real)(int, struct epoll_event *, int, int) = dlsym(RTLD_NEXT, "epoll_wait");
    int got = real(epoll, events, count, timeout);

    look_for_order(0);
    return got;
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
    int (*real)(int, struct mmsghdr *, unsigned, int, struct timespec *) =
        dlsym(RTLD_NEXT, "recvmmsg");

    look_for_order(1);
    return real(fd, messages, count, flags, timeout);
}

/* A kernel that is older, or has less: INJECT_LANDLOCK is its version, INJECT_SECCOMP=0 has none.
 */
long syscall(long number, ...)
{
    long (*real)(long, ...) = dlsym(RTLD_NEXT, "syscall");
    const char *landlock = getenv("INJECT_LANDLOCK"), *seccomp = getenv("INJECT_SECCOMP");
    long a[6];
    va_list list;

    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    errno = ENOSYS;
    if (number == SYS_seccomp && seccomp)
        return -1;
    if (number == SYS_landlock_create_ruleset && landlock && atoi(landlock) == 0)
        return -1;
    if (number == SYS_landlock_create_ruleset && landlock && a[2] == LANDLOCK_VERSION_QUESTION)
        return atoi(landlock);
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
