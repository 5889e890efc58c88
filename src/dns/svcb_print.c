/* dns/svcb_print.c - service parameters in presentation format: RFC 9460 sections 2.1 and 7.
 *
 * Called by: rdata_print.c. Nothing has been checked here before: a value that is not as its key
 * wants is printed as that of an unknown key.
 */
#include "dns/svcb_print.h"

#include "dns/rdata_print.h"

static void print_key(FILE *out, uint16_t key);

static void print_keys(FILE *out, struct reader *r)
{
    print_key(out, read_u16(r));
    while (reader_left(r) > 0) {
        fputc(',', out);
        print_key(out, read_u16(r));
    }
}

/* A comma in a name is escaped as part of the list, and that as part of the string. */
static void print_alpn_id(FILE *out, struct slice id)
{
    for (size_t i = 0; i < id.len; i++) {
        if (id.data[i] == ',' || id.data[i] == '\\')
            fputs("\\\\", out);
        print_escaped(out, slice_of(id.data + i, 1), "\"\\");
    }
}

static void print_alpn(FILE *out, struct reader *r)
{
    fputc('"', out);
    print_alpn_id(out, read_bytes(r, read_u8(r)));
    while (reader_left(r) > 0) {
        fputc(',', out);
        print_alpn_id(out, read_bytes(r, read_u8(r)));
    }
    fputc('"', out);
}

static void print_port(FILE *out, struct reader *r)
{
    fprintf(out, "%u", read_u16(r));
}

static void print_ipv4_hints(FILE *out, struct reader *r)
{
    print_ipv4(out, r);
    while (reader_left(r) > 0) {
        fputc(',', out);
        print_ipv4(out, r);
    }
}

static void print_ipv6_hints(FILE *out, struct reader *r)
{
    print_ipv6(out, r);
    while (reader_left(r) > 0) {
        fputc(',', out);
        print_ipv6(out, r);
    }
}

static void print_ech(FILE *out, struct reader *r)
{
    print_base64(out, read_rest(r));
}

static void print_string(FILE *out, struct reader *r)
{
    print_quoted(out, read_rest(r));
}

/* Lengths a value may have: a multiple of `unit`; strings check themselves while they are read. */
static const struct {
    const char *name;
    size_t unit;
    void (*print)(FILE *out, struct reader *r);
} keys[] = {
    { "mandatory", 2, print_keys },       { "alpn", 1, print_alpn },
    { "no-default-alpn", 0, NULL },       { "port", 2, print_port },
    { "ipv4hint", 4, print_ipv4_hints },  { "ech", 1, print_ech },
    { "ipv6hint", 16, print_ipv6_hints }, { "dohpath", 1, print_string },
};

#define KEYS (sizeof keys / sizeof *keys)

static void print_key(FILE *out, uint16_t key)
{
    if (key < KEYS)
        fputs(keys[key].name, out);
    else
        fprintf(out, "key%u", key);
}

static bool is_as_its_key_wants(uint16_t key, struct slice value)
{
    if (key >= KEYS || !keys[key].print)
        return false;
    return value.len > 0 && value.len % keys[key].unit == 0;
}

static void print_parameter(FILE *out, uint16_t key, struct slice value)
{
    struct reader r = reader_of(value);

    print_key(out, key);
    if (value.len == 0)
        return;
    fputc('=', out);
    if (is_as_its_key_wants(key, value))
        keys[key].print(out, &r);
    else
        print_quoted(out, value);
}

void print_service_parameters(FILE *out, struct reader *r)
{
    const char *space = "";

    while (reader_left(r) > 0) {
        const uint16_t key = read_u16(r);
        struct slice value = read_bytes(r, read_u16(r));

        if (r->failed)
            return;
        fputs(space, out);
        print_parameter(out, key, value);
        space = " ";
    }
}
