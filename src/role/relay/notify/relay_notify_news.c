/*
 * One message's news: which of its recipients the sender is to be told of, what of the message goes back with
 * that, and the report. The message is its sender's own, yet hostile: nothing of it is repeated but what it
 * may be trusted with, its octets as an attachment.
 */
#include "role/relay/notify/relay_notify_private.h"

#include <errno.h>

#include "base/mem.h"
#include "dsn/dsn.h"
#include "format/encoded_word.h"
#include "format/header.h"
#include "format/limits.h"

enum { ARENA_MAX = 512 * 1024 /* 300 recipients, twice */ };

static const struct message_queue_recipient *recipients_of(const struct relay_news *n)
{
	return n->m.recipients.items;
}

static void look(struct relay_news *n)
{
	size_t delays = 0, successes = 0;
	for (size_t i = 0; i < n->m.recipients.count; i++) {
		uint64_t action = recipients_of(n)[i].action;
		n->told += action != ACTION_NONE;
		delays += action == ACTION_DELAYED;
		successes +=
		    action == ACTION_DELIVERED || action == ACTION_RELAYED || action == ACTION_EXPANDED;
		n->failure = n->failure || action == ACTION_FAILED;
	}
	n->only_delays = delays == n->told;
	n->only_success = successes == n->told;
}

struct relay_news *relay_news_new(const struct message_queue_message *m)
{
	struct relay_news *n = mem_alloc(sizeof *n);
	struct message_queue_message rest = *m;
	buf_init(&n->frame, CHANNEL_FRAME_MAX);
	buf_init(&n->body, NOTIFY_RETURN_MAX + CHANNEL_FRAME_MAX);
	buf_init(&n->report, NOTIFY_TEXT_MAX);
	buf_init(&n->subject, 4096);
	arena_init(&n->arena, ARENA_MAX);
	rest.bytes = (struct view){0};
	if (ipc_encode(&n->frame, MESSAGE_QUEUE_MESSAGE, &rest) != 0 ||
	    codec_decode(buf_view(&n->frame), &message_queue_message_schema, &n->m, &n->arena) != 0 ||
	    buf_append(&n->body, m->bytes) != 0) {
		relay_news_free(n);
		return NULL;
	}
	look(n);
	return n;
}

void relay_news_free(struct relay_news *n)
{
	if (n == NULL)
		return;
	relay_news_identify_end(n);
	if (n->request)
		calls_forget(&relay_role.store, n->request);
	buf_done(&n->frame);
	buf_done(&n->body);
	buf_done(&n->report);
	buf_done(&n->subject);
	arena_done(&n->arena);
	mem_free(n);
}

void relay_news_outcome(const struct relay_news *n, enum queue_verdict verdict)
{
	struct message_queue_result *results = mem_array(n->m.recipients.count, sizeof *results);
	for (size_t i = 0; i < n->m.recipients.count; i++)
		results[i] = (struct message_queue_result){
		    .recipient = recipients_of(n)[i].number, .verdict = verdict};
	struct message_queue_outcome m = {.number = n->m.number,
	    .id = n->m.id,
	    .results = {.items = results, .count = n->m.recipients.count}};
	relay_outcome_tell_once(&m);
	mem_free(results);
}

/* ---- what is returned ---- */

/*
 * RFC 3461 section 6.2: the message itself with failures only, as RET says. RFC 8689 section 5: what had to
 * be encrypted is not sent around again.
 */
static bool returns_whole(const struct relay_news *n, size_t room)
{
	if (!n->failure || n->m.terms.ret == RET_HDRS || n->m.terms.requiretls || n->m.size > room)
		return false;
	return n->m.terms.ret == RET_FULL || n->m.size <= NOTIFY_RETURN_UNASKED;
}

/* What of the message its header can be in. */
static struct view header_block(const struct relay_news *n)
{
	return view_take(buf_view(&n->body), NOTIFY_HEADER_MAX);
}

static bool has_whole_header(const struct relay_news *n)
{
	struct view block = header_block(n);
	ptrdiff_t end = view_find_last(block, '\n');
	struct header_reader r = header_read(view_take(block, (size_t)(end + 1)));
	struct header_field field;
	while (header_next(&r, &field))
		;
	return r.at < r.block.len || view_ends_nocase(r.block, VIEW("\n\r\n")) ||
	       view_ends_nocase(r.block, VIEW("\n\n"));
}

static uint64_t missing(const struct relay_news *n)
{
	uint64_t have = buf_view(&n->body).len;
	uint64_t wanted = n->whole || n->m.size < NOTIFY_HEADER_MAX ? n->m.size : NOTIFY_HEADER_MAX;
	if (n->unreadable || have >= wanted || (!n->whole && has_whole_header(n)))
		return 0;
	return wanted - have;
}

