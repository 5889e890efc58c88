/* io/dgram.c - a UDP socket that receives and sends in batches.
 *
 * Called by: listen/udp, upstream/udp.
 * Owns: the descriptor and room for a batch each way, which the system backs with memory only as
 * far as it is used.
 */
#include "io/dgram.h"

#include "io/loop.h"
#include "io/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#define BATCH          64
#define BATCHES_A_TURN 4 /* then the others get their turn */

union control {
    struct cmsghdr align;
    char v4[CMSG_SPACE(sizeof(struct in_pktinfo))];
    char v6[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* The parts of a batch in one direction. */
struct batch {
    struct mmsghdr messages[BATCH];
    struct iovec iov[BATCH];
    union addr peers[BATCH];
    union control controls[BATCH];
    size_t size; /* of one datagram's room */
    uint8_t *room;
};

struct dgram {
    struct loop *loop;
    struct watch *watch;
    int fd;
    bool tells_local;
    const struct dgram_handler *handler;
    void *arg;
    struct turn_end flush;
    unsigned gathered; /* in `out` */
    struct batch in, out;
};

static err_t batch_init(struct batch *b, size_t size, bool with_control)
{
    b->size = size;
    b->room = malloc(BATCH * size);
    if (!b->room)
        return ERR_NOMEM;
    for (size_t i = 0; i < BATCH; i++) {
        b->iov[i] = (struct iovec){ b->room + i * size, size };
        b->messages[i].msg_hdr = (struct msghdr){ .msg_name = &b->peers[i],
                                                  .msg_namelen = sizeof b->peers[i],
                                                  .msg_iov = &b->iov[i],
                                                  .msg_iovlen = 1 };
        if (with_control)
            b->messages[i].msg_hdr.msg_control = &b->controls[i];
    }
    return OK;
}

static bool read_local(struct msghdr *header, union addr *ret_local)
{
    *ret_local = (union addr){ 0 };
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof info);
            ret_local->v4.sin_family = AF_INET;
            ret_local->v4.sin_addr = info.ipi_spec_dst;
            return true;
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof info);
            ret_local->v6.sin6_family = AF_INET6;
            ret_local->v6.sin6_addr = info.ipi6_addr;
            ret_local->v6.sin6_scope_id = info.ipi6_ifindex;
            return true;
        }
    }
    return false;
}

/* Sends from `local` (RFC 1122 section 4.1.3.5: a reply leaves from the address it was asked at).
 */
static void write_local(struct msghdr *header, const union addr *local)
{
    bool v6 = local->any.sa_family == AF_INET6;
    struct in_pktinfo info4 = { .ipi_spec_dst = local->v4.sin_addr };
    struct in6_pktinfo info6 = { .ipi6_addr = local->v6.sin6_addr };
    struct cmsghdr *c;

    /* only a link-local address says nothing without its interface; others go by the routes */
    if (v6 && IN6_IS_ADDR_LINKLOCAL(&local->v6.sin6_addr))
        info6.ipi6_ifindex = local->v6.sin6_scope_id;
    header->msg_controllen = v6 ? CMSG_SPACE(sizeof info6) : CMSG_SPACE(sizeof info4);
    c = CMSG_FIRSTHDR(header);
    c->cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
    c->cmsg_type = v6 ? IPV6_PKTINFO : IP_PKTINFO;
    c->cmsg_len = v6 ? CMSG_LEN(sizeof info6) : CMSG_LEN(sizeof info4);
    if (v6)
        memcpy(CMSG_DATA(c), &info6, sizeof info6);
    else
        memcpy(CMSG_DATA(c), &info4, sizeof info4);
}

