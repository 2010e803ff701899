/*
 * MAIL_NOTED: whoever watches an account is told which entries of metadata and of annotations others set
 * there (RFC 5465 sections 5.6 and 5.7, RFC 5257 section 4.4), but for their values. Private ones are told to
 * their user alone; of another's mailbox those may know who may read it when it happens.
 */
#ifndef ROLE_STORE_RIGHT_NOTED_H
#define ROLE_STORE_RIGHT_NOTED_H

#include "role/store/right.h"

struct noted_listener;

/* For a watch: `request` is its number, `account` what it calls the account (0: its own), mailbox 0: all. */
struct noted_listener *noted_listen(
    struct right *r, uint32_t request, uint64_t account, uint64_t shard, uint32_t mailbox);

/* Hears nothing more; freed when nothing of it is under way. NULL is allowed. */
void noted_leave(struct noted_listener *l);

/* The channel takes more again. NULL is allowed. */
void noted_drained(struct noted_listener *l);

/* Appends, behind what the peer has not got yet, that more was noted than could be told: for a right that
 * goes to a successor, which begins with new listeners. False: there is no room. */
bool noted_pass(const struct right *r, struct buf *unsent) __attribute__((warn_unused_result));

struct note {
	uint64_t shard;
	uint32_t mailbox;
	uint64_t user;        /* whose it is; 0: everybody's */
	struct view name;     /* as RFC 5464 or RFC 5257 has it; others are not told */
	const uint32_t *uids; /* of annotations: ascending; NULL: it is metadata */
	size_t uid_count;
};

/* It was set or removed, durably, by this session. */
void noted_tell(const struct right *by, const struct note *note);

#endif
