/* querylog/privacy.c - what a stream tells of clients.
 *
 * Called by: outlet.c. Owns: the key and a changed copy of the record that is being written.
 */
#include "querylog/privacy.h"

#include "base/clock.h"
#include "base/random.h"
#include "log/log.h"
#include "querylog/scrub.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGITS (2 * PSEUDONYM_KEY_SIZE)

struct privacy {
    const struct query_log_config *config;
    enum clients clients;
    uint8_t key[PSEUDONYM_KEY_SIZE];
    struct pseudonyms *pseudonyms; /* NULL: none are wanted */
    struct stat seen;              /* of the key's file */
    uint64_t looked_ns;
    /* what privacy_apply returns */
    struct log_view view;
    struct log_record head;
    uint8_t subnet[RECORD_SUBNET_MAX];
    uint8_t query[DNS_MESSAGE_MAX], response[DNS_MESSAGE_MAX];
};

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

/* 64 digits, and a new line at most. */
static bool key_from_text(const char *text, size_t len, uint8_t key[PSEUDONYM_KEY_SIZE])
{
    if (len == DIGITS + 1 && text[DIGITS] == '\n')
        len = DIGITS;
    for (size_t i = 0; i < DIGITS && len == DIGITS; i += 2) {
        int high = digit_of(text[i]), low = digit_of(text[i + 1]);

        if (high < 0 || low < 0)
            return false;
        key[i / 2] = (uint8_t)(high << 4 | low);
    }
    return len == DIGITS;
}

static err_t read_key(const char *path, uint8_t key[PSEUDONYM_KEY_SIZE],
                      char reason[PRIVACY_REASON_MAX])
{
    char text[DIGITS + 2];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text);
    bool is_good = len >= 0 && key_from_text(text, (size_t)len, key);

    if (len < 0)
        snprintf(reason, PRIVACY_REASON_MAX, "%.150s: %s", path, strerrordesc_np(errno));
    else if (!is_good)
        snprintf(reason, PRIVACY_REASON_MAX,
                 "%.150s: no key; write 64 hexadecimal digits (openssl rand -hex 32)", path);
    gnutls_memset(text, 0, sizeof text);
    if (fd >= 0)
        close(fd);
    return is_good ? OK : ERR_CONFIG;
}

static void draw_key(uint8_t key[PSEUDONYM_KEY_SIZE])
{
    struct random random = { 0 };

    for (size_t i = 0; i < PSEUDONYM_KEY_SIZE; i += sizeof(uint64_t)) {
        uint64_t bits = random_u64(&random);

        memcpy(key + i, &bits, sizeof bits);
    }
    gnutls_memset(&random, 0, sizeof random);
}

static err_t use_key(struct privacy *p, const uint8_t key[PSEUDONYM_KEY_SIZE])
{
    struct pseudonyms *pseudonyms = NULL;

    if (p->clients == CLIENTS_HASHED)
        TRY(pseudonyms_new(&pseudonyms, key));
    pseudonyms_free(&p->pseudonyms);
    p->pseudonyms = pseudonyms;
    memcpy(p->key, key, PSEUDONYM_KEY_SIZE);
    return OK;
}

/* The new key, or why there is none. */
static err_t load_key(struct privacy *p, char reason[PRIVACY_REASON_MAX])
{
    const char *path = p->config->client_key;
    uint8_t key[PSEUDONYM_KEY_SIZE];
    err_t err = OK;

    if (path[0])
        err = read_key(path, key, reason);
    else
        draw_key(key);
    if (err == OK) {
        snprintf(reason, PRIVACY_REASON_MAX, "%s", err_text(ERR_NOMEM));
        err = use_key(p, key);
    }
    gnutls_memset(key, 0, sizeof key);
    return err;
}

static void look_at_file(const char *path, struct stat *ret_seen)
{
    if (!path[0] || stat(path, ret_seen) != 0)
        *ret_seen = (struct stat){ 0 };
}

