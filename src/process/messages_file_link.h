/* The web role and store, on the channel of one account: file links (mail/file_link.h). */
#ifndef PROCESS_MESSAGES_FILE_LINK_H
#define PROCESS_MESSAGES_FILE_LINK_H

#include "mail/file_link.h"
#include "process/message.h"

_Static_assert(
    FILE_LINK_GET == (int)MESSAGES_FILE_LINK && FILE_LINK_TYPES_END <= MESSAGES_FILE_LINK + MESSAGES_IN_GROUP,
    "the numbers of mail/file_link.h lie in this group");

/* clang-format off */
#define MESSAGES_FILE_LINK_STRUCTS(X) X(file_link_get) X(file_link_create) X(file_link_update) X(file_link_remove) \
	X(file_link_entry) X(file_link_look) X(file_link_file) X(file_link_read) X(file_link_taken)
/* clang-format on */
MESSAGES_FILE_LINK_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_file_link[MESSAGES_IN_GROUP];

#endif
