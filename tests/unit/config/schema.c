#include "config/config.h"
#include "config/print.h"
#include "config/print_yaml.h"
#include "unit/test.h"

#include <stdio.h>
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

/* A list with an item that is always there, and one whose check looks at it. */
struct lamp {
    const char *name;
    unsigned watts;
};
struct wall {
    const char *lamp;
};

static const struct option_row lamp_options[] = {
    OPTION_ROW(struct lamp, name, STRING, "main", "", "", "A name.")
        OPTION_ROW(struct lamp, watts, COUNT, "8", "1", "9", "What it takes.")
};
static const struct option_row wall_options[] = { OPTION_ROW(struct wall, lamp, STRING, "main", "",
                                                             "", "A name.") };
static const char *const lamps[] = { "main" };
static const struct section lamp = {
    .name = "lamp",
    SECTION_OPTIONS(lamp_options),
    SECTION_INITIAL(lamps),
    .size = sizeof(struct lamp),
    .is_list = true,
    .keeps_default = true,
};

static void check_wall(const void *items, size_t count, struct loader *to)
{
    const struct wall *wall = items;
    size_t lamp_count = 0;
    const struct lamp *lamps_there = peer_items(to, &lamp, &lamp_count);

    if (!lamps_there)
        return;
    for (size_t i = 0; i < count; i++)
        complain(to, i, "lamp", "%s hangs here, one of %zu", wall[i].lamp, lamp_count);
}

static const struct section wall = {
    .name = "wall",
    SECTION_OPTIONS(wall_options),
    .size = sizeof(struct wall),
    .is_list = true,
    .check = check_wall,
};

/* What the check of `wall` says, or that the configuration is right; `config` is freed. */
static const char *seen_from_wall(const char *text)
{
    static const struct section *const house[] = { &wall, &lamp };
    const struct config_source source = { .file = "f", .bytes = slice_of(text, strlen(text)) };
    struct config *config = NULL;

    if (config_load(&source, house, 2, &config, &problems) != OK)
        return problems.list[0].text;
    config_unref(&config);
    return "ok";
}

static const char *lamps_in_force(const char *text)
{
    static const struct section *const house[] = { &lamp };
    static char said[200];
    const struct config_source source = { .file = "f", .bytes = slice_of(text, strlen(text)) };
    struct config *config = NULL;
    size_t len = 0;

    if (config_load(&source, house, 1, &config, &problems) != OK)
        return problems.list[0].text;
    for (size_t i = 0; i < config_count(config, &lamp); i++) {
        const struct lamp *item = config_item(config, &lamp, i);

        len += (size_t)snprintf(said + len, sizeof said - len, "%s=%u ", item->name, item->watts);
    }
    config_unref(&config);
    return said;
}

TEST(schema_keeps_default, "the item of defaults is there, unless the file names it")
{
    CHECK_TEXT(lamps_in_force(""), "main=8 ");
    CHECK_TEXT(lamps_in_force("lamp:\n- name: b\n  watts: 2\n"), "b=2 main=8 ");
    CHECK_TEXT(lamps_in_force("lamp:\n- name: main\n  watts: 2\n- name: b\n"), "main=2 b=8 ");
    CHECK_TEXT(lamps_in_force("lamp:\n- watts: 3\n"), "main=3 ");
    CHECK_TEXT(lamps_in_force("lamp: []\n"),
               "f:1:7: lamp: is empty; write at least one item, or remove the key");
}

TEST(schema_peers, "a check sees what another section says, unless that is wrong")
{
    CHECK_TEXT(seen_from_wall(""), "ok");
    CHECK_TEXT(seen_from_wall("wall:\n- lamp: b\nlamp:\n- name: c\n"),
               "f:2:9: lamp: b hangs here, one of 2");
    CHECK_TEXT(seen_from_wall("wall:\n- lamp: b\nlamp:\n- watts: 0\n"),
               "f:4:10: watts: 0 is below 1");
    CHECK_EQUAL(problems.count, 1);
}

static err_t refuse_narrow(const void *arg, const struct config *config, struct problems *list)
{
    const struct left *door = config_item(config, &left, 0);
    const unsigned *least = arg;

    if (door->width >= *least)
        return OK;
    return problem_set(problems_add(list), "too narrow: %u", door->width);
}

static err_t load_through_gate(const char *text, unsigned least)
{
    const struct config_source source = { .file = "f",
                                          .bytes = slice_of(text, strlen(text)),
                                          .gate = refuse_narrow,
                                          .gate_arg = &least };
    struct config *config = NULL;
    err_t err = config_load(&source, sections, 3, &config, &problems);

    config_unref(&config);
    return err;
}

TEST(gate_asked, "a gate sees all values, and what it refuses is not loaded")
{
    CHECK_EQUAL(load_through_gate("door:\n- name: a\n  width: 3\n", 3), OK);
    CHECK_EQUAL(load_through_gate("door:\n- name: a\n  width: 3\n", 4), ERR_CONFIG);
    CHECK_EQUAL(problems.count, 1);
    CHECK_TEXT(problems.list[0].text, "too narrow: 3");
}

TEST(gate_not_asked, "a gate is not asked about values that are wrong")
{
    CHECK_EQUAL(load_through_gate("door:\n- name: a\n  width: 99\n", 4), ERR_CONFIG);
    CHECK_EQUAL(problems.count, 1);
    CHECK(strstr(problems.list[0].text, "width") != NULL);
}
