#ifndef DNS_TYPES_H
#define DNS_TYPES_H

#include <stdbool.h>
#include <stdint.h>

enum dns_type {
#define TYPE(name, code, layout, doc) TYPE_##name = code,
#include "dns/types.def"
#undef TYPE
};

enum dns_class {
#define CLASS(name, code) CLASS_##name = code,
#include "dns/classes.def"
#undef CLASS
};

enum dns_rcode {
#define RCODE(name, code) RCODE_##name = code,
#include "dns/rcodes.def"
#undef RCODE
};

enum dns_ede {
#define EDE(name, code, text) EDE_##name = code,
#include "dns/ede.def"
#undef EDE
};

#define TYPE_TEXT_MAX 16 /* "NSEC3PARAM", "CLASS65535", "RCODE4095" and the final zero */

/* NULL for a code that has no name. */
const char *type_name(uint16_t type);
const char *class_name(uint16_t dns_class);
const char *rcode_name(uint16_t rcode);
const char *ede_name(uint16_t code);

/* How the RDATA of `type` is laid out (see types.def); "" when it is opaque. */
const char *type_layout(uint16_t type, uint16_t dns_class);

/* Write a name, or for want of one TYPE123 or CLASS123 (RFC 3597 section 5), and return `text`. */
const char *type_to_text(uint16_t type, char text[TYPE_TEXT_MAX]);
const char *class_to_text(uint16_t dns_class, char text[TYPE_TEXT_MAX]);
const char *rcode_to_text(uint16_t rcode, char text[TYPE_TEXT_MAX]);

/* Read either form, in any letter case; false when the text is neither. */
bool type_from_text(const char *text, uint16_t *ret_type);
bool class_from_text(const char *text, uint16_t *ret_class);
bool rcode_from_text(const char *text, uint16_t *ret_rcode);

#endif
