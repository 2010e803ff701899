/* New Emails: jmap_email_maker.h. */
#include "jmap/jmap_email_maker.h"

#include <errno.h>

#include "base/random.h"
#include "format/date.h"
#include "format/header.h"
#include "jmap/jmap_place.h"
#include "jmap/jmap_state.h"
#include "mail/email_wire.h"

enum {
	/* One frame to store. */
	PIECE_MAX = 32 * 1024,
	/* A blob's piece in base64, and a text's beside it. */
	PENDING_MAX = 2 * JMAP_BLOB_PIECE + 64 * 1024,
	/* Where the first fields of a message stand: Received, and whether there are fields at all. */
	HEAD_MAX = 16 * 1024,
	/* Of one Email: its texts, its tree, its header in two forms. */
	ARENA_MAX = 8 * 1024 * 1024,
	NOT_FOUND_MAX = 128 * 1024, /* ids of COMPOSE_PARTS_MAX blobs */
	/* Mailboxes that store puts a new Email into in one step (mail/mail_email.h); those behind them come
	   in a second one. */
	IMPORT_MAILBOXES_MAX = 8,
	BOUNDARY_LEN = 24
};

/* ---- life ---- */

void jmap_email_maker_init(struct jmap_email_maker *m, struct jmap_call *c)
{
	m->call = c;
	buf_init(&m->mailboxes, (size_t)EMAIL_MAILBOX_SIZE * EMAIL_PLACES_MAX);
	buf_init(&m->keywords, (size_t)JMAP_KEYWORDS_OF_EMAIL * (MAIL_KEYWORD_MAX + 1));
	buf_init(&m->not_found, NOT_FOUND_MAX);
	buf_init(&m->snooze, SNOOZE_BYTES_MAX);
	buf_init(&m->pending, PENDING_MAX);
	buf_init(&m->head, HEAD_MAX);
	arena_init(&m->arena, ARENA_MAX);
}

/* Everything of the last Email goes; what was uploaded of it and not used, store forgets. */
static void forget(struct jmap_email_maker *m)
{
	if (m->upload)
		jmap_tell(m->call, MAIL_UPLOAD_ABORT, &(struct mail_upload_abort){.upload = m->upload});
	if (m->writes)
		draft_writer_done(&m->writer);
	jmap_blob_done(&m->blob);
	mime_digest_free(m->digest);
	m->digest = NULL;
	m->upload = m->credit = m->octets = m->kept = m->from_account = m->from = 0;
	m->is_composed = m->writes = m->reads = m->in_blob = m->at_end = m->nul = false;
	m->blob_at = 0;
	m->lines = (struct line_ends){0};
	buf_clear(&m->pending);
	buf_clear(&m->head);
}

void jmap_email_maker_done(struct jmap_email_maker *m)
{
	forget(m);
	buf_done(&m->mailboxes);
	buf_done(&m->keywords);
	buf_done(&m->not_found);
	buf_done(&m->snooze);
	buf_done(&m->pending);
	buf_done(&m->head);
	arena_done(&m->arena);
}

/* ---- the end ---- */

static void end(struct jmap_email_maker *m)
{
	jmap_email_made *made = m->made;
	forget(m);
	made(m->call, m);
}

static void fail(
    struct jmap_email_maker *m, const char *type, const char *properties, const char *description)
{
	m->type = type;
	m->properties = view_from_string(properties);
	m->description = description;
	end(m);
}

static void fail_with(struct jmap_email_maker *m, int64_t error)
{
	fail(m, jmap_email_error_type(error), error == -ENXIO ? "mailboxIds" : "",
	    jmap_email_error_text(error));
}

/* ---- what it has beside its message ---- */

static bool wrong(struct jmap_email_maker *m, const char *type, const char *property, const char *description)
{
	m->type = type;
	m->properties = view_from_string(property);
	m->description = description;
	return false;
}

static bool read_keywords(struct jmap_email_maker *m, const json_t *keywords)
{
	if (keywords == NULL || json_is_null(keywords))
		return true;
	switch (jmap_keywords_read(keywords, &m->flags, &m->keywords)) {
	case JMAP_PLACE_OK:
		return true;
	case JMAP_PLACE_TOO_MANY:
		return wrong(m, "tooManyKeywords", "", "an Email cannot have so many keywords");
	case JMAP_PLACE_MEMORY:
		return wrong(m, "serverFail", "", "there is no memory for this now");
	default:
		return wrong(m, "invalidProperties", "keywords", "it is no set of keywords");
	}
}

