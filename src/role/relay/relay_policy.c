/*
 * MTA-STS as relay keeps it: RFC 8461. Which policy a domain has is remembered as long as the policy says;
 * what to do with what is remembered is decided in trust/route/mta_sts.c, and here are the look-up, the
 * waiting and the memory. Store keeps each policy as a memo (relay_memo.h): one that is in force stays so
 * over a restart, or whoever can spoil a look-up would only have to wait for it.
 *
 * Of most domains nothing is remembered: the look-up says that they have no policy, and dns remembers that.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/map.h"
#include "base/cursor.h"
#include "role/relay/relay_memo.h"
#include "role/relay/relay_policy.h"
#include "role/relay/relay_policy_fetch.h"
#include "role/relay/relay_state.h"

enum {
	POLICIES_MAX = 10000,                 /* the one unused for longest goes */
	POLICIES_BYTES_MAX = 8 * 1024 * 1024, /* of all; a policy in use in the world has some 100 octets */
};

struct relay_policy {
	char *domain;
	struct mta_sts_memory memory;
	void *patterns; /* what memory.policy points to */
	size_t bytes;   /* of all this */

	struct relay_policy_request *asking;    /* wait for an answer */
	struct relay_policy_request *answering; /* are being answered */
	struct lookup *question;                /* for the record; NULL: not now */
	struct relay_policy_fetch *fetch;       /* NULL: none is under way */
	bool waits_for_fetch;
	int id_result; /* of the last look-up: mta_sts_id */
	char id[MTA_STS_ID_MAX + 1];
	char fetch_id[MTA_STS_ID_MAX + 1]; /* that the fetch is for */
	uint64_t logged;                   /* which failure */
	struct relay_policy *newer, *older;
};

static struct {
	struct loop *loop;
	struct map policies; /* domain -> struct relay_policy */
	struct relay_policy *newest, *oldest;
	size_t bytes;
} known;

/* ---- the memory ---- */

static void unlink_policy(struct relay_policy *p)
{
	*(p->newer ? &p->newer->older : &known.newest) = p->older;
	*(p->older ? &p->older->newer : &known.oldest) = p->newer;
	p->newer = p->older = NULL;
}

static void link_newest(struct relay_policy *p)
{
	p->older = known.newest;
	*(known.newest ? &known.newest->newer : &known.oldest) = p;
	known.newest = p;
}

static void count_bytes(struct relay_policy *p, size_t patterns)
{
	known.bytes -= p->bytes;
	p->bytes = sizeof *p + sizeof(struct map_entry) + 2 * strlen(p->domain) + patterns;
	known.bytes += p->bytes;
}

static struct relay_policy *find_or_make(struct view domain)
{
	struct relay_policy *p = map_get(&known.policies, domain);
	if (p) {
		unlink_policy(p);
	} else {
		p = mem_alloc(sizeof *p);
		p->domain = mem_string(domain);
		map_set(&known.policies, domain, p);
		count_bytes(p, 0);
	}
	link_newest(p);
	return p;
}

static void forget_policy(struct relay_policy *p)
{
	mem_free(p->patterns);
	p->patterns = NULL;
	p->memory = (struct mta_sts_memory){.has_policy = false};
	p->logged = 0;
	count_bytes(p, 0);
}

static void drop(struct relay_policy *p)
{
	if (p->question)
		lookup_done(p->question);
	mem_free(p->question);
	relay_policy_fetch_cancel(p->fetch);
	forget_policy(p);
	known.bytes -= p->bytes;
	unlink_policy(p);
	map_remove(&known.policies, view_from_string(p->domain));
	mem_free(p->domain);
	mem_free(p);
}

static void drop_memo(const struct relay_policy *p);

static bool is_busy(const struct relay_policy *p)
{
	return p->question || p->fetch || p->asking || p->answering;
}

static void make_room(void)
{
	for (struct relay_policy *p = known.oldest, *newer;
	     p && (known.policies.count > POLICIES_MAX || known.bytes > POLICIES_BYTES_MAX); p = newer) {
		newer = p->newer;
		if (is_busy(p))
			continue;
		if (p->memory.has_policy)
			drop_memo(p);
		drop(p);
	}
}

/* Work on it has ended. */
static void settle(struct relay_policy *p)
{
	if (!is_busy(p) && !p->memory.has_policy && p->memory.failed_at == 0)
		drop(p);
	make_room();
}

