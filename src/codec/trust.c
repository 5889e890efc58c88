/* codec/trust.c - the trusted certificates, kept as bytes and parsed when a chain needs them.
 *
 * GnuTLS would keep all of a system's trust store parsed: 150 certificates are 4 MiB of memory and
 * 22 ms of every start. A handshake needs one or two of them. So this file keeps the DER bytes (a
 * few hundred KiB) with the place of each subject, and each verification gets a list of its own.
 * That list also is why threads need no lock. Called by: tls_context.c, tls_verify.c.
 */
#include "codec/trust.h"

#include "codec/x509_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define STORE_MAX  (16u << 20)                   /* larger is no list of certificates */
#define PEM_BEGIN  "-----BEGIN CERTIFICATE-----" /* RFC 7468 section 5 */
#define PEM_END    "-----END CERTIFICATE-----"
#define REASON_MAX 256

/* Offsets, because the bytes move while the store grows. */
struct anchor {
    uint32_t der, der_len;
    uint32_t subject, subject_len;
};

struct trust {
    uint8_t *bytes;
    size_t bytes_len, bytes_size;
    struct anchor *anchors;
    size_t count, size;
};

/* Where systems keep the certificates they trust; the first one that exists is taken. */
static const char *const system_stores[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Arch, Alpine */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, RHEL */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* older Fedora, RHEL */
    "/var/lib/ca-certificates/ca-bundle.pem",            /* openSUSE */
    "/etc/ssl/cert.pem",                                 /* BSD */
};

static struct slice der_of(const struct trust *t, const struct anchor *a)
{
    return slice_of(t->bytes + a->der, a->der_len);
}

static struct slice subject_of(const struct trust *t, const struct anchor *a)
{
    return slice_of(t->bytes + a->subject, a->subject_len);
}

static err_t make_room(struct trust *t, size_t len)
{
    if (t->bytes_len + len > t->bytes_size) {
        size_t size = 2 * t->bytes_size + len;
        uint8_t *bytes = realloc(t->bytes, size);

        if (!bytes)
            return ERR_NOMEM;
        t->bytes = bytes;
        t->bytes_size = size;
    }
    if (t->count == t->size) {
        size_t size = 2 * t->size + 4;
        struct anchor *anchors = realloc(t->anchors, size * sizeof *anchors);

        if (!anchors)
            return ERR_NOMEM;
        t->anchors = anchors;
        t->size = size;
    }
    return OK;
}

static err_t keep_certificate(struct trust *t, struct slice der)
{
    struct x509_names names;

    TRY(x509_names_read(der, &names));
    TRY(make_room(t, der.len));
    t->anchors[t->count++] = (struct anchor){
        .der = (uint32_t)t->bytes_len,
        .der_len = (uint32_t)der.len,
        .subject = (uint32_t)(t->bytes_len + (size_t)(names.subject.data - der.data)),
        .subject_len = (uint32_t)names.subject.len,
    };
    memcpy(t->bytes + t->bytes_len, der.data, der.len);
    t->bytes_len += der.len;
    return OK;
}

static err_t keep_pem(struct trust *t, const char *pem, size_t len)
{
    gnutls_datum_t text = { (uint8_t *)(uintptr_t)pem, (unsigned)len }, der;
    int ret = gnutls_pem_base64_decode2("CERTIFICATE", &text, &der);
    err_t err;

    if (ret < 0)
        return ret == GNUTLS_E_MEMORY_ERROR ? ERR_NOMEM : ERR_MALFORMED;
    err = keep_certificate(t, slice_of(der.data, der.size));
    gnutls_free(der.data);
    return err;
}

/* Keeps every certificate of `text`. One that is broken is an error in a file that the operator
 * wrote; in the system's store it is only not trusted. */
static err_t keep_all(struct trust *t, const char *text, bool is_strict)
{
    const char *begin = text;

    while ((begin = strstr(begin, PEM_BEGIN))) {
        const char *end = strstr(begin, PEM_END);
        err_t err;

        if (!end)
            return is_strict ? ERR_MALFORMED : OK;
        end += strlen(PEM_END);
        err = keep_pem(t, begin, (size_t)(end - begin));
        if (err == ERR_NOMEM || (err != OK && is_strict))
            return err;
        begin = end;
    }
    return OK;
}

/* Gives back what doubling took too much; failing to is harmless. */
static void shrink(struct trust *t)
{
    uint8_t *bytes = realloc(t->bytes, t->bytes_len);
    struct anchor *anchors = realloc(t->anchors, t->count * sizeof *anchors);

    t->bytes = bytes ? bytes : t->bytes;
    t->anchors = anchors ? anchors : t->anchors;
}

