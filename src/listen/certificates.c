/* listen/certificates.c - the certificates and ticket keys of one door, renewed while it is open.
 *
 * Called by: entrance.c. Owns: the newest TLS context; sessions keep theirs until they end. Main
 * writes under the lock, each worker reads once for each handshake.
 */
#include "listen/certificates.h"

#include "base/clock.h"
#include "base/random.h"
#include "log/log.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICKET_KEY_LIFE_NS                                                                         \
    (12 * 3600 * NS_PER_S) /* GnuTLS derives a new one every few hours besides */
#define TICKET_FILE_MIN 32
#define TICKET_FILE_MAX 4096
#define EXPIRES_SOON_S  (7 * 86400)
#define REMIND_NS       (86400 * NS_PER_S)

struct certificates {
    const struct listen_config *config;
    pthread_mutex_t lock;        /* for `context` */
    struct tls_context *context; /* main writes, workers read */
    /* main's own */
    uint8_t ticket_key[TLS_TICKET_KEY_SIZE];
    uint64_t ticket_key_since_ns;
    uint64_t seen;      /* a digest of what the files looked like when they were read */
    bool is_stale;      /* they could not be used: to be read again */
    uint64_t warned_ns; /* that they expire soon; 0: not yet */
};

/* Changes with each file that is replaced or written to. */
static uint64_t look(const struct listen_config *config)
{
    const struct strings *lists[] = { &config->certificate, &config->key };
    const struct strings ticket_key = { &config->ticket_key, config->ticket_key[0] ? 1 : 0 };
    uint64_t seen = 0;

    for (size_t list = 0; list < 3; list++) {
        const struct strings *files = list < 2 ? lists[list] : &ticket_key;

        for (size_t i = 0; i < files->count; i++) {
            struct stat s = { 0 };

            stat(files->items[i], &s);
            seen = seen * 31 + (uint64_t)s.st_ino;
            seen = seen * 31 + (uint64_t)s.st_size;
            seen = seen * 31 + (uint64_t)s.st_mtim.tv_sec * NS_PER_S + (uint64_t)s.st_mtim.tv_nsec;
        }
    }
    return seen;
}

static void make_ticket_key(struct certificates *c)
{
    struct random random = { 0 };

    for (size_t i = 0; i < TLS_TICKET_KEY_SIZE; i += sizeof(uint64_t)) {
        uint64_t word = random_u64(&random);

        memcpy(c->ticket_key + i, &word, sizeof word);
    }
    gnutls_memset(&random, 0, sizeof random);
    c->ticket_key_since_ns = clock_monotonic_ns();
}

static err_t read_ticket_key(struct certificates *c, char reason[TLS_REASON_MAX])
{
    const char *file = c->config->ticket_key;
    uint8_t bytes[TICKET_FILE_MAX];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);

    if (len < 0)
        snprintf(reason, TLS_REASON_MAX, "ticket_key: %s: %s", file, strerror(errno));
    else if (len < TICKET_FILE_MIN)
        snprintf(reason, TLS_REASON_MAX,
                 "ticket_key: %s: %zd bytes are too few for a secret; write %d random ones", file,
                 len, TICKET_FILE_MIN);
    if (fd >= 0)
        close(fd);
    if (len < TICKET_FILE_MIN)
        return ERR_NOTFOUND;
    gnutls_hash_fast(GNUTLS_DIG_SHA512, bytes, (size_t)len, c->ticket_key);
    gnutls_memset(bytes, 0, sizeof bytes);
    return OK;
}

/* The names are IANA's. A client that knows HTTP/1.0 alone is answered by HTTP/1.1's code. */
static err_t load(struct certificates *c, struct tls_context **ret_context,
                  char reason[TLS_REASON_MAX])
{
    static const char *const dot[] = { "dot" };
    static const char *const http[] = { "h2", "http/1.1", "http/1.0" };
    bool is_http = strcmp(c->config->url.scheme, "https") == 0;
    struct tls_server_settings settings = {
        .certificates = c->config->certificate.items,
        .keys = c->config->key.items,
        .count = c->config->certificate.count,
        .alpn = is_http ? http : dot,
        .alpn_count = is_http ? 3 : 1,
    };

    if (c->config->ticket_key[0])
        TRY(read_ticket_key(c, reason));
    memcpy(settings.ticket_key, c->ticket_key, sizeof c->ticket_key);
    return tls_context_new_server(ret_context, &settings, reason);
}

