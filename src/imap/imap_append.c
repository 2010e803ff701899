/*
 * APPEND (RFC 9051 section 6.3.12). Octets go to store as they come, and what is known of a message is
 * computed on the way (mime/digest.h), so that no message stands in memory here. All messages of a command
 * are added in one step, or none is.
 */
#include "imap/imap_append.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "format/line_ends.h"
#include "imap/imap_commands.h"
#include "imap/imap_state.h"
#include "mime/digest.h"

enum {
	/* One frame to store. */
	PIECE_MAX = 32 * 1024,
	/* What is known of all messages of one command, while they wait for the last one: of ordinary mail 2
	   KB each. */
	KNOWN_MAX = 4 * 1024 * 1024
};

/* A message that is on the server, and not yet in the mailbox. */
struct ready {
	struct mail_append question;
	char *known; /* owned: what the views of the question point to */
	size_t known_len;
};

struct appending {
	struct mail_mailbox mailbox;
	uint64_t replace_mailbox;
	uint32_t replace;
	struct imap_in in; /* until the mailbox is found */

	/* The message under way. */
	uint64_t upload; /* 0: none */
	uint64_t credit, flags, date, size;
	struct view keywords;
	struct mime_digest *digest;
	struct line_ends lines;
	bool binary, nul, utf8, waits;

	struct ready *ready;
	size_t count, known;
	uint32_t request; /* of all MAIL_APPENDs together */
	struct buf uids;
};

static void on_text(struct imap_session *s, struct imap_in *in);
static size_t on_bytes(struct imap_session *s, struct view bytes, bool last);

static void on_credit(struct imap_session *s, const struct mail_upload_credit *credit);

static const struct imap_stream stream = {.bytes = on_bytes, .text = on_text, .credit = on_credit};

static void release(void *data)
{
	struct appending *a = data;
	mime_digest_free(a->digest);
	for (size_t i = 0; i < a->count; i++)
		mem_free(a->ready[i].known);
	mem_free(a->ready);
	buf_done(&a->uids);
}

static struct appending *begin(struct imap_session *s)
{
	struct appending *a = imap_command_data(s, sizeof *a, release);
	buf_init(&a->uids, IMAP_RANGES_MAX);
	return a;
}

/* ---- endings ---- */

/* Store forgets what it has of messages that will not be added. */
static void abort_uploads(struct imap_session *s, struct appending *a)
{
	if (a->upload)
		imap_tell(s, 0, MAIL_UPLOAD_ABORT, &(struct mail_upload_abort){.upload = a->upload});
	a->upload = 0;
	for (size_t i = 0; i < a->count && a->request == 0; i++)
		imap_tell(s, 0, MAIL_UPLOAD_ABORT,
		    &(struct mail_upload_abort){.upload = a->ready[i].question.upload});
}

static void refuse(struct imap_session *s, const char *code, const char *text)
{
	abort_uploads(s, imap_data(s));
	imap_no(s, code, text);
}

static bool is_wrong(struct imap_session *s, struct imap_in *in)
{
	if (in->wrong == NULL)
		return false;
	abort_uploads(s, imap_data(s));
	return imap_wrong(s, in);
}

static void on_appended(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct appending *a = imap_data(s);
	const struct mail_done *done = answer;
	if (type == MAIL_UIDS)
		buf_append(&a->uids, ((const struct mail_uids *)answer)->ranges);
	if (type != MAIL_DONE)
		return;
	if (done->error == -ENOENT) {
		imap_no(s, "TRYCREATE", "the mailbox does not exist");
		return;
	}
	if (done->error) {
		imap_no_error(s, done->error, "the mailbox");
		return;
	}
	struct buf code;
	buf_init(&code, IMAP_END_MAX);
	buf_printf(&code, "APPENDUID %llu ", (unsigned long long)done->uidvalidity);
	imap_write_uid_set(&code, buf_view(&a->uids));
	imap_ok(s, buf_view(&a->uids).len && !buf_failed(&code) ? buf_string(&code) : NULL, "it is kept");
	buf_done(&code);
}

