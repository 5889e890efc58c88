/* command/sections.c - all sections of the configuration, listed once. */
#include "command/sections.h"

#include "cache/cache_config.h"
#include "control/control_config.h"
#include "control/metrics_config.h"
#include "listen/limit_config.h"
#include "listen/listen_config.h"
#include "log/log_config.h"
#include "policy/policy_config.h"
#include "querylog/query_log_config.h"
#include "sandbox/sandbox_config.h"
#include "upstream/bootstrap_config.h"
#include "upstream/group_config.h"
#include "upstream/route_config.h"
#include "upstream/upstream_config.h"
#include "worker/worker_config.h"

const struct section *const config_sections[] = {
    &worker_section,    &listen_section,  &upstream_section, &group_section,   &route_section,
    &bootstrap_section, &cache_section,   &policy_section,   &limit_section,   &log_section,
    &query_log_section, &control_section, &metrics_section,  &sandbox_section,
};

const size_t config_section_count = sizeof config_sections / sizeof *config_sections;
