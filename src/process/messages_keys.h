/* Edges and relay ask keys, which alone holds private keys and secrets. */
#ifndef PROCESS_MESSAGES_KEYS_H
#define PROCESS_MESSAGES_KEYS_H

#include "process/message.h"

enum messages_keys {
	MESSAGE_SIGN = MESSAGES_KEYS,
	MESSAGE_SIGNED,
	MESSAGE_TICKET_KEY,
	MESSAGE_TICKET_KEY_ANSWER,
	MESSAGE_SRS, /* rewrite a forwarded message's sender, or find whom a rewritten one was */
	MESSAGE_SRS_ANSWER
};

/* clang-format off */
struct message_sign { uint64_t key, pss; struct view algorithm, tbs; };
struct message_signed { int64_t error; struct view signature; };
struct message_ticket_key { struct view key, previous; }; /* previous: still opens tickets; empty: none */

enum srs_operation { SRS_REWRITE = 1, SRS_REVERSE = 2 };
struct message_srs { uint64_t operation; struct view address, domain; };
struct message_srs_answer { int64_t error; struct view address; };

#define MESSAGES_KEYS_STRUCTS(X) X(message_sign) X(message_signed) X(message_ticket_key) X(message_srs) \
	X(message_srs_answer)
/* clang-format on */
MESSAGES_KEYS_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_keys[MESSAGES_IN_GROUP];

#endif
