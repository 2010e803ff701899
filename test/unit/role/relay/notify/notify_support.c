#include "notify_support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "format/limits.h"
#include "mime/trailer.h"
#include "role/relay/notify/relay_notify.h"
#include "smtp/smtp_body.h"
#include "master/roles.h"

struct server server;

static struct role_process process;
static struct peer {
	struct channel channel;
	bool up;
} store, auth, keys;
static struct arena arena;
static int clock_file = -1;
static int64_t ahead;
static struct buf log_lines;
static uint64_t number;
static uint64_t pending_upload;
static uint32_t pending_request;
static struct buf uploads[64];

/* ---- store ---- */

static void close_peer(struct peer *p)
{
	if (p->up)
		channel_done(&p->channel);
	p->up = false;
}

/* What goes wrong here, too, when memory is made to fail: then this peer dies. */
static bool good(struct peer *p, int error)
{
	if (error == 0)
		return true;
	assert_true(server.faulty);
	close_peer(p);
	return false;
}

static void say(struct peer *p, unsigned type, uint32_t request, const void *m)
{
	if (p->up)
		good(p, ipc_send(&p->channel, type, request, m, -1));
}

static struct item *item_of(struct view id)
{
	for (size_t i = 0; i < server.count; i++)
		if (view_equal(id, view_from_string(server.items[i].id)))
			return &server.items[i];
	fail();
	return NULL;
}

static bool is_due(const struct item *i)
{
	bool any = i->count == 0;
	for (size_t k = 0; k < i->count; k++)
		any = any || !i->told[k];
	return any && !i->leased && !i->gone;
}

static void give(struct item *i, uint32_t request)
{
	struct message_queue_recipient left[RECIPIENTS];
	struct message_queue_message m = i->m;
	memcpy(left, i->recipients, i->count * sizeof *left);
	for (size_t k = 0; k < i->count; k++) {
		left[k].number = k;
		if (i->told[k])
			left[k].action = ACTION_NONE;
	}
	m.number = number;
	m.id = view_from_string(i->id);
	m.terms.sender = view_from_string(i->sender);
	m.size = buf_view(&i->body).len;
	m.bytes = view_take(buf_view(&i->body), server.give);
	m.recipients = (struct codec_list){.items = left, .count = i->count};
	i->leased = true;
	say(&store, MESSAGE_QUEUE_MESSAGE, request, &m);
}

static void on_take(const struct message_queue_take *m, uint32_t request)
{
	struct message_queue_taken taken = {.number = number};
	assert_int_equal(m->number, number);
	assert_in_range(m->messages, 1, RELAY_TAKE_MESSAGES);
	server.takes++;
	for (size_t i = 0; i < server.count; i++) {
		if (!is_due(&server.items[i]))
			continue;
		taken.more = taken.count == m->messages;
		if (taken.more)
			break;
		give(&server.items[i], request);
		taken.count++;
	}
	say(&store, MESSAGE_QUEUE_TAKEN, request, &taken);
}

static struct {
	struct item *item;
	uint64_t offset, length;
	uint32_t request;
} wanted;

void server_send_data(void)
{
	struct message_queue_data data = {.error = server.read_error};
	if (server.read_error == 0)
		data.bytes = view_take(view_skip(buf_view(&wanted.item->body), wanted.offset), wanted.length);
	say(&store, MESSAGE_QUEUE_DATA, wanted.request, &data);
}

static void on_read(const struct message_queue_read *m, uint32_t request)
{
	wanted.item = item_of(m->id);
	wanted.offset = m->offset;
	wanted.length = m->length;
	wanted.request = request;
	assert_in_range(m->length, 1, RELAY_PIECE);
	assert_true(m->offset + m->length <= buf_view(&wanted.item->body).len);
	server.reads++;
	if (!server.withhold_data)
		server_send_data();
}

void server_send_credit(void)
{
	struct message_upload_credit credit = {.upload = pending_upload, .bytes = server.owed};
	if (server.owed > 0)
		say(&store, MESSAGE_UPLOAD_CREDIT, pending_request, &credit);
	server.owed = 0;
}

static void on_upload(const struct message_upload *m, uint32_t request)
{
	struct buf *b = &uploads[m->upload % 64];
	if (b->max == 0)
		buf_init(b, 32 << 20);
	assert_in_range(m->bytes.len, 1, UPLOAD_PIECE);
	if (!good(&store, buf_append(b, m->bytes)))
		return;
	pending_upload = m->upload;
	pending_request = request;
	server.owed += m->bytes.len;
	server.most_owed = server.owed > server.most_owed ? server.owed : server.most_owed;
	if (!server.withhold)
		server_send_credit();
}

