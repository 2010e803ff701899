/* Fields, limits and ways of messages_errand.h. */
#include "process/messages_errand.h"

#include "format/picture.h"
#include "process/message_fields.h"

enum { STATUS_MAX = 999 };

SCHEMA(message_errand, FIELD_NUMBER(message_errand, purpose, 0, ERRAND_PURPOSE_LAST),
    FIELD_WORD(message_errand, url, ERRAND_URL_MAX));
SCHEMA(message_errand_answer, FIELD_ERROR(message_errand_answer, error),
    FIELD_NUMBER(message_errand_answer, status, 0, STATUS_MAX),
    FIELD_NUMBER(message_errand_answer, kind, 0, PICTURE_LAST), FIELD_FLAG(message_errand_answer, last),
    FIELD_BYTES(message_errand_answer, octets, ERRAND_PIECE_MAX));

SCHEMA(
    message_recipient, FIELD_IDENTITY(message_recipient, account), FIELD_ADDRESS(message_recipient, address));
SCHEMA(message_recipient_answer, FIELD_NUMBER(message_recipient_answer, state, 0, RECIPIENT_STATE_LAST),
    FIELD_NUMBER(message_recipient_answer, tls, 0, RECIPIENT_TLS_LAST));

/* clang-format off */
const struct message_row messages_errand[MESSAGES_IN_GROUP] = {
    [MESSAGE_ERRAND - MESSAGES_ERRAND] = {"errand", ROLE_WEB, ROLE_RELAY, &message_errand_schema},
    [MESSAGE_ERRAND_ANSWER - MESSAGES_ERRAND] = {"errand-answer", ROLE_RELAY, ROLE_WEB, &message_errand_answer_schema, MESSAGE_ERRAND},
    [MESSAGE_RECIPIENT - MESSAGES_ERRAND] = {"recipient", ROLE_WEB, ROLE_RELAY, &message_recipient_schema},
    [MESSAGE_RECIPIENT_ANSWER - MESSAGES_ERRAND] = {"recipient-answer", ROLE_RELAY, ROLE_WEB, &message_recipient_answer_schema, MESSAGE_RECIPIENT},
};
/* clang-format on */