/* In one piece: views, then texts. Without memory for what a stranger has sent the fetch counts as failed. */
static bool keep_patterns(struct relay_policy *p, const struct mta_sts_policy *policy)
{
	size_t size = policy->mx_count * sizeof *policy->mx;
	for (size_t i = 0; i < policy->mx_count; i++)
		size += policy->mx[i].len;
	struct view *patterns = mem_try(size ? size : 1);
	if (patterns == NULL)
		return false;
	char *text = (char *)&patterns[policy->mx_count];
	for (size_t i = 0; i < policy->mx_count; i++) {
		memcpy(text, policy->mx[i].data, policy->mx[i].len);
		patterns[i] = view_of(text, policy->mx[i].len);
		text += policy->mx[i].len;
	}
	mem_free(p->patterns);
	p->patterns = patterns;
	p->memory.policy = *policy;
	p->memory.policy.mx = patterns;
	count_bytes(p, size);
	return true;
}

/* ---- the memory's twin in store ---- */

enum { MEMO_VERSION = 1, MEMO_ARENA = 64 * 1024 };

/* Version, when it was fetched, its id and the policy as text. */
static void keep_memo(const struct relay_policy *p)
{
	struct buf value;
	buf_init(&value, RELAY_MEMO_VALUE_MAX);
	buf_append_u8(&value, MEMO_VERSION);
	buf_append_u64(&value, (uint64_t)p->memory.fetched_at);
	buf_append_u8(&value, (uint8_t)strlen(p->memory.id));
	buf_append_string(&value, p->memory.id);
	if (mta_sts_policy_write(&value, &p->memory.policy) == 0)
		relay_memo_set(RELAY_MEMO_POLICY, view_from_string(p->domain),
		    p->memory.fetched_at + p->memory.policy.max_age, buf_view(&value));
	buf_done(&value);
}

static void drop_memo(const struct relay_policy *p)
{
	relay_memo_set(RELAY_MEMO_POLICY, view_from_string(p->domain), 0, (struct view){0});
}

void relay_policy_recall(struct view domain, struct view value)
{
	struct cursor c = cursor_on(value);
	struct mta_sts_policy policy;
	struct arena arena;
	uint8_t version = cursor_u8(&c);
	int64_t fetched_at = (int64_t)cursor_u64(&c);
	struct view id = cursor_bytes(&c, cursor_u8(&c));
	if (!cursor_ok(&c) || version != MEMO_VERSION || id.len > MTA_STS_ID_MAX || fetched_at <= 0 ||
	    map_get(&known.policies, domain))
		return;
	arena_init(&arena, MEMO_ARENA);
	if (mta_sts_policy_parse(c.rest, &arena, &policy) == 0) {
		struct relay_policy *p = find_or_make(domain);
		if (keep_patterns(p, &policy)) {
			p->memory.has_policy = true;
			p->memory.fetched_at = fetched_at;
			memcpy(p->memory.id, id.data, id.len);
			p->memory.id[id.len] = '\0';
		}
		settle(p);
	}
	arena_done(&arena);
}

/* ---- answers ---- */

static const struct mta_sts_policy *policy_of(const struct relay_policy *p)
{
	return p->memory.has_policy && p->memory.policy.mode != MTA_STS_NONE ? &p->memory.policy : NULL;
}

/* A destination that asks again while it is being answered waits for the next answer. */
static void answer(struct relay_policy *p, const struct mta_sts_policy *policy)
{
	p->answering = p->asking;
	p->asking = NULL;
	while (p->answering) {
		struct relay_policy_request *r = p->answering;
		p->answering = r->next;
		r->policy = NULL;
		r->found(r->arg, policy);
	}
}

/* ---- the fetch ---- */

static void log_policy(const struct relay_policy *p)
{
	static const char *const modes[] = {
	    [MTA_STS_NONE] = "none", [MTA_STS_TESTING] = "testing", [MTA_STS_ENFORCE] = "enforce"};
	log_event(LOG_INFO, "-", "mta-sts-policy", log_string("domain", p->domain),
	    log_string("mode", modes[p->memory.policy.mode]), log_string("id", p->memory.id),
	    log_u64("max_age", p->memory.policy.max_age));
}

