/*
 * The command line, on an administrator's socket, asks auth, store or the master for a task. Web asks on the
 * channels of administration (mail/administration.h): auth with MESSAGE_ADMINISTER, store with
 * MESSAGE_COMMAND.
 */
#ifndef PROCESS_MESSAGES_ADMIN_H
#define PROCESS_MESSAGES_ADMIN_H

#include "mail/administration.h"
#include "process/message.h"

enum messages_admin {
	MESSAGE_COMMAND = MESSAGES_ADMIN,
	MESSAGE_OUTPUT,
	MESSAGE_ADMINISTER,
	MESSAGE_ADMINISTERED
};

/* clang-format off */
struct message_command { struct codec_list words; uint64_t json; };
struct message_output { struct view text; uint64_t status, last; };

struct message_administer { uint64_t operation, number; struct codec_list fields; }; /* enum admin_operation */
struct message_administered { int64_t error; uint64_t number; struct codec_list fields; }; /* of an error: a sentence, or none */

#define MESSAGES_ADMIN_STRUCTS(X) X(message_command) X(message_output) X(message_administer) X(message_administered)
/* clang-format on */
MESSAGES_ADMIN_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_admin[MESSAGES_IN_GROUP];

#endif
