/* Fields, limits and ways of messages_push.h. */
#include "process/messages_push.h"

#include "process/message_fields.h"

enum { STATUS_MAX = 999 };

SCHEMA(push_get, FIELD_NUMBER(push_get, unused, 0, 0));
SCHEMA(push_entry, FIELD_IDENTITY(push_entry, number), FIELD_TIME(push_entry, expires),
    FIELD_FLAG(push_entry, all_types), FIELD_BYTES(push_entry, types, PUSH_TYPES_MAX),
    FIELD_BYTES(push_entry, device, PUSH_DEVICE_MAX), FIELD_BYTES(push_entry, code, PUSH_CODE_SIZE),
    FIELD_BYTES(push_entry, email_json, EMAIL_PUSH_JSON_MAX));
SCHEMA(push_create, FIELD_TIME(push_create, expires), FIELD_FLAG(push_create, all_types),
    FIELD_WORD(push_create, url, PUSH_URL_MAX), FIELD_BYTES(push_create, device, PUSH_DEVICE_MAX),
    FIELD_BYTES(push_create, types, PUSH_TYPES_MAX), FIELD_BYTES(push_create, point, PUSH_POINT_SIZE),
    FIELD_BYTES(push_create, auth, PUSH_AUTH_SIZE), FIELD_BYTES(push_create, email_json, EMAIL_PUSH_JSON_MAX),
    FIELD_BYTES(push_create, email_form, EMAIL_PUSH_FORM_MAX));
SCHEMA(push_update, FIELD_IDENTITY(push_update, number), FIELD_NUMBER(push_update, has, 0, PUSH_HAS_ALL),
    FIELD_TIME(push_update, expires), FIELD_FLAG(push_update, all_types),
    FIELD_BYTES(push_update, types, PUSH_TYPES_MAX), FIELD_BYTES(push_update, code, PUSH_CODE_SIZE),
    FIELD_BYTES(push_update, email_json, EMAIL_PUSH_JSON_MAX),
    FIELD_BYTES(push_update, email_form, EMAIL_PUSH_FORM_MAX));
SCHEMA(push_number, FIELD_IDENTITY(push_number, number));

SCHEMA(message_push_send, FIELD_IDENTITY(message_push_send, ticket),
    FIELD_NUMBER(message_push_send, ttl, 0, PUSH_TTL_MAX),
    FIELD_NUMBER(message_push_send, urgency, 0, PUSH_URGENCY_LAST),
    FIELD_WORD(message_push_send, url, PUSH_URL_MAX), FIELD_BYTES(message_push_send, point, PUSH_POINT_SIZE),
    FIELD_BYTES(message_push_send, auth, PUSH_AUTH_SIZE),
    FIELD_BYTES(message_push_send, text, PUSH_TEXT_MAX));
SCHEMA(message_push_sent, FIELD_IDENTITY(message_push_sent, ticket),
    FIELD_NUMBER(message_push_sent, verdict, 0, PUSH_VERDICT_LAST),
    FIELD_NUMBER(message_push_sent, status, 0, STATUS_MAX),
    FIELD_NUMBER(message_push_sent, after, 0, PUSH_AFTER_MAX));

/* clang-format off */
const struct message_row messages_push[MESSAGES_IN_GROUP] = {
    [PUSH_GET - MESSAGES_PUSH] = {"push-get", ROLE_WEB, ROLE_STORE, &push_get_schema},
    [PUSH_CREATE - MESSAGES_PUSH] = {"push-create", ROLE_WEB, ROLE_STORE, &push_create_schema},
    [PUSH_UPDATE - MESSAGES_PUSH] = {"push-update", ROLE_WEB, ROLE_STORE, &push_update_schema},
    [PUSH_REMOVE - MESSAGES_PUSH] = {"push-remove", ROLE_WEB, ROLE_STORE, &push_number_schema},
    [PUSH_ENTRY - MESSAGES_PUSH] = {"push-entry", ROLE_STORE, ROLE_WEB, &push_entry_schema},
    [MESSAGE_PUSH_SEND - MESSAGES_PUSH] = {"push-send", ROLE_STORE, ROLE_RELAY, &message_push_send_schema},
    [MESSAGE_PUSH_SENT - MESSAGES_PUSH] = {"push-sent", ROLE_RELAY, ROLE_STORE, &message_push_sent_schema},
};
/* clang-format on */