static void mark_told(const struct message_deliver *m)
{
	const struct message_delivery_report *r = m->reports.items;
	for (size_t i = 0; i < m->reports.count; i++) {
		struct item *item = item_of(r[i].id);
		assert_true(r[i].recipient < item->count);
		assert_false(item->told[r[i].recipient]);
		assert_int_equal(item->recipients[r[i].recipient].action, r[i].action);
		item->told[r[i].recipient] = true;
		item->leased = false;
	}
}

static bool keep(const struct channel_frame *frame, const struct message_deliver *m)
{
	assert_true(server.delivered < DELIVERIES);
	struct delivery *d = &server.deliveries[server.delivered];
	arena_init(&d->arena, 1 << 20);
	buf_init(&d->text, 32 << 20);
	buf_init(&d->frame, CHANNEL_FRAME_MAX);
	buf_append(&d->frame, frame->payload);
	struct channel_frame copy = {.type = frame->type, .payload = buf_view(&d->frame), .fd = -1};
	if (m->upload)
		buf_append(&d->text, buf_view(&uploads[m->upload % 64]));
	buf_append(&d->text, m->bytes);
	if (good(&store, ipc_decode(&copy, &d->m, &d->arena) || buf_failed(&d->text))) {
		server.delivered++;
		return true;
	}
	buf_done(&d->text);
	buf_done(&d->frame);
	arena_done(&d->arena);
	return false;
}

static void on_deliver(const struct channel_frame *frame, const struct message_deliver *m)
{
	struct message_delivery_result results[400];
	size_t count = m->deliveries.count;
	assert_int_equal(m->id.len, QUEUE_ID_SIZE);
	snprintf(server.last_id, sizeof server.last_id, "%.*s", VIEW_FMT(m->id));
	for (size_t i = 0; i < count; i++)
		results[i] = (struct message_delivery_result){.error = server.error};
	if (server.close_on_deliver) {
		close_peer(&store);
		return;
	}
	if (server.error == 0 && !keep(frame, m))
		return;
	if (server.error == 0)
		mark_told(m);
	if (m->upload)
		buf_clear(&uploads[m->upload % 64]);
	struct message_delivered answer = {.results = {.items = results, .count = count}};
	say(&store, MESSAGE_DELIVERED, frame->request, &answer);
}

static void on_outcome(const struct message_queue_outcome *m)
{
	struct item *i = item_of(m->id);
	assert_int_equal(m->number, number);
	assert_true(i->leased);
	assert_int_equal(m->results.count, i->count);
	i->verdict =
	    m->results.count ? ((const struct message_queue_result *)m->results.items)[0].verdict : 99;
	i->gone = true;
	i->leased = false;
	i->outcomes++;
}

static void unlease(void)
{
	for (size_t i = 0; i < server.count; i++)
		server.items[i].leased = false;
}

static void on_rest(const struct message_queue_rest *m)
{
	assert_int_equal(m->number, number);
	unlease();
	server.rests++;
	server.how = m->how;
	server.seconds = m->seconds;
	snprintf(
	    server.rest_text, sizeof server.rest_text, "%.*s %.*s", VIEW_FMT(m->status), VIEW_FMT(m->text));
}

static void store_received(void *arg, struct channel_frame *frame)
{
	union {
		struct message_queue_take take;
		struct message_queue_read read;
		struct message_upload upload;
		struct message_upload_abort stop;
		struct message_deliver deliver;
		struct message_queue_outcome outcome;
		struct message_queue_rest rest;
		struct message_queue_ready ready;
	} m;
	(void)arg;
	arena_reset(&arena);
	assert_true(ipc_allowed(frame->type, ROLE_RELAY, ROLE_STORE));
	if (!good(&store, ipc_decode(frame, &m, &arena)))
		return;
	if (++server.frames == server.close_after) {
		close_peer(&store);
		return;
	}
	if (frame->type == MESSAGE_QUEUE_TAKE)
		on_take(&m.take, frame->request);
	else if (frame->type == MESSAGE_QUEUE_READ)
		on_read(&m.read, frame->request);
	else if (frame->type == MESSAGE_UPLOAD)
		on_upload(&m.upload, frame->request);
	else if (frame->type == MESSAGE_DELIVER)
		on_deliver(frame, &m.deliver);
	else if (frame->type == MESSAGE_QUEUE_OUTCOME)
		on_outcome(&m.outcome);
	else if (frame->type == MESSAGE_QUEUE_REST)
		on_rest(&m.rest);
	else if (frame->type == MESSAGE_UPLOAD_ABORT)
		server.aborts++;
	else
		assert_int_equal(frame->type, MESSAGE_QUEUE_READY);
}

