/* Messages on their way into a mailbox: imap_upload.h. What is known of a message is computed as it passes,
 * so that none stands in memory here. */
#include "imap/imap_upload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "imap/imap_limit.h"
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
struct imap_upload_ready {
	struct mail_append question;
	char *known; /* owned: what the views of the question point to */
	size_t known_len;
};

/* Store forgets what it has of messages that will not be added. */
void imap_appending_forget(struct imap_session *s, struct imap_appending *a)
{
	if (a->upload)
		imap_tell(s, 0, MAIL_UPLOAD_ABORT, &(struct mail_upload_abort){.upload = a->upload});
	a->upload = 0;
	for (size_t i = 0; i < a->count && a->request == 0; i++) {
		struct mail_append *m = &a->ready[i].question;
		if (m->upload)
			imap_tell(s, 0, MAIL_UPLOAD_ABORT, &(struct mail_upload_abort){.upload = m->upload});
		m->upload = 0;
	}
}

static void release(void *data)
{
	struct imap_appending *a = data;
	/* However the command ended. With the session all of them go. */
	if (!a->session->closing)
		imap_appending_forget(a->session, a);
	mime_digest_free(a->digest);
	if (a->catenate)
		a->catenate_free(a->catenate);
	for (size_t i = 0; i < a->count; i++)
		mem_free(a->ready[i].known);
	mem_free(a->ready);
	buf_done(&a->uids);
}

struct imap_appending *imap_appending_new(struct imap_session *s)
{
	struct imap_appending *a = imap_command_data(s, sizeof *a, release);
	a->session = s;
	buf_init(&a->uids, IMAP_RANGES_MAX);
	return a;
}

/* ---- endings ---- */

void imap_appending_refuse(struct imap_session *s, const char *code, const char *text)
{
	imap_appending_forget(s, imap_data(s));
	imap_no(s, code, text);
}

bool imap_appending_wrong(struct imap_session *s, struct imap_in *in)
{
	if (in->wrong == NULL)
		return false;
	imap_appending_forget(s, imap_data(s));
	return imap_wrong(s, in);
}

static void on_appended(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_appending *a = imap_data(s);
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
	bool coded = buf_view(&a->uids).len && !buf_failed(&code);
	if (a->replace_mailbox && coded) {
		/* RFC 8508 section 3.4: before the message that went is told. */
		imap_puts(s, "* OK [");
		imap_put(s, buf_view(&code));
		imap_puts(s, "] ");
		imap_put_text(s, "the new message is kept");
		imap_put_line(s);
		coded = false;
	}
	imap_ok(s, coded ? buf_string(&code) : NULL, "it is kept");
	buf_done(&code);
}

/* The command is here: its messages go into the mailbox, all in one step. */
void imap_append_all(struct imap_session *s, struct imap_appending *a)
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
static struct view put_known(struct imap_upload_ready *r, struct view v)
{
	if (v.len)
		memcpy(r->known + r->known_len, v.data, v.len);
	r->known_len += v.len;
	return view_of(r->known + r->known_len - v.len, v.len);
}

static bool keep_known(struct imap_appending *a)
{
	struct message_digest known;
	char references[8 * MESSAGE_REFERENCES_MAX];
	mime_digest_end(a->digest, &known);
	for (size_t i = 0; i < known.reference_count; i++)
		for (int j = 0; j < 8; j++)
			references[8 * i + (size_t)j] = (char)(known.references[i] >> (56 - 8 * j));
	size_t len = known.summary.len + known.trailer.len + a->keywords.len + a->annotations.len +
	             8 * known.reference_count;
	struct imap_upload_ready *ready = mem_try_resize(a->ready, (a->count + 1) * sizeof *ready);
	if (ready == NULL)
		return false;
	a->ready = ready;
	struct imap_upload_ready *r = &a->ready[a->count];
	*r = (struct imap_upload_ready){.known = mem_try(len + 1)};
	if (r->known == NULL)
		return false;
	r->question = (struct mail_append){.account = a->mailbox.account,
	    .mailbox = a->mailbox.mailbox,
	    .path = a->path,
	    .upload = a->upload,
	    .flags = a->flags,
	    .internaldate = a->date,
	    .keywords = put_known(r, a->keywords),
	    .annotations = put_known(r, a->annotations),
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

bool imap_upload_end(struct imap_session *s, struct imap_appending *a)
{
	bool kept = keep_known(a);
	mime_digest_free(a->digest);
	a->digest = NULL;
	if (!kept)
		imap_appending_refuse(s, "UNAVAILABLE", "there is no memory for this message now");
	return kept;
}

size_t imap_upload_bytes(struct imap_session *s, struct imap_appending *a, struct view bytes)
{
	size_t n = bytes.len < a->credit ? bytes.len : (size_t)a->credit;
	struct view rest = view_take(bytes, n);
	a->credit -= n;
	a->size += n;
	a->nul |= view_find(rest, '\0') >= 0;
	line_ends_feed(&a->lines, rest);
	mime_digest_feed(a->digest, rest);
	for (; rest.len; rest = view_skip(rest, PIECE_MAX))
		imap_tell(s, 0, MAIL_UPLOAD,
		    &(struct mail_upload){.upload = a->upload, .bytes = view_take(rest, PIECE_MAX)});
	a->waits = n < bytes.len;
	return n;
}

static void on_credit(struct imap_session *s, const struct mail_upload_credit *credit)
{
	struct imap_appending *a = imap_data(s);
	if (a->upload != credit->upload)
		return;
	a->credit += credit->bytes;
	if (a->waits) {
		a->waits = false;
		a->room(s);
	}
}

bool imap_upload_begin(struct imap_session *s, struct imap_appending *a, void (*room)(struct imap_session *s))
{
	if (a->count >= imap_limit_of_append(s)) { /* RFC 9738 section 3.1 */
		char code[IMAP_LIMIT_CODE_MAX];
		snprintf(code, sizeof code, "MESSAGELIMIT %u", (unsigned)imap_limit_of_append(s));
		imap_appending_refuse(s, code, "there are too many messages in one command");
		return false;
	}
	if (a->count == MAIL_UPLOADS_MAX || a->known > KNOWN_MAX) {
		imap_appending_refuse(s, "LIMIT", "there are too many messages in one command");
		return false;
	}
	if (a->replace_mailbox && a->count > 0) {
		imap_appending_refuse(s, "CANNOT", "one message replaces another");
		return false;
	}
	do
		s->last_upload++;
	while (s->last_upload == 0);
	a->upload = s->last_upload;
	a->credit = MAIL_UPLOAD_WINDOW;
	a->room = room;
	a->waits = false;
	a->size = 0;
	a->digest = mime_digest_new();
	a->lines = (struct line_ends){0};
	a->nul = false;
	s->credit = on_credit;
	return true;
}
