/*
 * What every role's process has in common: its start by the master, its channels to other roles, its
 * confinement, its end. A role's own file (role_smtp.c ...) holds its functions for the process table and one
 * structure of its own.
 */
#ifndef PROCESS_ROLE_H
#define PROCESS_ROLE_H

#include "process/link.h"
#include "master/roles.h"

struct tls_context;

struct role_file {
	uint64_t kind, number;
	struct buf content; /* a chain */
	int fd;             /* a key */
	char *name;
	struct role_file *next;
};

struct role_process {
	const struct role *role;
	struct loop loop;
	struct settings settings;
	struct channel control;
	struct role_file *files; /* of the last MESSAGE_START */
	int folder;              /* the data folder, or -1 */
	struct role_handover *handovers,
	    **handovers_end; /* peers and listeners that came before MESSAGE_START */
	bool serving, draining;
	struct { /* the channel that the role's `peer` is being given now: link_open knows it again */
		int fd;
		uint64_t number;
	} introduced;
};

/* Runs the role until its end; `control` is its channel to the master. Returns the exit status. */
int role_run(const char *name, int control);

/*
 * What serve() may give besides 0 and an error, which means a setting that cannot work:
 *   ROLE_READY_LATER  the role tells by role_ready when it serves
 *   ROLE_TRY_AGAIN    something outside cannot be used now (a disk that does not read), and the role has said
 * what: the process ends with ROLE_TRY_AGAIN_STATUS, its peers answer with temporary errors, and the master
 * starts it again until it serves
 */
enum { ROLE_READY_LATER = 1, ROLE_TRY_AGAIN = 2 };
enum { ROLE_TRY_AGAIN_STATUS = 75 };
void role_ready(struct role_process *p);

/* Ends the process after this turn of the loop. */
void role_exit(struct role_process *p);

/*
 * For a peer's channel that is not a link: its number, to be asked for in the role's `peer`; and that it has
 * closed, though not by us. Links do both by themselves.
 */
uint64_t role_peer_number(const struct role_process *p, int fd);
void role_peer_lost(struct role_process *p, unsigned peer, uint64_t number);

#endif
