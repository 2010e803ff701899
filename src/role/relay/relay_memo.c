/*
 * Memos on their way to store and back: see relay_memo.h. What is to be kept waits in a map, so that of many
 * changes of one memo only the last is sent; one message is under way at a time. Trouble makes it wait, and
 * the next store is told what the last one did not confirm.
 */
#include "role/relay/relay_memo.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "io/loop.h"

enum {
	AGAIN_MS = 1000, /* after an error */
	SETTLE_MS = 200, /* changes that come together go together */
	AT_ONCE = 64,    /* memos of one message */
	AT_ONCE_BYTES = 128 * 1024,
	NAME_MAX_BYTES = 255
};

struct waiting {
	enum relay_memo kind;
	char *name;
	size_t name_len;
	char *value;
	size_t value_len;
	int64_t expires;
	bool sent; /* with the message under way */
};

static struct {
	struct calls *store;
	relay_memo_recall *recalls[RELAY_MEMO_KINDS];
	void (*loaded)(void);
	struct loop_timer timer;
	struct map waiting; /* kind and name -> struct waiting */
	enum relay_memo loading;
	char after[NAME_MAX_BYTES + 1];
	bool ready, is_loaded;
	bool given_up;   /* mail is taken before they are loaded */
	int64_t trouble; /* monotonic: the first time that store could not read them; 0: it never did */
	uint32_t asked, telling; /* requests */
} memos;

/* A disk that is slow or full for a moment recovers within minutes; mail that waits longer is missed. */
int64_t relay_memo_patience_ms = 10 * 60 * 1000;

static void list_more(void);
static void tell(void);

static void later(int64_t ms)
{
	loop_timer_set(&memos.timer, ms);
}

static void on_timer(void *arg)
{
	(void)arg;
	if (memos.store == NULL)
		return;
	if (!memos.is_loaded && memos.asked == 0)
		list_more();
	tell();
}

/* ---- what was known ---- */

static void take_memos(const struct message_memos *m)
{
	const struct message_memo *list = m->memos.items;
	for (size_t i = 0; i < m->memos.count; i++)
		memos.recalls[memos.loading](list[i].name, list[i].value);
	if (m->more && m->last.len > 0 && m->last.len < sizeof memos.after) {
		memcpy(memos.after, m->last.data, m->last.len);
		memos.after[m->last.len] = '\0';
	} else {
		memos.after[0] = '\0';
		memos.loading++;
	}
	list_more();
}

/* Store cannot read them. */
static void note_trouble(int error)
{
	int64_t now = clock_monotonic_ms();
	log_event(LOG_WARNING, "-", "memos-not-read", log_errno(error));
	if (memos.trouble == 0)
		memos.trouble = now;
	if (memos.given_up || now - memos.trouble < relay_memo_patience_ms)
		return;
	memos.given_up = true;
	log_event(LOG_ERROR, "-", "memos-given-up",
	    log_string("do",
	        "see why the disk cannot be read; meanwhile mail is sent without what was known of other "
	        "hosts: an MTA-STS policy counts again when it has been fetched anew"));
	memos.loaded();
}

static bool on_memos(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_memos m;
	(void)arg;
	if (frame && !link_decode(link, frame, &m))
		return false;
	memos.asked = 0;
	if (frame == NULL)
		return true; /* the next store is asked */
	if (m.error) {
		note_trouble((int)m.error);
		later(AGAIN_MS);
	} else {
		take_memos(&m);
	}
	return true;
}

static void list_more(void)
{
	while (memos.loading < RELAY_MEMO_KINDS && memos.recalls[memos.loading] == NULL)
		memos.loading++;
	if (memos.loading == RELAY_MEMO_KINDS) {
		memos.is_loaded = true;
		if (!memos.given_up)
			memos.loaded();
		return;
	}
	struct message_memo_list m = {.kind = memos.loading, .after = view_from_string(memos.after)};
	memos.asked = calls_ask(memos.store, MESSAGE_MEMO_LIST, &m, on_memos, NULL);
}

bool relay_memo_is_loaded(void)
{
	return !memos.ready || memos.is_loaded || memos.given_up;
}

/* ---- what is to be kept ---- */

static void free_waiting(struct waiting *w)
{
	mem_free(w->name);
	mem_free(w->value);
	mem_free(w);
}

/* What was set anew meanwhile is another one, and stays. */
static void forget_sent(void)
{
	size_t position = 0;
	struct view key;
	void *value;
	while (map_each(&memos.waiting, &position, &key, &value)) {
		struct waiting *w = value;
		if (!w->sent)
			continue;
		log_event(LOG_DEBUG, "-", "memo-kept", log_text("memo", view_of(w->name, w->name_len)));
		map_remove(&memos.waiting, key);
		free_waiting(w);
		position = 0; /* a removal may have moved an entry to a slot that was passed */
	}
}