static void note_failure(struct relay_policy *p, const char *why)
{
	uint64_t cause = map_hash(view_from_string(why));
	p->memory.failed_at = clock_wall();
	memcpy(p->memory.failed_id, p->fetch_id, sizeof p->fetch_id);
	if (p->logged != cause)
		log_event(LOG_WARNING, "-", "mta-sts-fetch-failed", log_string("domain", p->domain),
		    log_string("why", why));
	p->logged = cause;
}

static void note_policy(struct relay_policy *p)
{
	bool changed = !p->memory.has_policy || strcmp(p->memory.id, p->fetch_id) != 0;
	p->memory.has_policy = true;
	p->memory.fetched_at = clock_wall();
	p->memory.failed_at = 0;
	memcpy(p->memory.id, p->fetch_id, sizeof p->fetch_id);
	p->logged = 0;
	keep_memo(p);
	if (changed)
		log_policy(p);
}

static void fetched(void *arg, const struct mta_sts_policy *policy, const char *why)
{
	struct relay_policy *p = arg;
	p->fetch = NULL;
	bool good = policy && keep_patterns(p, policy);
	if (good)
		note_policy(p);
	else
		note_failure(p, policy ? "out of memory" : why);
	if (p->waits_for_fetch) {
		p->waits_for_fetch = false;
		enum mta_sts_step step = mta_sts_decide(&p->memory, p->id_result, p->id, clock_wall());
		/* A policy that has just been fetched is applied, even if it says that it has expired by
		 * now. */
		answer(p, good || step == MTA_STS_USE || step == MTA_STS_REFRESH ? policy_of(p) : NULL);
	}
	settle(p);
}

static void fetch(struct relay_policy *p)
{
	if (p->fetch)
		return;
	memcpy(p->fetch_id, p->id_result == 0 ? p->id : p->memory.id, sizeof p->fetch_id);
	p->fetch = relay_policy_fetch_start(known.loop, p->domain, fetched, p);
}

/* ---- the record ---- */

static void act(struct relay_policy *p)
{
	switch (mta_sts_decide(&p->memory, p->id_result, p->id, clock_wall())) {
	case MTA_STS_NO_POLICY:
		/* A domain that has none need not be remembered; one whose policy can't be fetched is. */
		if (p->id_result == -ENOENT && p->fetch == NULL) {
			if (p->memory.has_policy)
				drop_memo(p);
			forget_policy(p);
		}
		answer(p, NULL);
		break;
	case MTA_STS_REFRESH:
		fetch(p);
		answer(p, policy_of(p));
		break;
	case MTA_STS_USE:
		answer(p, policy_of(p));
		break;
	case MTA_STS_FETCH:
		fetch(p);
		p->waits_for_fetch = true;
		break;
	}
	settle(p);
}

static void look(void *arg)
{
	struct relay_policy *p = arg;
	char name[DNS_NAME_SIZE];
	p->id_result = -ENOENT;
	if (mta_sts_question(p->domain, name) == 0) {
		const struct answer *record = answers_look(&p->question->answers, name, DNS_TXT);
		if (record == NULL) {
			lookup_ask(p->question);
			return;
		}
		p->id_result = mta_sts_id(record, p->id);
	}
	lookup_done(p->question);
	mem_free(p->question);
	p->question = NULL;
	act(p);
}

/* ---- requests ---- */

void relay_policy_find(struct relay_policy_request *r)
{
	struct relay_policy *p = find_or_make(r->domain);
	r->policy = p;
	r->next = p->asking;
	p->asking = r;
	if (p->question || p->waits_for_fetch)
		return;
	p->question = mem_alloc(sizeof *p->question);
	relay_lookup_init(p->question, look, p);
	lookup_ask(p->question); /* asks nothing yet: look begins at the end of the turn */
}

static void take_out(struct relay_policy_request **at, const struct relay_policy_request *r)
{
	while (*at && *at != r)
		at = &(*at)->next;
	if (*at)
		*at = r->next;
}

/* A fetch under way for it goes on: the next destination will ask for the same. */
void relay_policy_forget(struct relay_policy_request *r)
{
	if (r->policy == NULL)
		return;
	take_out(&r->policy->asking, r);
	take_out(&r->policy->answering, r);
	r->policy = NULL;
}

void relay_policies_init(struct loop *loop)
{
	known.loop = loop;
	map_init(&known.policies);
}

void relay_policies_done(void)
{
	while (known.newest)
		drop(known.newest);
	map_done(&known.policies);
}
