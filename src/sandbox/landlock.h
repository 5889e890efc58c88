#ifndef SANDBOX_LANDLOCK_H
#define SANDBOX_LANDLOCK_H

#include "sandbox/grants.h"
#include "sandbox/ports.h"

#define LANDLOCK_NET 4 /* from this version on TCP ports are guarded */

/* What the kernel offers; 0: nothing, and errno says why. */
int landlock_version(void);

struct landlock_rules {
    const struct grants *grants;
    const struct ports *listen, *connect;
};

/* From here on this thread, and those that it starts, reach nothing but what `rules` name, for
 * good; as far as `version` goes. ERR_SYSTEM: nothing has changed. */
err_t landlock_enter(const struct landlock_rules *rules, int version);

#endif
