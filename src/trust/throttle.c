/*
 * Counting failed logins: see throttle.h. A count is a leaky bucket: a failure adds one, time takes away one
 * every LEAK_MS. So three quick failures are free, an account that is attacked for a night is slow for its
 * attackers, and everything is forgotten in the time that one person would need to look the password up.
 */
#include "trust/throttle.h"

#include <string.h>

#include "base/mem.h"
#include "trust/lru.h"

enum {
	LEAK_MS = 60 * 1000,
	FREE_FAILURES = 3,
	DELAY_FIRST_MS = 250, /* doubled with each failure */
	DELAY_MAX_MS = 8000,
	SAME_PASSWORD_MS = 3600 * 1000,
};

/* Counts from which on attempts are refused: a network has many users behind it, an account one. */
enum { ADDRESS_LIMIT = 20, NETWORK_LIMIT = 100, ACCOUNT_LIMIT = 30 };

static const int64_t known_for_ms = INT64_C(90) * 24 * 3600 * 1000;

struct throttle {
	struct lru counts, known; /* apart: a flood of strangers makes no owner unknown */
};

struct key {
	unsigned char octets[LRU_KEY_MAX];
	size_t len;
};

struct throttle *throttle_new(size_t entries)
{
	struct throttle *t = mem_alloc(sizeof *t);
	lru_init(&t->counts, entries);
	lru_init(&t->known, entries);
	return t;
}

void throttle_free(struct throttle *t)
{
	if (t == NULL)
		return;
	lru_done(&t->counts);
	lru_done(&t->known);
	mem_free(t);
}

size_t throttle_count(const struct throttle *t)
{
	return t->counts.map.count + t->known.map.count;
}

static struct view as_ipv4(struct view address)
{
	static const char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (char)0xff, (char)0xff};
	if (address.len == 16 && memcmp(address.data, mapped, sizeof mapped) == 0)
		return view_skip(address, sizeof mapped);
	return address;
}

/*
 * The kind of key, then the beginning of the address that one party controls, then the account if it counts.
 */
static struct key make_key(char kind, struct view address, size_t ipv4, size_t ipv6, struct view account)
{
	struct key key = {.octets = {(unsigned char)kind}, .len = 1};
	address = as_ipv4(address);
	struct view part = view_take(address, address.len == 4 ? ipv4 : ipv6);
	key.octets[key.len++] = (unsigned char)part.len;
	if (part.len && part.len <= 16)
		memcpy(key.octets + key.len, part.data, part.len);
	key.len += part.len;
	if (account.data) {
		uint64_t hash = map_hash(account);
		memcpy(key.octets + key.len, &hash, sizeof hash);
		key.len += sizeof hash;
	}
	return key;
}

static struct view view_key(const struct key *key)
{
	return view_of(key->octets, key->len);
}

enum { ADDRESS_V4 = 4, ADDRESS_V6 = 8, NETWORK_V4 = 3, NETWORK_V6 = 6 };

static struct key address_key_of(struct throttle_client c)
{
	return make_key('a', c.address, ADDRESS_V4, ADDRESS_V6, (struct view){0});
}

static struct key network_key_of(struct throttle_client c)
{
	return make_key('n', c.address, NETWORK_V4, NETWORK_V6, (struct view){0});
}

static struct key account_key_of(struct throttle_client c)
{
	return make_key('u', (struct view){0}, 0, 0, c.account.data ? c.account : VIEW(""));
}

static struct key pair_key_of(struct throttle_client c)
{
	return make_key('p', c.address, ADDRESS_V4, ADDRESS_V6, c.account.data ? c.account : VIEW(""));
}

/* What is left of a count by now. */
static double score_at(const struct lru_entry *e, int64_t now_ms)
{
	double leaked = now_ms > e->time ? (double)(now_ms - e->time) / LEAK_MS : 0;
	return e->score > leaked ? e->score - leaked : 0;
}

static double score_of(const struct throttle *t, struct key key, int64_t now_ms)
{
	const struct lru_entry *e = lru_find(&t->counts, view_key(&key));
	return e ? score_at(e, now_ms) : 0;
}

