/* The web role and store, on the channel of one account: what it sends, and as whom. */
#ifndef PROCESS_MESSAGES_SUBMISSION_H
#define PROCESS_MESSAGES_SUBMISSION_H

#include "mail/identity.h"
#include "mail/submission.h"
#include "process/message.h"

_Static_assert(SUBMISSION_CREATE == (int)MESSAGES_SUBMISSION && SUBMISSION_TYPES_END <= (int)IDENTITY_GET &&
                   IDENTITY_TYPES_END <= MESSAGES_SUBMISSION + MESSAGES_IN_GROUP,
    "the numbers of mail/submission.h and mail/identity.h lie in this group");

/* clang-format off */
#define MESSAGES_SUBMISSION_STRUCTS(X) X(submission_create) X(submission_get) X(submission_entry) X(submission_changes) \
	X(submission_changed) X(submission_number) X(submission_invalid) X(submission_receipt) \
	X(identity_get) X(identity_entry) X(identity_changes) X(identity_changed) X(identity_set) X(identity_number)
/* clang-format on */
MESSAGES_SUBMISSION_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_submission[MESSAGES_IN_GROUP];

#endif
