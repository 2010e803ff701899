/* Fields, limits and ways of messages_directory.h. */
#include "process/messages_directory.h"

#include "base/cursor.h"
#include "mail/file_link.h"
#include "mail/mail.h"
#include "process/message_fields.h"

SCHEMA(message_grant, FIELD_IDENTITY(message_grant, account), FIELD_WORD(message_grant, service, 16),
    FIELD_IDENTITY(message_grant, session), FIELD_ADDRESS(message_grant, who),
    FIELD_WORD(message_grant, client, 64));
SCHEMA(message_granted, FIELD_ERROR(message_granted, error));
SCHEMA(message_grant_file, FIELD_NUMBER(message_grant_file, account, 0, MAIL_ACCOUNT_END - 1),
    FIELD_NUMBER(message_grant_file, number, 0, UINT32_MAX),
    FIELD_BYTES(message_grant_file, secret, FILE_LINK_SECRET_SIZE));
SCHEMA(message_revoke, FIELD_IDENTITY(message_revoke, account), FIELD_IDENTITY(message_revoke, session));
SCHEMA(message_directory, FIELD_NUMBER(message_directory, operation, 1, DIRECTORY_OPERATIONS - 1),
    FIELD_ANY(message_directory, number), FIELD_LIST(message_directory, fields, 256, &message_field_schema),
    FIELD_LINE(message_directory, by, DIRECTORY_BY_MAX));
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
    [MESSAGE_SIGNING - MESSAGES_DIRECTORY] = {"signing", ROLE_KEYS | ROLE_RELAY, ROLE_STORE, &message_directory_schema},
    [MESSAGE_SIGNING_ANSWER - MESSAGES_DIRECTORY] = {"signing-answer", ROLE_STORE, ROLE_KEYS | ROLE_RELAY, &message_directory_answer_schema, MESSAGE_SIGNING},
    [MESSAGE_SIGNING_CHANGED - MESSAGES_DIRECTORY] = {"signing-changed", ROLE_STORE, ROLE_KEYS, &message_empty_schema},
    [MESSAGE_DIRECTORY_CHANGED - MESSAGES_DIRECTORY] = {"directory-changed", ROLE_STORE, ROLE_AUTH, &message_revoke_schema},
    [MESSAGE_GRANT_FILE - MESSAGES_DIRECTORY] = {"grant-file", ROLE_AUTH, ROLE_STORE, &message_grant_file_schema},
    [MESSAGE_FILE_GRANTED - MESSAGES_DIRECTORY] = {"file-granted", ROLE_STORE, ROLE_AUTH, &message_granted_schema, MESSAGE_GRANT_FILE},
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
    [DIRECTORY_SIGNING_LIST] = {3, false},
    [DIRECTORY_SIGNING_PUT] = {DIRECTORY_SIGNING_FIELDS, false},
    [DIRECTORY_SIGNING_DELETE] = {2, false},
    [DIRECTORY_SIGNING_ROTATE] = {1, false},
    [DIRECTORY_ADDRESS] = {0, false},
    [DIRECTORY_MASKED_LIST] = {2, false},
    [DIRECTORY_ACCOUNT_RESTORE] = {1, true},
    [DIRECTORY_DOMAIN_RESTORE] = {1, true},
    [DIRECTORY_REMOVED_LIST] = {1, false},
    [DIRECTORY_ERASE] = {1, false},
    [DIRECTORY_GROUPS_OF] = {1, false},
    [DIRECTORY_ACCOUNT_RENAME] = {2, true},
    [DIRECTORY_ADMIN_GET] = {0, false},
    [DIRECTORY_EXPLAIN] = {1, false},
    [DIRECTORY_KICK] = {1, true},
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

bool directory_may_have_changed(uint64_t operation, int64_t error)
{
	/* What the operation itself says, before its commit. */
	static const int unwritten[] = {-ENOENT, -EINVAL, -EEXIST, -ESTALE, -ENOTEMPTY, -EMSGSIZE, -EACCES,
	    -EKEYEXPIRED, -ELOOP, -ENXIO, -EMLINK, -E2BIG};
	/* Something could not be read. A removal has disabled the account before it looks at the account's
	 * mail. */
	if (error == -EIO || error == -EBADMSG)
		return operation == DIRECTORY_ACCOUNT_DELETE || operation == DIRECTORY_DOMAIN_DELETE;
	for (size_t i = 0; i < sizeof unwritten / sizeof unwritten[0]; i++)
		if (error == unwritten[i])
			return false;
	return true;
}

uint64_t directory_number(struct view field)
{
	struct cursor c = cursor_on(field);
	return cursor_u64(&c);
}

static int64_t take_time(struct cursor *c)
{
	uint64_t n = cursor_u64(c);
	if (n > TIME_MAX)
		c->failed = true;
	return (int64_t)n;
}

