/*
 * Threads that their owner does not want to hear of: those with an email that has the keyword $muted
 * (RFC 9979). What is delivered to such a thread and would go into INBOX goes into the mailbox of the role
 * archive, unread, and has the keyword as well. So the thread stays muted when its first emails are deleted,
 * and whoever looks at the email alone knows. An email with $followed ends that, as the RFC has it.
 */
#ifndef ACCOUNT_MUTED_H
#define ACCOUNT_MUTED_H

#include "account/message.h"

enum {
	/* Emails of a thread that are looked at, the first ones: who mutes a thread marks all that are there.
	 */
	ACCOUNT_MUTED_LOOKS = 32
};

/*
 * Looks whether the email's thread is muted and changes the places, which all are in this change already, and
 * of which none is named twice. mark: they get the keyword. *moved: INBOX was among them and is not any more.
 * An account without an archive keeps it in INBOX. 0 or an error of the store.
 */
int muted_heed(struct account_change *c, const struct account_email *email, struct message_place *places,
    size_t *count, bool mark, bool *moved) __attribute__((warn_unused_result));

#endif
