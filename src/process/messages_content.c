/* Fields, limits and ways of messages_content.h. */
#include "process/messages_content.h"

#include "process/message_fields.h"

SCHEMA(message_terms_of, FIELD_FLAG(message_terms_of, last), FIELD_BYTES(message_terms_of, bytes, PIECE_MAX));
SCHEMA(message_terms, FIELD_ERROR(message_terms, error), FIELD_FLAG(message_terms, last),
    FIELD_FLAG(message_terms, cut), FIELD_BYTES(message_terms, bytes, PIECE_MAX));

/* clang-format off */
const struct message_row messages_content[MESSAGES_IN_GROUP] = {
    [MESSAGE_TERMS_OF - MESSAGES_CONTENT] = {"terms-of", ROLE_STORE, ROLE_CONTENT, &message_terms_of_schema},
    [MESSAGE_TERMS - MESSAGES_CONTENT] = {"terms", ROLE_CONTENT, ROLE_STORE, &message_terms_schema, MESSAGE_TERMS_OF},
};
/* clang-format on */
