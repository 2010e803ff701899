/*
 * Operations on the directory (process/messages_directory.h) as values: how store, or the command line itself
 * while no server runs, carries them out.
 */
#ifndef ROLE_STORE_DIRECTORY_JOB_H
#define ROLE_STORE_DIRECTORY_JOB_H

#include "account/account.h"
#include "directory/directory.h"
#include "directory/directory_entries.h"
#include "process/messages.h"

struct directory_job {
	struct accounts *accounts;
	uint64_t operation, number;
	int64_t now;                              /* when it was asked */
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
	struct address erasing; /* the account that is to go at this step of DIRECTORY_ERASE */
	struct directory_key
	    place; /* of DIRECTORY_ERASE: what it is about, in the list of what was removed */
};

/* Copies the message's fields and starts; `done` runs in store_dispatch, then directory_job_free. */
struct directory_job *directory_job_start(struct accounts *accounts, const struct message_directory *m,
    void (*done)(struct directory_job *job), void *arg);
void directory_job_free(struct directory_job *job);

/* Of a DIRECTORY_ERASE that failed: the place of what cannot be erased, behind which the next one may go on;
 * empty when it found none. */
struct view directory_job_place(const struct directory_job *job);

/* The answer as a message; its fields point into the job, the list is taken from `arena`. */
bool directory_job_answer(
    const struct directory_job *job, struct arena *arena, struct message_directory_answer *m);

/*
 * This host's name, at which root, the postmaster and these users (a line for each) get mail, which goes to
 * whoever answers for the server. Whether anything is another than before.
 */
bool directory_job_serves(struct view hostname, struct view users);

/* Where mail for an address goes, of whatever domain: as directory_resolve, and -EXDEV for a domain that is
 * not ours. */
int directory_job_resolve(struct txn *t, struct view address, struct directory_targets *targets)
    __attribute__((warn_unused_result));

/*
 * directory_job_resolve.c: the steps of the way, three texts for each, to `put`; *number: -error of
 * directory_job_resolve. 0, or what kept the way from being looked at.
 */
int directory_job_explain(struct txn *t, struct view address, void (*put)(void *arg, struct view text),
    void *arg, uint64_t *number) __attribute__((warn_unused_result));

#endif
