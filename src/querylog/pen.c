/* querylog/pen.c - numbers, addresses, times and names as text, fast.
 *
 * Called by: the formats. printf would take longer than all the rest of a record.
 */
#include "querylog/pen.h"

#include "base/clock.h"
#include "config/utf8.h"
#include "dns/name.h"

#include <time.h>

static const char pairs[] = "0001020304050607080910111213141516171819"
                            "2021222324252627282930313233343536373839"
                            "4041424344454647484950515253545556575859"
                            "6061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

static const char hex[] = "0123456789abcdef";

static unsigned count_digits(uint64_t number)
{
    unsigned count = 1;

    for (; number >= 10000; number /= 10000)
        count += 4;
    return count + (number >= 10) + (number >= 100) + (number >= 1000);
}

/* Of one digit or two. */
static inline uint8_t *put_small(uint8_t *at, unsigned number)
{
    if (number < 10) {
        *at = (uint8_t)('0' + number);
        return at + 1;
    }
    return put_bytes(at, pairs + (size_t)2 * number, 2);
}

static inline uint8_t *put_up_to_9999(uint8_t *at, unsigned number)
{
    if (number < 100)
        return put_small(at, number);
    return put_bytes(put_small(at, number / 100), pairs + (size_t)2 * (number % 100), 2);
}

uint8_t *put_number(uint8_t *at, uint64_t number)
{
    uint8_t *end, *next;

    if (number < 10000)
        return put_up_to_9999(at, (unsigned)number);
    next = end = at + count_digits(number);
    for (; number >= 100; number /= 100) {
        next -= 2;
        memcpy(next, pairs + 2 * (number % 100), 2);
    }
    put_small(at, (unsigned)number);
    return end;
}

uint8_t *put_digits(uint8_t *at, uint64_t number, unsigned digits)
{
    uint8_t *end = at + digits;

    for (; digits > 0; number /= 10)
        at[--digits] = (uint8_t)('0' + number % 10);
    return end;
}

void pen_number(struct pen *p, uint64_t number)
{
    uint8_t *at = pen_open(p, PUT_NUMBER_MAX);

    if (at)
        pen_close(p, put_number(at, number));
}

uint8_t *put_ipv4(uint8_t *at, const uint8_t address[4])
{
    for (int i = 0; i < 4; i++) {
        at = put_up_to_9999(at, address[i]);
        *at++ = '.';
    }
    return at - 1;
}

static unsigned group_at(const uint8_t address[16], unsigned i)
{
    return (unsigned)address[2 * i] << 8 | address[2 * i + 1];
}

/* RFC 5952 section 4.2: the longest run of zero groups, the first of equal ones, never a single
 * one. Returns its length. */
static unsigned find_zeroes(const uint8_t address[16], unsigned *ret_start)
{
    unsigned best = 1;

    *ret_start = 8;
    for (unsigned i = 0, run = 0; i < 8; i++) {
        run = group_at(address, i) == 0 ? run + 1 : 0;
        if (run > best) {
            best = run;
            *ret_start = i + 1 - run;
        }
    }
    return best;
}

static uint8_t *put_group(uint8_t *at, unsigned group)
{
    for (int shift = group > 0xfff  ? 12
                     : group > 0xff ? 8
                     : group > 0xf  ? 4
                                    : 0;
         shift >= 0; shift -= 4)
        *at++ = (uint8_t)hex[group >> shift & 15];
    return at;
}

uint8_t *put_ipv6(uint8_t *at, const uint8_t address[16])
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    unsigned start, len = find_zeroes(address, &start);

    if (memcmp(address, mapped, sizeof mapped) == 0)
        return put_ipv4(PUT(at, "::ffff:"), address + sizeof mapped);
    for (unsigned i = 0; i < 8; i++) {
        if (i == start) {
            at = PUT(at, "::");
            i += len - 1;
            continue;
        }
        at = put_group(at, group_at(address, i));
        if (i < 7 && i + 1 != start)
            *at++ = ':';
    }
    return at;
}

