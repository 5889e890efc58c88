#include "config/nearest.h"
#include "unit/test.h"

static const char *meant(const char *word)
{
    static const char *const known[] = { "listen", "upstream", "limit", "log", "tcp_connections" };
    struct nearest n = nearest_to(word);

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        nearest_offer(&n, known[i]);
    return n.best ? n.best : "nothing";
}

TEST(nearest_finds_typing_errors, "a letter too many, too few, wrong or swapped is a typing error")
{
    CHECK_TEXT(meant("upstrem"), "upstream");
    CHECK_TEXT(meant("upstreams"), "upstream");
    CHECK_TEXT(meant("upstraem"), "upstream");
    CHECK_TEXT(meant("Listen"), "listen");
    CHECK_TEXT(meant("tcp-connections"), "tcp_connections");
}

TEST(nearest_knows_other_words, "another word is not near")
{
    CHECK_TEXT(meant("cache"), "nothing");
    CHECK_TEXT(meant(""), "nothing");
    CHECK_TEXT(meant("x"), "nothing");
    CHECK_TEXT(meant("a_word_that_is_much_longer_than_any_key_there_could_be"), "nothing");
}