static void put_in_force(struct certificates *c, struct tls_context *context)
{
    struct tls_context *before;

    pthread_mutex_lock(&c->lock);
    before = c->context;
    c->context = context;
    pthread_mutex_unlock(&c->lock);
    tls_context_unref(&before);
}

err_t certificates_new(struct certificates **ret_certificates, const struct listen_config *config,
                       char reason[TLS_REASON_MAX])
{
    struct certificates *c = calloc(1, sizeof *c);
    err_t err;

    snprintf(reason, TLS_REASON_MAX, "%s", err_text(ERR_NOMEM));
    if (!c)
        return ERR_NOMEM;
    c->config = config;
    pthread_mutex_init(&c->lock, NULL);
    make_ticket_key(c);
    c->seen = look(config);
    err = load(c, &c->context, reason);
    if (err != OK) {
        certificates_free(&c);
        return err;
    }
    *ret_certificates = c;
    return OK;
}

void certificates_free(struct certificates **certificates)
{
    struct certificates *c = *certificates;

    if (!c)
        return;
    *certificates = NULL;
    tls_context_unref(&c->context);
    pthread_mutex_destroy(&c->lock);
    gnutls_memset(c->ticket_key, 0, sizeof c->ticket_key);
    free(c);
}

struct tls_context *certificates_context(struct certificates *c)
{
    struct tls_context *context;

    pthread_mutex_lock(&c->lock);
    context = tls_context_ref(c->context);
    pthread_mutex_unlock(&c->lock);
    return context;
}

int64_t certificates_expire_s(struct certificates *c)
{
    struct tls_context *context = certificates_context(c);
    int64_t expires_s = tls_context_expires_s(context);

    tls_context_unref(&context);
    return expires_s;
}

/* What is told of a new context: until when it is good. */
static void tell_loaded(const struct certificates *c, const struct tls_context *context)
{
    time_t expires_s = (time_t)tls_context_expires_s(context);
    struct tm tm;
    char date[32] = "";

    if (gmtime_r(&expires_s, &tm))
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &tm);
    log_event(EVENT_certificate_loaded, "listener=%s expires=%s", c->config->url.text, date);
}

static void reload(struct certificates *c, bool is_news)
{
    struct tls_context *context;
    char reason[TLS_REASON_MAX];
    err_t err = load(c, &context, reason);

    if (err != OK && is_news)
        log_event(EVENT_certificate_failed, "listener=%s reason=\"%s\"", c->config->url.text,
                  reason);
    c->is_stale = err != OK;
    if (err != OK)
        return;
    tell_loaded(c, context);
    c->warned_ns = 0;
    put_in_force(c, context);
}

static void rotate(struct certificates *c)
{
    struct tls_context *context;
    char reason[TLS_REASON_MAX];

    make_ticket_key(c);
    if (load(c, &context, reason) == OK)
        put_in_force(c, context);
}

static void warn_of_expiry(struct certificates *c)
{
    int64_t left_s = tls_context_expires_s(c->context) - (int64_t)(clock_wall_ns() / NS_PER_S);
    uint64_t now_ns = clock_monotonic_ns();

    if (left_s > EXPIRES_SOON_S || (c->warned_ns && now_ns - c->warned_ns < REMIND_NS))
        return;
    c->warned_ns = now_ns;
    log_event(EVENT_certificate_expires, "listener=%s days=%lld", c->config->url.text,
              (long long)(left_s / 86400));
}

void certificates_inherit(struct certificates *c, struct certificates *before)
{
    struct tls_context *context;
    char reason[TLS_REASON_MAX];

    if (c->config->ticket_key[0] || before->config->ticket_key[0])
        return;
    memcpy(c->ticket_key, before->ticket_key, sizeof c->ticket_key);
    c->ticket_key_since_ns = before->ticket_key_since_ns;
    if (load(c, &context, reason) == OK)
        put_in_force(c, context);
}

/* A file that is read while somebody writes it makes no pair; a moment later it does. */
void certificates_refresh(struct certificates *c)
{
    uint64_t seen = look(c->config);

    if (seen != c->seen || c->is_stale)
        reload(c, seen != c->seen);
    c->seen = seen;
    if (!c->config->ticket_key[0] &&
        clock_monotonic_ns() - c->ticket_key_since_ns > TICKET_KEY_LIFE_NS)
        rotate(c);
    warn_of_expiry(c);
}