static void unsend(void)
{
	size_t position = 0;
	void *value;
	while (map_each(&memos.waiting, &position, NULL, &value))
		((struct waiting *)value)->sent = false;
}

static bool on_kept(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_result m = {0};
	(void)arg;
	if (frame && !link_decode(link, frame, &m))
		return false;
	memos.telling = 0;
	if (frame && m.error == 0) {
		forget_sent();
		if (memos.waiting.count > 0)
			later(1);
		return true;
	}
	unsend();
	if (frame) {
		log_event(LOG_WARNING, "-", "memos-not-kept", log_errno((int)m.error));
		later(AGAIN_MS);
	}
	return true;
}

/* One message, of memos of one kind that no message has yet. False: there are none. */
static bool tell_some(void)
{
	struct message_memo list[AT_ONCE];
	struct message_memo_set m = {.memos = {.items = list}};
	size_t position = 0, bytes = 0;
	void *value;
	if (!memos.ready || memos.store == NULL)
		return false;
	while (map_each(&memos.waiting, &position, NULL, &value) && m.memos.count < AT_ONCE &&
	       bytes < AT_ONCE_BYTES) {
		struct waiting *w = value;
		if (w->sent || (m.kind != 0 && m.kind != (uint64_t)w->kind))
			continue;
		m.kind = w->kind;
		list[m.memos.count++] = (struct message_memo){.name = view_of(w->name, w->name_len),
		    .value = view_of(w->value, w->value_len),
		    .expires = w->expires > 0 ? (uint64_t)w->expires : 0};
		bytes += w->value_len + w->name_len;
		w->sent = true;
	}
	if (m.memos.count == 0)
		return false;
	memos.telling = calls_ask(memos.store, MESSAGE_MEMO_SET, &m, on_kept, NULL);
	if (memos.telling == 0)
		unsend();
	return memos.telling != 0;
}

static void tell(void)
{
	if (memos.telling == 0)
		(void)tell_some();
}

static bool is_name(struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] <= ' ' || name.data[i] > '~')
			return false;
	return name.len > 0 && name.len <= NAME_MAX_BYTES;
}

void relay_memo_set(enum relay_memo kind, struct view name, int64_t expires, struct view value)
{
	char key[1 + NAME_MAX_BYTES];
	if (!memos.ready || !is_name(name) || value.len > RELAY_MEMO_VALUE_MAX)
		return;
	struct waiting *w = mem_alloc(sizeof *w);
	*w = (struct waiting){.kind = kind,
	    .name = mem_string(name),
	    .name_len = name.len,
	    .value = mem_alloc(value.len + 1),
	    .value_len = value.len,
	    .expires = expires};
	if (value.len > 0)
		memcpy(w->value, value.data, value.len);
	key[0] = (char)kind;
	memcpy(key + 1, name.data, name.len);
	struct waiting *old = map_set(&memos.waiting, view_of(key, 1 + name.len), w);
	if (old)
		free_waiting(old);
	/* The first one has set the timer: those that come behind it, however many, do not put it off. */
	if (memos.telling == 0 && old == NULL && memos.waiting.count == 1)
		later(SETTLE_MS);
}

/* ---- life ---- */

void relay_memo_init(
    struct loop *loop, relay_memo_recall *const recalls[RELAY_MEMO_KINDS], void (*loaded)(void))
{
	memcpy(memos.recalls, recalls, sizeof memos.recalls);
	memos.loaded = loaded;
	memos.loading = (enum relay_memo)1;
	memos.is_loaded = memos.given_up = false;
	memos.trouble = 0;
	memos.after[0] = '\0';
	memos.asked = memos.telling = 0;
	map_init(&memos.waiting);
	loop_timer_init(&memos.timer, loop, on_timer, NULL);
	memos.ready = true;
}

void relay_memo_link(struct calls *store)
{
	memos.store = store;
	/* Its channel is another one: what was asked on the last has been answered with NULL. */
	if (memos.ready)
		later(1);
}

/* All kinds: this process does not live to hear the answers. */
void relay_memo_drain(void)
{
	while (tell_some())
		;
}

void relay_memo_done(void)
{
	size_t position = 0;
	void *value;
	if (!memos.ready)
		return;
	memos.ready = false;
	loop_timer_cancel(&memos.timer);
	while (map_each(&memos.waiting, &position, NULL, &value))
		free_waiting(value);
	map_done(&memos.waiting);
}
