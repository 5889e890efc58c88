/* command/cert.c - `dotproxy cert`: a certificate and its key, for trying tls:// and https://. */
#include "codec/mint.h"
#include "command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAYS_DEFAULT 30
#define DAYS_MAX     3650

struct wishes {
    struct mint_settings settings;
    const char *directory;
};

static const char *const names_default[] = { "localhost", "127.0.0.1", "::1" };

static int wrong(const char *what)
{
    fprintf(stderr, "cert: %s\n", what);
    return STATUS_USAGE;
}

static int read_days(const char *text, unsigned *ret_days)
{
    char *end;
    unsigned long days = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end || days == 0 || days > DAYS_MAX)
        return wrong("--days is a number from 1 to 3650");
    *ret_days = (unsigned)days;
    return STATUS_OK;
}

static int read_wishes(int argc, char **argv, struct wishes *w)
{
    static const struct option options[] = { { "out", required_argument, NULL, 'o' },
                                             { "days", required_argument, NULL, 'd' },
                                             { "ca", no_argument, NULL, 'c' },
                                             { "rsa", no_argument, NULL, 'r' },
                                             { 0 } };
    int status = STATUS_OK;

    optind = 0;
    for (int got = getopt_long(argc, argv, "", options, NULL); got != -1 && status == STATUS_OK;
         got = getopt_long(argc, argv, "", options, NULL)) {
        if (got == 'o')
            w->directory = optarg;
        else if (got == 'd')
            status = read_days(optarg, &w->settings.days);
        else if (got == 'c')
            w->settings.has_authority = true;
        else if (got == 'r')
            w->settings.is_rsa = true;
        else
            status = wrong("write names and addresses, --out DIRECTORY, --days N, --ca or --rsa");
    }
    if (optind < argc) {
        w->settings.names = (const char *const *)argv + optind;
        w->settings.name_count = (size_t)(argc - optind);
    }
    return status;
}

/* Nothing is overwritten: it could be a key that somebody still needs. */
static int write_file(const struct wishes *w, const char *name, mode_t mode,
                      const gnutls_datum_t *bytes)
{
    char path[PATH_MAX];
    int fd;
    ssize_t written;

    if (bytes->size == 0)
        return STATUS_OK;
    snprintf(path, sizeof path, "%s/%s", w->directory, name);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    written = fd < 0 ? -1 : write(fd, bytes->data, bytes->size);
    if (written == (ssize_t)bytes->size && close(fd) == 0)
        return STATUS_OK;
    fprintf(stderr, "cert: %s: %s%s\n", path, strerror(errno),
            errno == EEXIST ? "; it is kept: move it away, or write --out DIRECTORY" : "");
    if (fd >= 0)
        close(fd);
    return STATUS_FAILED;
}

static void tell(const struct wishes *w)
{
    const char *in = w->directory, *name = w->settings.names[0];

    printf("%s/cert.pem and %s/key.pem are good for %u days. In the configuration:\n\n"
           "listen:\n"
           "  - url: tls://127.0.0.1:853\n"
           "    certificate: [%s/cert.pem]\n"
           "    key: [%s/key.pem]\n\n"
           "To try it:\n\n"
           "kdig @127.0.0.1 +tls-ca=%s/%s +tls-hostname=%s example.com\n",
           in, in, w->settings.days, in, in, in, w->settings.has_authority ? "ca.pem" : "cert.pem",
           name);
}

static int make_files(const struct wishes *w)
{
    struct minted minted;
    const char *reason;
    int status;

    if (mint(&w->settings, &minted, &reason) != OK) {
        fprintf(stderr, "cert: %s\n", reason);
        return STATUS_FAILED;
    }
    status = write_file(w, "key.pem", 0600, &minted.key);
    if (status == STATUS_OK)
        status = write_file(w, "cert.pem", 0644, &minted.certificate);
    if (status == STATUS_OK)
        status = write_file(w, "ca.pem", 0644, &minted.authority);
    mint_done(&minted);
    return status;
}

int command_cert(int argc, char **argv)
{
    struct wishes w = {
        .settings = { .names = names_default, .name_count = 3, .days = DAYS_DEFAULT },
        .directory = "."
    };
    int status = read_wishes(argc, argv, &w);

    if (status == STATUS_OK)
        status = make_files(&w);
    if (status == STATUS_OK)
        tell(&w);
    return status;
}