/* The command is here: its messages go into the mailbox, all in one step. */
static void append_all(struct imap_session *s, struct appending *a)
{
	for (size_t i = 0; i < a->count; i++) {
		a->ready[i].question.more = i + 1 < a->count;
		if (i == 0)
			a->request = imap_ask(s, MAIL_APPEND, &a->ready[i].question, on_appended);
		else
			imap_tell(s, a->request, MAIL_APPEND, &a->ready[i].question);
	}
}

/* ---- a message ---- */

/* Copies what is known behind the last that was copied. */
static struct view put_known(struct ready *r, struct view v)
{
	if (v.len)
		memcpy(r->known + r->known_len, v.data, v.len);
	r->known_len += v.len;
	return view_of(r->known + r->known_len - v.len, v.len);
}

static bool keep_known(struct appending *a)
{
	struct message_digest known;
	char references[8 * MESSAGE_REFERENCES_MAX];
	mime_digest_end(a->digest, &known);
	for (size_t i = 0; i < known.reference_count; i++)
		for (int j = 0; j < 8; j++)
			references[8 * i + (size_t)j] = (char)(known.references[i] >> (56 - 8 * j));
	size_t len = known.summary.len + known.trailer.len + a->keywords.len + 8 * known.reference_count;
	struct ready *ready = mem_try_resize(a->ready, (a->count + 1) * sizeof *ready);
	if (ready == NULL)
		return false;
	a->ready = ready;
	struct ready *r = &a->ready[a->count];
	*r = (struct ready){.known = mem_try(len + 1)};
	if (r->known == NULL)
		return false;
	r->question = (struct mail_append){.account = a->mailbox.account,
	    .mailbox = a->mailbox.mailbox,
	    .upload = a->upload,
	    .flags = a->flags,
	    .internaldate = a->date,
	    .keywords = put_known(r, a->keywords),
	    .summary = put_known(r, known.summary),
	    .trailer = put_known(r, known.trailer),
	    .message_id_hash = known.message_id_hash,
	    .references = put_known(r, view_of(references, 8 * known.reference_count)),
	    .binary = a->nul || line_ends_bare(&a->lines) > 0,
	    .replace_mailbox = a->replace_mailbox,
	    .replace = a->replace};
	if (r->question.binary)
		r->question.text_growth = line_ends_growth(&a->lines);
	a->known += len;
	a->count++;
	a->upload = 0;
	return true;
}

static size_t on_bytes(struct imap_session *s, struct view bytes, bool last)
{
	struct appending *a = imap_data(s);
	size_t n = bytes.len < a->credit ? bytes.len : (size_t)a->credit;
	struct view rest = view_take(bytes, n);
	a->credit -= n;
	a->nul |= view_find(rest, '\0') >= 0;
	line_ends_feed(&a->lines, rest);
	mime_digest_feed(a->digest, rest);
	for (; rest.len; rest = view_skip(rest, PIECE_MAX))
		imap_tell(s, 0, MAIL_UPLOAD,
		    &(struct mail_upload){.upload = a->upload, .bytes = view_take(rest, PIECE_MAX)});
	a->waits = n < bytes.len;
	if (!last || n < bytes.len)
		return n;
	bool kept = keep_known(a);
	mime_digest_free(a->digest);
	a->digest = NULL;
	if (!kept)
		refuse(s, "UNAVAILABLE", "there is no memory for this message now");
	return n;
}

static void on_credit(struct imap_session *s, const struct mail_upload_credit *credit)
{
	struct appending *a = imap_data(s);
	if (a->upload != credit->upload)
		return;
	a->credit += credit->bytes;
	if (a->waits) {
		a->waits = false;
		imap_go_on(s);
	}
}

/* ---- arguments ---- */

