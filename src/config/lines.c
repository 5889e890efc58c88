/* config/lines.c - lists that stand in files of their own, one item in a line.
 *
 * Called by: upstream/route.c (names), policy/access_list.c (prefixes).
 */
#include "config/lines.h"

#include <stdio.h>
#include <string.h>

#define LINE_SIZE 2048 /* a name as text is at most half of it */

/* Cuts the comment and the blanks around it off. */
static char *trim(char *line)
{
    static const char blanks[] = " \t\r\n";
    size_t len;

    line += strspn(line, blanks);
    len = strcspn(line, "#\n");
    while (len > 0 && strchr(blanks, line[len - 1]))
        len--;
    line[len] = '\0';
    return line;
}

err_t lines_read(const char *path, line_fn *each, void *arg)
{
    FILE *file = fopen(path, "re");
    char line[LINE_SIZE];
    err_t err = OK;

    if (!file)
        return ERR_SYSTEM;
    for (unsigned number = 1; err == OK && fgets(line, sizeof line, file); number++) {
        const char *text;

        if (!strchr(line, '\n') && !feof(file)) {
            err = each(arg, number, NULL);
            break;
        }
        text = trim(line);
        if (text[0])
            err = each(arg, number, text);
    }
    if (err == OK && ferror(file))
        err = ERR_SYSTEM;
    fclose(file);
    return err;
}
