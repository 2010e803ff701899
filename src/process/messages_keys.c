/* Fields, limits and ways of messages_keys.h. */
#include "process/messages_keys.h"

#include "process/message_fields.h"

SCHEMA(message_sign, FIELD_COUNT(message_sign, key), FIELD_FLAG(message_sign, pss),
    FIELD_WORD(message_sign, algorithm, 32), FIELD_BYTES(message_sign, tbs, 16384));
SCHEMA(message_signed, FIELD_ERROR(message_signed, error), FIELD_BYTES(message_signed, signature, 1024));
SCHEMA(message_ticket_key, FIELD_BYTES(message_ticket_key, key, 128),
    FIELD_BYTES(message_ticket_key, previous, 128));
SCHEMA(message_srs, FIELD_NUMBER(message_srs, operation, SRS_REWRITE, SRS_REVERSE),
    FIELD_ADDRESS(message_srs, address), FIELD_WORD(message_srs, domain, 256));
SCHEMA(
    message_srs_answer, FIELD_ERROR(message_srs_answer, error), FIELD_ADDRESS(message_srs_answer, address));

/* clang-format off */
const struct message_row messages_keys[MESSAGES_IN_GROUP] = {
    [MESSAGE_SIGN - MESSAGES_KEYS] = {"sign", EDGES, ROLE_KEYS, &message_sign_schema},
    [MESSAGE_SIGNED - MESSAGES_KEYS] = {"signed", ROLE_KEYS, EDGES, &message_signed_schema, MESSAGE_SIGN},
    [MESSAGE_TICKET_KEY - MESSAGES_KEYS] = {"ticket-key", EDGES, ROLE_KEYS, &message_empty_schema},
    [MESSAGE_TICKET_KEY_ANSWER - MESSAGES_KEYS] = {"ticket-key-answer", ROLE_KEYS, EDGES, &message_ticket_key_schema, MESSAGE_TICKET_KEY},
    [MESSAGE_SRS - MESSAGES_KEYS] = {"srs", ROLE_SMTP | ROLE_RELAY, ROLE_KEYS, &message_srs_schema},
    [MESSAGE_SRS_ANSWER - MESSAGES_KEYS] = {"srs-answer", ROLE_KEYS, ROLE_SMTP | ROLE_RELAY, &message_srs_answer_schema, MESSAGE_SRS},
};
/* clang-format on */
