#include "codec/trust.h"

#include "codec/x509_names.h"
#include "unit/codec/pki.h"
#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static err_t load_text(const char *text, char reason[256])
{
    char path[] = "/tmp/dotproxy-test-XXXXXX";
    int fd = mkstemp(path);
    struct trust *trust = NULL;
    err_t err;

    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    err = trust_load(&trust, path, reason);
    CHECK(err == OK || !trust);
    trust_free(&trust);
    unlink(path);
    return err;
}

TEST(trust_reasons, "a file that holds no usable certificate is refused with its reason")
{
    char reason[256] = "";

    CHECK_EQUAL(load_text("", reason), ERR_NOTFOUND);
    CHECK(strstr(reason, "no certificate inside"));
    CHECK_EQUAL(load_text("-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n", reason),
                ERR_MALFORMED);
    CHECK(strstr(reason, "certificate 1 is malformed"));
    CHECK_EQUAL(load_text("-----BEGIN CERTIFICATE-----\nMIIB", reason), ERR_MALFORMED);
}

TEST(trust_no_file, "a file that is not there is told by name")
{
    struct trust *trust = NULL;
    char reason[256] = "";

    CHECK_EQUAL(trust_load(&trust, "/nonexistent/ca.pem", reason), ERR_NOTFOUND);
    CHECK_TEXT(reason, "cannot open /nonexistent/ca.pem: No such file or directory");
}

TEST(trust_many, "all certificates of a file are kept, and text between them is skipped")
{
    char path[] = "/tmp/dotproxy-test-XXXXXX", reason[256];
    struct trust *trust;

    CHECK(close(mkstemp(path)) == 0);
    for (int i = 0; i < 9; i++) {
        struct identity id =
            identity_make(&(struct recipe){ .common_name = "Someone", .is_authority = true }, NULL);
        FILE *file = fopen(path, "a");

        fputs("# comment\n", file);
        fclose(file);
        identity_write(&id, path);
        identity_free(&id);
    }
    CHECK_EQUAL(trust_load(&trust, path, reason), OK);
    CHECK_EQUAL(trust_count(trust), 9);
    trust_free(&trust);
    unlink(path);
}

TEST(x509_names_of, "issuer and subject are those that GnuTLS reads")
{
    struct identity ca =
        identity_make(&(struct recipe){ .common_name = "Authority", .is_authority = true }, NULL);
    struct identity id =
        identity_make(&(struct recipe){ .common_name = "Someone", .dns_name = "a.example" }, &ca);
    gnutls_datum_t der, issuer, subject;
    struct x509_names names;

    gnutls_x509_crt_export2(id.certificate, GNUTLS_X509_FMT_DER, &der);
    gnutls_x509_crt_get_raw_issuer_dn(id.certificate, &issuer);
    gnutls_x509_crt_get_raw_dn(id.certificate, &subject);
    CHECK_EQUAL(x509_names_read(slice_of(der.data, der.size), &names), OK);
    /* GnuTLS counts the two bytes of tag and length */
    CHECK(slice_equal(names.issuer, slice_of(issuer.data + 2, issuer.size - 2)));
    CHECK(slice_equal(names.subject, slice_of(subject.data + 2, subject.size - 2)));
    for (size_t len = 0; len < (size_t)(names.subject.data - der.data); len++) {
        uint8_t *cut = malloc(len + 1);

        memcpy(cut, der.data, len);
        CHECK_EQUAL(x509_names_read(slice_of(cut, len), &names), ERR_MALFORMED);
        free(cut);
        x509_names_read(slice_of(der.data, der.size), &names);
    }
    gnutls_free(der.data);
    gnutls_free(issuer.data);
    gnutls_free(subject.data);
    identity_free(&id);
    identity_free(&ca);
}
