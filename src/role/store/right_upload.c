/*
 * MAIL_UPLOAD: bodies of messages to come, in pieces. What the store has taken is credited; a session that
 * goes on without credit is a broken one.
 */
#include <errno.h>

#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

/* A small message needs no credit, and its session is not woken for one. Whoever has used up the window has
 * sent so much more than this that it gets some. */
enum { CREDIT_AT = MAIL_UPLOAD_WINDOW / 4 };

struct right_upload {
	struct right_upload *next;
	struct right *right;
	struct store_upload *body;
	uint64_t number, owed; /* octets that were taken and not credited yet */
	uint32_t request;      /* of the last piece: credits come under it */
	bool waiting, failed;
};

static struct right_upload **place_of(struct right *r, uint64_t number)
{
	struct right_upload **at = &r->uploads;
	while (*at && (*at)->number != number)
		at = &(*at)->next;
	return at;
}

static void credit(struct right_upload *u)
{
	struct mail_upload_credit m = {.upload = u->number, .bytes = u->owed};
	u->owed = 0;
	if (u->right->link.up)
		ipc_send(&u->right->link.channel, MAIL_UPLOAD_CREDIT, u->request, &m, -1);
}

static void drained(void *arg)
{
	struct right_upload *u = arg;
	u->waiting = false;
	credit(u);
}

static struct right_upload *begin(struct right *r, uint64_t number)
{
	size_t count = 0;
	for (const struct right_upload *u = r->uploads; u; u = u->next)
		count++;
	if (count >= MAIL_UPLOADS_MAX) {
		right_break(r, "too-many-uploads");
		return NULL;
	}
	struct right_upload *u = mem_alloc(sizeof *u);
	*u = (struct right_upload){
	    .next = r->uploads, .right = r, .body = store_upload_begin(store_role.store), .number = number};
	return r->uploads = u;
}

void right_upload(struct right *r, uint32_t request, const void *message)
{
	const struct mail_upload *m = message;
	struct right_upload *u = *place_of(r, m->upload);
	if (u == NULL)
		u = begin(r, m->upload);
	if (u == NULL)
		return;
	u->request = request;
	u->owed += m->bytes.len;
	if (u->owed > MAIL_UPLOAD_WINDOW) {
		right_break(r, "sends-without-credit");
		return;
	}
	/* An error sticks to the upload and comes out with the message. */
	if (u->body == NULL || store_upload_append(u->body, m->bytes) != 0)
		u->failed = true;
	if (u->waiting)
		return;
	if (!u->failed && store_upload_backlog(u->body) > STORE_UPLOAD_BACKLOG) {
		u->waiting = true;
		store_upload_wait(u->body, drained, u);
	} else if (u->owed >= CREDIT_AT) {
		credit(u);
	}
}

static struct store_upload *take(struct right_upload **at)
{
	struct right_upload *u = *at;
	struct store_upload *body = u->body;
	*at = u->next;
	/* The engine must not call back for a credit that nobody waits for any more. */
	if (u->waiting)
		store_upload_wait(body, NULL, NULL);
	if (u->failed) {
		store_upload_abort(body);
		body = NULL;
	}
	mem_free(u);
	return body;
}

struct store_upload *right_upload_claim(struct right *r, uint64_t number)
{
	struct right_upload **at = place_of(r, number);
	return *at ? take(at) : NULL;
}

void right_upload_abort(struct right *r, uint32_t request, const void *message)
{
	const struct mail_upload_abort *m = message;
	(void)request;
	store_upload_abort(right_upload_claim(r, m->upload));
}

void right_upload_close(struct right *r)
{
	while (r->uploads)
		store_upload_abort(take(&r->uploads));
}
