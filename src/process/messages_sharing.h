/* The web role and store, on the channel of one account: sharing (mail/sharing.h). */
#ifndef PROCESS_MESSAGES_SHARING_H
#define PROCESS_MESSAGES_SHARING_H

#include "mail/sharing.h"
#include "process/message.h"

_Static_assert(
    SHARING_PRINCIPALS == (int)MESSAGES_SHARING && SHARING_TYPES_END <= MESSAGES_SHARING + MESSAGES_IN_GROUP,
    "the numbers of mail/sharing.h lie in this group");

/* clang-format off */
#define MESSAGES_SHARING_STRUCTS(X) X(sharing_principals) X(sharing_principal) X(sharing_set) X(sharing_notes) \
	X(sharing_note) X(sharing_notes_changes) X(sharing_notes_changed) X(sharing_note_remove)
/* clang-format on */
MESSAGES_SHARING_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_sharing[MESSAGES_IN_GROUP];

#endif
