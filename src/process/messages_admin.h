/* The command line, on an administrator's socket, asks auth or store for a task. */
#ifndef PROCESS_MESSAGES_ADMIN_H
#define PROCESS_MESSAGES_ADMIN_H

#include "process/message.h"

enum messages_admin { MESSAGE_COMMAND = MESSAGES_ADMIN, MESSAGE_OUTPUT };

/* clang-format off */
struct message_command { struct codec_list words; uint64_t json; };
struct message_output { struct view text; uint64_t status, last; };

#define MESSAGES_ADMIN_STRUCTS(X) X(message_command) X(message_output)
/* clang-format on */
MESSAGES_ADMIN_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_admin[MESSAGES_IN_GROUP];

#endif