/* ---- auth: example.org and xn--bcher-kva.example are ours, the latter with a catch-all ---- */

uint64_t account_of(struct view address)
{
	uint64_t account = 0;
	for (size_t i = 0; i < address.len && address.data[i] != '+' && address.data[i] != '@'; i++)
		account = account * 31 + (unsigned char)address.data[i];
	return 100 + account % 1000000;
}

static void resolve(struct view address, uint32_t request)
{
	static const struct message_target team[] = {{.account = 7, .address = {"alice@example.org", 17}},
	    {.account = 8, .address = {"bob@example.org", 15}},
	    {.account = 0, .address = {"carl@Elsewhere.Example", 22}}};
	struct message_target self = {.account = account_of(address), .address = address};
	struct message_resolved m = {.verdict = RESOLVE_LOCAL, .targets = {.items = &self, .count = 1}};
	bool ours = view_ends_nocase(address, VIEW("@example.org")) ||
	            view_ends_nocase(address, VIEW("@xn--bcher-kva.example"));
	if (!ours)
		m = (struct message_resolved){.verdict = RESOLVE_NOT_OURS};
	else if (view_equal(address, VIEW("team@example.org")))
		m.targets = (struct codec_list){.items = (void *)(uintptr_t)team, .count = 3};
	else if (view_starts(address, VIEW("nobody")) || (view_starts_nocase(address, VIEW("srs0")) &&
	                                                     view_ends_nocase(address, VIEW("@example.org"))))
		m = (struct message_resolved){.verdict = RESOLVE_UNKNOWN_USER};
	else if (view_starts(address, VIEW("disabled")))
		m = (struct message_resolved){.verdict = RESOLVE_DISABLED};
	else if (view_starts(address, VIEW("crowded")))
		m = (struct message_resolved){.verdict = RESOLVE_TEMPORARY};
	server.asked++;
	say(&auth, MESSAGE_RESOLVED, request, &m);
}

static void auth_received(void *arg, struct channel_frame *frame)
{
	struct message_resolve m;
	(void)arg;
	arena_reset(&arena);
	if (server.auth_away)
		close_peer(&auth);
	else if (good(&auth, ipc_decode(frame, &m, &arena)))
		resolve(m.address, frame->request);
}

static void keys_received(void *arg, struct channel_frame *frame)
{
	struct message_srs m;
	(void)arg;
	arena_reset(&arena);
	assert_int_equal(ipc_decode(frame, &m, &arena), 0);
	assert_int_equal(m.operation, SRS_REVERSE);
	struct message_srs_answer answer = {.address = VIEW("true@Sender.Example")};
	if (!view_starts(m.address, VIEW("SRS0=good")))
		answer = (struct message_srs_answer){.error = -EACCES};
	say(&keys, MESSAGE_SRS_ANSWER, frame->request, &answer);
}

/* ---- channels ---- */

static void peer_closed(void *arg)
{
	struct peer *p = arg;
	channel_done(&p->channel);
	p->up = false;
}

static void connect_peer(
    struct peer *p, struct calls *calls, enum role_bit bit, void (*received)(void *, struct channel_frame *))
{
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	calls_link(calls, &process, pair[0], bit);
	channel_init(&p->channel, &process.loop, pair[1], received, peer_closed, p);
	p->up = true;
}

void server_return(void)
{
	relay_queue_forget();
	unlease();
	server.close_after = 0;
	server.close_on_deliver = server.auth_away = false;
	if (!store.up)
		connect_peer(&store, &relay_role.store, ROLE_STORE, store_received);
	if (!auth.up)
		connect_peer(&auth, &relay_role.auth, ROLE_AUTH, auth_received);
	server_run();
}

void server_run(void)
{
	size_t before;
	do {
		before = server.frames + server.asked;
		for (int i = 0; i < 200; i++)
			loop_turn(&process.loop);
	} while (server.frames + server.asked != before);
	server.store_up = store.up;
}

void server_offer(void)
{
	struct message_queue_destination m = {.number = ++number, .name = VIEW("@notify")};
	say(&store, MESSAGE_QUEUE_DESTINATION, 0, &m);
	server_run();
}

void server_more(void)
{
	say(&store, MESSAGE_QUEUE_MORE, 0, &(struct message_queue_more){.number = number});
	server_run();
}

