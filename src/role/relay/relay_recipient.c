/* See relay_recipient.h. */
#include "role/relay/relay_recipient.h"

#include "base/clock.h"
#include "base/mem.h"
#include "format/limits.h"
#include "format/path.h"
#include "role/relay/relay_recipient_domain.h"
#include "role/relay/relay_state.h"

enum {
	MINUTE_MS = 60 * 1000,
	/* Addresses of an account in a minute: a long list that is pasted. Who guesses names is no quicker
	   here than with RCPT. */
	ADDRESSES_MAX = 200,
	/* Domains of an account in a minute that nobody has asked for lately: nobody writes to more of them
	   by hand, and each is a stranger's name servers that are asked. */
	DOMAINS_MAX = 60,
	/* Of all accounts together: some hundreds of people who write at the same time. */
	ADDRESSES_ALL_MAX = 5000,
	DOMAINS_ALL_MAX = 1000,
	/* Searches of an account at once, of 64 in all: silent name servers of one hold up nobody else's. */
	SEARCHES_MAX = 16,
	PARSE_MAX = 4096 /* octets for an address while it is read */
};

struct count { /* of an account */
	unsigned addresses, domains;
};

struct check {
	struct check *next, *previous;
	struct asked asked;
	uint64_t account;
	char *domain;     /* normalised */
	uint32_t request; /* to auth; 0: none */
	bool searches;    /* it waits for a search that began for it */
	struct relay_domain_request elsewhere;
};

static struct check *checks;

/* ---- how much was asked in this minute ---- */

static struct {
	int64_t began;     /* monotonic */
	struct map counts; /* account -> struct count */
	unsigned addresses, domains;
} minute;

static void forget_minute(void)
{
	void *value;
	for (size_t position = 0; map_each(&minute.counts, &position, NULL, &value);)
		mem_free(value);
	map_done(&minute.counts);
	map_init(&minute.counts);
	minute.addresses = minute.domains = 0;
}

static struct count *count_of(uint64_t account)
{
	int64_t now = clock_monotonic_ms();
	if (now - minute.began >= MINUTE_MS) {
		forget_minute();
		minute.began = now;
	}
	struct count *c = map_get_u64(&minute.counts, account);
	if (c == NULL) {
		c = mem_alloc(sizeof *c);
		*c = (struct count){0};
		map_set_u64(&minute.counts, account, c);
	}
	return c;
}

/* The table has no more entries than addresses were asked for in the minute. */
static bool may_ask_address(uint64_t account)
{
	if (clock_monotonic_ms() - minute.began < MINUTE_MS && minute.addresses >= ADDRESSES_ALL_MAX)
		return false;
	struct count *c = count_of(account);
	if (c->addresses >= ADDRESSES_MAX)
		return false;
	c->addresses++;
	minute.addresses++;
	return true;
}

static bool may_ask_domain(uint64_t account)
{
	struct count *c = count_of(account);
	if (c->domains >= DOMAINS_MAX || minute.domains >= DOMAINS_ALL_MAX)
		return false;
	c->domains++;
	minute.domains++;
	return true;
}

/* ---- a check ---- */

static void free_check(struct check *c)
{
	*(c->previous ? &c->previous->next : &checks) = c->next;
	if (c->next)
		c->next->previous = c->previous;
	if (c->request)
		calls_forget(&relay_role.auth, c->request);
	relay_domain_forget(&c->elsewhere);
	mem_free(c->domain);
	mem_free(c);
}

static void finish(struct check *c, enum recipient_state state, enum recipient_tls tls)
{
	struct message_recipient_answer m = {.state = state, .tls = tls};
	asked_answer(&c->asked, MESSAGE_RECIPIENT_ANSWER, &m);
	free_check(c);
}

static void told(void *arg, enum recipient_state state, enum recipient_tls tls)
{
	finish(arg, state, tls);
}

static bool may_search(uint64_t account)
{
	size_t searches = 0;
	for (const struct check *c = checks; c; c = c->next)
		searches += c->account == account && c->searches;
	return searches < SEARCHES_MAX && relay_domain_may_be_searched() && may_ask_domain(account);
}