err_t privacy_new(struct privacy **ret_privacy, const struct query_log_config *config,
                  char reason[PRIVACY_REASON_MAX])
{
    struct privacy *p = calloc(1, sizeof *p);
    err_t err;

    snprintf(reason, PRIVACY_REASON_MAX, "%s", err_text(ERR_NOMEM));
    if (!p)
        return ERR_NOMEM;
    p->config = config;
    p->clients = config->clients;
    look_at_file(config->client_key, &p->seen);
    err = load_key(p, reason);
    if (err != OK) {
        privacy_free(&p);
        return err;
    }
    *ret_privacy = p;
    return OK;
}

void privacy_free(struct privacy **privacy)
{
    struct privacy *p = *privacy;

    if (!p)
        return;
    *privacy = NULL;
    pseudonyms_free(&p->pseudonyms);
    gnutls_memset(p->key, 0, sizeof p->key);
    free(p);
}

const uint8_t *privacy_key(const struct privacy *p)
{
    return p->key;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool privacy_refresh(struct privacy *p, uint64_t now_ns)
{
    char reason[PRIVACY_REASON_MAX];
    struct stat seen;

    if (!p->config->client_key[0] || now_ns - p->looked_ns < NS_PER_S)
        return false;
    p->looked_ns = now_ns;
    look_at_file(p->config->client_key, &seen);
    if (is_same_file(&seen, &p->seen))
        return false;
    p->seen = seen;
    if (load_key(p, reason) != OK) {
        log_event(EVENT_query_log_key_failed, "to=%s reason=\"%s\"", p->config->to, reason);
        return false;
    }
    log_event(EVENT_query_log_key_loaded, "to=%s", p->config->to);
    return true;
}

static void keep_bits(uint8_t *address, size_t len, unsigned bits)
{
    for (size_t bit = bits; bit < 8 * len; bit++)
        address[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

static void hide(void *arg, uint8_t *address, size_t len)
{
    struct privacy *p = arg;

    if (p->pseudonyms)
        pseudonyms_find(p->pseudonyms, address, len, address);
    else
        keep_bits(address, len, len == 4 ? p->config->client_prefix4 : p->config->client_prefix6);
}

/* An IPv4 client of a listener that takes both has an IPv6 address with its own in it. */
static void hide_client(struct privacy *p, union addr *client)
{
    if (client->any.sa_family != AF_INET6) {
        hide(p, (uint8_t *)&client->v4.sin_addr, sizeof client->v4.sin_addr);
        client->v4.sin_port = 0;
        return;
    }
    if (IN6_IS_ADDR_V4MAPPED(&client->v6.sin6_addr))
        hide(p, client->v6.sin6_addr.s6_addr + 12, 4);
    else
        hide(p, client->v6.sin6_addr.s6_addr, sizeof client->v6.sin6_addr);
    client->v6.sin6_port = 0;
    client->v6.sin6_scope_id = client->v6.sin6_flowinfo = 0;
}

static struct slice hidden_subnet(struct privacy *p, struct slice subnet)
{
    if (subnet.len == 0 || subnet.len > sizeof p->subnet)
        return (struct slice){ 0 };
    memcpy(p->subnet, subnet.data, subnet.len);
    if (!scrub_subnet(p->subnet, subnet.len, hide, p))
        return (struct slice){ 0 };
    return slice_of(p->subnet, subnet.len);
}

/* The response is read again, because the view points into it. */
static void scrub_messages(struct privacy *p, struct log_view *v)
{
    if (v->query.len > 0)
        v->query = scrub_query(v->query, p->query, hide, p);
    if (v->response.len > 0)
        v->response = scrub_response(v->response, p->response, hide, p);
    v->has_message = v->has_message && v->response.len > 0 &&
                     message_read_response(v->response, &v->message) == OK;
}

const struct log_view *privacy_apply(struct privacy *p, const struct log_view *view)
{
    if (p->clients == CLIENTS_FULL)
        return view;
    p->view = *view;
    p->head = *view->head;
    p->view.head = &p->head;
    if (p->head.kind == RECORD_QUERY)
        hide_client(p, &p->head.client);
    p->view.sni = (struct slice){ 0 }; /* people are given names of their own to connect to */
    p->view.subnet = hidden_subnet(p, view->subnet);
    scrub_messages(p, &p->view);
    return &p->view;
}