void server_pass(int64_t seconds)
{
	ahead += seconds;
	assert_int_equal(pwrite(clock_file, &ahead, sizeof ahead, 0), sizeof ahead);
	/* A simulated clock is looked at every CLOCK_SIMULATED_LOOK_MS. */
	usleep(2 * CLOCK_SIMULATED_LOOK_MS * 1000);
	server_run();
}

static void log_line(struct view line, void *arg)
{
	(void)arg;
	buf_append(&log_lines, line);
}

bool was_logged(const char *words)
{
	buf_append_byte(&log_lines, '\0');
	const char *found = strstr(buf_string(&log_lines), words);
	buf_truncate(&log_lines, log_lines.len - 1);
	return found != NULL;
}

int server_start(void **state)
{
	static char path[] = "/tmp/test-notify-XXXXXX";
	(void)state;
	clock_file = mkstemp(path);
	assert_true(clock_file >= 0);
	assert_int_equal(pwrite(clock_file, &ahead, sizeof ahead, 0), sizeof ahead);
	assert_int_equal(clock_simulate(path), 0);
	unlink(path);
	process.role = role_by_name("relay");
	settings_init(&process.settings);
	process.settings.hostname = VIEW("mail.example.net");
	process.settings.dkim_sign =
	    0; /* keys does not live in this world; test/system/test_signing.py has one that signs */
	relay_role.process = &process;
	relay_role.draining = false;
	calls_init(&relay_role.auth);
	calls_init(&relay_role.keys);
	relay_queue_init(relay_notify_open);
	arena_init(&arena, 4 << 20);
	buf_init(&log_lines, 1 << 22);
	log_capture(log_line, NULL);
	return 0;
}

int server_stop(void **state)
{
	(void)state;
	log_capture(NULL, NULL);
	settings_done(&process.settings);
	arena_done(&arena);
	buf_done(&log_lines);
	for (size_t i = 0; i < 64; i++)
		buf_done(&uploads[i]);
	close(clock_file);
	return 0;
}

int server_reset(void **state)
{
	(void)state;
	memset(&server, 0, sizeof server);
	server.give = 64 * 1024;
	relay_notify_forget();
	relay_role.draining = false;
	buf_clear(&log_lines);
	loop_init(&process.loop);
	connect_peer(&store, &relay_role.store, ROLE_STORE, store_received);
	connect_peer(&auth, &relay_role.auth, ROLE_AUTH, auth_received);
	connect_peer(&keys, &relay_role.keys, ROLE_KEYS, keys_received);
	return 0;
}

int server_forget(void **state)
{
	(void)state;
	relay_queue_forget();
	server_run();
	calls_close(&relay_role.store);
	calls_close(&relay_role.auth);
	calls_close(&relay_role.keys);
	close_peer(&store);
	close_peer(&auth);
	close_peer(&keys);
	for (size_t i = 0; i < server.count; i++)
		buf_done(&server.items[i].body);
	for (size_t i = 0; i < server.delivered; i++) {
		struct delivery *d = &server.deliveries[i];
		mime_parser_free(d->parser);
		buf_done(&d->text);
		buf_done(&d->frame);
		arena_done(&d->arena);
	}
	loop_done(&process.loop);
	return 0;
}

void server_anew(void **state)
{
	server_forget(state);
	server_reset(state);
}

/* ---- messages ---- */

struct item *add_item(const char *sender)
{
	assert_true(server.count < ITEMS);
	struct item *i = &server.items[server.count++];
	snprintf(i->id, sizeof i->id, "message%05zu", server.count);
	i->sender = sender;
	i->m.arrived = (uint64_t)clock_wall() - 100;
	i->m.expires = i->m.arrived + 5 * 86400;
	buf_init(&i->body, 16 << 20);
	item_set_body(i, "Subject: lunch\r\nMessage-ID: <original@example.org>\r\n", 20);
	item_add_recipients(i, 1, ACTION_FAILED);
	return i;
}

void item_set_body(struct item *i, const char *header, size_t body_octets)
{
	buf_clear(&i->body);
	buf_append_string(&i->body, header);
	buf_append_string(&i->body, "\r\n");
	for (size_t n = 0; n < body_octets; n += 20)
		buf_append(&i->body, VIEW("text of a message.\r\n"));
}