static void ask_domain(struct check *c)
{
	struct view domain = view_from_string(c->domain);
	bool is_new = relay_domain_is_new(domain);
	if (is_new && !may_search(c->account)) {
		finish(c, RECIPIENT_UNKNOWN, RECIPIENT_TLS_UNKNOWN);
		return;
	}
	c->searches = is_new;
	relay_domain_ask(&c->elsewhere, domain);
}

/* As smtp answers RCPT of a user who has logged in (smtp_recipient.c). */
static bool on_resolved(void *arg, struct link *link, struct channel_frame *frame)
{
	struct check *c = arg;
	struct message_resolved m = {.verdict = RESOLVE_TEMPORARY};
	if (frame && !link_decode(link, frame, &m))
		return false;
	c->request = 0;
	switch ((enum resolve_verdict)m.verdict) {
	case RESOLVE_LOCAL:
		finish(c, m.targets.count ? RECIPIENT_GOOD : RECIPIENT_UNKNOWN, RECIPIENT_TLS_HERE);
		break;
	case RESOLVE_UNKNOWN_USER:
		finish(c, RECIPIENT_NO_USER, RECIPIENT_TLS_HERE);
		break;
	case RESOLVE_DISABLED:
		finish(c, RECIPIENT_DISABLED, RECIPIENT_TLS_HERE);
		break;
	case RESOLVE_LOOP:
	case RESOLVE_TOO_MANY:
		finish(c, RECIPIENT_NO_WAY, RECIPIENT_TLS_HERE);
		break;
	case RESOLVE_NOT_OURS:
		ask_domain(c);
		break;
	case RESOLVE_TEMPORARY:
		finish(c, RECIPIENT_UNKNOWN, RECIPIENT_TLS_UNKNOWN);
		break;
	}
	return true;
}

/* ---- a question ---- */

static void answer_now(struct link *link, const struct channel_frame *frame, enum recipient_state state)
{
	struct message_recipient_answer m = {.state = state};
	ipc_send(&link->channel, MESSAGE_RECIPIENT_ANSWER, frame->request, &m, -1);
}

/* The key under which the directory knows the address, and its domain. False: it is no address. */
static bool read_address(struct view address, struct buf *key, struct buf *domain)
{
	struct path path;
	struct arena arena;
	arena_init(&arena, PARSE_MAX);
	bool good = mailbox_parse(address, &arena, &path) == 0 && path_key(&path, key) == 0 &&
	            domain_normalize(path.domain, domain) == 0;
	arena_done(&arena);
	return good;
}

static void begin(
    struct link *link, struct channel_frame *frame, uint64_t account, struct view key, struct view domain)
{
	struct message_resolve m = {.address = key};
	struct asked asked;
	if (relay_role.draining || !may_ask_address(account) || !asked_begin(&asked, link, frame)) {
		answer_now(link, frame, RECIPIENT_UNKNOWN);
		return;
	}
	struct check *c = mem_alloc(sizeof *c);
	*c = (struct check){.next = checks, .asked = asked, .account = account, .domain = mem_string(domain)};
	c->elsewhere = (struct relay_domain_request){.told = told, .arg = c};
	if (checks)
		checks->previous = c;
	checks = c;
	c->request = calls_ask(&relay_role.auth, MESSAGE_RESOLVE, &m, on_resolved, c);
	if (c->request == 0)
		finish(c, RECIPIENT_UNKNOWN, RECIPIENT_TLS_UNKNOWN);
}

void relay_recipient_ask(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_recipient *m = message;
	struct buf key, domain;
	buf_init(&key, ADDRESS_KEY_MAX);
	buf_init(&domain, ADDRESS_KEY_MAX);
	if (read_address(m->address, &key, &domain))
		begin(link, frame, m->account, buf_view(&key), buf_view(&domain));
	else
		answer_now(link, frame, RECIPIENT_MALFORMED);
	buf_done(&key);
	buf_done(&domain);
}

void relay_recipients_start(struct loop *loop)
{
	map_init(&minute.counts);
	relay_domains_init(loop);
}

void relay_recipients_forget(void)
{
	/* Who asked does not wait for a process that goes. */
	while (checks)
		finish(checks, RECIPIENT_UNKNOWN, RECIPIENT_TLS_UNKNOWN);
	forget_minute();
	relay_domains_done();
}
