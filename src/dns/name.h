#ifndef DNS_NAME_H
#define DNS_NAME_H

#include "base/err.h"
#include "base/reader.h"
#include "base/writer.h"

#define DNS_NAME_MAX      255 /* on the wire, with the root's byte: RFC 1035 section 2.3.4 */
#define DNS_LABEL_MAX     63
#define DNS_NAME_TEXT_MAX 1024 /* all bytes written as \DDD, dots, and the final zero */

/* Reads a name that may not be compressed; the slice includes the root's byte. */
struct slice read_name(struct reader *r);

/* Walks over a name that may be compressed; `r->start` is the message's first byte. Fails unless
 * each pointer leads to a run of labels that ends before the one it was found in. */
void skip_name(struct reader *r);

/* As skip_name, and writes the name without compression. Its length, or 0 when it is malformed. */
size_t name_expand(struct reader *r, uint8_t name[DNS_NAME_MAX]);

/* Names in wire form, uncompressed; letter case does not matter (RFC 4343). */
bool name_equal(struct slice a, struct slice b);

/* A name counts as below itself. */
bool name_is_below(struct slice name, struct slice parent);

/* Makes the letters of a wire name small. */
void name_lower(uint8_t *name, size_t len);

/* Writes `wire` with a final dot, special characters escaped (RFC 1035 section 5.1, RFC 4343
 * section 2.1). Returns the length without the final zero, or 0 when `size` is too small. */
size_t name_to_text(struct slice wire, char *text, size_t size);

/* Reads a name with or without its final dot, and writes it in wire form. ERR_MALFORMED when the
 * text is no name, ERR_TOOBIG when `w` has no room for it. */
err_t name_from_text(const char *text, struct writer *w);

#endif
