/* The parts of the check, in their order: zone_check.h. */
#include "trust/zone/zone_check.h"

#include <string.h>

#include "trust/zone/zone_check_private.h"

const char *zone_level_name(enum zone_level level)
{
	static const char *const names[] = {"fault", "warning", "hint"};
	return names[level];
}

int zone_report_worst(const struct zone_report *report)
{
	int worst = -1;
	for (size_t i = 0; i < report->count; i++)
		if (worst < 0 || (int)report->findings[i].level < worst)
			worst = (int)report->findings[i].level;
	return worst;
}

bool zone_check(const struct zone_site *site, const struct zone_plan *plan, const struct zone_policy *policy,
    struct answers *answers, struct arena *arena, struct zone_report *out)
{
	static void (*const parts[])(struct zone_checker *) = {zone_check_hosts, zone_check_spf,
	    zone_check_keys, zone_check_dmarc, zone_check_tls, zone_check_services};
	struct zone_checker c = {
	    .site = site, .plan = plan, .policy = policy, .answers = answers, .arena = arena, .out = out};
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		parts[i](&c);
	if (arena_take_failure(arena))
		out->incomplete = true;
	return !c.waits;
}
