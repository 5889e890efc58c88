/* querylog/rotation.c - what old files are called, and how they move on.
 *
 * Called by: sink_file.c, squeeze.c. Keeps nothing in memory: what is there is there.
 */
#include "querylog/rotation.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

const char *rotation_name(const char *path, unsigned index, bool is_compressed,
                          char name[ROTATION_PATH_MAX])
{
    snprintf(name, ROTATION_PATH_MAX, "%.*s.%u%s", PATH_MAX, path, index,
             is_compressed ? ".gz" : "");
    return name;
}

static bool exists(const char *path, unsigned index, bool is_compressed)
{
    char name[ROTATION_PATH_MAX];
    struct stat there;

    return lstat(rotation_name(path, index, is_compressed, name), &there) == 0;
}

static bool is_taken(const char *path, unsigned index)
{
    return exists(path, index, false) || exists(path, index, true);
}

static err_t forget(const char *path, unsigned index)
{
    char name[ROTATION_PATH_MAX];

    for (int is_compressed = 0; is_compressed < 2; is_compressed++)
        if (unlink(rotation_name(path, index, is_compressed, name)) != 0 && errno != ENOENT)
            return ERR_SYSTEM;
    return OK;
}

static err_t move_on(const char *path, unsigned index)
{
    char from[ROTATION_PATH_MAX], to[ROTATION_PATH_MAX];

    for (int is_compressed = 0; is_compressed < 2; is_compressed++) {
        rotation_name(path, index, is_compressed, from);
        rotation_name(path, index + 1, is_compressed, to);
        if (rename(from, to) != 0 && errno != ENOENT)
            return ERR_SYSTEM;
    }
    return OK;
}

/* A gap takes up those in front of it, so those behind it need not move. */
static err_t make_room(const char *path, unsigned keep)
{
    unsigned gap = 1;

    while (gap < keep && is_taken(path, gap))
        gap++;
    TRY(forget(path, gap)); /* all are there: the last one goes */
    while (--gap > 0)
        TRY(move_on(path, gap));
    return OK;
}

/* Those of a time when more were kept. */
static err_t forget_others(const char *path, unsigned keep)
{
    for (unsigned index = keep + 1; is_taken(path, index); index++)
        TRY(forget(path, index));
    return OK;
}

err_t rotation_turn(const char *path, unsigned keep)
{
    char first[ROTATION_PATH_MAX];

    TRY(forget_others(path, keep));
    if (keep == 0)
        return unlink(path) == 0 ? OK : ERR_SYSTEM;
    TRY(make_room(path, keep));
    return rename(path, rotation_name(path, 1, false, first)) == 0 ? OK : ERR_SYSTEM;
}

unsigned rotation_uncompressed(const char *path, unsigned keep)
{
    unsigned oldest = 0;

    for (unsigned index = 1; index <= keep && is_taken(path, index); index++)
        if (exists(path, index, false))
            oldest = index;
    return oldest;
}

uint64_t rotation_period(uint64_t wall_ns, uint64_t every_ns)
{
    return every_ns > 0 ? wall_ns / every_ns : 0;
}
