#include "config/config.h"
#include "config/print.h"
#include "config/print_yaml.h"
#include "unit/test.h"

#include <stdlib.h>

/* Two rooms that share the list `door`, as neighbours on one floor may. */
struct left {
    const char *name;
    unsigned width;
};
struct right {
    bool is_open;
};

static const struct option_row left_options[] = {
    OPTION_ROW(struct left, name, STRING, NULL, "", "", "A name.")
        OPTION_ROW(struct left, width, COUNT, "8", "1", "9", "A width.")
};
static const struct option_row right_options[] = { OPTION_ROW(struct right, is_open, BOOL, "no", "",
                                                              "", "A claim.") };

static const char *const initial[] = { "front" };

static const struct section left = {
    .name = "door",
    .doc = "Doors.",
    SECTION_OPTIONS(left_options),
    SECTION_INITIAL(initial),
    .size = sizeof(struct left),
    .is_list = true,
};
static const struct section right = {
    .name = "door",
    SECTION_OPTIONS(right_options),
    .size = sizeof(struct right),
    .is_list = true,
};
static const struct section root = { .name = "", .doc = "" };

static const struct section *const sections[] = { &root, &left, &right };

static struct problems problems;

static struct config *load(const char *text)
{
    const struct config_source source = { .file = "f", .bytes = slice_of(text, strlen(text)) };
    struct config *config = NULL;

    if (config_load(&source, sections, 3, &config, &problems) != OK)
        return NULL;
    return config;
}

TEST(schema_shared_name, "sections of one name share their items, each with its own struct")
{
    struct config *config = load("door:\n- name: a\n- is_open: yes\n  name: b\n");

    CHECK_EQUAL(config_count(config, &left), 2);
    CHECK_EQUAL(config_count(config, &right), 2);
    CHECK_TEXT(((const struct left *)config_item(config, &left, 1))->name, "b");
    CHECK_EQUAL(((const struct left *)config_item(config, &left, 1))->width, 8);
    CHECK(!((const struct right *)config_item(config, &right, 0))->is_open);
    CHECK(((const struct right *)config_item(config, &right, 1))->is_open);
    config_unref(&config);
}

TEST(schema_shared_name_defaults, "the defaults of one reach the other")
{
    struct config *config = load("");

    CHECK_EQUAL(config_count(config, &right), 1);
    CHECK_TEXT(((const struct left *)config_item(config, &left, 0))->name, "front");
    config_unref(&config);
}

TEST(schema_shared_name_printed, "they are printed as one")
{
    struct config *config = load("door:\n- name: a\n");
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    print_effective(config, out);
    fclose(out);
    CHECK_TEXT(text, "door:\n  - name: a\n    width: 8\n    is_open: no\n");
    free(text);
    config_unref(&config);
}

TEST(schema_shared_name_problems, "a missing key and an unknown one are told once")
{
    CHECK(!load("door:\n- is_open: yes\n- nme: x\n"));
    CHECK_EQUAL(problems.count, 3);
    CHECK_TEXT(problems.list[0].text, "f:3:3: unknown key `nme`; did you mean `name`?");
    CHECK_TEXT(problems.list[1].text, "f:2:3: door: the key `name` is missing");
    CHECK_TEXT(problems.list[2].text, "f:3:3: door: the key `name` is missing");
}
