/* The people who are signed in: see web_user.h. */
#include "role/web/web_user.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "trust/login/scram.h"

enum {
	/* Mail programs ask every few minutes, and should not wait for a password's hash each time. */
	UNUSED_MS = 10 * 60 * 1000,
	SWEEP_MS = 60 * 1000,
	/*
	 * Of one account: its browsers and programs are fewer. Each has a channel of store's, and what JMAP
	 * keeps, and a client can make up as many as it likes: with each name that it calls this server.
	 */
	USERS_EACH = 64
};

_Static_assert((int)SCRAM_KEY_MAX == (int)WEB_KEY_SIZE, "a key is HMAC-SHA-256");

static struct {
	struct role_process *process;
	const struct web_user_part *const *parts;
	unsigned char secret[WEB_KEY_SIZE];
	struct map users; /* key -> struct web_user; those that are lost are not in it */
	struct loop_timer sweep;
} all;

/* ---- keys ---- */

void web_user_key(struct web_key *key, const char *kind, struct view base, struct view secret)
{
	unsigned char inner[WEB_KEY_SIZE];
	/* One hash under another: what is hashed cannot be cut in two places. */
	scram_hmac(SCRAM_SHA_256, view_of(all.secret, sizeof all.secret), view_from_string(kind), inner);
	scram_hmac(SCRAM_SHA_256, view_of(inner, sizeof inner), base, inner);
	scram_hmac(SCRAM_SHA_256, view_of(inner, sizeof inner), secret, key->hash);
	mem_wipe(inner, sizeof inner);
}

static struct view key_view(const struct web_key *key)
{
	return view_of(key->hash, sizeof key->hash);
}

/* ---- the end ---- */

static void free_user(struct web_user *user)
{
	for (const struct web_user_part *const *part = all.parts; *part; part++)
		if ((*part)->release)
			(*part)->release(user);
	account_client_close(&user->channel);
	mem_free(user->address);
	mem_free(user->base);
	mem_free(user);
}

static void forget(struct web_user *user)
{
	if (!user->lost && map_get(&all.users, key_view(&user->key)) == user)
		map_remove(&all.users, key_view(&user->key));
}

static void lose(struct web_user *user)
{
	if (user->lost)
		return;
	forget(user);
	user->lost = true;
	for (const struct web_user_part *const *part = all.parts; *part; part++)
		if ((*part)->lost)
			(*part)->lost(user);
	if (user->references == 0)
		free_user(user);
}

static void on_lost(void *arg)
{
	struct web_user *user = arg;
	log_event(LOG_INFO, "-", "web-account-gone", log_string("address", user->address));
	user->references++;
	lose(user);
	web_user_release(user);
}

void web_user_end(struct web_user *user)
{
	account_client_close(&user->channel);
	user->references++;
	lose(user);
	web_user_release(user);
}

void web_user_release(struct web_user *user)
{
	if (user == NULL || --user->references > 0)
		return;
	user->used = clock_monotonic_ms();
	if (user->lost)
		free_user(user);
}

static void sweep(void *arg)
{
	struct view key;
	void *value;
	size_t count = 0;
	int64_t now = clock_monotonic_ms();
	struct web_user **unused = mem_array(all.users.count, sizeof *unused);
	(void)arg;
	for (size_t position = 0; map_each(&all.users, &position, &key, &value);) {
		struct web_user *user = value;
		for (const struct web_user_part *const *part = all.parts; *part; part++)
			if ((*part)->sweep)
				(*part)->sweep(user, now);
		if (user->references == 0 && now - user->used >= UNUSED_MS)
			unused[count++] = user;
	}
	for (size_t i = 0; i < count; i++)
		lose(unused[i]);
	mem_free(unused);
	if (all.users.count > 0)
		loop_timer_set(&all.sweep, SWEEP_MS);
}

/* ---- the channel ---- */

void web_user_answer(struct web_user *user, uint32_t request, unsigned type, const void *answer)
{
	for (const struct web_user_part *const *part = all.parts; *part; part++)
		if ((*part)->answer)
			(*part)->answer(user, request, type, answer);
}

static void on_answer(void *arg, uint32_t request, unsigned type, const void *answer)
{
	web_user_answer(arg, request, type, answer);
}

static void on_branched(void *arg, uint32_t request, int fd)
{
	for (const struct web_user_part *const *part = all.parts; *part; part++)
		if ((*part)->branched)
			(*part)->branched(arg, request, fd);
}

/* What JMAP makes of the answers has limits of its own. */

static bool is_full(void *arg)
{
	(void)arg;
	return false;
}

static const struct account_client_handler handler = {
    .answer = on_answer, .branched = on_branched, .is_full = is_full, .lost = on_lost};

/* ---- the beginning ---- */

void web_user_start(struct role_process *p, const struct web_user_part *const *parts)
{
	all.process = p;
	all.parts = parts;
	random_bytes(all.secret, sizeof all.secret);
	map_init(&all.users);
	loop_timer_init(&all.sweep, &p->loop, sweep, NULL);
}

struct web_user *web_user_find(const struct web_key *key)
{
	struct web_user *user = map_get(&all.users, key_view(key));
	if (user)
		user->references++;
	return user;
}

/* Room for one more of the account: of too many, the one that nobody has used for longest goes. */
static bool make_room(uint64_t account)
{
	struct web_user *unused = NULL;
	void *value;
	size_t count = 0;
	for (size_t position = 0; map_each(&all.users, &position, NULL, &value);) {
		struct web_user *user = value;
		if (user->account != account)
			continue;
		count++;
		if (user->references == 0 && (unused == NULL || user->used < unused->used))
			unused = user;
	}
	if (count < USERS_EACH)
		return true;
	if (unused)
		lose(unused);
	return unused != NULL;
}

struct web_user *web_user_new(
    const struct web_key *key, uint64_t account, struct view address, struct view base, int channel)
{
	struct web_user *other = map_get(&all.users, key_view(key));
	if (other)
		lose(other);
	account &= MAIL_ACCOUNT_END - 1;
	if (!make_room(account)) {
		log_event(LOG_WARNING, "-", "web-users-full", log_text("address", address),
		    log_u64("at_most", USERS_EACH),
		    log_string("do", "see which of its clients keep so many connections"));
		close(channel);
		return NULL;
	}
	struct web_user *user = mem_alloc(sizeof *user);
	user->references = 1;
	user->key = *key;
	user->account = account;
	user->address = mem_string(address);
	user->base = mem_string(base);
	user->prefix = "";
	account_client_init(&user->channel, &handler, user, NULL);
	account_client_open(&user->channel, all.process, channel);
	if (all.users.count == 0)
		loop_timer_set(&all.sweep, SWEEP_MS);
	map_set(&all.users, key_view(key), user);
	return user;
}

uint32_t web_user_question(struct web_user *user)
{
	return WEB_QUESTIONS | ++user->last_question;
}
