/*
 * Passwords at a login. The slow hash of the main password runs in a thread; what was right within the hour
 * is remembered (as a keyed hash), so that a client which polls costs no Argon2 each time. While the brake
 * has locked a login, only app passwords are looked at: their hash is fast, and the answer comes at once.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "role/auth/auth_login.h"
#include "trust/login/password.h"

enum { REMEMBERED_MAX = 10000, REMEMBERED_MS = 3600 * 1000 };

/* Lives apart from the login, which may end while a thread still hashes. */
struct password_work {
	struct auth_work work;
	struct login *login; /* NULL: nobody waits any more */
	void (*checked)(struct login *l, int result);
	struct buf record, password;
	struct buf
	    renewed; /* the main password's hash, when the stored one is another server's, or an old one */
	unsigned protocol;
	int result;
	uint64_t credential;
};

struct remembered {
	int64_t until; /* 0: it has been forgotten */
	uint64_t account;
	uint64_t credential;
};

static struct {
	struct map remembered;
	unsigned char memory_secret[crypto_generichash_KEYBYTES];
	bool started;
} state;

void auth_password_start(void)
{
	if (!state.started)
		random_bytes(state.memory_secret, sizeof state.memory_secret);
	state.started = true;
}

/* ---- what was right within the hour ---- */

static void drop_remembered(void)
{
	size_t position = 0;
	void *value;
	while (map_each(&state.remembered, &position, NULL, &value))
		mem_free(value);
	map_done(&state.remembered);
}

void auth_password_forget(void)
{
	drop_remembered();
}

void auth_password_forget_account(uint64_t account)
{
	size_t position = 0;
	void *value;
	while (map_each(&state.remembered, &position, NULL, &value)) {
		struct remembered *r = value;
		if (r->account == account)
			r->until = 0;
	}
}

static void make_memory_key(struct login *l, struct view password)
{
	crypto_generichash_state hash;
	unsigned char protocol = (unsigned char)l->protocol;
	crypto_generichash_init(&hash, state.memory_secret, sizeof state.memory_secret, sizeof l->memory_key);
	crypto_generichash_update(
	    &hash, (const unsigned char *)buf_view(&l->normal).data, buf_view(&l->normal).len);
	crypto_generichash_update(&hash, (const unsigned char *)"", 1);
	crypto_generichash_update(&hash, &protocol, 1);
	crypto_generichash_update(&hash, (const unsigned char *)password.data, password.len);
	crypto_generichash_final(&hash, l->memory_key, sizeof l->memory_key);
	memcpy(&l->fingerprint, l->memory_key, sizeof l->fingerprint);
}

static bool recall(struct login *l)
{
	struct remembered *r = map_get(&state.remembered, view_of(l->memory_key, sizeof l->memory_key));
	if (r == NULL || r->until < clock_monotonic_ms())
		return false;
	l->credential = r->credential;
	return true;
}

static void remember(struct login *l)
{
	/* A password that was changed while it was being checked was right for the last time. */
	if (l->epoch != auth_directory_epoch())
		return;
	struct remembered *r = mem_alloc(sizeof *r);
	*r = (struct remembered){.until = clock_monotonic_ms() + REMEMBERED_MS,
	    .account = l->account,
	    .credential = l->credential};
	if (state.remembered.count >= REMEMBERED_MAX)
		drop_remembered();
	mem_free(map_set(&state.remembered, view_of(l->memory_key, sizeof l->memory_key), r));
}

/* ---- passwords, in a thread ---- */

static void hash_password(struct auth_work *work)
{
	struct password_work *p = (struct password_work *)work;
	struct credentials credentials;
	bool known =
	    buf_view(&p->record).len > 0 && credentials_decode(buf_view(&p->record), &credentials) == 0;
	p->result = credentials_check(
	    known ? &credentials : NULL, buf_view(&p->password), p->protocol, &p->credential);
	/* What cannot be hashed stays as it is: it opened the account. */
	if (known && p->result == 0 && p->credential == 0 &&
	    password_hash_is_outdated(credentials.password_hash) &&
	    password_hash(buf_view(&p->password), &p->renewed) != 0)
		buf_clear(&p->renewed);
}

/* Not into the credentials yet: by the hash that is stored it is told whether the password was changed
 * meanwhile. */
static void renew(struct login *l, struct view hash)
{
	if (!arena_copy(&l->arena, hash, &l->renewed))
		l->renewed = (struct view){0};
}

void auth_password_put_renewed(struct login *l)
{
	if (l->renewed.len == 0)
		return;
	l->credentials.password_hash = l->renewed;
	log_record(LOG_INFO, l->session, "password-hash-renewed", log_text("address", buf_view(&l->normal)));
}

static void password_hashed(struct auth_work *work)
{
	struct password_work *p = (struct password_work *)work;
	struct login *l = p->login;
	void (*checked)(struct login *, int) = p->checked;
	int result = p->result;
	uint64_t credential = p->credential;
	mem_wipe(p->password.data, p->password.cap);
	if (p->record.data)
		mem_wipe(p->record.data, p->record.cap);
	buf_done(&p->password);
	buf_done(&p->record);
	if (l && result == 0 && buf_view(&p->renewed).len)
		renew(l, buf_view(&p->renewed));
	buf_done(&p->renewed);
	mem_free(p);
	if (l == NULL)
		return;
	l->work = NULL;
	l->credential = credential;
	if (result == 0)
		remember(l);
	checked(l, result);
}

int auth_password_check(struct login *l, struct view password, void (*checked)(struct login *l, int result))
{
	make_memory_key(l, password);
	/* The remembered password is not consulted: it would tell a guesser about the main password. */
	if (l->protocol & CREDENTIAL_APPS_ONLY)
		return credentials_check(
		    l->known ? &l->credentials : NULL, password, l->protocol, &l->credential);
	if (l->known && recall(l))
		return 0;
	struct password_work *p = mem_alloc(sizeof *p);
	*p = (struct password_work){.work = {.run = hash_password, .done = password_hashed},
	    .login = l,
	    .checked = checked,
	    .protocol = l->protocol};
	buf_init(&p->record, CREDENTIALS_MAX + 1024);
	buf_init(&p->password, SASL_MESSAGE_MAX);
	buf_init(&p->renewed, PASSWORD_HASH_MAX);
	if (l->known)
		buf_append(&p->record, buf_view(&l->record));
	buf_append(&p->password, password);
	if (auth_work_add(&p->work)) {
		l->work = p;
		return -EINPROGRESS;
	}
	if (p->password.data)
		mem_wipe(p->password.data, p->password.cap);
	if (p->record.data)
		mem_wipe(p->record.data, p->record.cap);
	buf_done(&p->record);
	buf_done(&p->password);
	mem_free(p);
	return -EAGAIN;
}

void auth_password_abandon(struct login *l)
{
	if (l->work)
		l->work->login = NULL;
	l->work = NULL;
}
