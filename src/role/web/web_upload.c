/*
 * Uploads (RFC 8620 section 6.1). The bytes go to store as they come, as much as it gives credit for; then
 * store is told to keep them for a while, and their id is answered. Nothing but a piece of them is ever here.
 *
 * Whatever account an upload is meant for, it lies with who has uploaded it until something is made of it: so
 * nobody else can read it, and nobody fills up another's account with what is never used. For another's
 * account one must be able to put something there.
 */
#include "role/web/web_upload.h"

#include <errno.h>

#include "base/mem.h"
#include "format/json_out.h"
#include "jmap/jmap.h"
#include "mail/mail_email.h"
#include "mail/mail_id.h"
#include "role/web/web_lines.h"
#include "role/web/web_routes.h"

enum { ANSWER_MAX = 4096, TYPE_MAX = 256 };

struct upload {
	struct web_transfer transfer; /* the first member */
	struct web_exchange *e;
	uint64_t account; /* that it is meant for */
	uint64_t number;  /* 0: not begun, or over */
	uint64_t credit;  /* octets that store takes now */
	bool complete;    /* all octets are with store */
	bool empty;       /* no piece of it has gone there */
	bool looks, may;  /* whether there is a mailbox in another's account that mail may be put into */
};

static void refuse(struct upload *u, int64_t error)
{
	struct web_exchange *e = u->e;
	if (error == -EDQUOT)
		web_exchange_refuse(e, 507, "urn:ietf:params:jmap:error:limit", "quota",
		    "There is no room for it: the account keeps too many uploads, or its quota is used up.");
	else if (error == -EFBIG || error == -EMSGSIZE)
		web_exchange_refuse(
		    e, 413, "urn:ietf:params:jmap:error:limit", "maxSizeUpload", "The upload is too large.");
	else
		web_exchange_unavailable(e);
	web_exchange_touch(e);
}

/* ---- store ---- */

static void begin_body(struct upload *u)
{
	/* An announced length that is too large was refused before; but what has come already may be. */
	if (!http_exchange_take_body(u->e->x, edge_settings()->upload_size_max)) {
		refuse(u, -EFBIG);
		return;
	}
	u->number = web_line_upload_number(&u->transfer);
	u->credit = MAIL_UPLOAD_WINDOW;
	u->empty = true;
	web_exchange_touch(u->e);
}

static void on_ready(struct web_transfer *t)
{
	struct upload *u = (struct upload *)t;
	u->looks = u->account != u->e->user->account;
	if (u->looks)
		web_line_ask(
		    t, MAIL_MAILBOXES, &(struct mail_mailboxes){.account = u->account, .offered = true});
	else
		begin_body(u);
}

static void refuse_account(struct web_exchange *e)
{
	web_exchange_refuse(e, 404, NULL, NULL,
	    "There is no such account, or it has no mailbox that you may put anything into.");
	web_exchange_touch(e);
}

static void looked(struct upload *u, int64_t error)
{
	u->looks = false;
	if (error && error != -ENOENT)
		refuse(u, error);
	else if (u->may)
		begin_body(u);
	else
		refuse_account(u->e);
}

/* RFC 8620 section 6.1: the type is what the client said, and nobody looks into the bytes. */
static void answer(struct upload *u, const struct mail_done *done)
{
	struct web_exchange *e = u->e;
	struct buf out;
	char id[MAIL_ID_MAX];
	struct view type = http_exchange_field(e->x, "content-type");
	buf_init(&out, ANSWER_MAX);
	struct json_out w = json_out_on(&out);
	json_out_object(&w);
	json_out_name(&w, VIEW("accountId"));
	json_out_string(&w, view_of(id, mail_account_id_write(id, u->account)));
	json_out_name(&w, VIEW("blobId"));
	json_out_string(&w, view_of(id, mail_id_write(id, MAIL_ID_BLOB_UPLOAD, u->account, done->number)));
	json_out_name(&w, VIEW("type"));
	json_out_string(&w, type.len && type.len <= TYPE_MAX ? type : VIEW("application/octet-stream"));
	json_out_name(&w, VIEW("size"));
	json_out_unsigned(&w, done->messages);
	json_out_end(&w);
	http_exchange_reply(e->x, 201, VIEW("application/json"), buf_view(&out));
	buf_done(&out);
	web_exchange_touch(e);
}

