/* dns/types.c - types, classes and codes: from number to name, and back.
 *
 * Derived from types.def, classes.def, rcodes.def and ede.def.
 */
#include "dns/types.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct named {
    const char *name;
    uint16_t code;
};

static const struct named types[] = {
#define TYPE(name, code, layout, doc) { #name, code },
#include "dns/types.def"
#undef TYPE
    { NULL, 0 },
};

static const struct named classes[] = {
#define CLASS(name, code) { #name, code },
#include "dns/classes.def"
#undef CLASS
    { NULL, 0 },
};

static const struct named rcodes[] = {
#define RCODE(name, code) { #name, code },
#include "dns/rcodes.def"
#undef RCODE
    { NULL, 0 },
};

/* A table that the compiler makes: records of queries ask for many names a second. */
const char *type_name(uint16_t type)
{
    switch (type) {
#define TYPE(name, code, layout, doc)                                                              \
    case code:                                                                                     \
        return #name;
#include "dns/types.def"
#undef TYPE
    }
    return NULL;
}

const char *class_name(uint16_t dns_class)
{
    switch (dns_class) {
#define CLASS(name, code)                                                                          \
    case code:                                                                                     \
        return #name;
#include "dns/classes.def"
#undef CLASS
    }
    return NULL;
}

const char *rcode_name(uint16_t rcode)
{
    switch (rcode) {
#define RCODE(name, code)                                                                          \
    case code:                                                                                     \
        return #name;
#include "dns/rcodes.def"
#undef RCODE
    }
    return NULL;
}

const char *ede_name(uint16_t code)
{
    switch (code) {
#define EDE(name, number, text)                                                                    \
    case number:                                                                                   \
        return text;
#include "dns/ede.def"
#undef EDE
    }
    return NULL;
}

static const char *layout_of(uint16_t type)
{
    switch (type) {
#define TYPE(name, code, layout, doc)                                                              \
    case code:                                                                                     \
        return layout;
#include "dns/types.def"
#undef TYPE
    }
    return "";
}

/* RFC 1035 section 3.3: these mean the same in every class; all others belong to IN. */
static bool is_in_every_class(uint16_t type)
{
    return type > TYPE_A && type <= TYPE_TXT && type != TYPE_WKS;
}

const char *type_layout(uint16_t type, uint16_t dns_class)
{
    if (dns_class == CLASS_IN)
        return layout_of(type);
    if ((dns_class == CLASS_CH || dns_class == CLASS_HS) && is_in_every_class(type))
        return layout_of(type);
    return "";
}

static const char *to_text(const char *name, const char *prefix, uint16_t code, char *text)
{
    if (name)
        snprintf(text, TYPE_TEXT_MAX, "%s", name);
    else
        snprintf(text, TYPE_TEXT_MAX, "%s%u", prefix, code);
    return text;
}

const char *type_to_text(uint16_t type, char text[TYPE_TEXT_MAX])
{
    return to_text(type_name(type), "TYPE", type, text);
}

const char *class_to_text(uint16_t dns_class, char text[TYPE_TEXT_MAX])
{
    return to_text(class_name(dns_class), "CLASS", dns_class, text);
}

const char *rcode_to_text(uint16_t rcode, char text[TYPE_TEXT_MAX])
{
    return to_text(rcode_name(rcode), "RCODE", rcode, text);
}

/* Reads decimal digits and nothing else. */
static bool number_from_text(const char *digits, uint16_t *ret_number)
{
    uint32_t number = 0;

    if (*digits == '\0')
        return false;
    for (; *digits; digits++) {
        if (*digits < '0' || *digits > '9')
            return false;
        number = number * 10 + (uint32_t)(*digits - '0');
        if (number > UINT16_MAX)
            return false;
    }
    *ret_number = (uint16_t)number;
    return true;
}

static bool from_text(const struct named *list, const char *prefix, const char *text, uint16_t *ret)
{
    const size_t len = strlen(prefix);

    for (; list->name; list++)
        if (strcasecmp(list->name, text) == 0) {
            *ret = list->code;
            return true;
        }
    return strncasecmp(text, prefix, len) == 0 && number_from_text(text + len, ret);
}

bool type_from_text(const char *text, uint16_t *ret_type)
{
    return from_text(types, "TYPE", text, ret_type);
}

bool class_from_text(const char *text, uint16_t *ret_class)
{
    return from_text(classes, "CLASS", text, ret_class);
}

bool rcode_from_text(const char *text, uint16_t *ret_rcode)
{
    return from_text(rcodes, "RCODE", text, ret_rcode);
}
