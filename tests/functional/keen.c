/* functional/keen.c - a DNS server over TCP that keeps up with a flood.
 *
 *     keen ADDRESS PORT
 *
 * It answers any name with its address, but nothing below a domain of dead*, such as dead7.test.
 * Prints "ready".
 */
#include "flood.h"

#include <poll.h>

struct peer {
    int fd;
    size_t len;
    uint8_t bytes[65536 + 2];
};

/* The last label but one begins so. */
static bool is_dead(const uint8_t *name, size_t len)
{
    const uint8_t *label = name, *end = name + len - 1;

    while (label + label[0] + 1 < end && label[label[0] + 1] + label[0] + 2 + label < end)
        label += label[0] + 1;
    return label[0] >= 4 && memcmp(label + 1, "dead", 4) == 0;
}

/* The response in place of the query; its length, or 0. */
static size_t answer(uint8_t *message, size_t len)
{
    size_t name = len > HEADER ? name_len(message + HEADER, message + len) : 0;
    size_t end = HEADER + name + 4;
    uint32_t address = htonl(hash_name(message + HEADER, name));

    if (name == 0 || end > len || is_dead(message + HEADER, name))
        return 0;
    message[2] |= 0x80;
    message[3] = 0x80;
    put16(message + 6, 1);
    put16(message + 8, 0);
    put16(message + 10, 0);
    memcpy(message + end, "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4", 12);
    memcpy(message + end + 12, &address, 4);
    return end + 16;
}

/* False when the peer has gone. */
static bool serve_peer(struct peer *p)
{
    static uint8_t out[1 << 20];
    ssize_t got = recv(p->fd, p->bytes + p->len, sizeof p->bytes - p->len, 0);
    size_t at = 0, out_len = 0;

    if (got <= 0)
        return false;
    p->len += (size_t)got;
    while (p->len - at >= 2 && p->len - at >= 2u + get16(p->bytes + at)) {
        size_t len = get16(p->bytes + at), answered;

        memcpy(out + out_len + 2, p->bytes + at + 2, len);
        answered = answer(out + out_len + 2, len);
        put16(out + out_len, (unsigned)answered);
        out_len += answered ? 2 + answered : 0;
        at += 2 + len;
    }
    memmove(p->bytes, p->bytes + at, p->len - at);
    p->len -= at;
    send_all(p->fd, out, out_len);
    return true;
}

int main(int count_of_words, char **words)
{
    static struct peer peers[64];
    static struct pollfd fds[65];
    const struct sockaddr_in at =
        address_of(words[1], 0, (unsigned)atoi(words[count_of_words - 1]));
    int door = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    size_t count = 0;

    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(door, (const struct sockaddr *)&at, sizeof at) != 0 || listen(door, 64) != 0)
        die("serve");
    puts("ready");
    fflush(stdout);
    for (;;) {
        fds[0] = (struct pollfd){ .fd = count < 64 ? door : -1, .events = POLLIN };
        for (size_t i = 0; i < count; i++)
            fds[1 + i] = (struct pollfd){ .fd = peers[i].fd, .events = POLLIN };
        poll(fds, 1 + count, -1);
        for (size_t i = count; i-- > 0;)
            if (fds[1 + i].revents && !serve_peer(&peers[i])) {
                close(peers[i].fd);
                peers[i] = peers[--count];
            }
        if (fds[0].revents) {
            peers[count].len = 0;
            peers[count++].fd = accept(door, NULL, NULL);
        }
    }
}
