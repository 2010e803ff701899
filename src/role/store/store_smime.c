/* See store_smime.h. A message goes to content in pieces, as its channel takes them. */
#include "role/store/store_smime.h"

#include <errno.h>

#include "account/messages.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/store/content_turn.h"
#include "role/store/store_private.h"
#include "role/store/store_search.h"

enum {
	PIECE = 128 * 1024,
	/* Larger ones stay "signed": content would hold one three times over, and signed mail of this size
	 * is rare. */
	MESSAGE_MAX = 32 << 20,
	/* RFC 9219 section 4.1 allows 24 hours. People look at a mail several times within minutes, and a
	 * certificate that has expired meanwhile should show. */
	KNOWN_SECONDS = 600,
	KNOWN_MAX = 4096, /* the mail of a day of many people; some 400 KB */
	CHANNEL_MS = 5,   /* while the channel takes no more */
	/* Nothing else is answered to who asks meanwhile. What content says later is remembered. */
	WAIT_MS = 3000
};

struct known {
	uint64_t shard, email;
	struct store_smime_known what;
};

static struct {
	struct loop_timer timer, patience;
	bool stopping;
	struct store_smime_ask *first, **last;

	/* The message in hand. */
	bool busy;
	unsigned era, eras;          /* settings that it was taken under; so many were there */
	struct store_smime_ask *ask; /* NULL: nobody waits for it any more */
	uint64_t shard, email;
	int64_t delivered;
	struct account_fetch fetch;
	struct store_blob_read read;
	struct store_blob_part part;
	struct blob_id blob;
	uint64_t length, sent;
	bool reading;
	uint32_t request;
	struct content_turn turn;

	struct known *known; /* a ring: the oldest makes room */
	size_t known_count, known_at;
	struct map by_email;
} smime;

/* It could not be looked at. */
static const struct store_smime_known unknown = {.verdict = {.now = SMIME_SIGNED, .delivered = SMIME_SIGNED}};

/* ---- what is remembered ---- */

struct key {
	uint64_t shard, email;
};

static struct view known_key(const struct key *key)
{
	return view_of(key, sizeof *key);
}

bool store_smime_find(uint64_t shard, uint64_t email, struct store_smime_known *known)
{
	struct key key = {shard, email};
	const struct known *k = map_get(&smime.by_email, known_key(&key));
	int64_t age = k ? clock_wall() - k->what.at : 0;
	if (k == NULL || age < 0 || age > KNOWN_SECONDS)
		return false;
	*known = k->what;
	return true;
}

static void remember(const struct store_smime_known *what)
{
	struct key key = {smime.shard, smime.email};
	struct known *k = map_get(&smime.by_email, known_key(&key));
	if (k == NULL) {
		if (smime.known == NULL)
			smime.known = mem_array(KNOWN_MAX, sizeof *smime.known);
		k = &smime.known[smime.known_at];
		if (smime.known_count == KNOWN_MAX) {
			struct key old = {k->shard, k->email};
			map_remove(&smime.by_email, known_key(&old));
		} else {
			smime.known_count++;
		}
		smime.known_at = (smime.known_at + 1) % KNOWN_MAX;
		map_set(&smime.by_email, known_key(&key), k);
	}
	*k = (struct known){.shard = key.shard, .email = key.email, .what = *what};
}

void store_smime_forget(void)
{
	map_done(&smime.by_email);
	map_init(&smime.by_email);
	smime.known_count = smime.known_at = 0;
	smime.eras++;
}

/* ---- the message in hand ---- */

static void end(const struct store_smime_known *what, bool keep)
{
	struct store_smime_ask *ask = smime.ask;
	/* By anchors that are in force no more, it is an answer and nothing to remember. */
	if (keep && smime.era == smime.eras)
		remember(what);
	smime.busy = false;
	smime.ask = NULL;
	smime.request = 0;
	if (smime.first && !smime.stopping)
		loop_timer_set(&smime.timer, 0);
	if (ask)
		ask->done(ask, what);
}

static void give_up(void)
{
	end(&unknown, false);
}

/* Nor is it tried again for a while: nobody shall have content ended again and again. */
static void give_up_for_long(const char *why)
{
	struct store_smime_known what = unknown;
	what.at = clock_wall();
	log_event(LOG_WARNING, "-", "signature-not-read", log_u64("account", smime.shard),
	    log_u64("email", smime.email), log_string("why", why));
	end(&what, true);
}

static bool answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_smime m;
	(void)arg;
	if (frame && !link_decode(link, frame, &m))
		return false;
	if (smime.reading) { /* content has ended before it had all */
		smime.request = 0;
		return true;
	}
	/* A process that has a successor was told to end; and it may have been reading something else. */
	bool blamed = content_turn_was_on(&smime.turn) && link != &store_search_calls()->old;
	if (frame)
		content_turn_answered(&smime.turn);
	if (frame == NULL && !blamed)
		give_up();
	else if (frame == NULL)
		give_up_for_long("it ends the process that reads it");
	else if (m.error)
		give_up_for_long("it takes too much memory");
	else
		end(&(struct store_smime_known){.verdict = {.now = (enum smime_status)m.status,
		                                    .delivered = (enum smime_status)m.delivered,
		                                    .problems = (uint32_t)m.problems},
		        .at = clock_wall()},
		    true);
	return true;
}

static void read_piece(void);

