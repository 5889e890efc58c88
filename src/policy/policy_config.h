#ifndef POLICY_POLICY_CONFIG_H
#define POLICY_POLICY_CONFIG_H

#include "config/schema.h"

struct policy_config {
#define OPTION OPTION_FIELD
#include "policy/options.def"
#undef OPTION
};

/* In the order of the option's words. */
enum policy_mode { MODE_OFF, MODE_SHADOW, MODE_ENFORCE };
enum policy_cookies { COOKIES_ON, COOKIES_OFF, COOKIES_REQUIRED };

enum policy_any { ANY_MINIMAL, ANY_FORWARD };

extern const struct section policy_section;

#endif
