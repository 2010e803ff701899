/*
 * What the parts of `postrider doctor` share: how a finding is told, and how a service is talked to. Each
 * part looks at one side of the server and tells what it found: what it is, what it costs, and how to mend
 * it.
 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <openssl/types.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "cli/cli.h"
#include "config/services.h"

struct tls_context;

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_NOTE,    /* good to know */
	DOCTOR_WARNING, /* it will cost something, or costs some people something */
	DOCTOR_ERROR,   /* mail is lost, refused, or open to strangers */
	DOCTOR_LEVELS
};

enum {
	DOCTOR_DOMAINS_MAX =
	    20, /* whose records are looked at: more would take minutes where name servers are silent */
	DOCTOR_PROBLEMS_MAX = 64
};

struct doctor {
	struct cli *cli;
	const struct settings *settings;
	unsigned counts[DOCTOR_LEVELS];
	struct tls_context *tls;
	pid_t master; /* of the running server; 0: none runs, or its socket is not open to us */
	bool no_socket_right;
	char *domains[DOCTOR_DOMAINS_MAX];
	size_t domain_count;
	char *told[DOCTOR_PROBLEMS_MAX]; /* what is the same for many services is told once */
	size_t told_count;
};

/* cost and mend may be NULL or empty. All texts are made safe to show. */
void doctor_tell(struct doctor *d, enum doctor_level level, const char *where, const char *what,
    const char *cost, const char *mend);

/* The same, unless the same `what` has been told before, wherever. */
void doctor_tell_once(struct doctor *d, enum doctor_level level, const char *where, const char *what,
    const char *cost, const char *mend);

/* ---- the parts ---- */

void doctor_settings(struct doctor *d); /* what config check says, and what is weak */
void doctor_services(struct doctor *d); /* every listener, as a stranger meets it */
void doctor_machine(struct doctor *d);  /* clock, disk, limits, files, users, backups */
void doctor_mail(struct doctor *d);     /* the store, the queue, addresses that everybody may write to */
void doctor_accounts(struct doctor *d); /* passwords that are kept weakly */
void doctor_names(struct doctor *d);    /* DNS, and whether the host is reached by its name */

#endif
