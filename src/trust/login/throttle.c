/*
 * Counting attempts: see throttle.h. A count is a leaky bucket: an attempt adds one, time takes away one
 * every LEAK_MS. So three quick failures are free, an account that is attacked for a night is slow for its
 * attackers, and everything is forgotten in the time that one person would need to look the password up.
 */
#include "trust/login/throttle.h"

#include <string.h>

#include "base/mem.h"
#include "base/lru.h"

enum {
	LEAK_MS = 60 * 1000,
	PLACE_LEAK_MS =
	    8 * 1000, /* at a known place a person waits, and no longer than this for one attempt */
	FREE_FAILURES = 3,
	DELAY_FIRST_MS = 250, /* doubled with each failure */
	DELAY_MAX_MS = 8000,
	SAME_PASSWORD_MS = 3600 * 1000,
};

/*
 * Counts from which on attempts are locked: a network has many users behind it, an account one. Of a known
 * place, as many more may wait for their turn, one PLACE_LEAK_MS after the other.
 */
enum { ADDRESS_LIMIT = 20, NETWORK_LIMIT = 100, ACCOUNT_LIMIT = 30, PLACE_LIMIT = 20, PLACE_WAITING = 4 };

struct throttle {
	struct lru counts;
};

struct key {
	unsigned char octets[LRU_KEY_MAX];
	size_t len;
};

struct throttle *throttle_new(size_t entries)
{
	struct throttle *t = mem_alloc(sizeof *t);
	lru_init(&t->counts, entries);
	return t;
}

void throttle_free(struct throttle *t)
{
	if (t == NULL)
		return;
	lru_done(&t->counts);
	mem_free(t);
}

size_t throttle_count(const struct throttle *t)
{
	return t->counts.map.count;
}

/* How much of an address one party controls, and how much one network has. */
enum { ADDRESS_V4 = 4, ADDRESS_V6 = 8, NETWORK_V4 = 3, NETWORK_V6 = 6 };

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

struct view throttle_place(struct view address)
{
	address = as_ipv4(address);
	return view_take(address, address.len == 4 ? ADDRESS_V4 : ADDRESS_V6);
}

/* What is left of a count by now. */
static double score_at(const struct lru_entry *e, int64_t leak_ms, int64_t now_ms)
{
	double leaked = now_ms > e->time ? (double)(now_ms - e->time) / (double)leak_ms : 0;
	return e->score > leaked ? e->score - leaked : 0;
}

/* ---- what an attempt counts for ---- */

struct count {
	struct key key;
	double limit;
	int64_t leak_ms;
	const char *reason;
	bool delays;    /* failures below the limit delay; of a network only the excess counts: its users must
	                   not    wait for each other's typing errors */
	double waiting; /* so many attempts past the limit wait for their turn, before there is a lock */
};

enum { COUNTS_MAX = 3 };

/*
 * From a known place an owner mistypes: that is no attack on the account, and the owner doesn't suffer from
 * those who share the address.
 */
static size_t counts_of(struct throttle_client c, struct count counts[COUNTS_MAX])
{
	if (c.known_place) {
		counts[0] =
		    (struct count){pair_key_of(c), PLACE_LIMIT, PLACE_LEAK_MS, "place", true, PLACE_WAITING};
		return 1;
	}
	counts[0] = (struct count){address_key_of(c), ADDRESS_LIMIT, LEAK_MS, "address", true, 0};
	counts[1] = (struct count){account_key_of(c), ACCOUNT_LIMIT, LEAK_MS, "account", true, 0};
	counts[2] = (struct count){network_key_of(c), NETWORK_LIMIT, LEAK_MS, "network", false, 0};
	return 3;
}

static double score_of(const struct throttle *t, const struct count *c, int64_t now_ms)
{
	const struct lru_entry *e = lru_find(&t->counts, view_key(&c->key));
	return e ? score_at(e, c->leak_ms, now_ms) : 0;
}

static void add(struct throttle *t, const struct count *c, double change, int64_t now_ms)
{
	struct lru_entry *e = lru_touch(&t->counts, view_key(&c->key));
	double score = score_at(e, c->leak_ms, now_ms) + change;
	e->score = score > 0 ? score : 0;
	e->time = now_ms;
}

static void give_back(struct throttle *t, struct throttle_client client, int64_t now_ms)
{
	struct count counts[COUNTS_MAX];
	for (size_t i = 0, n = counts_of(client, counts); i < n; i++)
		if (lru_find(&t->counts, view_key(&counts[i].key)))
			add(t, &counts[i], -1, now_ms);
}

/* ---- verdicts ---- */

static int64_t delay_for(double score)
{
	int64_t delay = DELAY_FIRST_MS;
	if (score < FREE_FAILURES)
		return 0;
	for (double n = FREE_FAILURES; n + 1 <= score && delay < DELAY_MAX_MS; n++)
		delay *= 2;
	return delay < DELAY_MAX_MS ? delay : DELAY_MAX_MS;
}

/* The sterner of two answers: a lock, then the longer delay. */
static void judge(struct throttle_answer *answer, const struct count *c, double score)
{
	double excess = score - (c->limit - 1); /* above 0: this attempt has no room */
	bool locked = excess > c->waiting;
	int64_t delay = c->delays ? delay_for(score) : 0;
	if (excess > 0 && (int64_t)(excess * (double)c->leak_ms) > delay)
		delay = (int64_t)(excess * (double)c->leak_ms);
	if (delay == 0 || (answer->verdict == THROTTLE_APP_ONLY && !locked))
		return;
	if ((locked && answer->verdict == THROTTLE_ALLOW) || delay > answer->delay_ms)
		*answer =
		    (struct throttle_answer){locked ? THROTTLE_APP_ONLY : THROTTLE_ALLOW, delay, c->reason};
}

struct throttle_answer throttle_begin(struct throttle *t, struct throttle_client client, int64_t now_ms)
{
	struct throttle_answer answer = {.verdict = THROTTLE_ALLOW};
	struct count counts[COUNTS_MAX];
	size_t n = counts_of(client, counts);
	for (size_t i = 0; i < n; i++)
		judge(&answer, &counts[i], score_of(t, &counts[i], now_ms));
	for (size_t i = 0; answer.verdict == THROTTLE_ALLOW && i < n; i++)
		add(t, &counts[i], 1, now_ms);
	return answer;
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
		give_back(t, client, now_ms);
}

void throttle_withdrawn(struct throttle *t, struct throttle_client client, int64_t now_ms)
{
	give_back(t, client, now_ms);
}

void throttle_succeeded(struct throttle *t, struct throttle_client client, int64_t now_ms)
{
	struct key key = pair_key_of(client);
	struct lru_entry *failures = lru_find(&t->counts, view_key(&key));
	give_back(t, client, now_ms);
	if (failures)
		lru_remove(&t->counts, failures);
}
