/* What all of auth's files stand on: the role's state, its questions to the directory, and how often the
 * directory has changed. */
#include "role/auth/auth_private.h"

#include "base/clock.h"

enum {
	/* A store that ends, or yields to a successor, may leave unread what it was told last: the next one
	 * is told again. A successor comes within so long; behind a restart no session is left anyway. */
	REVOKED_MS = 10 * 1000,
	REVOKED_MAX = 256 /* accounts whose rights change within that time; of more, the last ones */
};

struct auth_role auth_role;

static struct revocation {
	struct message_revoke m;
	int64_t at; /* clock_monotonic_ms */
} revocations[REVOKED_MAX];
static size_t revocation_count; /* since the start: the next one's place is this modulo REVOKED_MAX */

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

void auth_tell_revoked(const struct message_revoke *m)
{
	if (on_revoke)
		on_revoke(m->account, m->session);
	if (m->session == 0)
		peers_tell(&auth_role.callers, MESSAGE_REVOKE, m);
}

static void revoke(uint64_t account, uint64_t session)
{
	struct message_revoke m = {.account = account, .session = session};
	revocations[revocation_count++ % REVOKED_MAX] = (struct revocation){m, clock_monotonic_ms()};
	if (auth_role.store.link.up)
		ipc_send(&auth_role.store.link.channel, MESSAGE_REVOKE, 0, &m, -1);
	auth_tell_revoked(&m);
}

void auth_revoke(uint64_t account, uint64_t session)
{
	if (account)
		revoke(account, session);
}

void auth_revoke_everybody(void)
{
	revoke(0, 0);
}

void auth_revoke_again(void)
{
	int64_t since = clock_monotonic_ms() - REVOKED_MS;
	size_t first = revocation_count > REVOKED_MAX ? revocation_count - REVOKED_MAX : 0;
	for (size_t i = first; i < revocation_count; i++) {
		const struct revocation *r = &revocations[i % REVOKED_MAX];
		if (r->at >= since)
			ipc_send(&auth_role.store.link.channel, MESSAGE_REVOKE, 0, &r->m, -1);
	}
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
