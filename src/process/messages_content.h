/* Store asks content, which reads what others wrote, for values. */
#ifndef PROCESS_MESSAGES_CONTENT_H
#define PROCESS_MESSAGES_CONTENT_H

#include "process/message.h"

enum messages_content {
	MESSAGE_TERMS_OF = MESSAGES_CONTENT, /* a piece of a message whose terms are asked for */
	MESSAGE_TERMS                        /* a piece of their list (search/search_terms.h) */
};

/* clang-format off */
/* Pieces of one message have one request number, and stand together; `last` is set in its last one. */
struct message_terms_of { uint64_t last; struct view bytes; };
/* error: with the last piece; then there is no list. cut: not all of the message was read. */
struct message_terms { int64_t error; uint64_t last, cut; struct view bytes; };

#define MESSAGES_CONTENT_STRUCTS(X) X(message_terms_of) X(message_terms)
/* clang-format on */
MESSAGES_CONTENT_STRUCTS(MESSAGE_DECLARE_SCHEMA)

extern const struct message_row messages_content[MESSAGES_IN_GROUP];

#endif
