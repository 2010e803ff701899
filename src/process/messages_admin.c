/* Fields, limits and ways of messages_admin.h. */
#include "process/messages_admin.h"

#include "process/message_fields.h"

SCHEMA(message_command, FIELD_LIST(message_command, words, 256, &message_field_schema),
    FIELD_FLAG(message_command, json));
SCHEMA(message_output, FIELD_BYTES(message_output, text, PIECE_MAX),
    FIELD_NUMBER(message_output, status, 0, 255), FIELD_FLAG(message_output, last));

/* clang-format off */
const struct message_row messages_admin[MESSAGES_IN_GROUP] = {
    [MESSAGE_COMMAND - MESSAGES_ADMIN] = {"command", ROLE_ADMIN, ROLE_STORE, &message_command_schema},
    [MESSAGE_OUTPUT - MESSAGES_ADMIN] = {"output", ROLE_STORE, ROLE_ADMIN, &message_output_schema, MESSAGE_COMMAND},
};
/* clang-format on */