static bool take_literal(struct imap_session *s, struct appending *a, const struct imap_literal *literal)
{
	if (s->config.message_max && literal->size > s->config.message_max) {
		refuse(s, "TOOBIG", "the message is larger than this server takes");
		return false;
	}
	if (literal->size == 0) {
		refuse(s, NULL, "there is no message in it"); /* RFC 3502 section 6.3.11: so a client thinks
		                                                 better of it */
		return false;
	}
	if (a->count == MAIL_UPLOADS_MAX || a->known > KNOWN_MAX) {
		refuse(s, "LIMIT", "there are too many messages in one command");
		return false;
	}
	if (a->replace_mailbox && a->count > 0) {
		refuse(s, "CANNOT", "one message replaces another");
		return false;
	}
	do
		s->last_upload++;
	while (s->last_upload == 0);
	a->upload = s->last_upload;
	a->credit = MAIL_UPLOAD_WINDOW;
	a->digest = mime_digest_new();
	a->lines = (struct line_ends){0};
	a->binary = literal->binary;
	a->nul = false;
	imap_take_literal(s, literal, &stream);
	return true;
}

/* append-opts and the beginning of append-data, up to the literal (RFC 9051 section 9, RFC 9755 section 4).
 */
static void message_arguments(struct imap_session *s, struct appending *a, struct imap_in *in)
{
	struct imap_literal literal;
	int64_t date = 0;
	a->flags = 0;
	a->keywords = (struct view){0};
	a->utf8 = false;
	imap_in_space(in);
	if (imap_in_next_is(in, '(')) {
		imap_in_flags(in, &a->flags, &a->keywords);
		imap_in_space(in);
	}
	if (imap_in_next_is(in, '"')) {
		imap_in_date_time(in, &date);
		imap_in_space(in);
	}
	a->date = date > 0 ? (uint64_t)date : 0;
	if (imap_in_word(in, "UTF8")) {
		a->utf8 = true;
		imap_in_space(in);
		imap_in_char(in, '(');
		if (!in->wrong && !(s->enabled & IMAP_UTF8_ACCEPT))
			imap_in_wrong(in, "ENABLE UTF8=ACCEPT comes first");
	}
	imap_in_literal(in, &literal);
	if (!in->wrong && a->utf8 && !literal.binary)
		imap_in_wrong(in, "UTF8 takes a literal8: \"~{\"");
	if (!is_wrong(s, in))
		take_literal(s, a, &literal);
}

static void on_text(struct imap_session *s, struct imap_in *in)
{
	struct appending *a = imap_data(s);
	if (a->utf8)
		imap_in_char(in, ')');
	if (!in->wrong && a->nul && !a->binary)
		imap_in_wrong(in, "a message with NUL needs a literal8: \"~{\"");
	if (is_wrong(s, in))
		return;
	if (imap_in_at_end(in))
		append_all(s, a);
	else
		message_arguments(s, a, in);
}

/* ---- beginnings ---- */

void imap_append_messages(struct imap_session *s, struct imap_in *in, const struct imap_append_to *to)
{
	struct imap_in arguments = *in;
	if (s->release)
		s->release(s->data);
	mem_free(s->data);
	struct appending *a = begin(s);
	a->mailbox = *to->mailbox;
	a->replace_mailbox = to->replace_mailbox;
	a->replace = to->replace;
	message_arguments(s, a, &arguments);
}

static void on_found(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct appending *a = imap_data(s);
	if (error == 0 && !(mailbox->rights & RIGHT_INSERT))
		error = -EACCES;
	if (error == -ENOENT) {
		imap_no(s, "TRYCREATE", "the mailbox does not exist");
	} else if (error) {
		imap_no_error(s, error, "the mailbox");
	} else {
		a->mailbox = *mailbox;
		struct imap_in in = a->in;
		message_arguments(s, a, &in);
	}
}

void imap_append(struct imap_session *s, struct imap_in *in)
{
	struct appending *a = begin(s);
	struct view path;
	if (imap_in_space(in) && imap_in_mailbox(in, &path) && !imap_in_next_is(in, ' '))
		imap_in_wrong(in, "a message is missing");
	if (is_wrong(s, in))
		return;
	a->in = *in;
	imap_find_mailbox(s, path, on_found);
}
