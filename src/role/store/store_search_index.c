/*
 * One account's turn: its state says up to which email its segments reach; those behind are read in batches,
 * each body goes to the content role and its terms come back, and a thread builds segments of them. Nothing
 * here is lost that matters: after a crash the same messages are read once more.
 */
#include "role/store/store_search.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "mime/message_text.h"
#include "role/store/content_turn.h"
#include "role/store/search_thread.h"
#include "role/store/store_private.h"

enum {
	/* Mail comes first: with more commits than this in LOAD_MS, each batch is followed by a pause. The
	 * load that indexing then makes is a few percent. */
	LOAD_MS = 100,
	LOAD_COMMITS = 20,
	PAUSE_MS = 200,
	CONTENT_MS = 200, /* until the content role is looked for again */
	CHANNEL_MS = 5,   /* until its channel is, when it is full */
	BATCH = 64,       /* messages that are fetched together */
	BATCH_BYTES = 256 * 1024,
	LISTS_MAX = 1 << 20, /* octets of terms that wait for the thread */
	PIECE = 128 * 1024,
	TRIES = 2, /* a message that ends the content role so often is not read */
	/* Nor is one that was on its way to content so often when it ended: whatever content does with the
	   pieces, there shall be an end. Others that end it so often in a row are rare. */
	LOSSES = 8
};

struct item {
	uint64_t emailid;
	size_t from, len; /* of its list */
	bool cut;
};

struct indexing {
	struct account_search state;
	uint64_t reached;    /* emails up to it have been listed */
	uint64_t considered; /* and up to it have been given to the builder, or left out */

	struct account_email_ids listing;
	uint64_t ids[BATCH];
	size_t next, listed;
	struct account_fetch fetch;
	size_t at; /* of the fetched messages */
	bool fetched, listing_done;

	/* Calls of the store and of the thread that have not come back: it is freed after the last one. */
	unsigned under_way;
	bool ended;

	/* The message that content is reading. */
	uint32_t request, read_request; /* read_request: the one that the piece under way is for */
	bool reading;
	unsigned tries, losses; /* losses: content ended before it had all of it */
	struct content_turn turn;
	bool unsearchable;
	uint64_t sent;
	struct store_blob_part part;
	struct store_blob_read read;
	struct buf list;

	/* What the thread is given. */
	struct search_job job;
	struct segment_builder *builder;
	struct item items[BATCH];
	size_t item_count;
	struct buf lists;
	bool finish, finished;
	struct segment_head head;
	struct search_sink sink;
	struct account_search_change change;
};

static struct {
	struct calls content;
	struct loop_timer pause;
	void (*after_pause)(struct indexing *x);
	struct indexing *now;
	store_search_indexed *done;
	bool stopping;
	uint64_t messages, commits;
	int64_t commits_at;
	bool busy;
} search_index;

/* ---- pauses ---- */

static bool mail_is_busy(void)
{
	struct store_stats stats;
	int64_t now = clock_monotonic_ms();
	if (now - search_index.commits_at < LOAD_MS)
		return search_index.busy;
	store_stats(store_role.store, &stats);
	search_index.busy = stats.commits - search_index.commits >
	                    LOAD_COMMITS * (uint64_t)(now - search_index.commits_at) / LOAD_MS;
	search_index.commits = stats.commits;
	search_index.commits_at = now;
	return search_index.busy;
}

static void paused(void *arg)
{
	void (*go_on)(struct indexing *) = search_index.after_pause;
	(void)arg;
	search_index.after_pause = NULL;
	if (search_index.now && go_on)
		go_on(search_index.now);
}

static void go_on_after(int64_t ms, void (*go_on)(struct indexing *))
{
	search_index.after_pause = go_on;
	loop_timer_set(&search_index.pause, ms);
}

/* ---- the end of an account's turn ---- */

static void free_indexing(struct indexing *x)
{
	if (x->fetched)
		account_fetch_free(&x->fetch);
	segment_builder_free(x->builder);
	search_sink_abort(&x->sink);
	buf_done(&x->list);
	buf_done(&x->lists);
	mem_free(x->part.out);
	mem_free(x);
}

static void end_turn(struct indexing *x, int result)
{
	uint64_t account = x->state.shard;
	search_index.now = NULL;
	search_index.after_pause = NULL;
	if (x->request)
		calls_forget(&search_index.content, x->request);
	x->request = 0;
	x->ended = true;
	if (x->under_way == 0)
		free_indexing(x);
	search_index.done(account, result);
}

