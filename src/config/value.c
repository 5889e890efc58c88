/* config/value.c - from what a person wrote to a typed field, with a range. */
#include "config/value.h"

#include "config/number.h"

#include <string.h>

/* One value on its way into its field. */
struct input {
    const struct option_row *row;
    struct store *store;
    const char *text;
    void *field;
    struct problem *problem;
    size_t at;
};

static err_t set_string(struct input *in)
{
    const char *copy = store_text(in->store, in->text, strlen(in->text));

    if (!copy)
        return ERR_NOMEM;
    *(const char **)in->field = copy;
    return OK;
}

static err_t set_choice(struct input *in)
{
    char known[160];
    size_t len = 0;

    if (choice_find(in->row, in->text, in->field))
        return OK;
    for (const char *c = in->row->min; *c && len + 3 < sizeof known; c++) {
        known[len++] = *c == '|' ? ',' : *c;
        if (*c == '|')
            known[len++] = ' ';
    }
    known[len] = '\0';
    return problem_set(in->problem, "%s: %.80s is none of: %s", in->row->name, in->text, known);
}

static err_t set_bool(struct input *in)
{
    /* even ones are true; the words of YAML 1.1, which its tools still write */
    static const char words[] = "yes|no|true|false|on|off";
    unsigned index = 0;

    if (!words_find(words, in->text, &index))
        return problem_set(in->problem, "%s: %.80s is neither yes nor no", in->row->name, in->text);
    *(bool *)in->field = index % 2 == 0;
    return OK;
}

static err_t check_range(struct input *in, uint64_t value)
{
    const struct option_row *row = in->row;
    uint64_t limit;

    if (row->min[0] && number_read(row->type, row->min, &limit) == OK && value < limit)
        return problem_set(in->problem, "%s: %.80s is below %s", row->name, in->text, row->min);
    if (row->max[0] && number_read(row->type, row->max, &limit) == OK && value > limit)
        return problem_set(in->problem, "%s: %.80s is above %s", row->name, in->text, row->max);
    return OK;
}

static err_t read_number(struct input *in, uint64_t *ret_value)
{
    static const char *const others[] = { "", ", or auto", ", or off, or auto" };
    const struct option_row *row = in->row;
    const char *words = option_words(row);
    err_t err = number_read(row->type, in->text, ret_value);

    if (err == ERR_TOOBIG || (err == OK && row->type == OPTION_SIZE && *ret_value > SIZE_MAX))
        return problem_set(in->problem, "%s: %.80s is above %s", row->name, in->text, row->max);
    if (err != OK)
        return problem_set(in->problem, "%s: %.80s is not %s%s", row->name, in->text,
                           number_hint(row->type),
                           others[words[0] ? 1 + (strchr(words, '|') != NULL) : 0]);
    return check_range(in, *ret_value);
}

static err_t set_number(struct input *in)
{
    const struct option_row *row = in->row;
    uint64_t value;

    if (!option_word_find(row, in->text, &value))
        TRY(read_number(in, &value));
    if (row->type == OPTION_DURATION || row->type == OPTION_DELAY)
        *(uint64_t *)in->field = value;
    else if (row->type == OPTION_SIZE)
        *(size_t *)in->field = (size_t)value;
    else
        *(unsigned *)in->field = (unsigned)value;
    return OK;
}

/* The schemes that this key takes are fewer than those that a URL may have. */
static err_t check_scheme(struct input *in)
{
    const char *end = strstr(in->text, "://"), *words = in->row->min;
    const struct slice usual = words_at(words, 0);
    char scheme[16];
    unsigned index;

    in->at = 0;
    if (!end)
        return problem_set(in->problem,
                           "%s: %.200s: this is no URL; begin it with one of %s and ://, as in "
                           "%.*s://192.0.2.1",
                           in->row->name, in->text, words, (int)usual.len,
                           (const char *)usual.data);
    snprintf(scheme, sizeof scheme, "%.*s", (int)(end - in->text), in->text);
    if (words_find(words, scheme, &index))
        return OK;
    return problem_set(in->problem, "%s: %s:// is not possible here; write one of %s",
                       in->row->name, scheme, words);
}

static err_t set_url(struct input *in)
{
    struct url_fault fault;
    struct url url;
    err_t err = check_scheme(in);

    TRY(err);
    err = url_parse(in->store, in->text, &url, &fault);
    if (err == ERR_MALFORMED) {
        in->at = fault.at;
        return problem_set(in->problem, "%s: %.200s: %s", in->row->name, in->text, fault.why);
    }
    TRY(err);
    *(struct url *)in->field = url;
    return OK;
}

static err_t set_strings(struct input *in)
{
    size_t count = in->text[0] ? 1 : 0, n = 0;
    const char **texts;

    for (const char *c = in->text; *c; c++)
        count += *c == ',';
    texts = store_alloc(in->store, count, sizeof *texts);
    if (!texts)
        return ERR_NOMEM;
    for (const char *part = in->text; n < count; n++) {
        size_t len = strcspn(part, ",");

        texts[n] = store_text(in->store, part, len);
        if (!texts[n])
            return ERR_NOMEM;
        part += len + 1;
    }
    *(struct strings *)in->field = (struct strings){ texts, count };
    return OK;
}

static err_t (*const setters[])(struct input *in) = {
    [OPTION_STRING] = set_string,   [OPTION_CHOICE] = set_choice, [OPTION_BOOL] = set_bool,
    [OPTION_COUNT] = set_number,    [OPTION_SIZE] = set_number,   [OPTION_DURATION] = set_number,
    [OPTION_STRINGS] = set_strings, [OPTION_URL] = set_url,       [OPTION_PERCENT] = set_number,
    [OPTION_DELAY] = set_number,    [OPTION_RATE] = set_number,
};

err_t value_set(const struct option_row *row, struct store *store, const char *text, void *item,
                struct problem *problem, size_t *ret_at)
{
    struct input in = { row, store, text, (char *)item + row->offset, problem, 0 };
    err_t err = setters[row->type](&in);

    *ret_at = in.at;
    return err;
}

err_t value_set_list(const struct option_row *row, struct store *store, const char *const *texts,
                     size_t count, void *item)
{
    const char **copies = store_alloc(store, count, sizeof *copies);

    if (!copies)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        copies[i] = store_text(store, texts[i], strlen(texts[i]));
        if (!copies[i])
            return ERR_NOMEM;
    }
    *(struct strings *)(void *)((char *)item + row->offset) = (struct strings){ copies, count };
    return OK;
}