bool directory_signing_read(
    const struct view fields[DIRECTORY_SIGNING_FIELDS], struct signing_key *key, struct view *sealed)
{
	struct cursor c = cursor_on(fields[2]);
	uint64_t state = cursor_u64(&c), algorithm = cursor_u64(&c), wish = cursor_u64(&c);
	struct signing_key k = {.domain = fields[0], .selector = fields[1], .record = fields[3]};
	k.made = take_time(&c);
	k.shown = take_time(&c);
	k.looked = take_time(&c);
	k.active = take_time(&c);
	k.replaced = take_time(&c);
	k.retired = take_time(&c);
	if (!cursor_ok(&c) || !cursor_at_end(&c) || state == 0 || state >= SIGNING_STATES ||
	    algorithm >= SIGNING_ALGORITHMS || wish > SIGNING_ROTATE_NOW)
		return false;
	k.state = (enum signing_state)state;
	k.algorithm = (enum signing_algorithm)algorithm;
	k.wish = (enum signing_wish)wish;
	*key = k;
	*sealed = fields[4];
	return true;
}

void directory_signing_write(const struct signing_key *key, struct view sealed,
    char numbers[DIRECTORY_SIGNING_NUMBERS], struct view fields[DIRECTORY_SIGNING_FIELDS])
{
	const uint64_t values[] = {(uint64_t)key->state, (uint64_t)key->algorithm, (uint64_t)key->wish,
	    (uint64_t)key->made, (uint64_t)key->shown, (uint64_t)key->looked, (uint64_t)key->active,
	    (uint64_t)key->replaced, (uint64_t)key->retired};
	_Static_assert(sizeof values == DIRECTORY_SIGNING_NUMBERS, "each number has its place");
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		for (size_t k = 0; k < 8; k++)
			numbers[8 * i + k] = (char)(values[i] >> (56 - 8 * k));
	fields[0] = key->domain;
	fields[1] = key->selector;
	fields[2] = view_of(numbers, DIRECTORY_SIGNING_NUMBERS);
	fields[3] = key->record;
	fields[4] = sealed;
}

/* clang-format off */
static const char *const operation_names[DIRECTORY_OPERATIONS] = {
    [DIRECTORY_RESOLVE] = "resolve",
    [DIRECTORY_LOOK_UP] = "look-up",
    [DIRECTORY_CREDENTIALS_PUT] = "credentials-put",
    [DIRECTORY_SECRET] = "secret",
    [DIRECTORY_DOMAIN_PUT] = "domain-put",
    [DIRECTORY_DOMAIN_DELETE] = "domain-delete",
    [DIRECTORY_DOMAIN_LIST] = "domain-list",
    [DIRECTORY_ACCOUNT_ADD] = "account-add",
    [DIRECTORY_ACCOUNT_SET] = "account-set",
    [DIRECTORY_ACCOUNT_DELETE] = "account-delete",
    [DIRECTORY_ACCOUNT_LIST] = "account-list",
    [DIRECTORY_ACCOUNT_STAT] = "account-stat",
    [DIRECTORY_ALIAS_PUT] = "alias-put",
    [DIRECTORY_ALIAS_DELETE] = "alias-delete",
    [DIRECTORY_ALIAS_LIST] = "alias-list",
    [DIRECTORY_ADMIN_PUT] = "admin-put",
    [DIRECTORY_UNDELETE] = "undelete",
    [DIRECTORY_PURGE] = "purge",
    [DIRECTORY_GROUP_ADD] = "group-add",
    [DIRECTORY_GROUP_REMOVE] = "group-remove",
    [DIRECTORY_GROUP_LIST] = "group-list",
    [DIRECTORY_GROUP_MEMBERS] = "group-members",
    [DIRECTORY_SIGNING_LIST] = "signing-list",
    [DIRECTORY_SIGNING_PUT] = "signing-put",
    [DIRECTORY_SIGNING_DELETE] = "signing-delete",
    [DIRECTORY_SIGNING_ROTATE] = "signing-rotate",
    [DIRECTORY_ADDRESS] = "address",
    [DIRECTORY_MASKED_LIST] = "masked-list",
    [DIRECTORY_ACCOUNT_RESTORE] = "account-restore",
    [DIRECTORY_DOMAIN_RESTORE] = "domain-restore",
    [DIRECTORY_REMOVED_LIST] = "removed-list",
    [DIRECTORY_ERASE] = "erase",
    [DIRECTORY_GROUPS_OF] = "groups-of",
    [DIRECTORY_ACCOUNT_RENAME] = "account-rename",
    [DIRECTORY_ADMIN_GET] = "admin-get",
    [DIRECTORY_EXPLAIN] = "explain",
    [DIRECTORY_KICK] = "kick",
};
/* clang-format on */

const char *directory_operation_name(uint64_t operation)
{
	const char *name = operation < DIRECTORY_OPERATIONS ? operation_names[operation] : NULL;
	return name ? name : "unknown";
}
