/* dns/name.c - domain names: read, skipped, expanded, compared, turned to text and back.
 *
 * Called by: every reader and writer of this room, and whoever compares names.
 */
#include "dns/name.h"

#include "dns/header.h"

#define POINTER     0xc0u /* the two high bits of a compression pointer: RFC 1035 section 4.1.4 */
#define JUMPS_MAX   (DNS_NAME_MAX / 2) /* an honest pointer stands behind at least one label */
#define ESCAPED_MAX 4                  /* \DDD */

struct slice read_name(struct reader *r)
{
    const struct reader begin = *r;
    struct reader name = begin;
    uint8_t len;

    do {
        len = read_u8(r);
        if (len > DNS_LABEL_MAX)
            r->failed = true;
        read_bytes(r, len);
    } while (len && !r->failed);
    if (r->failed || reader_offset(r) - reader_offset(&begin) > DNS_NAME_MAX) {
        r->failed = true;
        return (struct slice){ 0 };
    }
    return read_bytes(&name, reader_offset(r) - reader_offset(&begin));
}

/* A cursor at `target` that sees nothing from `end` on. */
static struct reader reader_between(const struct reader *r, size_t target, size_t end)
{
    struct reader part = reader_of(slice_of(r->start, end));

    read_bytes(&part, target);
    return part;
}

/* Walks a name whose first run of labels `at` stands before; copies it to `name` unless NULL.
 * `ret_end` is told where its own bytes end. Returns its expanded length, 0 when malformed. */
static size_t walk(struct reader at, uint8_t *name, size_t *ret_end)
{
    const struct reader begin = at;
    size_t total = 0, run = reader_offset(&at), end = 0;

    for (unsigned jumps = 0; jumps <= JUMPS_MAX;) {
        uint8_t len = read_u8(&at);
        struct slice label;

        if (len >= POINTER) {
            size_t target = (size_t)(len & ~POINTER) << 8 | read_u8(&at);

            if (at.failed || target < DNS_HEADER_SIZE || target >= run)
                return 0;
            if (jumps++ == 0)
                end = reader_offset(&at);
            at = reader_between(&begin, target, run);
            run = target;
            continue;
        }
        label = read_bytes(&at, len);
        if (at.failed || len > DNS_LABEL_MAX || total + len + 1 > DNS_NAME_MAX)
            return 0;
        if (name) {
            name[total] = len;
            memcpy(name + total + 1, label.data, len);
        }
        total += len + 1u;
        if (len == 0) {
            *ret_end = jumps ? end : reader_offset(&at);
            return total;
        }
    }
    return 0;
}

static size_t walk_and_move(struct reader *r, uint8_t *name)
{
    size_t end, len = r->failed ? 0 : walk(*r, name, &end);

    if (len == 0) {
        r->failed = true;
        return 0;
    }
    read_bytes(r, end - reader_offset(r));
    return len;
}

void skip_name(struct reader *r)
{
    walk_and_move(r, NULL);
}

size_t name_expand(struct reader *r, uint8_t name[DNS_NAME_MAX])
{
    return walk_and_move(r, name);
}

static uint8_t lower(uint8_t c)
{
    return (uint8_t)(c - 'A') < 26 ? c | 0x20 : c;
}

/* A label's length is at most 63 and so never taken for a letter. */
void name_lower(uint8_t *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        name[i] = lower(name[i]);
}

bool name_equal(struct slice a, struct slice b)
{
    uint8_t difference = 0;

    if (a.len != b.len)
        return false;
    if (slice_equal(a, b))
        return true;
    for (size_t i = 0; i < a.len; i++)
        difference |= lower(a.data[i]) ^ lower(b.data[i]);
    return difference == 0;
}

bool name_is_below(struct slice name, struct slice parent)
{
    while (name.len > parent.len)
        name = slice_after(name, name.data[0] + 1u);
    return name.len > 0 && name_equal(name, parent);
}

/* Writes one byte of a label as text and returns how many characters that took. */
static size_t escape(uint8_t c, char text[ESCAPED_MAX])
{
    if (c <= ' ' || c >= 0x7f) {
        text[0] = '\\';
        text[1] = (char)('0' + c / 100);
        text[2] = (char)('0' + c / 10 % 10);
        text[3] = (char)('0' + c % 10);
        return 4;
    }
    if (strchr(".\\\"();@$", c)) {
        text[0] = '\\';
        text[1] = (char)c;
        return 2;
    }
    text[0] = (char)c;
    return 1;
}

static void write_label(struct writer *w, struct slice label)
{
    char text[ESCAPED_MAX];

    for (size_t i = 0; i < label.len; i++)
        write_bytes(w, slice_of(text, escape(label.data[i], text)));
    write_u8(w, '.');
}

size_t name_to_text(struct slice wire, char *text, size_t size)
{
    struct reader r = reader_of(wire);
    struct writer w = writer_of(text, size);
    uint8_t len = read_u8(&r);

    if (len == 0)
        write_u8(&w, '.');
    for (; len > 0; len = read_u8(&r))
        write_label(&w, read_bytes(&r, len));
    write_u8(&w, 0);
    if (r.failed || w.failed)
        return 0;
    return writer_len(&w) - 1;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes what stands behind a backslash, moves `text` behind it and returns the byte meant; -1 when
 * it means nothing. */
static int unescape(const char **text)
{
    const char *t = *text;
    int value;

    if (*t == '\0')
        return -1;
    if (!is_digit(*t)) {
        *text = t + 1;
        return (uint8_t)*t;
    }
    if (!is_digit(t[1]) || !is_digit(t[2]))
        return -1;
    value = (t[0] - '0') * 100 + (t[1] - '0') * 10 + (t[2] - '0');
    *text = t + 3;
    return value <= UINT8_MAX ? value : -1;
}

/* Reads a label up to its dot or the text's end; false when it is empty, too long or garbled. */
static bool write_label_of_text(struct writer *w, const char **text)
{
    uint8_t *len = write_room(w, 1);
    size_t count = 0;

    while (**text && **text != '.') {
        int c = (uint8_t) * (*text)++;

        if (c == '\\')
            c = unescape(text);
        if (c < 0)
            return false;
        write_u8(w, (uint8_t)c);
        count++;
    }
    if (**text == '.')
        (*text)++;
    if (w->failed || count == 0 || count > DNS_LABEL_MAX)
        return false;
    *len = (uint8_t)count;
    return true;
}

err_t name_from_text(const char *text, struct writer *w)
{
    uint8_t name[DNS_NAME_MAX];
    struct writer labels = writer_of(name, sizeof name);

    if (*text == '\0')
        return ERR_MALFORMED;
    if (strcmp(text, ".") == 0)
        text++;
    while (*text)
        if (!write_label_of_text(&labels, &text))
            return ERR_MALFORMED;
    write_u8(&labels, 0);
    if (labels.failed)
        return ERR_MALFORMED;
    write_bytes(w, writer_slice(&labels));
    return w->failed ? ERR_TOOBIG : OK;
}