/* The whole file with a zero behind it. */
static err_t read_text(FILE *file, char **ret_text)
{
    size_t len = 0, size = 0;
    char *text = NULL, *grown;

    do {
        size = 2 * size + 4096;
        grown = realloc(text, size);
        if (!grown)
            goto fail;
        text = grown;
        len += fread(text + len, 1, size - 1 - len, file);
    } while (len == size - 1 && size <= STORE_MAX);
    if (size > STORE_MAX || ferror(file))
        goto fail;
    text[len] = '\0';
    *ret_text = text;
    return OK;
fail:
    free(text);
    return grown ? ERR_MALFORMED : ERR_NOMEM;
}

const char *trust_system_store(size_t index)
{
    return index < sizeof system_stores / sizeof *system_stores ? system_stores[index] : NULL;
}

static FILE *open_store(const char *ca, const char **ret_path)
{
    FILE *file = NULL;

    *ret_path = ca;
    if (strcmp(ca, "system") != 0)
        return fopen(ca, "re");
    for (size_t i = 0; i < sizeof system_stores / sizeof *system_stores && !file; i++) {
        *ret_path = system_stores[i];
        file = fopen(*ret_path, "re");
    }
    if (!file)
        *ret_path = "the system's trusted certificates";
    return file;
}

err_t trust_load(struct trust **ret_trust, const char *ca, char reason[REASON_MAX])
{
    bool is_system = strcmp(ca, "system") == 0;
    struct trust *t = calloc(1, sizeof *t);
    const char *path;
    FILE *file = open_store(ca, &path);
    char *text = NULL;
    err_t err = t ? OK : ERR_NOMEM;

    if (!file) {
        snprintf(reason, REASON_MAX, "cannot open %s: %s", path, strerrordesc_np(errno));
        err = ERR_NOTFOUND;
        goto fail;
    }
    if (err == OK)
        err = read_text(file, &text);
    if (err == OK)
        err = keep_all(t, text, !is_system);
    free(text);
    fclose(file);
    if (err == OK && t->count == 0)
        err = ERR_NOTFOUND;
    if (err == OK) {
        shrink(t);
        *ret_trust = t;
        return OK;
    }
    if (err == ERR_MALFORMED)
        snprintf(reason, REASON_MAX, "%s: certificate %zu is malformed", path, t->count + 1);
    else
        snprintf(reason, REASON_MAX, "%s: %s", path,
                 err == ERR_NOTFOUND ? "no certificate inside" : err_text(err));
fail:
    trust_free(&t);
    return err;
}

void trust_free(struct trust **trust)
{
    struct trust *t = *trust;

    if (!t)
        return;
    free(t->bytes);
    free(t->anchors);
    free(t);
    *trust = NULL;
}

size_t trust_count(const struct trust *trust)
{
    return trust->count;
}

err_t trust_add(gnutls_x509_trust_list_t list, gnutls_x509_crt_t certificate)
{
    if (gnutls_x509_trust_list_add_cas(list, &certificate, 1, 0) == 1)
        return OK;
    gnutls_x509_crt_deinit(certificate);
    return ERR_NOMEM;
}

/* An anchor ends the chain as the issuer of one of its members, or by being one of them. */
static bool could_end(struct slice subject, const gnutls_datum_t *chain, unsigned chain_len)
{
    for (unsigned i = 0; i < chain_len; i++) {
        struct x509_names names;

        if (x509_names_read(slice_of(chain[i].data, chain[i].size), &names) == OK &&
            (slice_equal(subject, names.issuer) || slice_equal(subject, names.subject)))
            return true;
    }
    return false;
}

/* What GnuTLS cannot parse is not trusted; that is no error of the chain. */
static err_t add_anchor(struct slice der, trust_filter_fn *filter, const void *filter_arg,
                        gnutls_x509_trust_list_t list)
{
    gnutls_datum_t datum = { (uint8_t *)(uintptr_t)der.data, (unsigned)der.len };
    gnutls_x509_crt_t certificate;

    if (gnutls_x509_crt_init(&certificate) < 0)
        return ERR_NOMEM;
    if (gnutls_x509_crt_import(certificate, &datum, GNUTLS_X509_FMT_DER) < 0 ||
        (filter && !filter(filter_arg, certificate))) {
        gnutls_x509_crt_deinit(certificate);
        return OK;
    }
    return trust_add(list, certificate);
}

err_t trust_find(const struct trust *trust, const gnutls_datum_t *chain, unsigned chain_len,
                 trust_filter_fn *filter, const void *filter_arg, gnutls_x509_trust_list_t list)
{
    for (size_t i = 0; i < trust->count; i++) {
        const struct anchor *a = &trust->anchors[i];

        if (could_end(subject_of(trust, a), chain, chain_len))
            TRY(add_anchor(der_of(trust, a), filter, filter_arg, list));
    }
    return OK;
}