static bool read_mailboxes(struct jmap_call *c, struct jmap_email_maker *m, const json_t *mailboxes)
{
	switch (jmap_mailbox_ids_read(c, mailboxes, &m->mailboxes)) {
	case JMAP_PLACE_OK:
		return true;
	case JMAP_PLACE_TOO_MANY:
		return wrong(m, "tooManyMailboxes", "", "an Email cannot be in so many mailboxes");
	case JMAP_PLACE_MEMORY:
		return wrong(m, "serverFail", "", "there is no memory for this now");
	default:
		return wrong(
		    m, "invalidProperties", "mailboxIds", "it is no set of mailboxes of this account");
	}
}

bool jmap_email_wish(struct jmap_call *c, struct jmap_email_maker *m, const json_t *object)
{
	const json_t *received = json_object_get(object, "receivedAt");
	m->type = m->description = NULL;
	m->existing = 0;
	m->properties = (struct view){0};
	m->flags = 0;
	m->received = 0;
	buf_clear(&m->mailboxes);
	buf_clear(&m->keywords);
	buf_clear(&m->not_found);
	buf_clear(&m->snooze);
	if (!read_mailboxes(c, m, json_object_get(object, "mailboxIds")) ||
	    !read_keywords(m, json_object_get(object, "keywords")))
		return false;
	if (received && !json_is_null(received) && !jmap_date_read(jmap_string(received), &m->received, NULL))
		return wrong(m, "invalidProperties", "receivedAt", "it is no UTCDate");
	const json_t *snoozed = json_object_get(object, "snoozed");
	const char *why = snoozed && !json_is_null(snoozed) ? jmap_snooze_read(c, snoozed, &m->snooze) : NULL;
	return why ? wrong(m, "invalidProperties", "snoozed", why) : true;
}

/* ---- into the account ---- */

/* One change of the Email that was made. */
static void ask_change(struct jmap_email_maker *m, const struct email_change *change, jmap_answered *answered)
{
	struct buf entry;
	buf_init(&entry, EMAIL_SET_BYTES);
	if (email_change_put(&entry, change))
		jmap_ask(m->call, EMAIL_SET,
		    &(struct email_set){.account = jmap_account(m->call)->ask,
		        .if_modseq = UINT64_MAX,
		        .changes = buf_view(&entry)},
		    answered);
	else
		jmap_error_of(m->call, -ENOMEM, "the Email");
	buf_done(&entry);
}

static void on_taken_back(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_email_maker *m = jmap_data(c);
	(void)answer;
	if (type == MAIL_DONE)
		fail_with(m, m->error);
}

/* Whole or not at all: without the rest of its Mailboxes, or when it cannot be put off, it goes again. */
static void on_placed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_email_maker *m = jmap_data(c);
	if (type == EMAIL_SET_FAILED) {
		struct cursor in = cursor_on(((const struct email_set_failed *)answer)->entries);
		(void)cursor_u64(&in);
		m->error = -(int64_t)cursor_u32(&in);
	}
	if (type != MAIL_DONE)
		return;
	int64_t error = ((const struct mail_done *)answer)->error;
	m->error = error ? error : m->error;
	if (m->error)
		ask_change(
		    m, &(struct email_change){.id = m->email, .what = EMAIL_CHANGE_DESTROY}, on_taken_back);
	else
		end(m);
}

static void on_imported(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_email_maker *m = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	m->existing = done->error == -EEXIST ? done->number : 0;
	if (done->error) {
		fail_with(m, done->error);
		return;
	}
	m->email = done->number;
	m->thread = done->uidnext;
	m->size = done->messages;
	m->error = 0;
	struct email_change change = {.id = m->email,
	    .what = m->snooze.len ? EMAIL_CHANGE_SNOOZE : 0,
	    .add_mailboxes = buf_view(&m->mailboxes),
	    .snooze = buf_view(&m->snooze)};
	if (change.add_mailboxes.len > (size_t)EMAIL_MAILBOX_SIZE * IMPORT_MAILBOXES_MAX || change.what)
		ask_change(m, &change, on_placed);
	else
		end(m);
}