/* Many records are of one second. */
uint8_t *put_time(uint8_t *at, uint64_t wall_ns)
{
    static _Thread_local struct {
        time_t second;
        char text[20];
    } last = { .second = -1 };
    time_t second = (time_t)(wall_ns / NS_PER_S);
    struct tm tm;

    if (second != last.second) {
        gmtime_r(&second, &tm);
        strftime(last.text, sizeof last.text, "%Y-%m-%dT%H:%M:%S", &tm);
        last.second = second;
    }
    at = put_bytes(at, last.text, sizeof last.text - 1);
    *at++ = '.';
    at = put_digits(at, wall_ns % NS_PER_S / NS_PER_US, 6);
    *at++ = 'Z';
    return at;
}

uint8_t *put_hex(uint8_t *at, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        *at++ = (uint8_t)hex[bytes.data[i] >> 4];
        *at++ = (uint8_t)hex[bytes.data[i] & 15];
    }
    return at;
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* How many bytes from the first on need no escape. */
static size_t count_plain(struct slice text)
{
    size_t plain = 0;

    while (plain < text.len && is_plain(text.data[plain]))
        plain++;
    return plain;
}

void pen_json_again(struct pen *p, struct slice text)
{
    while (text.len > 0) {
        size_t plain = count_plain(text);

        pen_bytes(p, text.data, plain);
        if (plain < text.len) { /* what is left of ASCII: a quote or a backslash */
            pen_byte(p, '\\');
            pen_byte(p, (char)text.data[plain]);
        }
        text = slice_after(text, plain + 1);
    }
}

static void write_byte(struct pen *p, uint8_t c)
{
    uint8_t escape[5] = { '\\', '\\' };

    put_digits(escape + 2, c, 3);
    pen_bytes(p, escape, sizeof escape);
}

/* Writes the first character of `text`, which is not plain, and returns how long it was. */
static size_t write_odd(struct pen *p, struct slice text)
{
    uint32_t character;
    size_t len = utf8_read(text, &character);

    if (*text.data == '"') {
        PEN_LITERAL(p, "\\\"");
        return 1;
    }
    if (*text.data == '\\') {
        PEN_LITERAL(p, "\\\\\\\\");
        return 1;
    }
    if (len > 1 && utf8_is_printable(character)) {
        pen_bytes(p, text.data, len);
        return len;
    }
    write_byte(p, *text.data);
    return 1;
}

void pen_json(struct pen *p, struct slice bytes)
{
    while (bytes.len > 0) {
        size_t done = count_plain(bytes);

        pen_bytes(p, bytes.data, done);
        if (done < bytes.len)
            done += write_odd(p, slice_after(bytes, done));
        bytes = slice_after(bytes, done);
    }
}

/* Letters, digits, - and _ are the same in every notation. */
static bool has_odd_byte(struct slice label)
{
    static const uint8_t is_common[256] = {
        ['-'] = 1, ['_'] = 1, ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1,
    };
    uint8_t all = 1;

    for (size_t i = 0; i < label.len; i++)
        all &= is_common[label.data[i]];
    return !all;
}

/* The end of what was written, or NULL when the name has odd bytes. */
static uint8_t *put_common_name(uint8_t *at, struct slice wire)
{
    struct reader r = reader_of(wire);

    for (uint8_t len = read_u8(&r); len > 0; len = read_u8(&r)) {
        struct slice label = read_bytes(&r, len);

        if (has_odd_byte(label))
            return NULL;
        at = put_bytes(at, label.data, label.len);
        *at++ = '.';
    }
    return at;
}

static void write_name(struct pen *p, struct slice wire, enum pen_dot dot)
{
    uint8_t *at = wire.len > 1 ? pen_open(p, wire.len) : NULL, *end;
    char text[DNS_NAME_TEXT_MAX];
    size_t len;

    end = at ? put_common_name(at, wire) : NULL;
    if (end) {
        pen_close(p, end - (dot == WITHOUT_DOT));
        return;
    }
    len = name_to_text(wire, text, sizeof text);
    if (dot == WITHOUT_DOT && len > 1)
        len--;
    pen_json_again(p, slice_of(text, len));
}

struct slice pen_json_name(struct pen *p, struct slice wire, enum pen_dot dot)
{
    uint8_t *start = p->next;

    write_name(p, wire, dot);
    return slice_of(start, (size_t)(p->next - start));
}
