#include "config/print.h"
#include "command/manual.h"
#include "command/sections.h"
#include "config/print_man.h"
#include "config/print_yaml.h"
#include "unit/test.h"

#include <stdlib.h>

typedef void print_fn(const struct section *const *sections, size_t count, FILE *out);

static char *printed(print_fn *print)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    print(config_sections, config_section_count, out);
    fclose(out);
    return text;
}

/* What is in force with `text` as the file; NULL when it is wrong. */
static char *effective(const char *text)
{
    const struct config_source source = { .file = "f", .bytes = slice_of(text, strlen(text)) };
    struct config *config = NULL;
    struct problems problems;
    char *result = NULL;
    size_t size;
    FILE *out;

    if (config_load(&source, config_sections, config_section_count, &config, &problems) != OK)
        return NULL;
    out = open_memstream(&result, &size);
    print_effective(config, out);
    fclose(out);
    config_unref(&config);
    return result;
}

static void check_round_trip(const char *text)
{
    char *once = effective(text);
    char *twice = once ? effective(once) : NULL;

    CHECK(once && twice);
    CHECK_TEXT(twice, once);
    free(once);
    free(twice);
}

TEST(print_effective_loads_again, "what is in force loads to the same")
{
    check_round_trip("");
    check_round_trip("workers: 2\nuser: \"a\\tb: \\\"c\\\" # \\u2028\\x85\\uFEFF\"\n");
    check_round_trip("user: stra\xc3\x9f"
                     "e\nlog: { level: debug, to: journal }\n");
    check_round_trip("upstream:\n- url: tls://[fe80::1]:853#a.b\n  ca: 'no'\n"
                     "- url: udp://192.0.2.1\n  connections: 64\n");
    check_round_trip("group: [{ name: a, hedge: off, hedge_budget: 0%, fallback: default }]\n"
                     "upstream: [{ url: udp://192.0.2.1 }, { url: udp://192.0.2.2, group: a }]\n"
                     "route: [{ suffix: [., Corp.Example], group: a }]\n");
    check_round_trip(
        "group: [{ timeout: 1.001s, deadline: 100s }]\nlimit: { tcp_buffers: 1048577 }");
}

TEST(print_example_loads, "the example is the defaults")
{
    char *example = printed(print_example);
    char *from_example = effective(example);
    char *defaults = effective("");

    CHECK(from_example);
    CHECK_TEXT(from_example, defaults);
    free(example);
    free(from_example);
    free(defaults);
}

TEST(print_names_every_key, "every key stands in the reference, the schema and the manual page")
{
    char *texts[] = { printed(print_reference), printed(print_schema), printed(print_manual) };

    for (size_t i = 0; i < config_section_count; i++)
        for (size_t j = 0; j < config_sections[i]->option_count; j++)
            for (size_t k = 0; k < 3; k++)
                CHECK(strstr(texts[k], config_sections[i]->options[j].name));
    for (size_t k = 0; k < 3; k++)
        free(texts[k]);
}

TEST(print_man_escapes, "text is never taken for a command of mdoc")
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    print_man_text(".Sh a\\b. Next-one.", out);
    fclose(out);
    CHECK_TEXT(text, "\\&.Sh a\\eb.\nNext\\-one.\n");
    free(text);
}