static void on_answer(struct web_transfer *t, unsigned type, const void *said)
{
	struct upload *u = (struct upload *)t;
	const struct mail_upload_credit *credit = said;
	const struct mail_done *done = said;
	const struct mail_mailbox *mailbox = said;
	if (u->looks && type == MAIL_MAILBOX)
		u->may = u->may || (mailbox->account == u->account && mailbox->rights & RIGHT_INSERT);
	else if (u->looks && type == MAIL_DONE)
		looked(u, done->error);
	else if (type == MAIL_UPLOAD_CREDIT && credit->upload == u->number) {
		u->credit += credit->bytes;
		http_exchange_go_on(u->e->x);
		web_exchange_touch(u->e);
	} else if (type == MAIL_DONE && u->complete) {
		u->number = 0;
		if (done->error)
			refuse(u, done->error);
		else
			answer(u, done);
	}
}

static void on_lost(struct web_transfer *t)
{
	struct upload *u = (struct upload *)t;
	u->number = 0;
	refuse(u, -EIO);
}

static const struct web_transfer_handler handler = {.ready = on_ready, .answer = on_answer, .lost = on_lost};

/* ---- the request ---- */

void web_upload_begin(struct web_exchange *e)
{
	uint64_t account, length = http_exchange_body_length(e->x);
	if (!mail_account_id_read(web_exchange_rest(e), &account) || account == 0 ||
	    account >= MAIL_ACCOUNT_END) {
		refuse_account(e);
		return;
	}
	if (length != HTTP_LENGTH_UNKNOWN && length > edge_settings()->upload_size_max) {
		web_exchange_refuse(
		    e, 413, "urn:ietf:params:jmap:error:limit", "maxSizeUpload", "The upload is too large.");
		return;
	}
	if (e->user->lost) {
		web_exchange_unavailable(e);
		return;
	}
	if (e->user->uploads >= JMAP_CONCURRENT_UPLOADS_MAX) {
		web_exchange_refuse(e, 400, "urn:ietf:params:jmap:error:limit", "maxConcurrentUpload",
		    "Too many uploads are under way at once.");
		return;
	}
	struct upload *u = mem_alloc(sizeof *u);
	u->e = e;
	u->account = account;
	u->transfer = (struct web_transfer){.handler = &handler, .user = e->user, .upload = true};
	e->data = u;
	e->user->uploads++;
	web_line_take(&u->transfer);
}

/* Returns how much was handed on. */
static size_t hand_on(struct upload *u, struct view bytes)
{
	size_t done = 0;
	while (done < bytes.len && u->credit > 0) {
		struct view piece = view_take(view_skip(bytes, done), MAIL_PIECE_MAX);
		piece = view_take(piece, u->credit);
		web_line_ask(
		    &u->transfer, MAIL_UPLOAD, &(struct mail_upload){.upload = u->number, .bytes = piece});
		u->credit -= piece.len;
		u->empty = false;
		done += piece.len;
	}
	return done;
}

size_t web_upload_body(struct web_exchange *e, struct view bytes, bool last)
{
	struct upload *u = e->data;
	if (u == NULL || u->number == 0 || http_exchange_has_begun(e->x))
		return bytes.len;
	size_t done = hand_on(u, bytes);
	if (!last || done < bytes.len)
		return done;
	u->complete = true;
	/* An empty one has had no piece yet, by which store knows its number. */
	if (u->empty)
		web_line_ask(&u->transfer, MAIL_UPLOAD, &(struct mail_upload){.upload = u->number});
	web_line_ask(&u->transfer, EMAIL_KEEP, &(struct email_keep){.upload = u->number});
	return done;
}

void web_upload_over(struct web_exchange *e, bool whole)
{
	struct upload *u = e->data;
	(void)whole;
	if (u == NULL)
		return;
	/* What store keeps already goes by itself after a while. */
	if (u->number && u->transfer.line && !u->complete)
		web_line_ask(
		    &u->transfer, MAIL_UPLOAD_ABORT, &(struct mail_upload_abort){.upload = u->number});
	web_line_give_back(&u->transfer);
	e->user->uploads--;
	mem_free(u);
}
