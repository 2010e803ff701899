/* Fields, limits and ways of messages_login.h. */
#include "process/messages_login.h"

#include "process/message_fields.h"

enum {
	SASL_MAX = 16384,  /* RFC 4954 asks for 12288 octets of a base64 line */
	TARGETS_MAX = 1000 /* of one address, through aliases: DIRECTORY_TARGETS_MAX */
};

SCHEMA(message_resolve, FIELD_ADDRESS(message_resolve, address));
SCHEMA(message_target, FIELD_IDENTITY(message_target, account),
    FIELD_LINE(message_target, mailbox, MAILBOX_NAME_MAX), FIELD_ADDRESS(message_target, address),
    FIELD_FLAG(message_target, limited));
SCHEMA(message_resolved, FIELD_NUMBER(message_resolved, verdict, 0, RESOLVE_TOO_MANY),
    FIELD_LIST(message_resolved, targets, TARGETS_MAX, &message_target_schema));
SCHEMA(message_login, FIELD_WORD(message_login, session, 64), FIELD_WORD(message_login, service, 16),
    FIELD_WORD(message_login, client, 64), FIELD_LINE(message_login, mechanism, 32),
    FIELD_BYTES(message_login, initial, SASL_MAX), FIELD_WORD(message_login, binding_type, 32),
    FIELD_BYTES(message_login, binding, 64), FIELD_FLAG(message_login, has_initial),
    FIELD_FLAG(message_login, secure), FIELD_LINE(message_login, apop_stamp, 256));
SCHEMA(message_login_more, FIELD_BYTES(message_login_more, response, SASL_MAX),
    FIELD_FLAG(message_login_more, cancel));
SCHEMA(message_challenge, FIELD_BYTES(message_challenge, text, SASL_MAX));
SCHEMA(
    message_logged_in, FIELD_IDENTITY(message_logged_in, account), FIELD_ADDRESS(message_logged_in, address));
SCHEMA(message_login_failed, FIELD_NUMBER(message_login_failed, why, 0, LOGIN_FAILURES - 1));
SCHEMA(message_sender, FIELD_IDENTITY(message_sender, account), FIELD_ADDRESS(message_sender, address));
SCHEMA(message_verdict, FIELD_FLAG(message_verdict, allowed), FIELD_FLAG(message_verdict, temporary),
    FIELD_FLAG(message_verdict, foreign));

/* clang-format off */
const struct message_row messages_login[MESSAGES_IN_GROUP] = {
    [MESSAGE_RESOLVE - MESSAGES_LOGIN] = {"resolve", ROLE_SMTP | ROLE_RELAY, ROLE_AUTH, &message_resolve_schema},
    [MESSAGE_RESOLVED - MESSAGES_LOGIN] = {"resolved", ROLE_AUTH, ROLE_SMTP | ROLE_RELAY, &message_resolved_schema, MESSAGE_RESOLVE},
    [MESSAGE_LOGIN - MESSAGES_LOGIN] = {"login", EDGES, ROLE_AUTH, &message_login_schema},
    [MESSAGE_LOGIN_MORE - MESSAGES_LOGIN] = {"login-more", EDGES, ROLE_AUTH, &message_login_more_schema},
    [MESSAGE_CHALLENGE - MESSAGES_LOGIN] = {"challenge", ROLE_AUTH, EDGES, &message_challenge_schema, MESSAGE_LOGIN},
    [MESSAGE_LOGGED_IN - MESSAGES_LOGIN] = {"logged-in", ROLE_AUTH, EDGES, &message_logged_in_schema, MESSAGE_LOGIN},
    [MESSAGE_LOGIN_FAILED - MESSAGES_LOGIN] = {"login-failed", ROLE_AUTH, EDGES, &message_login_failed_schema, MESSAGE_LOGIN},
    [MESSAGE_SENDER - MESSAGES_LOGIN] = {"sender", ROLE_SMTP | ROLE_RELAY, ROLE_AUTH, &message_sender_schema},
    [MESSAGE_VERDICT - MESSAGES_LOGIN] = {"verdict", ROLE_AUTH, ROLE_SMTP | ROLE_RELAY, &message_verdict_schema, MESSAGE_SENDER},
};
/* clang-format on */