static bool on_data(void *arg, struct link *link, struct channel_frame *frame)
{
	struct relay_news *n = arg;
	struct message_queue_data m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	n->request = 0;
	if (frame && (m.error || m.bytes.len == 0 || buf_append(&n->body, m.bytes) != 0))
		n->unreadable = true;
	n->ready(n->arg, frame == NULL);
	return true;
}

/* Called again by the caller of `ready`, until all is there. */
bool relay_news_fetch(
    struct relay_news *n, size_t room, void (*ready)(void *arg, bool store_is_gone), void *arg)
{
	n->whole = returns_whole(n, room);
	uint64_t length = missing(n);
	if (length == 0)
		return true;
	n->ready = ready;
	n->arg = arg;
	n->request = relay_queue_read(n->m.id, buf_view(&n->body).len, length, on_data, n);
	n->unreadable = n->request == 0;
	return n->request == 0;
}

/* RFC 2045 section 2.7 to 2.9. */
static enum dsn_content content_of(struct view v)
{
	enum dsn_content content = DSN_7BIT;
	size_t line = 0;
	for (size_t i = 0; i < v.len; i++, line++) {
		unsigned char c = (unsigned char)v.data[i];
		bool after_cr = i > 0 && v.data[i - 1] == '\r';
		bool too_long = line >= LINE_MAX_OCTETS && c != '\r' && c != '\n';
		if (c == '\0' || (c == '\n') != after_cr || too_long)
			return DSN_BINARY;
		if (c == '\n')
			line = SIZE_MAX;
		if (c >= 0x80)
			content = DSN_8BIT;
	}
	return v.len > 0 && v.data[v.len - 1] == '\r' ? DSN_BINARY : content;
}

/* A field, with line ends as they must be; one that has a line which no transport takes is left out. */
static void add_field(struct view field, struct buf *out)
{
	struct view line;
	size_t before = out->len;
	while (view_next(&field, '\n', &line)) {
		if (line.len && line.data[line.len - 1] == '\r')
			line.len--;
		if (line.len > LINE_MAX_OCTETS || view_find(line, '\r') >= 0 || view_find(line, '\0') >= 0) {
			buf_truncate(out, before);
			return;
		}
		if (line.len == 0)
			continue;
		buf_append(out, line);
		buf_append_string(out, "\r\n");
	}
}

/* A field at the end of what was read may go on behind it: it is left out. */
static void copy_header(const struct relay_news *n, struct buf *out)
{
	struct view block = header_block(n);
	struct header_reader r = header_read(block);
	struct header_field field;
	bool cut = block.len < n->m.size && !has_whole_header(n);
	while (header_next(&r, &field))
		if (!cut || field.offset + field.len < block.len)
			add_field(view_take(view_skip(block, field.offset), field.len), out);
}

/* Chooses, within the room: the whole message, its header, nothing. `header` is where a header is put. */
static struct view choose(
    const struct relay_news *n, bool remote, size_t room, struct buf *header, struct dsn_report *report)
{
	struct view body = buf_view(&n->body);
	if (n->whole && body.len >= n->m.size) {
		body = view_take(body, n->m.size);
		report->what = DSN_RETURN_MESSAGE;
		report->content = n->m.terms.body == SMTP_BINARYMIME ? DSN_BINARY : content_of(body);
		/* Few hosts take BINARYMIME, and nothing within an attached message can be recoded. */
		if (report->content != DSN_BINARY || !remote)
			return body;
	}
	copy_header(n, header);
	body = buf_view(header);
	report->what = body.len > 0 && body.len <= room ? DSN_RETURN_HEADERS : DSN_RETURN_NOTHING;
	report->content = content_of(body);
	return report->what == DSN_RETURN_HEADERS ? body : (struct view){0};
}

/* ---- the report ---- */

enum dsn_action relay_news_action(uint64_t action)
{
	switch (action) {
	case ACTION_DELAYED:
		return DSN_DELAYED;
	case ACTION_DELIVERED:
		return DSN_DELIVERED;
	case ACTION_RELAYED:
		return DSN_RELAYED;
	case ACTION_EXPANDED:
		return DSN_EXPANDED;
	default:
		return DSN_FAILED;
	}
}

/* Senders know the address that they wrote to; they do not know where an alias led from there. */
static void put_original(
    const struct message_queue_recipient *r, struct arena *arena, struct dsn_recipient *out)
{
	struct buf address;
	buf_init(&address, ORCPT_MAX);
	bool given = r->orcpt.len && orcpt_parse(r->orcpt, &out->original_type, &address) == 0 &&
	             arena_copy(arena, buf_view(&address), &out->original);
	if (!given && r->forwarder.len) {
		out->original_type = VIEW("rfc822");
		out->original = r->forwarder;
	}
	buf_done(&address);
}

