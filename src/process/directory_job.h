/*
 * Operations on the directory as values: what auth and the command line ask for, and how store (or the
 * command line itself, while no server runs) carries it out. Fields stand in the order given here.
 */
#ifndef PROCESS_DIRECTORY_JOB_H
#define PROCESS_DIRECTORY_JOB_H

#include "account/account.h"
#include "directory/directory.h"
#include "process/messages.h"

enum directory_operation {
	/*                            fields asked                          number     -> fields answered,
	   number */
	DIRECTORY_RESOLVE = 1, /* address                                         -> for each target: account
	                          (8 bytes; 0: remote), address. -EXDEV: not our domain */
	DIRECTORY_LOOK_UP, /* address                                         -> address, credentials; number:
	                      account, 0 when disabled */
	DIRECTORY_CREDENTIALS_PUT, /* address, credentials, those before (or empty)   -> ; account. -ESTALE:
	                              those before were others */
	DIRECTORY_SECRET, /* 32 random octets                                -> those that were given the very
	                     first time */
	DIRECTORY_DOMAIN_PUT,     /* name, alias_of, catch_all, separator  disabled */
	DIRECTORY_DOMAIN_DELETE,  /* name */
	DIRECTORY_DOMAIN_LIST,    /* after                                           -> name, alias_of,
	                             catch_all, separator, "1" if disabled */
	DIRECTORY_ACCOUNT_ADD,    /* address, credentials                  quota     -> ; account */
	DIRECTORY_ACCOUNT_SET,    /* address, what ("quota", "disabled"), value      -> ; account */
	DIRECTORY_ACCOUNT_DELETE, /* address                                         -> ; account */
	DIRECTORY_ACCOUNT_LIST, /* domain, after                                   -> address, account, quota
	                           (8 bytes each), "1" if disabled */
	DIRECTORY_ACCOUNT_STAT, /* address                                         -> messages, bytes, deleted
	                           bytes, quota (8 bytes each); account */
	DIRECTORY_ALIAS_PUT,    /* address, targets */
	DIRECTORY_ALIAS_DELETE, /* address */
	DIRECTORY_ALIAS_LIST,   /* domain, after                                   -> address, targets */
	DIRECTORY_ADMIN_PUT,    /* address */
	DIRECTORY_UNDELETE,     /* address                               since     -> ; how many messages */
	DIRECTORY_PURGE,        /* address                                         -> ; how many messages */
	DIRECTORY_OPERATIONS
};

/* The number of DIRECTORY_CREDENTIALS_PUT: what was only added ends no session. */
enum directory_credentials { DIRECTORY_CREDENTIALS_REPLACED, DIRECTORY_CREDENTIALS_ADDED };

enum { DIRECTORY_FIELDS_MAX = 8, DIRECTORY_LIST_PART = 200 };

/* Whether the operation changes anything: then auth forgets what it knows. */
bool directory_operation_changes(uint64_t operation);

struct directory_job {
	struct accounts *accounts;
	uint64_t operation, number;
	struct view fields[DIRECTORY_FIELDS_MAX]; /* in `arena` */
	size_t field_count;
	void (*done)(struct directory_job *job);
	void *arg;

	/* The result. Fields lie in `out`, each a length of four bytes and its bytes. */
	int error;
	uint64_t answer;
	struct buf out;

	/* Internal. */
	struct arena arena;
	struct store_commit commit;
	struct store_read read;
	struct account_request request;
	bool existing;
};

/* Copies the message's fields and starts; `done` runs in store_dispatch, then directory_job_free. */
struct directory_job *directory_job_start(struct accounts *accounts, const struct message_directory *m,
    void (*done)(struct directory_job *job), void *arg);
void directory_job_free(struct directory_job *job);

/* The answer as a message; its fields point into the job, the list is taken from `arena`. */
bool directory_job_answer(
    const struct directory_job *job, struct arena *arena, struct message_directory_answer *m);

/* Eight bytes, big-endian, as numbers stand in fields. */
uint64_t directory_number(struct view field);

#endif
