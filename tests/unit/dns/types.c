#include "dns/types.h"
#include "unit/test.h"

TEST(types_have_names, "a code becomes its name, or TYPE123 for want of one")
{
    char text[TYPE_TEXT_MAX];

    CHECK_TEXT(type_to_text(TYPE_HTTPS, text), "HTTPS");
    CHECK_TEXT(type_to_text(65535, text), "TYPE65535");
    CHECK_TEXT(class_to_text(CLASS_IN, text), "IN");
    CHECK_TEXT(class_to_text(77, text), "CLASS77");
    CHECK_TEXT(rcode_to_text(RCODE_BADVERS, text), "BADVERS");
    CHECK_TEXT(rcode_to_text(4095, text), "RCODE4095");
    CHECK(type_name(65535) == NULL);
    CHECK_TEXT(ede_name(EDE_NO_REACHABLE_AUTHORITY), "No Reachable Authority");
    CHECK(ede_name(4711) == NULL);
}

static int type_of(const char *text)
{
    uint16_t type;

    return type_from_text(text, &type) ? type : -1;
}

TEST(types_are_read, "names and the form for unknown types are read in any letter case")
{
    uint16_t code;

    CHECK_EQUAL(type_of("aaaa"), TYPE_AAAA);
    CHECK_EQUAL(type_of("ANY"), TYPE_ANY);
    CHECK_EQUAL(type_of("type1"), TYPE_A);
    CHECK_EQUAL(type_of("TYPE65535"), 65535);
    CHECK_EQUAL(type_of("TYPE65536"), -1);
    CHECK_EQUAL(type_of("TYPE"), -1);
    CHECK_EQUAL(type_of("TYPE-1"), -1);
    CHECK_EQUAL(type_of("nonsense"), -1);
    CHECK_EQUAL(type_of(""), -1);
    CHECK(class_from_text("ch", &code) && code == CLASS_CH);
    CHECK(rcode_from_text("nxdomain", &code) && code == RCODE_NXDOMAIN);
}

TEST(layouts_belong_to_classes, "RFC 1035's types mean the same in every class, A only in IN")
{
    CHECK_TEXT(type_layout(TYPE_A, CLASS_IN), "a");
    CHECK_TEXT(type_layout(TYPE_A, CLASS_CH), "");
    CHECK_TEXT(type_layout(TYPE_NS, CLASS_CH), "n");
    CHECK_TEXT(type_layout(TYPE_SRV, CLASS_CH), "");
    CHECK_TEXT(type_layout(65400, CLASS_IN), "");
    CHECK_TEXT(type_layout(TYPE_NS, 77), "");
}
