/*
 * The process table: which roles exist, what each listens on, who may open a channel to it, and how it is
 * confined. With messages.c (who may say what) it is the whole trust map.
 */
#ifndef MASTER_ROLES_H
#define MASTER_ROLES_H

#include "process/messages.h"
#include "process/sandbox.h"
#include "config/settings.h"

struct role_process;

struct role {
	const char *name;
	enum role_bit bit;
	unsigned calls;    /* roles that it opens a channel to */
	unsigned services; /* what it listens on: 1 << enum service */
	const struct sandbox_profile *sandbox;
	unsigned files; /* which it is given: 1 << FILE_... of messages.h */
	bool gets_folder;
	/* The functions of the role; each may be NULL. They run in the role's own process. */
	int (*start)(struct role_process *p);    /* before confinement: what it will need is opened here */
	void (*prepare)(struct role_process *p); /* before confinement, with the settings */
	int (*serve)(struct role_process *p);    /* confined, everything has arrived; also after a reload */
	void (*peer)(
	    struct role_process *p, enum role_bit role, int fd); /* a channel, new or made anew; owns fd */
	void (*listener)(struct role_process *p, enum service service, int fd); /* owns fd */
	void (*drain)(struct role_process *p);                                  /* finish; then role_exit */
};

enum { ROLES = 8 }; /* besides the master */
extern const struct role roles[ROLES];

const struct role *role_by_name(const char *name);
const struct role *role_by_bit(unsigned bit);

#endif
