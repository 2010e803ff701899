/* Fields, limits and ways of messages_admin.h. */
#include "process/messages_admin.h"

#include "process/message_fields.h"

SCHEMA(message_command, FIELD_LIST(message_command, words, 256, &message_field_schema),
    FIELD_FLAG(message_command, json));
SCHEMA(message_output, FIELD_BYTES(message_output, text, PIECE_MAX),
    FIELD_NUMBER(message_output, status, 0, 255), FIELD_FLAG(message_output, last));
SCHEMA(message_administer, FIELD_NUMBER(message_administer, operation, 1, ADMIN_OPERATIONS - 1),
    FIELD_ANY(message_administer, number),
    FIELD_LIST(message_administer, fields, ADMIN_FIELDS_MAX, &message_field_schema));
SCHEMA(message_administered, FIELD_ERROR(message_administered, error),
    FIELD_ANY(message_administered, number),
    FIELD_LIST(message_administered, fields, 4096, &message_field_schema));

/* clang-format off */
const struct message_row messages_admin[MESSAGES_IN_GROUP] = {
    [MESSAGE_COMMAND - MESSAGES_ADMIN] = {"command", ROLE_ADMIN, ROLE_STORE | ROLE_MASTER, &message_command_schema, .also = {ROLE_WEB, ROLE_STORE}},
    [MESSAGE_OUTPUT - MESSAGES_ADMIN] = {"output", ROLE_STORE | ROLE_MASTER, ROLE_ADMIN, &message_output_schema, MESSAGE_COMMAND, .also = {ROLE_STORE, ROLE_WEB}},
    [MESSAGE_ADMINISTER - MESSAGES_ADMIN] = {"administer", ROLE_WEB, ROLE_AUTH, &message_administer_schema},
    [MESSAGE_ADMINISTERED - MESSAGES_ADMIN] = {"administered", ROLE_AUTH, ROLE_WEB, &message_administered_schema, MESSAGE_ADMINISTER},
};
/* clang-format on */
