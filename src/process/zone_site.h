/*
 * What this server knows of itself that records should say (trust/zone/zone_plan.h): out of the settings, its
 * certificates, and the addresses of this machine.
 */
#ifndef PROCESS_ZONE_SITE_H
#define PROCESS_ZONE_SITE_H

#include "config/settings.h"
#include "trust/zone/zone_plan.h"

/* Of the arena of a site: the keys' records are the caller's. */
enum { ZONE_SITE_MEMORY_MAX = 64 * 1024 };

/*
 * The site of a domain, in any form. Everything lives in the arena; keys are left to the caller. 0; -EINVAL:
 * the domain is none, or the setting hostname is none (*problem, a constant, says which); -ENOMEM.
 */
int zone_site_make(const struct settings *settings, struct view domain, struct arena *arena,
    struct zone_site *out, const char **problem);

/* An address by which the host is reached. False past ZONE_ADDRESSES_MAX; one that is there already is true.
 */
bool zone_site_add_address(
    struct zone_site *site, struct arena *arena, const struct sockaddr_storage *address);

/* The addresses at which smtp_listen takes mail: those that it names, or all of this machine, as far as
 * strangers can reach them. None is added where the settings and the machine name none. */
void zone_site_add_own_addresses(
    struct zone_site *site, struct arena *arena, const struct settings *settings);

/* A certificate, PEM text: its key counts if it names the host. -ENOENT: it does not; -EINVAL: it is none;
 * -ENOMEM. */
int zone_site_add_certificate(struct zone_site *site, struct arena *arena, struct view pem);

#endif
