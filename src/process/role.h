/*
 * The common part of every role's process: its start by the master, its channels to other roles, its
 * confinement, its end. A role is a value: what it is trusted with, which master/roles.c says of each, and
 * what it does, which its own folder below role/ gives as one table of functions.
 */
#ifndef PROCESS_ROLE_H
#define PROCESS_ROLE_H

#include "config/services.h"
#include "process/link.h"
#include "process/sandbox.h"

/* What is done with the messages of a peer: see struct link_verb. */
struct role_hears {
	unsigned from; /* bits of the roles that are heard with this table */
	const struct link_verb *verbs;
};

/* What a role does. Each member may be NULL; all run in the role's own process. */
struct role_functions {
	int (*start)(struct role_process *p);    /* before confinement: what it will need is opened here */
	void (*prepare)(struct role_process *p); /* before confinement, with the settings */
	int (*serve)(struct role_process *p);    /* confined, everything has arrived; also after a reload */
	void (*peer)(
	    struct role_process *p, enum role_bit role, int fd); /* a channel, new or made anew; owns fd */
	void (*listener)(struct role_process *p, enum service service, int fd); /* owns fd */
	void (*drain)(struct role_process *p); /* finish what runs, then role_exit; NULL: at once */
	/* A successor has taken this process's place (an upgrade): take nothing new; drain follows. An edge
	 * lets its sessions go on, and ends with the last of them (role_drain). NULL: nothing changes. */
	void (*retire)(struct role_process *p);
	const struct role_hears *hears; /* ends with an empty row */
};

/* Which roles stop together, in this order: who talks to strangers first, who keeps the log last. */
enum role_stop { STOP_STRANGERS, STOP_ASKED, STOP_STORE, STOP_LOG, STOP_GROUPS };

/* What a role is and is trusted with: a row of master/roles.c. */
struct role {
	enum role_bit bit;
	const char *name; /* role_bit_name(bit) */
	unsigned calls;   /* roles that it opens a channel to */
	const struct sandbox_profile *sandbox;
	unsigned files; /* which it is given: 1 << FILE_... of messages_control.h */
	bool gets_folder;
	enum role_stop stop;
	const struct role_functions *functions;
};

/* What this role does with the messages of `peer`; NULL: it hears nothing from it but answers. */
const struct link_verb *role_verbs(const struct role *role, unsigned peer);

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
	bool serving, retired, draining;
	struct { /* the channel that the role's `peer` is being given now: link_open knows it again */
		int fd;
		uint64_t number;
	} introduced;
	struct buf metrics; /* web: what the master has gathered last; else empty */
	struct buf roles;   /* web: how all processes are: JSON; else empty */
};

/* Runs the role until its end; `control` is its channel to the master. Returns the exit status. */
int role_run(const struct role *role, int control);

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

/* As when the master says so. */
void role_drain(struct role_process *p);

/* Ends the process after this turn of the loop. */
void role_exit(struct role_process *p);

/*
 * For a peer's channel that is not a link: its number, to be asked for in the role's `peer`; and that it has
 * closed, though not by us. Links do both by themselves.
 */
uint64_t role_peer_number(const struct role_process *p, int fd);
void role_peer_lost(struct role_process *p, unsigned peer, uint64_t number);

#endif
