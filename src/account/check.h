/*
 * Do the entries of an account agree? Of each mailbox its messages (M) with what is known of them without a
 * look: which UIDs there are (J), their flags (O), the counts (G); each message with its email (E, Z); and
 * what was noted of them all (A, W); and the scripts (C 'F'). A mailbox that changes meanwhile is looked at
 * again. Used as account.h is.
 */
#ifndef ACCOUNT_CHECK_H
#define ACCOUNT_CHECK_H

#include "account/check_emails.h"
#include "account/check_noted.h"
#include "account/check_scripts.h"
#include "account/mailboxes.h"
#include "account/messages.h"

struct account_check {
	uint64_t shard;
	void (*done)(struct account_check *x, int result); /* 0: see wrong; -ENOENT: no such account */
	void *arg;

	/* Results. */
	uint64_t mailboxes, messages;
	uint64_t wrong; /* mailboxes whose entries contradict one another, one for messages that contradict
	                   their emails, one for what was noted, and one for the scripts */

	/* Internal. */
	struct accounts *accounts;
	struct account_tree tree;
	struct account_check_emails emails;
	struct account_check_noted noted;
	struct account_check_scripts *scripts;
	struct account_uids uids;
	struct account_list list;
	struct account_listed *listed;
	size_t at, range; /* mailbox, range of UIDs */
	unsigned tries;
	struct {
		uint64_t bytes, deleted_bytes;
		uint32_t messages, unseen, deleted;
		bool strange;
	} seen;
};

void account_check(struct accounts *a, struct account_check *x);

#endif