void item_add_recipients(struct item *i, size_t count, enum queue_action action)
{
	static char addresses[RECIPIENTS][40];
	for (; count > 0; count--) {
		char *address = addresses[i->count];
		snprintf(address, sizeof addresses[0], "joe%zu@there.example", i->count);
		i->recipients[i->count++] = (struct message_queue_recipient){
		    .address = view_from_string(address),
		    .attempts = 1,
		    .action = action,
		    .last_attempt = (uint64_t)clock_wall() - 10,
		    .status = VIEW("5.1.1"),
		    .reply = VIEW("550 5.1.1 nobody of that name"),
		    .host = VIEW("mx.there.example"),
		    .stage = VIEW("RCPT"),
		};
	}
}

/* ---- deliveries ---- */

struct view delivery_part(const struct delivery *d, int part)
{
	assert_true(part >= 0);
	return view_take(
	    view_skip(buf_view(&d->text), d->tree->parts[part].body_offset), d->tree->parts[part].body_len);
}

int delivery_find(const struct delivery *d, const char *type, const char *subtype)
{
	for (size_t i = 0; i < d->tree->count; i++)
		if (media_type_is(&d->tree->parts[i].type, type, subtype))
			return (int)i;
	return -1;
}

/* Wherever the lines are broken. */
bool delivery_says(const struct delivery *d, const char *words)
{
	struct view rest = buf_view(&d->text);
	struct buf flat;
	buf_init(&flat, rest.len + 1);
	for (size_t i = 0; i < rest.len; i++) {
		bool blank = rest.data[i] == ' ' || rest.data[i] == '\r' || rest.data[i] == '\n';
		if (!blank || (i > 0 && buf_view(&flat).data[flat.len - 1] != ' '))
			buf_append_byte(&flat, blank ? ' ' : rest.data[i]);
	}
	bool found = memmem(buf_view(&flat).data, flat.len, words, strlen(words)) != NULL;
	buf_done(&flat);
	return found;
}

bool all_told(void)
{
	bool all = true;
	for (size_t i = 0; i < server.count; i++)
		for (size_t k = 0; k < server.items[i].count; k++)
			all = all && server.items[i].told[k];
	return all;
}

/* Lines that any host takes, unless the envelope says that it is binary. */
static void check_lines(const struct delivery *d)
{
	struct view rest = buf_view(&d->text), line;
	while (d->m.terms.body != SMTP_BINARYMIME && rest.len > 0 && view_next(&rest, '\n', &line)) {
		assert_true(line.len > 0 && line.data[line.len - 1] == '\r');
		line.len--;
		assert_true(line.len <= LINE_MAX_OCTETS);
		assert_true(view_find(line, '\r') < 0 && view_find(line, '\0') < 0);
		for (size_t i = 0; i < line.len && d->m.terms.body == SMTP_7BIT; i++)
			assert_true((unsigned char)line.data[i] < 0x80);
	}
}

/* What is kept beside it is what a parser makes of it. */
static void check_trailer(struct delivery *d)
{
	struct view encoded;
	struct mime_tree tree;
	struct message_summary summary;
	assert_true(trailer_find(d->m.trailer, TRAILER_STRUCTURE, &encoded));
	assert_int_equal(mime_tree_decode(encoded, &d->arena, &tree), 0);
	assert_int_equal(tree.count, d->tree->count);
	assert_int_equal(tree.size, buf_view(&d->text).len);
	assert_int_equal(message_summary_decode(d->m.summary, &d->arena, &summary), 0);
	assert_true(summary.envelope.subject.len > 0);
	assert_int_equal(summary.envelope.from.count, 1);
	assert_true(d->m.message_id_hash != 0);
}

void delivery_read(struct delivery *d)
{
	d->parser = mime_parser_new();
	d->tree = mime_parse(d->parser, buf_view(&d->text));
	assert_int_equal(d->m.terms.sender.len, 0);
	assert_true(d->m.reports.count > 0);
	assert_true(d->m.deliveries.count > 0);
	check_lines(d);
	check_trailer(d);
	int part = dsn_status_part(d->tree);
	if (part >= 0)
		assert_int_equal(dsn_status_parse(delivery_part(d, part), &d->arena, &d->status), 0);
}

struct delivery *only_delivery(void)
{
	assert_int_equal(server.delivered, 1);
	delivery_read(&server.deliveries[0]);
	return &server.deliveries[0];
}

enum returned delivery_returned(const struct delivery *d)
{
	bool message = delivery_find(d, "message", "rfc822") >= 0,
	     header = delivery_find(d, "text", "rfc822-headers") >= 0;
	assert_false(message && header);
	return message ? WHOLE : header ? HEADER : NOTHING;
}

void assert_rested_empty(void)
{
	assert_int_equal(server.rests, 1);
	assert_int_equal(server.how, REST_EMPTY);
	assert_int_equal(relay_queue_leases(), 0);
}