static bool send_piece(struct view bytes)
{
	struct calls *content = store_search_calls();
	struct message_smime_of m = {.delivered = smime.delivered > 0 ? (uint64_t)smime.delivered : 0,
	    .last = smime.sent >= smime.length,
	    .bytes = bytes};
	if (smime.request == 0)
		smime.request = calls_ask(content, MESSAGE_SMIME_OF, &m, answered, NULL);
	else
		calls_say_more(content, smime.request, MESSAGE_SMIME_OF, &m);
	if (m.last && smime.request)
		content_turn_sent(&smime.turn, content, smime.request);
	return smime.request;
}

static void piece_read(struct store_blob_read *read)
{
	(void)read;
	smime.reading = false;
	if (smime.stopping)
		return;
	if (smime.request == 0) { /* content has ended meanwhile */
		give_up();
		return;
	}
	if (smime.part.result) {
		calls_forget(store_search_calls(), smime.request);
		give_up();
		return;
	}
	smime.sent += smime.part.length;
	if (!send_piece(view_of(smime.part.out, smime.part.length)))
		give_up();
	else if (smime.sent < smime.length)
		read_piece();
}

static void read_piece(void)
{
	uint64_t left = smime.length - smime.sent;
	if (calls_backlog(store_search_calls(), smime.request) >= CHANNEL_HIGH_WATER) {
		loop_timer_set(&smime.timer, CHANNEL_MS);
		return;
	}
	if (smime.part.out == NULL)
		smime.part.out = mem_alloc(PIECE);
	smime.part.id = smime.blob;
	smime.part.offset = smime.sent;
	smime.part.length = left < PIECE ? (size_t)left : PIECE;
	smime.read = (struct store_blob_read){.parts = &smime.part, .count = 1, .done = piece_read};
	smime.reading = true;
	store_blob_read(store_role.store, &smime.read);
}

static void fetched(struct account_fetch *fetch, int result)
{
	int error = result ? result : fetch->messages[0].result;
	if (smime.stopping || error) {
		account_fetch_free(fetch);
		give_up();
		return;
	}
	smime.blob = fetch->messages[0].blob;
	smime.length = fetch->messages[0].body_len;
	smime.sent = 0;
	smime.turn = (struct content_turn){0};
	/* What stands above the body is its header's beginning. */
	bool good = smime.length <= MESSAGE_MAX && send_piece(fetch->messages[0].prefix);
	account_fetch_free(fetch);
	if (smime.length > MESSAGE_MAX)
		give_up_for_long("it is too large");
	else if (!good)
		give_up();
	else if (smime.length > 0)
		read_piece();
}

static void take(struct store_smime_ask *a)
{
	smime.busy = true;
	smime.era = smime.eras;
	smime.ask = a;
	smime.shard = a->shard;
	smime.email = a->email;
	smime.delivered = a->delivered;
	smime.fetch = (struct account_fetch){
	    .shard = a->shard, .emailids = &smime.email, .emailid_count = 1, .done = fetched};
	account_fetch(&store_role.accounts, &smime.fetch);
}

/* ---- who asks ---- */

static void look(void)
{
	struct store_smime_ask *a = smime.first;
	if (smime.busy || smime.stopping || a == NULL)
		return;
	smime.first = a->next;
	if (smime.first == NULL)
		smime.last = &smime.first;
	if (store_search_calls()->link.up) {
		take(a);
		return;
	}
	smime.busy = true;
	smime.ask = a;
	give_up();
}

static void on_timer(void *arg)
{
	(void)arg;
	if (!smime.busy)
		look();
	else if (smime.request && !smime.reading && smime.sent < smime.length)
		read_piece();
}

/* When the next one has waited long enough: the one in hand asked before all that wait. */
static void set_patience(void)
{
	const struct store_smime_ask *a = smime.ask ? smime.ask : smime.first;
	int64_t left = a ? a->due - clock_monotonic_ms() : 0;
	if (a)
		loop_timer_set(&smime.patience, left > 0 ? left : 0);
	else
		loop_timer_cancel(&smime.patience);
}

static void on_patience(void *arg)
{
	struct store_smime_ask *a = smime.ask ? smime.ask : smime.first;
	(void)arg;
	if (a && a->due <= clock_monotonic_ms()) {
		if (a == smime.ask) {
			smime.ask = NULL;
		} else {
			smime.first = a->next;
			if (smime.first == NULL)
				smime.last = &smime.first;
		}
		set_patience();
		a->done(a, &unknown);
		return;
	}
	set_patience();
}

void store_smime_ask(struct store_smime_ask *a)
{
	a->next = NULL;
	a->due = clock_monotonic_ms() + WAIT_MS;
	*smime.last = a;
	smime.last = &a->next;
	if (!smime.busy && !smime.stopping)
		loop_timer_set(&smime.timer, 0);
	set_patience();
}

void store_smime_start(void)
{
	loop_timer_init(&smime.timer, &store_role.process->loop, on_timer, NULL);
	loop_timer_init(&smime.patience, &store_role.process->loop, on_patience, NULL);
	smime.last = &smime.first;
	smime.stopping = false;
}

void store_smime_stop(void)
{
	struct store_smime_ask *a = smime.ask, *next = smime.first;
	smime.stopping = true;
	loop_timer_cancel(&smime.timer);
	loop_timer_cancel(&smime.patience);
	if (smime.request)
		calls_forget(store_search_calls(), smime.request);
	smime.request = 0;
	smime.ask = smime.first = NULL;
	smime.last = &smime.first;
	for (; a || next; a = NULL) {
		if (a == NULL) {
			a = next;
			next = a->next;
		}
		a->done(a, &unknown);
	}
}
