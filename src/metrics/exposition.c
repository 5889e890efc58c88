/* metrics/exposition.c - metrics as Prometheus reads them.
 *
 * Called by: the control room.
 */
#include "metrics/exposition.h"

#include <inttypes.h>
#include <string.h>

#define PREFIX "dotproxy_"

static const struct {
    const char *name, *text;
} metrics[METRIC_COUNT] = {
#define METRIC(name, text) [METRIC_##name] = { #name, text },
#include "metrics/metrics.def"
#undef METRIC
};

static const struct family {
    const char *prefix, *label, *values, *help;
} families[] = {
#define FAMILY(prefix, label, values, help) { #prefix, #label, values, help },
#include "metrics/families.def"
#undef FAMILY
};

#define FAMILIES (sizeof families / sizeof *families)

/* In the text format the name of a counter's family ends as its samples do. */
static void head_line(const struct exposition *e, const char *what, const char *text)
{
    const char *end = strcmp(e->type, "counter") == 0 && !e->is_openmetrics ? "_total" : "";

    fprintf(e->out, "# %s " PREFIX "%s%s %s\n", what, e->family, end, text);
}

void exposition_family(struct exposition *e, const char *name, const char *type, const char *help)
{
    e->family = name;
    e->type = type;
    head_line(e, "HELP", help);
    head_line(e, "TYPE", type);
}

static void put_label(FILE *out, const char *name, const char *value)
{
    fputs(name, out);
    fputs("=\"", out);
    while (*value) {
        size_t plain = strcspn(value, "\\\"\n");

        fwrite(value, 1, plain, out);
        value += plain;
        if (*value) {
            putc('\\', out);
            putc(*value == '\n' ? 'n' : *value, out);
            value++;
        }
    }
    putc('"', out);
}

static void put_name(const struct exposition *e, const char *end, const struct label *labels,
                     const char *limit)
{
    const char *between = "{";

    fputs(PREFIX, e->out);
    fputs(e->family, e->out);
    fputs(end, e->out);
    for (; labels && labels->name; labels++, between = ",") {
        fputs(between, e->out);
        put_label(e->out, labels->name, labels->value);
    }
    if (limit) {
        fputs(between, e->out);
        put_label(e->out, "le", limit);
        between = ",";
    }
    fputs(between[0] == ',' ? "} " : " ", e->out);
}

/* Most of a page are small numbers, and fprintf takes its time. */
static void put_number(FILE *out, uint64_t number)
{
    char text[24];
    char *at = text + sizeof text;

    *--at = '\n';
    do
        *--at = (char)('0' + number % 10);
    while (number /= 10);
    fwrite(at, 1, (size_t)(text + sizeof text - at), out);
}

static const char *ending(const struct exposition *e)
{
    return strcmp(e->type, "counter") == 0 ? "_total" : "";
}

void exposition_value(struct exposition *e, const struct label *labels, uint64_t value)
{
    put_name(e, ending(e), labels, NULL);
    put_number(e->out, value);
}

void exposition_real(struct exposition *e, const struct label *labels, double value)
{
    put_name(e, ending(e), labels, NULL);
    fprintf(e->out, "%.12g\n", value);
}

/* The limit of an octave's last bucket, in seconds, written once for all histograms of the page. */
static const char *limit_of(struct exposition *e, size_t octave)
{
    char *text = e->limits[octave];

    if (!text[0])
        snprintf(text, sizeof e->limits[octave], "%.12g",
                 (double)histogram_bucket_end_ns(4 * octave + 3) / 1e9);
    return text;
}

void exposition_durations(struct exposition *e, const struct label *labels,
                          const struct histogram_sum *sum)
{
    uint64_t seen = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS - 4; i++) { /* what is longer is in the last, too */
        seen += sum->counts[i];
        if (i % 4 != 3)
            continue;
        put_name(e, "_bucket", labels, limit_of(e, i / 4));
        put_number(e->out, seen);
    }
    put_name(e, "_bucket", labels, "+Inf");
    put_number(e->out, sum->count);
    put_name(e, "_sum", labels, NULL);
    fprintf(e->out, "%" PRIu64 ".%09" PRIu64 "\n", sum->sum_ns / 1000000000,
            sum->sum_ns % 1000000000);
    put_name(e, "_count", labels, NULL);
    put_number(e->out, sum->count);
}

static bool is_among(const char *word, const char *words)
{
    size_t len = strlen(word);

    for (const char *at = words; at; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, word, len) == 0 && (at[len] == '|' || at[len] == '\0'))
            return true;
    }
    return false;
}

/* The value of the family's label for this counter, or NULL when it is of another family. */
static const char *value_in(const struct family *f, const char *metric)
{
    size_t len = strlen(f->prefix);

    if (strncmp(metric, f->prefix, len) != 0 || metric[len] != '_')
        return NULL;
    metric += len + 1;
    return f->values[0] == '\0' || is_among(metric, f->values) ? metric : NULL;
}

/* FAMILIES when it is one of its own. */
static size_t family_of(const char *metric)
{
    size_t i = 0;

    while (i < FAMILIES && !value_in(&families[i], metric))
        i++;
    return i;
}

static void tell_family(struct exposition *e, size_t family, const uint64_t sums[METRIC_COUNT])
{
    const struct family *f = &families[family];

    exposition_family(e, f->prefix, "counter", f->help);
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const char *value = value_in(f, metrics[i].name);
        const struct label labels[] = { { f->label, value }, NO_LABELS };

        if (value && family_of(metrics[i].name) == family)
            exposition_value(e, labels, sums[i]);
    }
}

void exposition_counters(struct exposition *e, const uint64_t sums[METRIC_COUNT])
{
    for (size_t i = 0; i < FAMILIES; i++)
        tell_family(e, i, sums);
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        if (family_of(metrics[i].name) < FAMILIES)
            continue;
        exposition_family(e, metrics[i].name, "counter", metrics[i].text);
        exposition_value(e, NULL, sums[i]);
    }
}

void exposition_describe(FILE *out, const char *family, const char *type, const char *labels,
                         const char *text)
{
    const char *end = strcmp(type, "counter") == 0 ? "_total" : "";

    fprintf(out,
            labels[0] ? "| `" PREFIX "%s%s{%s}` | %s | %s |\n"
                      : "| `" PREFIX "%s%s%s` | %s | %s |\n",
            family, end, labels, type, text);
}

void exposition_describe_counters(FILE *out)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        size_t family = family_of(metrics[i].name);
        char labels[128] = "";

        if (family < FAMILIES)
            snprintf(labels, sizeof labels, "%s=\"%s\"", families[family].label,
                     value_in(&families[family], metrics[i].name));
        exposition_describe(out, family < FAMILIES ? families[family].prefix : metrics[i].name,
                            "counter", labels, metrics[i].text);
    }
}

void exposition_end(struct exposition *e)
{
    if (e->is_openmetrics)
        fputs("# EOF\n", e->out);
}