static void begin(struct indexing *x)
{
	x->under_way++;
}

/* A call has come back, well or not. False: the turn is over, now or since long. */
static bool back(struct indexing *x, int result)
{
	x->under_way--;
	if (x->ended) {
		if (x->under_way == 0)
			free_indexing(x);
		return false;
	}
	if (result)
		end_turn(x, result);
	return result == 0;
}

/* ---- the thread's part ---- */

static int add_items(struct indexing *x)
{
	struct view all = buf_view(&x->lists);
	int error = 0;
	for (size_t i = 0; i < x->item_count && error == 0; i++) {
		const struct item *item = &x->items[i];
		struct view list = view_take(view_skip(all, item->from), item->len);
		error = segment_builder_add(x->builder, item->emailid, list, item->cut);
		if (error == -EBADMSG) /* the content role is not believed */
			error = segment_builder_add(x->builder, item->emailid, (struct view){0}, true);
	}
	return error;
}

static int run_job(struct search_job *job)
{
	struct indexing *x = container_of(job, struct indexing, job);
	struct segment_sink sink = search_sink(&x->sink);
	int error = add_items(x);
	x->finished = false;
	if (error || segment_builder_count(x->builder) == 0)
		return error;
	if (!x->finish && !segment_builder_is_full(x->builder) &&
	    segment_builder_count(x->builder) + BATCH <= SEGMENT_BUILD_MESSAGES)
		return 0;
	x->finished = true;
	return segment_builder_finish(x->builder, &sink, &x->head);
}

static void take_next(struct indexing *x);

static void changed(struct account_search_change *c, int result)
{
	struct indexing *x = container_of(c, struct indexing, change);
	bool finish = x->finish;
	x->state.state++;
	x->state.covered = x->considered;
	if (!back(x, result))
		return;
	if (finish)
		end_turn(x, 0);
	else
		take_next(x);
}

static void commit_segment(struct indexing *x)
{
	struct buf head;
	x->change = (struct account_search_change){.shard = x->state.shard,
	    .state = x->state.state,
	    .covered = x->considered,
	    .adds = x->finished,
	    .done = changed};
	if (x->finished) {
		buf_init(&head, ACCOUNT_SEGMENT_HEAD_MAX);
		segment_head_encode(&x->head, &head);
		x->change.added.head_len = head.len;
		memcpy(x->change.added.head, buf_view(&head).data, head.len);
		buf_done(&head);
		segment_builder_free(x->builder);
		x->builder = segment_builder_new();
	}
	for (size_t i = 0; i < SEGMENT_PARTS; i++) {
		x->change.uploads[i] = x->sink.uploads[i];
		x->sink.uploads[i] = NULL;
	}
	begin(x);
	account_search_change(&store_role.accounts, &x->change);
}

static void job_done(struct search_job *job, int result)
{
	struct indexing *x = container_of(job, struct indexing, job);
	x->item_count = 0;
	buf_clear(&x->lists);
	if (!back(x, result))
		return;
	if (x->finished || (x->finish && x->considered > x->state.covered)) {
		commit_segment(x);
	} else if (x->finish) {
		end_turn(x, 0);
	} else {
		take_next(x);
	}
}

static void give_to_thread(struct indexing *x, bool finish)
{
	x->finish = finish;
	x->job = (struct search_job){.run = run_job, .done = job_done};
	begin(x);
	search_job_add(SEARCH_BUILDS, &x->job);
}

/* ---- one message ---- */

static void send_message(struct indexing *x);

static struct account_fetched *message_of(struct indexing *x)
{
	return &x->fetch.messages[x->at];
}

static void message_ended(struct indexing *x, bool cut)
{
	struct view list = buf_view(&x->list);
	struct item *item = &x->items[x->item_count++];
	*item = (struct item){
	    .emailid = message_of(x)->emailid, .from = x->lists.len, .len = list.len, .cut = cut};
	if (buf_append(&x->lists, list) != 0) {
		item->len = 0;
		item->cut = true;
	}
	search_index.messages++;
	x->considered = item->emailid;
	x->at++;
	x->tries = x->losses = 0;
	take_next(x);
}

static void unsearchable(struct indexing *x, const char *why)
{
	log_event(LOG_WARNING, "-", "search-message-not-read", log_u64("account", x->state.shard),
	    log_u64("email", message_of(x)->emailid), log_string("why", why));
	buf_clear(&x->list);
	message_ended(x, true);
}

