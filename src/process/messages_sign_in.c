/* Fields, limits and ways of messages_sign_in.h. */
#include "process/messages_sign_in.h"

#include "process/message_fields.h"

enum { TOKEN_MAX = 1024, TICKET_MAX = 64, AGENT_MAX = 256, SITE_NAME_MAX = 255, ORIGIN_MAX = 300 };

SCHEMA(message_sign_in, FIELD_NUMBER(message_sign_in, operation, 1, SIGN_OPERATIONS - 1),
    FIELD_ANY(message_sign_in, number), FIELD_WORD(message_sign_in, session, 64),
    FIELD_WORD(message_sign_in, client, 64), FIELD_LINE(message_sign_in, agent, AGENT_MAX),
    FIELD_WORD(message_sign_in, token, TOKEN_MAX), FIELD_WORD(message_sign_in, ticket, TICKET_MAX),
    FIELD_WORD(message_sign_in, site, SITE_NAME_MAX), FIELD_WORD(message_sign_in, origin, ORIGIN_MAX),
    FIELD_LIST(message_sign_in, fields, SIGN_FIELDS_MAX, &message_field_schema));
SCHEMA(message_sign_in_answer, FIELD_NUMBER(message_sign_in_answer, why, 0, SIGN_WHYS - 1),
    FIELD_IDENTITY(message_sign_in_answer, account), FIELD_FLAG(message_sign_in_answer, administrator),
    FIELD_WORD(message_sign_in_answer, token, TOKEN_MAX),
    FIELD_WORD(message_sign_in_answer, ticket, TICKET_MAX), FIELD_ADDRESS(message_sign_in_answer, address),
    FIELD_TEXT(message_sign_in_answer, text, SIGN_TEXT_MAX));

/* clang-format off */
const struct message_row messages_sign_in[MESSAGES_IN_GROUP] = {
    [MESSAGE_SIGN_IN - MESSAGES_SIGN_IN] = {"sign-in", ROLE_WEB, ROLE_AUTH, &message_sign_in_schema},
    [MESSAGE_SIGN_IN_ANSWER - MESSAGES_SIGN_IN] = {"sign-in-answer", ROLE_AUTH, ROLE_WEB, &message_sign_in_answer_schema, MESSAGE_SIGN_IN},
};

static const int fields[SIGN_OPERATIONS] = {
    [SIGN_PASSWORD] = 2,
    [SIGN_CODE] = 1,
    [SIGN_PASSKEY_ASK] = 0,
    [SIGN_PASSKEY] = 5,
    [SIGN_OPEN] = 0,
    [SIGN_OUT] = 0,
    [SIGN_PROVE] = 1,
    [SIGN_STATE] = 0,
    [SIGN_SESSION_END] = 0,
    [SIGN_TOKEN_ADD] = 1,
    [SIGN_APP_ADD] = 1,
    [SIGN_APP_REMOVE] = 0,
    [SIGN_PASSWORD_SET] = 2,
    [SIGN_TOTP_ASK] = 0,
    [SIGN_TOTP_SET] = 1,
    [SIGN_TOTP_REMOVE] = 0,
    [SIGN_PASSKEY_MAKE] = 0,
    [SIGN_PASSKEY_ADD] = 3,
    [SIGN_PASSKEY_REMOVE] = 0,
    [SIGN_RECOVERY_MAKE] = 0,
    [SIGN_ADMINISTER] = 0,
    [SIGN_FILE] = 1,
};
/* clang-format on */

int sign_operation_fields(uint64_t operation)
{
	return operation > 0 && operation < SIGN_OPERATIONS ? fields[operation] : -1;
}
