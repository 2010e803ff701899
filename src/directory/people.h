/*
 * Whom an account may see of those who have one here (doc/security.md): whose address it is told, and whom it
 * may share with. Used inside store `run` functions, as directory.h is.
 */
#ifndef DIRECTORY_PEOPLE_H
#define DIRECTORY_PEOPLE_H

#include "directory/groups.h"

/* The setting people_seen. Each sees what the next one sees, too. */
enum people_seen {
	PEOPLE_OF_DOMAIN, /* the people and groups of its own domain */
	PEOPLE_OF_GROUPS, /* the groups that it is in, and who else is in them */
	PEOPLE_NOBODY     /* itself, and who shares something with it */
};

/* "domain", "groups", "nobody". False: any other text. */
bool people_seen_read(struct view text, enum people_seen *seen);

struct directory_viewer {
	uint64_t shard; /* the account */
	enum people_seen seen;
	const uint64_t *sharers; /* accounts that share something with it; the caller's */
	size_t sharer_count;
	/* directory_viewer_begin sets the rest. */
	struct address address;
	uint64_t groups[DIRECTORY_GROUPS_OF_ACCOUNT_MAX];
	size_t group_count;
};

int directory_viewer_begin(struct txn *t, struct directory_viewer *v) __attribute__((warn_unused_result));

struct directory_person {
	uint64_t number; /* a shard, or a group's number */
	bool group;
	struct view address;
};

/* Whether it may see the account or group of this number: 0, and who it is; -ENOENT. Accounts that are
 * disabled are seen by nobody but themselves. */
int directory_sees(struct txn *t, const struct directory_viewer *v, uint64_t number,
    struct directory_person *person) __attribute__((warn_unused_result));

#endif
