/*
 * Strangers who fetch the file behind a link: the grant of a right to it, and its verbs, FILE_LINK_LOOK,
 * FILE_LINK_READ and FILE_LINK_TAKEN (mail/file_link.h). The right is bound to one account and one number.
 * What it shows is looked up anew by each verb, the account too: so a right that was granted in the moment in
 * which link or account ended shows nothing.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#include "account/file_link.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "directory/directory.h"
#include "directory/groups.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

enum {
	PIECE = 128 * 1024,
	EACH_MAX = 16,   /* rights to one file: a dozen people whose browsers fetch it at the same time */
	ALL_MAX = 256,   /* of all: descriptors, and memory for what those do not take who are slow */
	OWNER_MAX = 1024 /* octets of an address */
};

/*
 * What there is, as long as account and link are both in use. They lie in two shards, of which only one at a
 * time is read as it is now: first the owner, then the link.
 */
struct finding {
	struct store_read read;
	void (*done)(struct finding *f, int result); /* -ENOENT: whatever of it is not there (any more) */
	uint64_t account;
	uint32_t number;
	int64_t now;
	struct account_file_link link; /* its texts are in `texts` */
	char texts[FILE_LINK_NAME_MAX + FILE_LINK_TYPE_MAX];
	char owner[OWNER_MAX];
	size_t owner_len;
};

static int run_owner(struct txn *t, void *arg)
{
	struct finding *f = arg;
	struct directory_account account;
	struct view own;
	int error = directory_account_address(t, f->account, &own);
	if (error)
		return error;
	if (own.len > sizeof f->owner)
		return -EBADMSG;
	memcpy(f->owner, own.data, own.len);
	f->owner_len = own.len;
	error = directory_account_in_use(t, view_of(f->owner, f->owner_len), &account);
	return error == -EACCES ? -ENOENT : error;
}

static void keep_text(struct finding *f, struct view *text, size_t at)
{
	memcpy(f->texts + at, text->data, text->len);
	*text = view_of(f->texts + at, text->len);
}

static int run_link(struct txn *t, void *arg)
{
	struct finding *f = arg;
	int error = account_file_link_get(t, f->account, f->number, f->now, &f->link);
	if (error)
		return error;
	keep_text(f, &f->link.name, 0);
	keep_text(f, &f->link.type, FILE_LINK_NAME_MAX);
	return 0;
}

static void link_read(struct store_read *read, int result)
{
	struct finding *f = container_of(read, struct finding, read);
	f->done(f, result);
}

/* Nothing is begun while the store closes. */
static void owner_read(struct store_read *read, int result)
{
	struct finding *f = container_of(read, struct finding, read);
	if (result || store_role.draining) {
		f->done(f, result ? result : -EAGAIN);
		return;
	}
	f->read = (struct store_read){.shard = f->account, .run = run_link, .arg = f, .done = link_read};
	store_read(store_role.store, &f->read);
}

static void find(struct finding *f, void (*done)(struct finding *f, int result))
{
	f->done = done;
	f->now = clock_wall();
	f->read =
	    (struct store_read){.shard = DIRECTORY_SHARD, .run = run_owner, .arg = f, .done = owner_read};
	store_read(store_role.store, &f->read);
}

/* ---- the grant ---- */

struct granting {
	struct asked asked;
	struct finding found;
	unsigned char secret[FILE_LINK_SECRET_SIZE];
};

struct counted {
	uint64_t account;
	uint32_t number;
	size_t of_it, all;
};

static void count(void *arg, struct right *r)
{
	struct counted *c = arg;
	if (r->ended || r->permissions != RIGHT_FILE)
		return;
	c->all++;
	c->of_it += r->account == c->account && r->file_link == c->number;
}

static int open_right(const struct granting *g, int pair[2])
{
	struct counted c = {.account = g->found.account, .number = g->found.number};
	right_each(count, &c);
	int error = c.of_it >= EACH_MAX || c.all >= ALL_MAX ? -EBUSY : channel_pair(pair);
	if (error)
		return error;
	struct right *r = right_open(g->found.account, RIGHT_FILE, ROLE_WEB, pair[0]);
	r->file_link = g->found.number;
	return 0;
}

/* The secret is compared in constant time, and whoever has a wrong one learns no more than who names no link.
 */
static void found_for(struct finding *found, int result)
{
	struct granting *g = container_of(found, struct granting, found);
	int pair[2] = {-1, -1};
	if (result == 0 && CRYPTO_memcmp(g->secret, g->found.link.secret, sizeof g->secret) != 0)
		result = -ENOENT;
	if (result == 0)
		result = store_role.draining ? -EAGAIN : open_right(g, pair);
	asked_answer_with(
	    &g->asked, MESSAGE_FILE_GRANTED, &(struct message_granted){.error = result}, pair[1]);
	mem_free(g);
}

void right_file_grant(
    struct link *auth, const struct channel_frame *frame, const struct message_grant_file *asked)
{
	struct granting *g = mem_alloc(sizeof *g);
	if (asked->secret.len != sizeof g->secret || !asked_begin(&g->asked, auth, frame)) {
		struct message_granted m = {
		    .error = asked->secret.len != sizeof g->secret ? -ENOENT : -EAGAIN};
		ipc_send(&auth->channel, MESSAGE_FILE_GRANTED, frame->request, &m, -1);
		mem_free(g);
		return;
	}
	memcpy(g->secret, asked->secret.data, sizeof g->secret);
	g->found.account = store_shard(STORE_ACCOUNT, asked->account);
	g->found.number = (uint32_t)asked->number;
	find(&g->found, found_for);
}