/* RFC 8621 section 4.8: "time of most recent Received header". */
static int64_t received_time(const struct jmap_email_maker *m)
{
	struct view body;
	struct date date;
	if (m->is_composed || !header_find(buf_view(&m->head), VIEW("Received"), &body))
		return 0;
	ptrdiff_t semicolon = view_find_last(body, ';');
	if (semicolon < 0 || date_parse(view_skip(body, (size_t)semicolon + 1), &date) != 0)
		return 0;
	return date.seconds > 0 ? date.seconds : 0;
}

static bool is_message(const struct jmap_email_maker *m)
{
	struct header_reader reader = header_read(buf_view(&m->head));
	struct header_field field;
	return header_next(&reader, &field);
}

static void import(struct jmap_email_maker *m)
{
	struct message_digest known = {0};
	char references[8 * MESSAGE_REFERENCES_MAX];
	if (!m->is_composed && m->from == 0 && !is_message(m)) {
		fail(m, "invalidEmail", "", "it is no message: it has no header field");
		return;
	}
	if (m->from == 0)
		mime_digest_end(m->digest, &known);
	for (size_t i = 0; i < known.reference_count; i++)
		for (int j = 0; j < 8; j++)
			references[8 * i + (size_t)j] = (char)(known.references[i] >> (56 - 8 * j));
	int64_t received = m->received ? m->received : received_time(m);
	struct email_import question = {.account = jmap_account(m->call)->ask,
	    .mailboxes =
	        view_take(buf_view(&m->mailboxes), (size_t)EMAIL_MAILBOX_SIZE * IMPORT_MAILBOXES_MAX),
	    .upload = m->upload,
	    .kept = m->kept,
	    .from_account = m->from_account,
	    .from = m->from,
	    .flags = m->flags,
	    .internaldate = received > 0 ? (uint64_t)received : 0,
	    .keywords = buf_view(&m->keywords),
	    .summary = known.summary,
	    .trailer = known.trailer,
	    .message_id_hash = known.message_id_hash,
	    .references = view_of(references, 8 * known.reference_count),
	    .binary = m->nul || line_ends_bare(&m->lines) > 0};
	if (question.binary)
		question.text_growth = line_ends_growth(&m->lines);
	m->upload = 0; /* store's from now on, whatever comes of it */
	jmap_ask(m->call, EMAIL_IMPORT, &question, on_imported);
}

/* Octets of the message, in their order. */
static void pass(struct jmap_email_maker *m, struct view bytes)
{
	size_t room = HEAD_MAX - buf_view(&m->head).len;
	m->octets += bytes.len;
	m->nul |= view_find(bytes, '\0') >= 0;
	line_ends_feed(&m->lines, bytes);
	mime_digest_feed(m->digest, bytes);
	buf_append(&m->head, view_take(bytes, room));
}

/* ---- the upload ---- */

static void pump(struct jmap_email_maker *m);

static void on_credit(struct jmap_call *c, const struct mail_upload_credit *credit)
{
	struct jmap_email_maker *m = jmap_data(c);
	if (m->upload == 0 || m->upload != credit->upload)
		return;
	m->credit += credit->bytes;
	pump(m);
}

static void begin_message(struct jmap_email_maker *m, bool uploads)
{
	m->digest = mime_digest_new();
	if (!uploads)
		return;
	m->upload = jmap_upload_number(m->call);
	m->credit = MAIL_UPLOAD_WINDOW;
	jmap_on_credit(m->call, on_credit);
}

static void send_pending(struct jmap_email_maker *m)
{
	while (m->credit > 0 && buf_view(&m->pending).len > 0) {
		struct view piece = view_take(buf_view(&m->pending), PIECE_MAX);
		if (piece.len > m->credit)
			piece.len = (size_t)m->credit;
		pass(m, piece);
		jmap_tell(m->call, MAIL_UPLOAD, &(struct mail_upload){.upload = m->upload, .bytes = piece});
		m->credit -= piece.len;
		buf_consume(&m->pending, piece.len);
	}
}

static bool is_too_large(const struct jmap_email_maker *m)
{
	uint64_t max = m->call->request->session->config.message_max;
	return max > 0 && m->octets > max;
}

static void on_blob(struct jmap_call *c, unsigned type, const void *answer);

static void next_piece(struct jmap_email_maker *m)
{
	m->reads = true;
	jmap_blob_next(m->call, &m->blob);
}

