#include "mail_world.h"

#include <poll.h>
#include <string.h>

#include "../../account/support.h"
#include "master/roles.h"
#include "mime/digest.h"
#include "mime/trailer.h"
#include "role/store/right.h"
#include "role/store/store_smime.h"

/* web's end, which may ask all that imap may, and more. */
static const struct role_hears hears[] = {{ROLE_STORE, account_client_web_verbs}, {0}};
static const struct role_functions functions = {.hears = hears};
static const struct role edge_role = {ROLE_WEB, "web", .functions = &functions};

static struct role_process store_process, edge_process;
static uint64_t answers;

void mail_world_begin_on(struct store *store)
{
	memset(&store_process, 0, sizeof store_process);
	memset(&edge_process, 0, sizeof edge_process);
	store_process.role = role_by_name("store");
	edge_process.role = &edge_role;
	store_process.introduced.fd = edge_process.introduced.fd = -1;
	loop_init(&store_process.loop);
	loop_init(&edge_process.loop);
	settings_init(&store_process.settings);
	store_role.process = &store_process;
	store_role.store = store;
	accounts_init(&store_role.accounts, store, 86400);
	store_smime_start();
}

void mail_world_begin(void)
{
	mail_world_begin_on(store_memory());
}

void mail_world_end(void)
{
	store_smime_stop();
	store_smime_forget();
	right_end_all();
	mail_world_settle();
	accounts_done(&store_role.accounts);
	store_close(store_role.store);
	store_role.store = NULL;
	settings_done(&store_process.settings);
	loop_done(&store_process.loop);
	loop_done(&edge_process.loop);
}

struct role_process *mail_world_edge(void)
{
	return &edge_process;
}

uint64_t mail_world_account(unsigned number)
{
	if (test_create(&store_role.accounts, test_account(number), 0) != 0)
		fail_msg("no account %u", number);
	return test_account(number);
}

/* ---- messages ---- */

struct delivery {
	struct account_delivery d;
	bool done;
	int result;
};

static void delivered(struct account_delivery *d, int result)
{
	struct delivery *w = d->arg;
	w->done = true;
	w->result = result;
}

static struct view next_sender, next_filed;

void mail_world_next(struct view sender, struct view filed)
{
	next_sender = sender;
	next_filed = filed;
}

uint32_t mail_world_put(
    unsigned account, uint32_t mailbox, uint64_t flags, int64_t internaldate, struct view message)
{
	struct mime_digest *digest = mime_digest_new();
	struct message_digest known;
	struct buf trailer;
	buf_init(&trailer, TRAILER_MAX);
	mime_digest_feed(digest, message);
	mime_digest_end(digest, &known);
	buf_append(&trailer, known.trailer);
	if (next_sender.len > 0)
		trailer_append(&trailer, TRAILER_SENDER, next_sender);
	struct account_wanted_place place = {.number = mailbox, .flags = flags};
	/* What merely comes names no mailbox. */
	bool comes = mailbox == MAILBOX_INBOX && flags == 0;
	struct account_target target = {.shard = test_account(account),
	    .places = &place,
	    .place_count = comes ? 0 : 1,
	    .filed = next_filed};
	struct delivery w = {.d = {.upload = store_upload_begin(store_role.store),
	                         .body_len = message.len,
	                         .internaldate = internaldate,
	                         .summary = known.summary,
	                         .message_id_hash = known.message_id_hash,
	                         .references = known.references,
	                         .reference_count = known.reference_count,
	                         .targets = &target,
	                         .target_count = 1,
	                         .done = delivered,
	                         .arg = &w}};
	if (store_upload_append(w.d.upload, message) != 0 ||
	    store_upload_append(w.d.upload, buf_view(&trailer)) != 0)
		fail_msg("the store takes no body");
	account_deliver(&store_role.accounts, &w.d);
	test_wait(store_role.store, &w.done);
	mime_digest_free(digest);
	buf_done(&trailer);
	mail_world_next((struct view){0}, (struct view){0});
	return w.result == 0 ? target.uid : 0;
}

uint32_t mail_world_deliver(unsigned account, const char *text)
{
	struct buf message;
	struct view rest = view_from_string(text), line;
	buf_init(&message, 1 << 24);
	while (view_next(&rest, '\n', &line)) {
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
		buf_append(&message, line);
		buf_append(&message, VIEW("\r\n"));
	}
	uint32_t uid = mail_world_put(account, MAILBOX_INBOX, 0, 0, buf_view(&message));
	buf_done(&message);
	return uid;
}

/* ---- sessions ---- */

static void on_answer(void *arg, uint32_t request, unsigned type, const void *answer)
{
	struct mail_session *s = arg;
	answers++;
	if (s->answered)
		s->answered(s->arg, request, type, answer);
}

static bool on_is_full(void *arg)
{
	struct mail_session *s = arg;
	return s->full && s->full(s->arg);
}

static void on_lost(void *arg)
{
	struct mail_session *s = arg;
	if (s->lost)
		s->lost(s->arg);
}

void (*mail_session_branched)(void *arg, uint32_t request, int channel);

static void on_branched(void *arg, uint32_t request, int channel)
{
	mail_session_branched(arg, request, channel);
}

static const struct account_client_handler handler = {
    .answer = on_answer, .is_full = on_is_full, .lost = on_lost, .branched = on_branched};

int mail_world_channel(unsigned account)
{
	int pair[2];
	if (channel_pair(pair) != 0)
		fail_msg("no channel");
	right_open(
	    test_account(account), RIGHT_MAIL | RIGHT_SCRIPTS | RIGHT_SUBMIT | RIGHT_PUSH, ROLE_WEB, pair[0]);
	return pair[1];
}

void mail_session_open(struct mail_session *s, unsigned account)
{
	mail_session_open_on(s, mail_world_channel(account));
}

void mail_session_open_on(struct mail_session *s, int channel)
{
	account_client_init(&s->client, &handler, s, NULL);
	account_client_open(&s->client, &edge_process, channel);
}

void mail_session_close(struct mail_session *s)
{
	account_client_close(&s->client);
}

bool mail_world_wait(void)
{
	struct pollfd poller = {.fd = store_event_fd(store_role.store), .events = POLLIN};
	return poll(&poller, 1, TEST_PATIENCE_MS) > 0;
}

/* What a turn does shows in the store's counts and in the answers; a frame is on its way for a turn or two.
 */
void mail_world_settle(void)
{
	enum { QUIET = 8 };
	struct store_stats before, after;
	for (int quiet = 0; quiet < QUIET; quiet++) {
		uint64_t answered = answers;
		store_stats(store_role.store, &before);
		loop_turn(&edge_process.loop);
		loop_turn(&store_process.loop);
		store_dispatch(store_role.store);
		store_stats(store_role.store, &after);
		if (answers != answered || after.commits != before.commits || after.reads != before.reads ||
		    after.blob_reads != before.blob_reads)
			quiet = -1;
	}
}