static bool is_known(const struct throttle *t, struct throttle_client client, int64_t now_ms)
{
	struct key key = pair_key_of(client);
	const struct lru_entry *e = lru_find(&t->known, view_key(&key));
	return e && now_ms - e->time < known_for_ms;
}

static int64_t delay_for(double score)
{
	int64_t delay = DELAY_FIRST_MS;
	if (score < FREE_FAILURES)
		return 0;
	for (double n = FREE_FAILURES; n + 1 <= score && delay < DELAY_MAX_MS; n++)
		delay *= 2;
	return delay < DELAY_MAX_MS ? delay : DELAY_MAX_MS;
}

/* The sterner of two answers. */
static void judge(struct throttle_answer *answer, double score, double limit, const char *reason)
{
	bool refuse = score >= limit;
	/* Of a network only its excess counts: its users must not wait for each other's typing errors. */
	int64_t delay = refuse ? (int64_t)((score - limit + 1) * LEAK_MS) : delay_for(score);
	if (delay == 0 || (answer->verdict == THROTTLE_REFUSE && !refuse))
		return;
	if ((refuse && answer->verdict == THROTTLE_ALLOW) || delay > answer->delay_ms)
		*answer = (struct throttle_answer){refuse ? THROTTLE_REFUSE : THROTTLE_ALLOW, delay, reason};
}

struct throttle_answer throttle_ask(struct throttle *t, struct throttle_client client, int64_t now_ms)
{
	struct throttle_answer answer = {.verdict = THROTTLE_ALLOW};
	if (is_known(t, client, now_ms)) {
		answer.delay_ms = delay_for(score_of(t, pair_key_of(client), now_ms));
		answer.reason = answer.delay_ms ? "address" : NULL;
		return answer;
	}
	double network = score_of(t, network_key_of(client), now_ms);
	judge(&answer, score_of(t, address_key_of(client), now_ms), ADDRESS_LIMIT, "address");
	judge(&answer, score_of(t, account_key_of(client), now_ms), ACCOUNT_LIMIT, "account");
	if (network >= NETWORK_LIMIT)
		judge(&answer, network, NETWORK_LIMIT, "network");
	return answer;
}

static void count(struct throttle *t, struct key key, double limit, int64_t now_ms)
{
	struct lru_entry *e = lru_touch(&t->counts, view_key(&key));
	double score = score_at(e, now_ms) + 1;
	/* No count grows so far that it takes hours to leak away. */
	e->score = score < 2 * limit ? score : 2 * limit;
	e->time = now_ms;
}

/* The same wrong password again, from the same address for the same account. */
static bool is_repeated(
    struct throttle *t, struct throttle_client client, uint64_t fingerprint, int64_t now_ms)
{
	struct key key = pair_key_of(client);
	key.octets[0] = 'f';
	struct lru_entry *e = lru_touch(&t->counts, view_key(&key));
	bool same = fingerprint != 0 && e->fingerprint == fingerprint && now_ms - e->time < SAME_PASSWORD_MS;
	if (!same) {
		e->fingerprint = fingerprint;
		e->time = now_ms;
	}
	return same;
}

void throttle_failed(struct throttle *t, struct throttle_client client, uint64_t fingerprint, int64_t now_ms)
{
	if (is_repeated(t, client, fingerprint, now_ms))
		return;
	count(t, pair_key_of(client), ADDRESS_LIMIT, now_ms);
	/* From a known address an owner mistypes: that is no attack on the account. */
	if (is_known(t, client, now_ms))
		return;
	count(t, address_key_of(client), ADDRESS_LIMIT, now_ms);
	count(t, network_key_of(client), NETWORK_LIMIT, now_ms);
	count(t, account_key_of(client), ACCOUNT_LIMIT, now_ms);
}

void throttle_succeeded(struct throttle *t, struct throttle_client client, int64_t now_ms)
{
	struct key key = pair_key_of(client);
	struct lru_entry *failures = lru_find(&t->counts, view_key(&key));
	if (failures)
		lru_remove(&t->counts, failures);
	lru_touch(&t->known, view_key(&key))->time = now_ms;
}