/* More of the message, into `pending`. */
static void produce(struct jmap_email_maker *m)
{
	size_t number;
	if (!m->is_composed || m->in_blob) {
		next_piece(m);
		return;
	}
	switch (draft_write(&m->writer, PIECE_MAX, &m->pending, &number)) {
	case DRAFT_MORE:
		return;
	case DRAFT_END:
		m->at_end = true;
		return;
	case DRAFT_NEEDS_BLOB:
		/* Its id was read before, so it is one. */
		m->in_blob = m->reads = jmap_blob_begin(
		    m->call, &m->blob, jmap_account(m->call), m->composed.blobs[number].id, on_blob);
	}
}

/* Sends what there is and asks for more, until somebody has to be waited for. */
static void pump(struct jmap_email_maker *m)
{
	for (;;) {
		send_pending(m);
		if (buf_failed(&m->pending)) {
			fail_with(m, -ENOMEM);
			return;
		}
		if (is_too_large(m)) {
			fail(m, "tooLarge", "", "the message is larger than this server takes");
			return;
		}
		if (buf_view(&m->pending).len > 0 || m->reads)
			return;
		if (m->at_end) {
			import(m);
			return;
		}
		produce(m);
	}
}

/* A piece of a part's blob, on its way into the message. */
static void encode(struct jmap_email_maker *m)
{
	m->reads = false;
	draft_write_blob(&m->writer, m->blob.bytes, m->blob.last, &m->pending);
	m->in_blob = !m->blob.last;
	pump(m);
}

/* ---- a message that is here already ---- */

/*
 * What is kept whole is not sent again; of an Email store knows all already. A part has its own octets,
 * without its encoding.
 */
static void open_message(struct jmap_email_maker *m)
{
	const struct jmap_blob *b = &m->blob;
	if (b->id.letter == MAIL_ID_BLOB_EMAIL) {
		m->from_account = b->ask;
		m->from = b->id.number;
		import(m);
		return;
	}
	if (b->id.letter == MAIL_ID_BLOB_UPLOAD)
		m->kept = b->id.number;
	begin_message(m, m->kept == 0);
	produce(m);
}

static void take_piece(struct jmap_email_maker *m)
{
	m->reads = false;
	m->at_end = m->blob.last;
	if (m->upload) {
		buf_append(&m->pending, m->blob.bytes);
		pump(m);
		return;
	}
	pass(m, m->blob.bytes);
	if (!m->at_end)
		produce(m);
	else
		import(m);
}

/* ---- blobs ---- */

static void look_at_blobs(struct jmap_email_maker *m);

static void note_missing(struct jmap_email_maker *m)
{
	if (buf_view(&m->not_found).len)
		buf_append_byte(&m->not_found, ' ');
	buf_append(&m->not_found, m->composed.blobs[m->blob_at].id);
}

/* All octets of the blob were looked at, or need not be. */
static void choose_encoding(struct jmap_email_maker *m)
{
	struct jmap_compose_blob *b = &m->composed.blobs[m->blob_at];
	if (b->is_message && draft_encoding_of_message(&m->scan, &b->part->encoding) != 0) {
		fail(m, "invalidProperties", "bodyStructure",
		    "a message within a message has lines that end with CRLF, of 998 octets at most, without "
		    "NUL");
		return;
	}
	if (b->is_text)
		b->part->encoding = draft_encoding_of_text_blob(&m->scan);
	m->blob_at++;
	look_at_blobs(m);
}

static void on_looked_at(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_email_maker *m = jmap_data(c);
	struct jmap_compose_blob *b = &m->composed.blobs[m->blob_at];
	switch (jmap_blob_take(c, &m->blob, type, answer)) {
	case JMAP_BLOB_WAITS:
		return;
	case JMAP_BLOB_OPEN:
		m->octets += m->blob.size;
		if (b->is_text || b->is_message)
			jmap_blob_next(c, &m->blob);
		else
			choose_encoding(m);
		return;
	case JMAP_BLOB_BYTES:
		draft_scan_feed(&m->scan, m->blob.bytes);
		if (m->blob.last)
			choose_encoding(m);
		else
			jmap_blob_next(c, &m->blob);
		return;
	case JMAP_BLOB_FAILED:
		if (m->blob.error != -ENOENT) {
			fail_with(m, m->blob.error);
			return;
		}
		note_missing(m);
		m->blob_at++;
		look_at_blobs(m);
	}
}

