/*
 * MAIL_READ and EMAIL_READ: parts of messages, or of what is kept for a while, one after the other. A message
 * that is asked for from its beginning comes with the read that finds it; what is left of a large one follows
 * in pieces. A binary message is mended on its way, so it is read from its beginning, wherever the part
 * begins.
 */
#include <errno.h>

#include "account/messages.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "format/line_mend.h"
#include "role/store/question.h"
#include "role/store/right_kept.h"
#include "role/store/store_private.h"

enum {
	FIRST_BYTES = 128 * 1024, /* what one read brings */
	PIECE = 128 * 1024,
	BOUNDS_SIZE = 8 + 8 /* of a part, behind the UID or id */
};

struct right_parts {
	struct question question;
	struct right_mailbox box;
	struct right_account account;
	enum { BY_UID, BY_EMAIL, BY_KEPT } by;
	struct buf parts; /* as they were asked for */
	struct cursor left;
	uint32_t index; /* of the part under way */
	bool in_part;

	/* The part under way: octets [from, to) of the message as it is sent are still to be answered. */
	uint64_t id; /* its UID, or as EMAIL_READ names it */
	uint64_t email;
	uint64_t from, to;
	uint64_t at; /* octet of the message, as it is sent, that comes next out of the reads */

	/* Its body. */
	struct blob_id blob;
	uint64_t body_len, body_at; /* read up to here */
	bool raw, binary;           /* binary: it is mended on its way */
	struct line_mend mend;
	struct buf text; /* a mended piece */

	struct account_list list;
	struct account_listed listed;
	struct account_emails emails;
	struct account_keep kept;
	struct account_fetch fetch;
	struct store_blob_read blobs;
	struct store_blob_part piece;
};

static struct right_parts *parts_of(struct question *question)
{
	return container_of(question, struct right_parts, question);
}

static void release(struct question *question)
{
	struct right_parts *p = parts_of(question);
	buf_done(&p->parts);
	buf_done(&p->text);
	account_fetch_free(&p->fetch);
	account_emails_free(&p->emails);
	mem_free(p->piece.out);
}

static void proceed(struct right_parts *p);

