/* tests/fuzz/config_yaml.c - any bytes as a configuration; what loads must print to what loads. */
#include "command/sections.h"
#include "config/print.h"
#include "config/print_yaml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is in force with these bytes as the file; NULL when they are refused. */
static char *effective(struct slice bytes)
{
    const struct config_source source = { .file = "fuzz", .bytes = bytes };
    struct config *config = NULL;
    struct problems problems;
    char *text = NULL;
    size_t size;
    FILE *out;

    if (config_load(&source, config_sections, config_section_count, &config, &problems) != OK) {
        if (problems.count == 0)
            abort(); /* a refusal says why */
        return NULL;
    }
    out = open_memstream(&text, &size);
    if (!out)
        abort();
    print_effective(config, out);
    fclose(out);
    config_unref(&config);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *once = effective(slice_of(data ? data : (const uint8_t *)"", size));
    char *twice;

    if (!once)
        return 0;
    twice = effective(slice_of(once, strlen(once)));
    if (!twice || strcmp(once, twice) != 0)
        abort();
    free(once);
    free(twice);
    return 0;
}