static void write_composed(struct jmap_email_maker *m)
{
	if (buf_view(&m->not_found).len > 0) {
		fail(m, "blobNotFound", "", "some blobs do not exist");
		return;
	}
	if (is_too_large(m)) {
		fail(m, "tooLarge", "", "the attachments are larger than a message may be");
		return;
	}
	m->octets = 0;
	if (draft_writer_begin(&m->writer, &m->composed.draft) != 0) {
		fail_with(m, -ENOMEM);
		return;
	}
	m->writes = true;
	begin_message(m, true);
	pump(m);
}

/* Whether they are there, and what encoding each needs, before anything is written. */
static void look_at_blobs(struct jmap_email_maker *m)
{
	const struct jmap_account *account = jmap_account(m->call);
	while (m->blob_at < m->composed.blob_count) {
		m->scan = (struct draft_scan){0};
		if (jmap_blob_begin(
		        m->call, &m->blob, account, m->composed.blobs[m->blob_at].id, on_looked_at))
			return;
		note_missing(m);
		m->blob_at++;
	}
	jmap_blob_done(&m->blob);
	write_composed(m);
}

static void on_blob(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_email_maker *m = jmap_data(c);
	switch (jmap_blob_take(c, &m->blob, type, answer)) {
	case JMAP_BLOB_WAITS:
		return;
	case JMAP_BLOB_OPEN:
		jmap_blob_next(c, &m->blob);
		return;
	case JMAP_BLOB_BYTES:
		encode(m);
		return;
	case JMAP_BLOB_FAILED:
		fail_with(m, m->blob.error);
	}
}

static void on_message(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_email_maker *m = jmap_data(c);
	switch (jmap_blob_take(c, &m->blob, type, answer)) {
	case JMAP_BLOB_WAITS:
		return;
	case JMAP_BLOB_OPEN:
		open_message(m);
		return;
	case JMAP_BLOB_BYTES:
		take_piece(m);
		return;
	case JMAP_BLOB_FAILED:
		if (m->blob.error == -ENOENT)
			fail(m, "invalidProperties", "blobId", "there is no such blob");
		else
			fail_with(m, m->blob.error);
	}
}

/* ---- beginnings ---- */

/* At the account's domain. */
static bool make_message_id(struct jmap_email_maker *m, struct view *id)
{
	char unique[RANDOM_ID_SIZE];
	struct buf text;
	struct view address = jmap_account(m->call)->address;
	ptrdiff_t at = view_find_last(address, '@');
	random_id(unique);
	buf_init(&text, RANDOM_ID_SIZE + DOMAIN_MAX + 1);
	buf_printf(&text, "%s@%.*s", unique, VIEW_FMT(view_skip(address, (size_t)(at + 1))));
	bool ok = !buf_failed(&text) && arena_copy(&m->arena, buf_view(&text), id);
	buf_done(&text);
	return ok;
}

static bool make_boundary(struct jmap_email_maker *m, struct view *boundary)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	char text[BOUNDARY_LEN];
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = letters[random_below(sizeof letters - 1)];
	return arena_copy(&m->arena, view_of(text, sizeof text), boundary);
}

void jmap_email_compose(
    struct jmap_call *c, struct jmap_email_maker *m, const json_t *object, jmap_email_made *made)
{
	struct view id, boundary;
	forget(m);
	arena_reset(&m->arena);
	m->made = made;
	m->is_composed = true;
	int error = make_message_id(m, &id) && make_boundary(m, &boundary)
	                ? jmap_compose(object, &m->arena, jmap_now(c), id, boundary, &m->composed)
	                : -ENOMEM;
	if (error == -EINVAL && m->composed.description == NULL)
		fail(m, "tooLarge", "", "it has more parts or a longer header than a message may have");
	else if (error == -EINVAL)
		fail(m, "invalidProperties", m->composed.properties.data, m->composed.description);
	else if (error)
		fail_with(m, error);
	else
		look_at_blobs(m);
}

void jmap_email_take(struct jmap_call *c, struct jmap_email_maker *m, const struct jmap_account *account,
    struct view blob_id, jmap_email_made *made)
{
	forget(m);
	m->made = made;
	if (!jmap_blob_begin(c, &m->blob, account, blob_id, on_message))
		fail(m, "invalidProperties", "blobId", "there is no such blob");
}
