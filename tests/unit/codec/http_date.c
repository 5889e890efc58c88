#include "codec/http_date.h"

#include "unit/test.h"

TEST(http_date_form, "a moment is written as RFC 9110 section 5.6.7 shows it")
{
    struct http_date date = { 0 };

    CHECK_TEXT(http_date_text(&date, 784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK_TEXT(http_date_text(&date, 784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK_TEXT(http_date_text(&date, 784111778), "Sun, 06 Nov 1994 08:49:38 GMT");
    CHECK_TEXT(http_date_text(&date, 0), "Thu, 01 Jan 1970 00:00:00 GMT");
}