/* ---- the end ---- */

static void end_one(void *arg, struct right *r)
{
	const struct counted *c = arg;
	if (r->permissions == RIGHT_FILE && !r->ended &&
	    (c == NULL || (r->account == c->account && r->file_link == c->number)))
		right_end(r);
}

void right_file_end(uint64_t account, uint32_t number)
{
	right_each(end_one, &(struct counted){.account = account, .number = number});
}

void right_file_end_all(void)
{
	right_each(end_one, NULL);
}

/* ---- the verbs ---- */

struct right_file {
	struct question question;
	struct store_commit commit;
	struct finding found;
	uint64_t from, to; /* octets that are still to be answered */
	struct store_blob_read blobs;
	struct store_blob_part piece;
};

static struct right_file *file_of(struct question *question)
{
	return container_of(question, struct right_file, question);
}

static void release(struct question *question)
{
	mem_free(file_of(question)->piece.out);
}

static void proceed(struct right_file *f);

static void go_on(struct question *question)
{
	proceed(file_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

static struct right_file *begin(struct right *r, uint32_t request)
{
	struct right_file *f = question_begin(r, request, sizeof *f, &kind);
	f->found.account = r->account;
	f->found.number = r->file_link;
	return f;
}

static void look(struct right_file *f, void (*done)(struct finding *found, int result))
{
	question_call(&f->question);
	find(&f->found, done);
}

static void looked(struct finding *found, int result)
{
	struct right_file *f = container_of(found, struct right_file, found);
	const struct account_file_link *l = &f->found.link;
	if (!question_back(&f->question))
		return;
	struct file_link_file m = {.number = l->number,
	    .created = (uint64_t)l->created,
	    .expires = (uint64_t)l->expires,
	    .size = l->size,
	    .name = l->name,
	    .type = l->type,
	    .owner = view_of(f->found.owner, f->found.owner_len)};
	if (result == 0 && !question_answer(&f->question, FILE_LINK_FILE, &m))
		return;
	question_fail(&f->question, result);
}

void right_file_look(struct right *r, uint32_t request, const void *message)
{
	(void)message;
	look(begin(r, request), looked);
}

static void piece_read(struct store_blob_read *read)
{
	struct right_file *f = read->arg;
	if (!question_back(&f->question))
		return;
	if (f->piece.result) {
		log_event(LOG_ERROR, "-", "file-link-unreadable", log_u64("account", f->found.account),
		    log_u64("number", f->found.number), log_errno(f->piece.result),
		    log_string("do", "run `postrider store check`; everything else is served"));
		question_fail(&f->question, f->piece.result);
		return;
	}
	f->from += f->piece.length;
	struct mail_data m = {.bytes = view_of(f->piece.out, f->piece.length), .last = f->from == f->to};
	if (question_answer(&f->question, MAIL_DATA, &m))
		proceed(f);
}

static void proceed(struct right_file *f)
{
	if (!right_has_room(f->question.right))
		return;
	if (f->from == f->to) {
		question_done(&f->question, &(struct mail_done){0});
		return;
	}
	if (f->piece.out == NULL)
		f->piece.out = mem_alloc(PIECE);
	f->piece.id = f->found.link.blob;
	f->piece.offset = f->from;
	f->piece.length = f->to - f->from < PIECE ? (size_t)(f->to - f->from) : PIECE;
	f->blobs = (struct store_blob_read){.parts = &f->piece, .count = 1, .arg = f, .done = piece_read};
	question_call(&f->question);
	store_blob_read(store_role.store, &f->blobs);
}

static void found_to_read(struct finding *found, int result)
{
	struct right_file *f = container_of(found, struct right_file, found);
	if (!question_back(&f->question))
		return;
	if (result) {
		question_fail(&f->question, result);
		return;
	}
	uint64_t size = f->found.link.size;
	f->from = f->from < size ? f->from : size;
	f->to = f->to < size - f->from ? f->from + f->to : size;
	proceed(f);
}

void right_file_read(struct right *r, uint32_t request, const void *message)
{
	const struct file_link_read *m = message;
	struct right_file *f = begin(r, request);
	f->from = m->from;
	f->to = m->length; /* until the file's size is known */
	look(f, found_to_read);
}

static int run_taken(struct txn *t, void *arg)
{
	struct right_file *f = arg;
	int error = run_owner(t, &f->found);
	if (error == 0)
		error = run_link(t, &f->found);
	f->found.link.downloads++;
	f->found.link.last = f->found.now;
	return error ? error : account_file_link_put(t, f->found.account, &f->found.link);
}

static void taken(struct store_commit *c, int result)
{
	struct right_file *f = container_of(c, struct right_file, commit);
	if (question_back(&f->question))
		question_fail(&f->question, result);
}

void right_file_taken(struct right *r, uint32_t request, const void *message)
{
	struct right_file *f = begin(r, request);
	(void)message;
	f->found.now = clock_wall();
	f->commit = (struct store_commit){.run = run_taken, .arg = f, .done = taken};
	question_call(&f->question);
	store_commit(store_role.store, &f->commit);
}