static struct dsn_recipient *list_recipients(const struct relay_news *n, struct arena *arena)
{
	struct dsn_recipient *list = arena_array(arena, n->told, sizeof *list);
	size_t count = 0;
	for (size_t i = 0; list && i < n->m.recipients.count; i++) {
		const struct message_queue_recipient *r = &recipients_of(n)[i];
		if (r->action == ACTION_NONE)
			continue;
		enum trouble cause = trouble_from_number(r->cause);
		list[count] = (struct dsn_recipient){
		    .action = relay_news_action(r->action),
		    .final = r->address,
		    .status = r->status,
		    .remote = r->host,
		    .reply = cause == TROUBLE_NONE ? r->reply : (struct view){0},
		    .trouble = cause,
		    .trouble_text = cause == TROUBLE_NONE ? (struct view){0} : r->reply,
		    .over = trouble_from_number(r->over),
		    .stage = r->stage,
		    .last_attempt = (int64_t)r->last_attempt,
		    .retry_until = (int64_t)n->m.expires,
		};
		put_original(r, arena, &list[count++]);
	}
	return list;
}

static void read_subject(struct view header, struct buf *out)
{
	struct view body;
	if (header_find(header, VIEW("Subject"), &body))
		encoded_word_decode(view_take(view_trim(body), 4 * DSN_SUBJECT_MAX), out);
}

static void read_message_id(struct view header, struct buf *out)
{
	struct view body, id;
	if (header_find(header, VIEW("Message-ID"), &body) && message_id_next(&body, &id))
		message_id_append(id, out);
}

/* What a list of reports says of this one: of many for one address, the message's subject tells which. */
static int put_line(const struct dsn_report *report, struct buf *out)
{
	struct view subject = view_take(report->original_subject, DSN_SUBJECT_MAX);
	int error = dsn_report_subject(report, out);
	return error || subject.len == 0 ? error : buf_printf(out, " (\"%.*s\")", VIEW_FMT(subject));
}

static int put_together(struct relay_news *n, struct dsn_report *report, struct view returned)
{
	struct buf tail;
	buf_init(&tail, DSN_TAIL_MAX);
	int error = dsn_report_write(report, &n->report, &tail, &n->needs);
	if (error == 0)
		error = buf_append(&n->report, returned);
	if (error == 0)
		error = buf_append(&n->report, buf_view(&tail));
	if (error == 0)
		error = put_line(report, &n->subject);
	buf_done(&tail);
	return error;
}

int relay_news_write(
    struct relay_news *n, const struct relay_news_words *words, size_t room, size_t *returned)
{
	char boundary[2 * RANDOM_ID_SIZE];
	struct buf subject, original_id, envid, header;
	random_id(boundary);
	random_id(boundary + RANDOM_ID_SIZE - 1);
	buf_init(&subject, 8 * DSN_SUBJECT_MAX);
	buf_init(&original_id, QUEUE_MESSAGE_ID_MAX);
	buf_init(&envid, ENVID_MAX);
	buf_init(&header, 2 * NOTIFY_HEADER_MAX); /* bare LFs become CRLFs */
	read_subject(header_block(n), &subject);
	read_message_id(header_block(n), &original_id);
	if (n->m.terms.envid.len)
		envid_parse(n->m.terms.envid, &envid);
	struct dsn_report report = {
	    .reporting_mta = words->hostname,
	    .postmaster = words->postmaster,
	    .to = n->m.terms.sender,
	    .message_id = words->message_id,
	    .boundary = view_from_string(boundary),
	    .now = {.seconds = words->now, .zone_known = true},
	    .envid = buf_view(&envid),
	    .arrival = (int64_t)n->m.arrived,
	    .original_subject = buf_view(&subject),
	    .original_message_id = buf_view(&original_id),
	    .queue_id = n->m.id,
	    .utf8 = n->m.terms.utf8,
	    .recipients = list_recipients(n, &n->arena),
	    .count = n->told,
	};
	struct view bytes = choose(n, words->remote, room, &header, &report);
	bool good = report.recipients && !buf_failed(&header);
	int error = good ? put_together(n, &report, bytes) : -ENOMEM;
	if (error == 0)
		*returned = bytes.len;
	buf_done(&subject);
	buf_done(&original_id);
	buf_done(&envid);
	buf_done(&header);
	buf_done(&n->body);
	return error;
}