static void go_on(struct question *question)
{
	proceed(parts_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

/* False when the question has ended of it. */
static bool answer(struct right_parts *p, struct view bytes, int64_t error)
{
	struct mail_data m = {.index = p->index, .error = error, .bytes = bytes};
	m.last = error != 0 || p->from == p->to;
	p->in_part = !m.last;
	return question_answer(&p->question, MAIL_DATA, &m);
}

/* The message's next octets, as they are sent: those that are asked for go out. */
static bool pass(struct right_parts *p, struct view bytes)
{
	uint64_t end = p->at + bytes.len;
	if (p->in_part && p->from < end && p->from < p->to) {
		struct view wanted = view_skip(bytes, (size_t)(p->from - p->at));
		if (wanted.len > p->to - p->from)
			wanted = view_take(wanted, (size_t)(p->to - p->from));
		p->from += wanted.len;
		p->at = end;
		return answer(p, wanted, 0);
	}
	p->at = end;
	return true;
}

/* Octets of the body as it is kept. */
static bool pass_body(struct right_parts *p, struct view bytes)
{
	p->body_at += bytes.len;
	if (!p->binary)
		return pass(p, bytes);
	buf_clear(&p->text);
	line_mend(&p->mend, bytes, &p->text);
	if (p->body_at == p->body_len)
		line_mend_end(&p->mend, &p->text);
	return buf_failed(&p->text) ? answer(p, (struct view){0}, -ENOMEM) : pass(p, buf_view(&p->text));
}

/* ---- the rest of a large message ---- */

static void piece_read(struct store_blob_read *read)
{
	struct right_parts *p = read->arg;
	int result = p->piece.result;
	if (!question_back(&p->question))
		return;
	bool goes_on = result ? answer(p, (struct view){0}, result)
	                      : pass_body(p, view_of(p->piece.out, p->piece.length));
	if (goes_on)
		proceed(p);
}

/* A message that ends before the part does, against what is known of its length, ends the part. */
static void read_piece(struct right_parts *p)
{
	uint64_t len = p->body_len - p->body_at;
	if (!p->binary && len > p->to - p->at)
		len = p->to - p->at;
	if (len == 0) {
		p->from = p->to;
		if (answer(p, (struct view){0}, 0))
			proceed(p);
		return;
	}
	if (p->piece.out == NULL)
		p->piece.out = mem_alloc(PIECE);
	p->piece.id = p->blob;
	p->piece.offset = p->body_at;
	p->piece.length = len < PIECE ? (size_t)len : PIECE;
	p->blobs = (struct store_blob_read){.parts = &p->piece, .count = 1, .arg = p, .done = piece_read};
	question_call(&p->question);
	store_blob_read(store_role.store, &p->blobs);
}

/* ---- its beginning ---- */

/* The end of the message cuts the part; what of it lies behind the end is empty. */
static bool begin_part(struct right_parts *p, const struct account_fetched *e)
{
	uint64_t whole = e->prefix.len + e->body_len + (p->binary ? e->text_growth : 0);
	p->blob = e->blob;
	p->body_len = e->body_len;
	p->body_at = p->at = 0;
	p->mend = (struct line_mend){0};
	if (p->from > whole)
		p->from = whole;
	p->to = p->to < whole - p->from ? p->from + p->to : whole;
	if (p->from == p->to)
		return answer(p, (struct view){0}, 0);
	if (!pass(p, e->prefix))
		return false;
	if (p->in_part && e->body.len > 0)
		return pass_body(p, e->body);
	/* Nothing before the part is read. */
	if (p->in_part && !p->binary && p->from > p->at) {
		p->body_at = p->from - p->at;
		p->at = p->from;
	}
	return true;
}

static void email_read(struct account_fetch *call, int result)
{
	struct right_parts *p = container_of(call, struct right_parts, fetch);
	if (!question_back(&p->question))
		return;
	int error = result ? result : call->messages[0].result;
	if (error && error != -ENOENT)
		log_event(LOG_ERROR, "-", "message-unreadable",
		    log_u64("account", p->question.right->account), log_u64("email", p->email),
		    log_errno(error),
		    log_string("do", "run `postrider store check`; everything else is served"));
	bool goes_on = error ? answer(p, (struct view){0}, error) : begin_part(p, &call->messages[0]);
	if (goes_on) {
		account_fetch_free(call);
		proceed(p);
	}
}

/* The email is there, and the session may read it. */
static void fetch(struct right_parts *p, uint64_t shard, uint64_t email, uint64_t flags)
{
	p->email = email;
	p->binary = flags & FLAG_BINARY && !p->raw;
	p->fetch = (struct account_fetch){.shard = shard,
	    .emailids = &p->email,
	    .emailid_count = 1,
	    .budget = p->from == 0 && !p->binary ? FIRST_BYTES : 0,
	    .done = email_read};
	/* Of the beginning no more than is asked for. */
	if (p->fetch.budget > p->to)
		p->fetch.budget = p->to ? (size_t)p->to : 1;
	question_call(&p->question);
	account_fetch(&store_role.accounts, &p->fetch);
}

static void refuse_part(struct right_parts *p, int error)
{
	if (answer(p, (struct view){0}, error))
		proceed(p);
}

static void listed(struct account_list *list, int result)
{
	struct right_parts *p = container_of(list, struct right_parts, list);
	if (!question_back(&p->question))
		return;
	if (result || list->count == 0)
		refuse_part(p, result ? result : -ENOENT);
	else
		fetch(p, p->box.shard, p->listed.emailid, p->listed.flags);
}

static void looked_up(struct account_emails *emails, int result)
{
	struct right_parts *p = container_of(emails, struct right_parts, emails);
	if (!question_back(&p->question))
		return;
	bool found = result == 0 && emails->emails[0].mailbox_count > 0;
	uint64_t flags = found ? emails->emails[0].flags : 0;
	account_emails_free(emails);
	if (found)
		fetch(p, p->account.box.shard, p->id, flags);
	else
		refuse_part(p, result ? result : -ENOENT);
}

static void kept_found(struct account_keep *kept, int result)
{
	struct right_parts *p = container_of(kept, struct right_parts, kept);
	if (!question_back(&p->question))
		return;
	struct account_fetched body = {.blob = kept->blob, .body_len = kept->size};
	p->binary = false;
	if (result)
		refuse_part(p, result);
	else if (begin_part(p, &body))
		proceed(p);
}

static void find_uid(struct right_parts *p)
{
	p->list = (struct account_list){.shard = p->box.shard,
	    .mailbox = p->box.mailbox,
	    .first = (uint32_t)p->id,
	    .last = (uint32_t)p->id,
	    .messages = &p->listed,
	    .room = 1,
	    .done = listed};
	question_call(&p->question);
	account_list(&store_role.accounts, &p->list);
}

static void find_email(struct right_parts *p)
{
	p->emails = (struct account_emails){.shard = p->account.box.shard,
	    .who = p->account.who,
	    .ids = &p->id,
	    .count = 1,
	    .done = looked_up};
	question_call(&p->question);
	account_emails(&store_role.accounts, &p->emails);
}

static void find_kept(struct right_parts *p)
{
	p->kept = (struct account_keep){.shard = p->question.right->account,
	    .id = kept_id_of(p->id),
	    .expires = kept_expiry_of(p->id),
	    .done = kept_found};
	question_call(&p->question);
	account_kept(&store_role.accounts, &p->kept);
}

static void read_part(struct right_parts *p)
{
	p->id = p->by == BY_UID ? cursor_u32(&p->left) : cursor_u64(&p->left);
	p->from = cursor_u64(&p->left);
	p->to = cursor_u64(&p->left); /* its length, until the message's is known */
	p->in_part = true;
	if (p->by == BY_UID)
		find_uid(p);
	else if (p->by == BY_EMAIL)
		find_email(p);
	else
		find_kept(p);
}

static void proceed(struct right_parts *p)
{
	if (!right_has_room(p->question.right))
		return;
	if (p->in_part) {
		read_piece(p);
		return;
	}
	p->index++;
	if (cursor_at_end(&p->left))
		question_done(&p->question, &(struct mail_done){0});
	else
		read_part(p);
}

static void granted(struct question *question)
{
	proceed(parts_of(question));
}

/* NULL: the question has ended. */
static struct right_parts *begin(
    struct right *r, uint32_t request, struct view parts, size_t id_size, uint64_t raw)
{
	size_t size = id_size + BOUNDS_SIZE;
	struct right_parts *p = question_begin(r, request, sizeof *p, &kind);
	buf_init(&p->parts, MAIL_PARTS_MAX * size);
	buf_init(&p->text, 2 * PIECE + 4);
	p->raw = raw;
	p->index = UINT32_MAX; /* the first one's is 0 */
	if (buf_append(&p->parts, parts) != 0) {
		question_fail(&p->question, -ENOMEM);
		return NULL;
	}
	p->left = cursor_on(buf_view(&p->parts));
	if (parts.len % size == 0)
		return p;
	right_break(r, "bad-parts");
	return NULL;
}

void right_read_parts(struct right *r, uint32_t request, const void *message)
{
	const struct mail_read *m = message;
	struct right_parts *p = begin(r, request, m->parts, sizeof(uint32_t), m->raw);
	if (p)
		right_access(&p->question, m->account, m->mailbox, RIGHT_READ, &p->box, granted);
}

void right_read_emails(struct right *r, uint32_t request, const void *message)
{
	const struct email_read *m = message;
	struct right_parts *p = begin(r, request, m->parts, EMAIL_ID_SIZE, m->raw);
	if (p == NULL)
		return;
	p->by = m->kept ? BY_KEPT : BY_EMAIL;
	if (m->kept)
		proceed(p);
	else
		right_account(&p->question, m->account, &p->account, granted);
}
