/*
 * Whether somebody has answered an email: for reminders (mail/snooze.h, unless_answered). An answer is a
 * later email of the thread by another author, which lies elsewhere than in Junk and Drafts; what a mail
 * system says of the delivery is none. Automatic replies cannot be told from others here, and count.
 */
#ifndef ACCOUNT_ANSWERED_H
#define ACCOUNT_ANSWERED_H

#include "account/change.h"

enum {
	/* Emails of the thread that are looked at: who has written as many since knows of the conversation.
	 */
	ACCOUNT_ANSWERED_LOOKS = 64
};

/* 0 or an error of the store. A thread with more later emails counts as answered; an email that is damaged is
 * passed over. */
int email_is_answered(struct txn *t, uint64_t shard, const struct account_head *head, uint64_t emailid,
    bool *answered) __attribute__((warn_unused_result));

#endif
