/* querylog/pen.c - numbers, addresses, times and names as text, fast.
 *
 * Called by: the formats. printf would take longer than all the rest of a record.
 */
#include "querylog/pen.h"

#include "base/clock.h"
#include "dns/name.h"

#include <arpa/inet.h>
#include <time.h>

#define NUMBER_MAX 20 /* digits of 64 bits */

static const char pairs[] = "0001020304050607080910111213141516171819"
                            "2021222324252627282930313233343536373839"
                            "4041424344454647484950515253545556575859"
                            "6061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

void pen_number(struct pen *p, uint64_t number)
{
    char digits[NUMBER_MAX];
    size_t at = sizeof digits;

    for (; number >= 100; number /= 100) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * (number % 100), 2);
    }
    if (number >= 10) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * number, 2);
    } else {
        digits[--at] = (char)('0' + number);
    }
    pen_bytes(p, digits + at, sizeof digits - at);
}

void pen_digits(struct pen *p, uint64_t number, unsigned digits)
{
    uint8_t *room = pen_room(p, digits);

    for (; room && digits > 0; number /= 10)
        room[--digits] = (uint8_t)('0' + number % 10);
}

void pen_ipv4(struct pen *p, const uint8_t address[4])
{
    for (int i = 0; i < 4; i++) {
        if (i > 0)
            pen_byte(p, '.');
        pen_number(p, address[i]);
    }
}

void pen_ipv6(struct pen *p, const uint8_t address[16])
{
    char text[INET6_ADDRSTRLEN];

    inet_ntop(AF_INET6, address, text, sizeof text);
    pen_text(p, text);
}

/* Many records are of one second. */
void pen_time(struct pen *p, uint64_t wall_ns)
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
    pen_bytes(p, last.text, sizeof last.text - 1);
    pen_byte(p, '.');
    pen_digits(p, wall_ns % NS_PER_S / NS_PER_US, 6);
    pen_byte(p, 'Z');
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void json_byte(struct pen *p, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    const char escape[] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

    if (c == '"' || c == '\\')
        pen_byte(p, '\\');
    if (c >= 0x20 && c < 0x7f)
        pen_byte(p, (char)c);
    else
        pen_bytes(p, escape, sizeof escape);
}

void pen_json(struct pen *p, struct slice bytes)
{
    size_t plain = 0;

    for (; bytes.len > 0; bytes = slice_after(bytes, plain + 1), plain = 0) {
        while (plain < bytes.len && is_plain(bytes.data[plain]))
            plain++;
        pen_bytes(p, bytes.data, plain);
        if (plain < bytes.len)
            json_byte(p, bytes.data[plain]);
    }
}

/* Letters, digits, - and _ are the same in every notation. */
static bool is_common(struct slice label)
{
    static const uint8_t common[256] = {
        ['-'] = 1, ['_'] = 1, ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1,
    };
    uint8_t all = 1;

    for (size_t i = 0; i < label.len; i++)
        all &= common[label.data[i]];
    return all;
}

static bool write_common_name(struct pen *p, struct slice wire)
{
    struct reader r = reader_of(wire);
    uint8_t *start = p->next;

    for (uint8_t len = read_u8(&r); len > 0; len = read_u8(&r)) {
        struct slice label = read_bytes(&r, len);

        if (!is_common(label)) {
            p->next = start;
            return false;
        }
        pen_bytes(p, label.data, label.len);
        pen_byte(p, '.');
    }
    return true;
}

void pen_json_name(struct pen *p, struct slice wire)
{
    char text[DNS_NAME_TEXT_MAX];

    if (wire.len > 1 && write_common_name(p, wire))
        return;
    pen_json(p, slice_of(text, name_to_text(wire, text, sizeof text)));
}
