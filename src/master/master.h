/*
 * The master: binds the ports, starts the roles and starts them again, hands channels and settings around,
 * and stops everything in order. It reads no network byte.
 */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include "config/settings.h"

struct master_options {
	const char *config;        /* the file to read, and to read again at SIGHUP */
	const char *ready_text;    /* printed to standard output when everything serves; may be NULL */
	struct settings *settings; /* what was read */
};

/* Runs until it is told to stop. The exit status: 0, or 75 and the like (sysexits) with the reason said on
 * standard error. */
int master_run(struct master_options *options);

#endif
