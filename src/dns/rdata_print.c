/* dns/rdata_print.c - RDATA in presentation format, a field at a time.
 *
 * Called by: print.c. A field is read by its letter (see types.def) and printed by the function of
 * that letter; service parameters have svcb_print.c.
 */
#include "dns/rdata_print.h"

#include "dns/rdata.h"
#include "dns/svcb_print.h"
#include "dns/types.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <time.h>

void print_name(FILE *out, struct slice wire)
{
    char text[DNS_NAME_TEXT_MAX];

    if (name_to_text(wire, text, sizeof text) > 0)
        fputs(text, out);
}

/* RFC 1035 section 5.1: \X for what is special, \DDD for what does not print. */
void print_escaped(FILE *out, struct slice text, const char *special)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t c = text.data[i];

        if (c < ' ' || c >= 0x7f)
            fprintf(out, "\\%03u", c);
        else if (strchr(special, c))
            fprintf(out, "\\%c", c);
        else
            fputc(c, out);
    }
}

void print_quoted(FILE *out, struct slice text)
{
    fputc('"', out);
    print_escaped(out, text, "\"\\");
    fputc('"', out);
}

void print_hex(FILE *out, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        fprintf(out, "%02X", bytes.data[i]);
}

/* RFC 4648: groups of `width` bits become a character of `alphabet` each. */
static void print_base(FILE *out, struct slice bytes, const char *alphabet, unsigned width)
{
    uint32_t bits = 0;
    unsigned count = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | bytes.data[i];
        count += 8;
        while (count >= width) {
            count -= width;
            fputc(alphabet[bits >> count & ((1u << width) - 1)], out);
        }
    }
    if (count > 0)
        fputc(alphabet[bits << (width - count) & ((1u << width) - 1)], out);
}

void print_base64(FILE *out, struct slice bytes)
{
    print_base(out, bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6);
    if (bytes.len % 3)
        fputs(bytes.len % 3 == 1 ? "==" : "=", out);
}

void print_ipv4(FILE *out, struct reader *r)
{
    struct slice bytes = read_bytes(r, 4);
    char text[INET_ADDRSTRLEN];

    if (bytes.data && inet_ntop(AF_INET, bytes.data, text, sizeof text))
        fputs(text, out);
}

void print_ipv6(FILE *out, struct reader *r)
{
    struct slice bytes = read_bytes(r, 16);
    char text[INET6_ADDRSTRLEN];

    if (bytes.data && inet_ntop(AF_INET6, bytes.data, text, sizeof text))
        fputs(text, out);
}

/* RFC 4034 section 3.2: YYYYMMDDHHmmSS. */
static void print_time(FILE *out, struct reader *r)
{
    const time_t seconds = read_u32(r);
    struct tm tm;
    char text[32];

    if (gmtime_r(&seconds, &tm) && strftime(text, sizeof text, "%Y%m%d%H%M%S", &tm))
        fputs(text, out);
}

static void print_type(FILE *out, struct reader *r)
{
    char text[TYPE_TEXT_MAX];

    fputs(type_to_text(read_u16(r), text), out);
}

/* RFC 4034 section 4.1.2: windows of 256 types, a bit each. */
static void print_bit_map(FILE *out, struct reader *r)
{
    const char *space = "";
    char text[TYPE_TEXT_MAX];

    while (reader_left(r) > 0) {
        const size_t window = read_u8(r);
        struct slice bits = read_bytes(r, read_u8(r));

        for (size_t i = 0; i < bits.len * 8 && i < 256; i++) {
            if (!(bits.data[i / 8] & 0x80u >> i % 8))
                continue;
            fprintf(out, "%s%s", space, type_to_text((uint16_t)(window << 8 | i), text));
            space = " ";
        }
    }
}

/* RFC 7043: bytes in hexadecimal, a dash between each two; RFC 6742: pairs of them, and colons. */
static void print_groups(FILE *out, struct slice bytes, size_t group, char between)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (i > 0 && i % group == 0)
            fputc(between, out);
        fprintf(out, "%02x", bytes.data[i]);
    }
}

static void print_compressible_name(FILE *out, struct reader *r)
{
    uint8_t name[DNS_NAME_MAX];

    print_name(out, slice_of(name, name_expand(r, name)));
}

static void print_strings(FILE *out, struct reader *r)
{
    print_quoted(out, read_bytes(r, read_u8(r)));
    while (reader_left(r) > 0) {
        fputc(' ', out);
        print_quoted(out, read_bytes(r, read_u8(r)));
    }
}

/* RFC 5155 section 3.3: a salt of no bytes is written as a dash. */
static void print_salt(FILE *out, struct reader *r)
{
    struct slice salt = read_bytes(r, read_u8(r));

    if (salt.len == 0)
        fputc('-', out);
    print_hex(out, salt);
}

static void print_number(FILE *out, struct reader *r, char width)
{
    uint32_t number;

    if (width == '1')
        number = read_u8(r);
    else if (width == '2')
        number = read_u16(r);
    else
        number = read_u32(r);
    fprintf(out, "%" PRIu32, number);
}

static void print_bytes(FILE *out, struct reader *r, char field)
{
    if (field == '6' || field == '8')
        print_groups(out, read_bytes(r, (size_t)(field - '0')), 1, '-');
    else if (field == 'l')
        print_groups(out, read_bytes(r, 8), 2, ':');
    else if (field == 'b')
        print_base64(out, read_rest(r));
    else if (field == 'H')
        print_base(out, read_bytes(r, read_u8(r)), "0123456789abcdefghijklmnopqrstuv", 5);
    else
        print_hex(out, read_rest(r));
}

static void print_text(FILE *out, struct reader *r, char field)
{
    if (field == 't')
        print_strings(out, r);
    else if (field == 's')
        print_quoted(out, read_bytes(r, read_u8(r)));
    else if (field == 'c')
        print_escaped(out, read_bytes(r, read_u8(r)), " \"\\;()");
    else
        print_quoted(out, read_rest(r));
}

static void print_field(FILE *out, struct reader *r, char field)
{
    if (strchr("124", field))
        print_number(out, r, field);
    else if (strchr("tscu", field))
        print_text(out, r, field);
    else if (field == 'n')
        print_compressible_name(out, r);
    else if (field == 'N')
        print_name(out, read_name(r));
    else if (field == 'a')
        print_ipv4(out, r);
    else if (field == 'A')
        print_ipv6(out, r);
    else if (field == 'y')
        print_type(out, r);
    else if (field == 'T')
        print_time(out, r);
    else if (field == 'X')
        print_salt(out, r);
    else if (field == 'm')
        print_bit_map(out, r);
    else if (field == 'k')
        print_service_parameters(out, r);
    else
        print_bytes(out, r, field);
}

static void print_unknown(FILE *out, struct reader *r)
{
    struct slice rdata = read_rest(r);

    fprintf(out, "\\# %zu", rdata.len);
    if (rdata.len) {
        fputc(' ', out);
        print_hex(out, rdata);
    }
}

void rdata_print(FILE *out, struct reader r, const char *layout)
{
    if (*layout == '\0' || !rdata_fits(r, layout)) {
        print_unknown(out, &r);
        return;
    }
    for (const char *field = layout; *field; field++) {
        if (field > layout && reader_left(&r) > 0)
            fputc(' ', out);
        print_field(out, &r, *field);
    }
}
