/* Fields, limits and ways of messages_directory.h. */
#include "process/messages_directory.h"

#include "base/cursor.h"
#include "process/message_fields.h"

SCHEMA(message_grant, FIELD_IDENTITY(message_grant, account), FIELD_WORD(message_grant, service, 16));
SCHEMA(message_granted, FIELD_ERROR(message_granted, error));
SCHEMA(message_revoke, FIELD_IDENTITY(message_revoke, account));
SCHEMA(message_directory, FIELD_NUMBER(message_directory, operation, 1, DIRECTORY_OPERATIONS - 1),
    FIELD_ANY(message_directory, number), FIELD_LIST(message_directory, fields, 256, &message_field_schema));
SCHEMA(message_directory_answer, FIELD_ERROR(message_directory_answer, error),
    FIELD_ANY(message_directory_answer, number),
    FIELD_LIST(message_directory_answer, fields, 4096, &message_field_schema));

/* clang-format off */
const struct message_row messages_directory[MESSAGES_IN_GROUP] = {
    [MESSAGE_GRANT - MESSAGES_DIRECTORY] = {"grant", ROLE_AUTH, ROLE_STORE, &message_grant_schema},
    [MESSAGE_GRANTED - MESSAGES_DIRECTORY] = {"granted", ROLE_STORE, ROLE_AUTH, &message_granted_schema, MESSAGE_GRANT},
    [MESSAGE_REVOKE - MESSAGES_DIRECTORY] = {"revoke", ROLE_AUTH, ROLE_STORE | ROLE_SMTP, &message_revoke_schema},
    [MESSAGE_DIRECTORY - MESSAGES_DIRECTORY] = {"directory", ROLE_AUTH, ROLE_STORE, &message_directory_schema, 0, .also = {ROLE_ADMIN, ROLE_AUTH}},
    [MESSAGE_DIRECTORY_ANSWER - MESSAGES_DIRECTORY] = {"directory-answer", ROLE_STORE, ROLE_AUTH, &message_directory_answer_schema, MESSAGE_DIRECTORY, .also = {ROLE_AUTH, ROLE_ADMIN}},
};
/* clang-format on */

/* clang-format off */
static const struct {
	int fields;
	bool changes;
} operations[DIRECTORY_OPERATIONS] = {
    [DIRECTORY_RESOLVE] = {1, false},
    [DIRECTORY_LOOK_UP] = {1, false},
    [DIRECTORY_CREDENTIALS_PUT] = {3, true},
    [DIRECTORY_SECRET] = {1, false},
    [DIRECTORY_DOMAIN_PUT] = {4, true},
    [DIRECTORY_DOMAIN_DELETE] = {1, true},
    [DIRECTORY_DOMAIN_LIST] = {1, false},
    [DIRECTORY_ACCOUNT_ADD] = {2, true},
    [DIRECTORY_ACCOUNT_SET] = {3, true},
    [DIRECTORY_ACCOUNT_DELETE] = {1, true},
    [DIRECTORY_ACCOUNT_LIST] = {2, false},
    [DIRECTORY_ACCOUNT_STAT] = {1, false},
    [DIRECTORY_ALIAS_PUT] = {2, true},
    [DIRECTORY_ALIAS_DELETE] = {1, true},
    [DIRECTORY_ALIAS_LIST] = {2, false},
    [DIRECTORY_ADMIN_PUT] = {1, true},
    [DIRECTORY_UNDELETE] = {1, false},
    [DIRECTORY_PURGE] = {1, false},
    [DIRECTORY_GROUP_ADD] = {2, true},
    [DIRECTORY_GROUP_REMOVE] = {2, true},
    [DIRECTORY_GROUP_LIST] = {2, false},
    [DIRECTORY_GROUP_MEMBERS] = {2, false},
};
/* clang-format on */

int directory_operation_fields(uint64_t operation)
{
	return operation > 0 && operation < DIRECTORY_OPERATIONS ? operations[operation].fields : -1;
}

bool directory_operation_changes(uint64_t operation)
{
	return operation < DIRECTORY_OPERATIONS && operations[operation].changes;
}

uint64_t directory_number(struct view field)
{
	struct cursor c = cursor_on(field);
	return cursor_u64(&c);
}
