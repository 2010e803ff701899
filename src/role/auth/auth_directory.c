/* What all of auth's files stand on: the role's state, its questions to the directory, and how often the
 * directory has changed. */
#include "role/auth/auth_private.h"

struct auth_role auth_role;

static uint64_t epoch;
static void (*on_revoke)(uint64_t account, uint64_t session);

uint64_t auth_directory_epoch(void)
{
	return epoch;
}

void auth_directory_changed(void)
{
	epoch++;
}

void auth_on_revoke(void (*revoked)(uint64_t account, uint64_t session))
{
	on_revoke = revoked;
}

void auth_revoke(uint64_t account, uint64_t session)
{
	struct message_revoke m = {.account = account, .session = session};
	if (auth_role.store.link.up)
		ipc_send(&auth_role.store.link.channel, MESSAGE_REVOKE, 0, &m, -1);
	if (on_revoke)
		on_revoke(account, session);
	if (session == 0)
		peers_tell(&auth_role.callers, MESSAGE_REVOKE, &m);
}

uint32_t auth_ask_directory(enum directory_operation operation, uint64_t number, const struct view *fields,
    size_t count, call_answered answered, void *arg)
{
	struct message_field items[DIRECTORY_FIELDS_MAX];
	for (size_t i = 0; i < count; i++)
		items[i].value = fields[i];
	struct message_directory m = {
	    .operation = operation, .number = number, .fields = {.items = items, .count = count}};
	return calls_ask(&auth_role.store, MESSAGE_DIRECTORY, &m, answered, arg);
}

struct view auth_answer_field(const struct message_directory_answer *m, size_t n)
{
	const struct message_field *fields = m->fields.items;
	return n < m->fields.count ? fields[n].value : (struct view){0};
}
