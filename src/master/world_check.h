/*
 * The settings against this machine: the file is read, and the files, folders and addresses that it names are
 * looked at. `postrider config check`, the start and a reload do this alike, and say the same words.
 */
#ifndef MASTER_WORLD_CHECK_H
#define MASTER_WORLD_CHECK_H

#include "config/conf.h"
#include "config/settings.h"
#include "master/certificates.h"

enum world_user {
	WORLD_SERVES, /* what this process may not read, the server cannot use */
	WORLD_LOOKS   /* the server may be another user, with more rights: that is a warning */
};

/*
 * Reads the file and checks all. Returns 0 with *settings (over its content) and *certificates, whose numbers
 * begin with `first`; or a negative errno, with both untouched. Warnings are told in either case.
 */
int world_read(const char *config, enum world_user user, struct settings *settings,
    struct certificates *certificates, uint64_t first, struct findings *found);

/* The same of a configuration that has been read. */
int world_read_conf(const struct conf *conf, enum world_user user, struct settings *settings,
    struct certificates *certificates, uint64_t first, struct findings *found);

#endif
