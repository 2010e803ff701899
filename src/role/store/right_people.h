/* Whom a session may see (directory/people.h), for the questions about sharing. */
#ifndef ROLE_STORE_RIGHT_PEOPLE_H
#define ROLE_STORE_RIGHT_PEOPLE_H

#include "account/grants.h"
#include "account/shares.h"
#include "directory/people.h"
#include "role/store/question.h"

/* A part of a question: the viewer, with who shares something with it. */
struct right_viewer {
	struct question *question;
	struct directory_viewer viewer;
	struct account_shares shares;
	uint64_t sharers[ACCOUNT_SHARES_MAX];
	void (*then)(struct question *q);
};

/* Finds it out, and calls `then`; or ends the question. directory_viewer_begin is for the first `run`. */
void right_viewer(struct question *q, struct right_viewer *v, void (*then)(struct question *q));

/* The address of an account, copied; of one that is gone it is empty. For `run` functions. */
int right_copy_address(struct txn *t, uint64_t shard, char out[static ADDRESS_MAX], size_t *len)
    __attribute__((warn_unused_result));

/* Those who were invited are told so by mail; the members of groups are invited and told. */
void right_tell_invited(const struct account_granting *granted);

/* Whether the session may make these changes within this hour; then they are counted. An administrator may
 * always. */
bool right_may_share(const struct right *r, const struct account_grant_change *changes, size_t count);

#endif