/* One batch; whether there may be more. */
static bool receive_batch(struct dgram *d)
{
    int count;

    for (size_t i = 0; i < BATCH; i++) {
        d->in.messages[i].msg_hdr.msg_namelen = sizeof d->in.peers[i];
        if (d->tells_local)
            d->in.messages[i].msg_hdr.msg_controllen = sizeof d->in.controls[i];
    }
    count = recvmmsg(d->fd, d->in.messages, BATCH, MSG_DONTWAIT, NULL);
    if (count < 0) {
        if (errno != EAGAIN && errno != EINTR)
            d->handler->failed(d->arg, ERR_SYSTEM);
        return false;
    }
    for (int i = 0; i < count; i++) {
        union addr local;
        struct datagram datagram = {
            .bytes = slice_of(d->in.iov[i].iov_base, d->in.messages[i].msg_len),
            .peer = &d->in.peers[i],
        };

        if (d->tells_local && read_local(&d->in.messages[i].msg_hdr, &local))
            datagram.local = &local;
        d->handler->received(d->arg, &datagram);
    }
    return count == BATCH;
}

static void ready(void *arg, unsigned events)
{
    (void)events;
    for (unsigned i = 0; i < BATCHES_A_TURN && receive_batch(arg); i++)
        ;
}

err_t dgram_open(struct dgram **ret_dgram, struct loop *l, int fd,
                 const struct dgram_settings *settings, const struct dgram_handler *handler,
                 void *arg)
{
    struct dgram *d = calloc(1, sizeof *d);

    if (!d) {
        socket_close(&fd);
        return ERR_NOMEM;
    }
    d->loop = l;
    d->fd = fd;
    d->tells_local = settings->tells_local;
    d->handler = handler;
    d->arg = arg;
    if (batch_init(&d->in, settings->receive_size, settings->tells_local) != OK ||
        batch_init(&d->out, settings->send_size, false) != OK ||
        watch_open(&d->watch, l, fd, ready, d) != OK || watch_for(d->watch, LOOP_READABLE) != OK) {
        dgram_close(&d);
        return ERR_NOMEM;
    }
    *ret_dgram = d;
    return OK;
}

err_t dgram_connect(struct dgram **ret_dgram, struct loop *l, const union addr *addr,
                    const struct dgram_settings *settings, const struct dgram_handler *handler,
                    void *arg)
{
    int fd;

    TRY(socket_connect_dgram(addr, &fd));
    return dgram_open(ret_dgram, l, fd, settings, handler, arg);
}

void dgram_close(struct dgram **dgram)
{
    struct dgram *d = *dgram;

    if (!d)
        return;
    *dgram = NULL;
    dgram_flush(d);
    turn_end_cancel(&d->flush);
    watch_close(&d->watch);
    socket_close(&d->fd);
    free(d->in.room);
    free(d->out.room);
    free(d);
}

static void flush_at_turn_end(void *arg)
{
    dgram_flush(arg);
}

void dgram_send(struct dgram *d, struct slice bytes, const union addr *peer,
                const union addr *local)
{
    struct msghdr *header = &d->out.messages[d->gathered].msg_hdr;

    if (bytes.len > d->out.size)
        return;
    memcpy(d->out.iov[d->gathered].iov_base, bytes.data, bytes.len);
    d->out.iov[d->gathered].iov_len = bytes.len;
    header->msg_name = NULL;
    header->msg_namelen = 0;
    header->msg_control = NULL;
    header->msg_controllen = 0;
    if (peer) {
        d->out.peers[d->gathered] = *peer;
        header->msg_name = &d->out.peers[d->gathered];
        header->msg_namelen = addr_len(peer);
    }
    if (local) {
        header->msg_control = &d->out.controls[d->gathered];
        write_local(header, local);
    }
    if (++d->gathered == BATCH)
        dgram_flush(d);
    else
        loop_at_turn_end(d->loop, &d->flush, flush_at_turn_end, d);
}

void dgram_flush(struct dgram *d)
{
    unsigned done = 0;

    while (done < d->gathered) {
        int sent = sendmmsg(d->fd, d->out.messages + done, d->gathered - done, MSG_DONTWAIT);

        if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS))
            break;
        done += sent > 0 ? (unsigned)sent : 1; /* one that cannot leave must not keep the others */
    }
    d->gathered = 0;
}

void dgram_drain(struct dgram *d)
{
    while (receive_batch(d))
        ;
    watch_for(d->watch, 0);
}
