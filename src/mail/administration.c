/* See administration.h. */
#include "mail/administration.h"

static const int fields[ADMIN_OPERATIONS] = {
    [ADMIN_DOMAIN_LIST] = 1,
    [ADMIN_DOMAIN_PUT] = 4,
    [ADMIN_DOMAIN_REMOVE] = 1,
    [ADMIN_KEY_LIST] = 3,
    [ADMIN_ACCOUNT_LIST] = 2,
    [ADMIN_ACCOUNT_NAME] = 0,
    [ADMIN_ACCOUNT_STAT] = 1,
    [ADMIN_ACCOUNT_SECRETS] = 1,
    [ADMIN_ACCOUNT_ADD] = 2,
    [ADMIN_ACCOUNT_SET] = 3,
    [ADMIN_ACCOUNT_REMOVE] = 1,
    [ADMIN_PASSWORD_SET] = 2,
    [ADMIN_SESSIONS_END] = 1,
    [ADMIN_SECOND_OFF] = 1,
    [ADMIN_ALIAS_LIST] = 2,
    [ADMIN_ALIAS_PUT] = 2,
    [ADMIN_ALIAS_REMOVE] = 1,
    [ADMIN_USED] = 0,
    [ADMIN_LOGINS] = 0,
};

int admin_operation_fields(uint64_t operation)
{
	return operation > 0 && operation < ADMIN_OPERATIONS ? fields[operation] : -1;
}

/* clang-format off */
static const char *const names[ADMIN_OPERATIONS] = {
    [ADMIN_DOMAIN_LIST] = "domain-list",
    [ADMIN_DOMAIN_PUT] = "domain-put",
    [ADMIN_DOMAIN_REMOVE] = "domain-remove",
    [ADMIN_KEY_LIST] = "key-list",
    [ADMIN_ACCOUNT_LIST] = "account-list",
    [ADMIN_ACCOUNT_NAME] = "account-name",
    [ADMIN_ACCOUNT_STAT] = "account-stat",
    [ADMIN_ACCOUNT_SECRETS] = "account-secrets",
    [ADMIN_ACCOUNT_ADD] = "account-add",
    [ADMIN_ACCOUNT_SET] = "account-set",
    [ADMIN_ACCOUNT_REMOVE] = "account-remove",
    [ADMIN_PASSWORD_SET] = "password-set",
    [ADMIN_SESSIONS_END] = "sessions-end",
    [ADMIN_SECOND_OFF] = "second-off",
    [ADMIN_ALIAS_LIST] = "alias-list",
    [ADMIN_ALIAS_PUT] = "alias-put",
    [ADMIN_ALIAS_REMOVE] = "alias-remove",
    [ADMIN_USED] = "used",
    [ADMIN_LOGINS] = "logins",
};
/* clang-format on */

const char *admin_operation_name(uint64_t operation)
{
	const char *name = operation < ADMIN_OPERATIONS ? names[operation] : NULL;
	return name ? name : "unknown";
}
