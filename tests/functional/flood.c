/* functional/flood.c - queries under addresses that are not ours.
 *
 *     flood TARGET PORT SOURCE COUNT RATE SECONDS NAME [DOMAINS]
 *
 * Under COUNT addresses from SOURCE on, RATE a second. A NAME such as "*.victim" stands for random
 * names below victim0.test and so many domains more. Prints "sent N".
 */
#define _GNU_SOURCE
#include "flood.h"

#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>

#define BATCH 64

struct packet {
    struct iphdr ip;
    struct udphdr udp;
    uint8_t query[512];
} __attribute__((packed));

static size_t make_packet(struct packet *p, const struct sockaddr_in *from,
                          const struct sockaddr_in *to, const char *name, unsigned domains)
{
    char fresh[300];
    size_t len;

    if (name[0] == '*')
        snprintf(fresh, sizeof fresh, "x%016llx%s%u%s", (unsigned long long)next_random(), name + 1,
                 (unsigned)(next_random() % domains), ".test");
    else
        snprintf(fresh, sizeof fresh, "%s", name);
    len = write_query(p->query, (unsigned)next_random() & 0xffff, fresh, NULL, 0);
    p->ip = (struct iphdr){ .version = 4,
                            .ihl = 5,
                            .ttl = 64,
                            .protocol = IPPROTO_UDP,
                            .tot_len = htons((uint16_t)(sizeof p->ip + sizeof p->udp + len)),
                            .saddr = from->sin_addr.s_addr,
                            .daddr = to->sin_addr.s_addr };
    p->udp = (struct udphdr){ .source = htons((uint16_t)(1024 + next_random() % 60000)),
                              .dest = to->sin_port,
                              .len = htons((uint16_t)(sizeof p->udp + len)) };
    return sizeof p->ip + sizeof p->udp + len;
}

int main(int word_count, char **words)
{
    static struct packet packets[BATCH];
    static struct iovec parts[BATCH];
    static struct mmsghdr messages[BATCH];
    struct sockaddr_in to = address_of(words[1], 0, (unsigned)atoi(words[2]));
    unsigned count = (unsigned)atoi(words[4]), rate = (unsigned)atoi(words[5]);
    uint64_t all = (uint64_t)rate * (unsigned)atoi(words[6]), sent = 0, start = now_ns();
    unsigned domains = word_count > 8 ? (unsigned)atoi(words[8]) : 1;
    int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

    if (word_count < 8)
        die("usage");
    if (fd < 0)
        die("raw socket");
    while (sent < all) {
        unsigned batch = 0;

        sleep_until(start + sent * NS_PER_S / rate);
        for (; batch < BATCH && sent + batch < all; batch++) {
            const struct sockaddr_in from =
                address_of(words[3], (unsigned)(next_random() % count), 0);

            parts[batch] = (struct iovec){ &packets[batch], make_packet(&packets[batch], &from, &to,
                                                                        words[7], domains) };
            messages[batch].msg_hdr = (struct msghdr){
                .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &parts[batch], .msg_iovlen = 1
            };
        }
        if (sendmmsg(fd, messages, batch, 0) < 0 && errno != ENOBUFS)
            die("sendmmsg");
        sent += batch;
    }
    printf("sent %llu\n", (unsigned long long)sent);
    return 0;
}