static void try_again(struct indexing *x)
{
	if (search_index.content.link.up && !x->reading)
		send_message(x);
	else
		go_on_after(CONTENT_MS, try_again);
}

/* The content role has ended, and this message may have been the cause. */
static void lost(struct indexing *x, const struct link *link)
{
	bool replaced = link == &search_index.content.old; /* it was told to end */
	if (!replaced && content_turn_was_on(&x->turn))
		x->tries++;
	else if (!replaced && x->turn.number == 0)
		x->losses++;
	if (x->tries >= TRIES || x->losses >= LOSSES)
		unsearchable(x, "it ends the process that reads it");
	else
		go_on_after(CONTENT_MS, try_again);
}

static bool answered(void *arg, struct link *link, struct channel_frame *frame)
{
	struct indexing *x = arg;
	struct message_terms m;
	if (frame == NULL) {
		x->request = 0;
		lost(x, link);
		return true;
	}
	if (frame->type != MESSAGE_TERMS || !link_decode(link, frame, &m))
		return true;
	bool fits = buf_append(&x->list, m.bytes) == 0;
	if (!m.last)
		return false;
	x->request = 0;
	content_turn_answered(&x->turn);
	if (m.error == -ENOMEM && ++x->tries < TRIES)
		go_on_after(CONTENT_MS, try_again);
	else if (m.error || !fits)
		unsearchable(x, "it takes too much memory");
	else
		message_ended(x, m.cut);
	return true;
}

static void send_more(struct indexing *x);

/* All of it, or as much as is ever read. */
static bool is_sent(struct indexing *x)
{
	return x->sent >= message_of(x)->body_len || x->sent > MESSAGE_TEXT_MAX;
}

static void send_piece(struct indexing *x, struct view bytes, bool last)
{
	struct message_terms_of m = {.last = last, .bytes = bytes};
	if (x->request == 0)
		x->request = calls_ask(&search_index.content, MESSAGE_TERMS_OF, &m, answered, x);
	else
		calls_say_more(&search_index.content, x->request, MESSAGE_TERMS_OF, &m);
	if (last && x->request)
		content_turn_sent(&x->turn, &search_index.content, x->request);
}

static void piece_read(struct store_blob_read *r)
{
	struct indexing *x = container_of(r, struct indexing, read);
	int result = x->part.result;
	bool damaged = result == -EBADMSG || result == -ENOENT;
	x->reading = false;
	if (!back(x, damaged ? 0 : result) || x->request == 0 || x->request != x->read_request)
		return; /* content has ended meanwhile, and that has been seen to */
	if (damaged) {
		calls_forget(&search_index.content, x->request);
		x->request = 0;
		unsearchable(x, "it is damaged");
		return;
	}
	x->sent += x->part.length;
	send_piece(x, view_of(x->part.out, x->part.length), is_sent(x));
	send_more(x);
}

/* Of a body that was not fetched whole: the next piece, when the channel takes it. */
static void send_more(struct indexing *x)
{
	const struct account_fetched *m = message_of(x);
	if (x->request == 0 || is_sent(x))
		return;
	if (x->reading || calls_backlog(&search_index.content, x->request) >= CHANNEL_HIGH_WATER) {
		go_on_after(CHANNEL_MS, send_more);
		return;
	}
	if (x->part.out == NULL)
		x->part.out = mem_alloc(PIECE);
	uint64_t left = m->body_len - x->sent;
	x->part.id = m->blob;
	x->part.offset = x->sent;
	x->part.length = left < PIECE ? (size_t)left : PIECE;
	x->read = (struct store_blob_read){.parts = &x->part, .count = 1, .done = piece_read};
	x->reading = true;
	x->read_request = x->request;
	begin(x);
	store_blob_read(store_role.store, &x->read);
}

static void send_message(struct indexing *x)
{
	const struct account_fetched *m = message_of(x);
	struct view rest = m->body;
	bool whole = m->body.len >= m->body_len;
	buf_clear(&x->list);
	x->request = 0;
	x->turn = (struct content_turn){0};
	x->sent = m->body.len;
	send_piece(x, m->prefix, whole && rest.len == 0);
	if (x->request == 0) {
		go_on_after(CONTENT_MS, try_again);
		return;
	}
	while (rest.len > 0) {
		struct view piece = view_take(rest, PIECE);
		rest = view_skip(rest, piece.len);
		send_piece(x, piece, whole && rest.len == 0);
	}
	send_more(x);
}

/* ---- batches ---- */

static void fetched(struct account_fetch *f, int result)
{
	struct indexing *x = f->arg;
	x->fetched = true;
	x->at = 0;
	if (back(x, result))
		take_next(x);
}

static void fetch_more(struct indexing *x)
{
	x->fetch = (struct account_fetch){.shard = x->state.shard,
	    .emailids = x->ids + x->next,
	    .emailid_count = x->listed - x->next,
	    .budget = BATCH_BYTES,
	    .done = fetched,
	    .arg = x};
	begin(x);
	account_fetch(&store_role.accounts, &x->fetch);
}

static void listed(struct account_email_ids *e, int result)
{
	struct indexing *x = container_of(e, struct indexing, listing);
	if (!back(x, result))
		return;
	x->next = 0;
	x->listed = e->count;
	x->listing_done = e->count < e->room;
	x->reached = x->listing_done ? x->state.next_email - 1 : e->ids[e->count - 1];
	take_next(x);
}

static void list_more(struct indexing *x)
{
	x->listing = (struct account_email_ids){.shard = x->state.shard,
	    .after = x->reached,
	    .last = x->state.next_email - 1,
	    .ids = x->ids,
	    .room = BATCH,
	    .done = listed};
	begin(x);
	account_email_ids(&store_role.accounts, &x->listing);
}

/* A message that could not be fetched. */
static void skip_message(struct indexing *x, const struct account_fetched *m)
{
	if (m->result == -ENOENT) {
		x->considered = m->emailid;
		x->at++;
		take_next(x);
	} else if (m->result == -EBADMSG) {
		unsearchable(x, "it is damaged");
	} else {
		end_turn(x, m->result);
	}
}

/* What comes next: a message of the fetched ones, more of them, or more of the list. */
static void take_next(struct indexing *x)
{
	if (x->item_count == BATCH || x->lists.len > LISTS_MAX) {
		give_to_thread(x, false);
		return;
	}
	if (x->fetched && x->at < x->fetch.count) {
		struct account_fetched *m = message_of(x);
		if (m->result)
			skip_message(x, m);
		else
			try_again(x);
		return;
	}
	if (x->fetched) {
		x->next += x->fetch.count;
		account_fetch_free(&x->fetch);
		x->fetched = false;
		if (mail_is_busy()) {
			go_on_after(PAUSE_MS, take_next);
			return;
		}
	}
	if (x->next < x->listed) {
		fetch_more(x);
	} else if (!x->listing_done) {
		list_more(x);
	} else {
		x->considered = x->reached;
		give_to_thread(x, true);
	}
}

static void state_read(struct account_search *s, int result)
{
	struct indexing *x = container_of(s, struct indexing, state);
	struct segment_head *heads;
	if (!back(x, result))
		return;
	heads = mem_array(ACCOUNT_SEGMENTS_MAX, sizeof *heads);
	int error = store_search_heads(s, heads);
	mem_free(heads);
	if (error) {
		end_turn(x, -EILSEQ);
		return;
	}
	if (s->next_email == 0 || s->covered >= s->next_email - 1) {
		end_turn(x, 0);
		return;
	}
	x->reached = x->considered = s->covered;
	list_more(x);
}

/* ---- the rest of the search ---- */

void store_search_index(uint64_t account, store_search_indexed *done)
{
	struct indexing *x = mem_alloc(sizeof *x);
	x->state = (struct account_search){.shard = account, .done = state_read};
	buf_init(&x->list, SEARCH_TERMS_WRITTEN_MAX);
	buf_init(&x->lists, LISTS_MAX + SEARCH_TERMS_WRITTEN_MAX);
	x->builder = segment_builder_new();
	search_index.now = x;
	search_index.done = done;
	begin(x);
	account_search_read(&store_role.accounts, &x->state);
}

struct calls *store_search_calls(void)
{
	return &search_index.content;
}

void store_search_content(struct role_process *p, int fd)
{
	calls_succeed(&search_index.content, p, fd, ROLE_CONTENT);
}

void store_search_index_figures(struct store_search_figures *f)
{
	f->messages = search_index.messages;
	f->content_up = search_index.content.link.up;
}

void store_search_index_start(void)
{
	loop_timer_init(&search_index.pause, &store_role.process->loop, paused, NULL);
}

void store_search_index_stop(void)
{
	search_index.stopping = true;
	loop_timer_cancel(&search_index.pause);
	if (search_index.now) {
		search_sink_abort(&search_index.now->sink);
		end_turn(search_index.now, -ECANCELED);
	}
	calls_close(&search_index.content);
}
