/*
 * Bodies that come in pieces: smtp's, and relay's reports. Pieces become an upload of the store; what it has
 * taken is credited, so that a sender that goes on without credit is a broken one.
 */
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/store/store_private.h"

struct upload {
	struct link *link;
	struct store_upload *body;
	uint64_t number, owed; /* bytes that were taken and not credited yet */
	uint32_t request;
	bool waiting, failed;
};

/* The most that one upload may have under way; more comes from a broken or hostile smtp. */
enum {
	OWED_MAX = 2 * 1024 * 1024 /* bytes that wait for credit; smtp stops at 384 KB and a piece */
};

static struct map relay_uploads; /* number -> struct upload */

static struct map *uploads_of(struct link *link)
{
	return link == &store_role.relay ? &relay_uploads
	                                 : &container_of(link, struct store_sender, peer.link)->uploads;
}

bool store_upload_any(void)
{
	const struct peer *peer = store_role.smtp.first;
	while (peer && ((const struct store_sender *)peer)->uploads.count == 0)
		peer = peer->next;
	return peer || relay_uploads.count > 0;
}

static void break_link(struct link *link, const char *reason)
{
	log_event(LOG_ERROR, "-", "sender-misbehaves", log_string("reason", reason),
	    log_string("peer", role_bit_name(link->peer)));
	link_break(link);
}

static void credit(struct upload *u)
{
	struct message_upload_credit m = {.upload = u->number, .bytes = u->owed};
	if (u->link->up)
		ipc_send(&u->link->channel, MESSAGE_UPLOAD_CREDIT, u->request, &m, -1);
	u->owed = 0;
}

static void on_drained(void *arg)
{
	struct upload *u = arg;
	u->waiting = false;
	credit(u);
}

static void forget_upload(struct upload *u)
{
	map_remove_u64(uploads_of(u->link), u->number);
	mem_free(u);
}

static struct upload *begin_upload(struct link *link, uint64_t number, uint32_t request)
{
	struct map *uploads = uploads_of(link);
	if (uploads->count >= store_role.process->settings.connections_max) {
		break_link(link, "too-many-uploads");
		return NULL;
	}
	struct upload *u = mem_alloc(sizeof *u);
	*u = (struct upload){
	    .link = link, .body = store_upload_begin(store_role.store), .number = number, .request = request};
	map_set_u64(uploads, number, u);
	return u;
}

void store_upload_piece(struct link *link, const struct message_upload *m, uint32_t request)
{
	struct upload *u = map_get_u64(uploads_of(link), m->upload);
	if (u == NULL)
		u = begin_upload(link, m->upload, request);
	if (u == NULL)
		return;
	/* An error sticks to the upload and comes out at the delivery. */
	if (u->body == NULL || store_upload_append(u->body, m->bytes) != 0)
		u->failed = true;
	u->owed += m->bytes.len;
	if (u->waiting) {
		if (u->owed > OWED_MAX)
			break_link(link, "sends-without-credit");
		return;
	}
	if (!u->failed && store_upload_backlog(u->body) > STORE_UPLOAD_BACKLOG) {
		u->waiting = true;
		store_upload_wait(u->body, on_drained, u);
	} else {
		credit(u);
	}
}

void store_upload_cancel(struct link *link, uint64_t number)
{
	struct upload *u = map_get_u64(uploads_of(link), number);
	if (u == NULL)
		return;
	store_upload_abort(u->body);
	forget_upload(u);
}

struct store_upload *store_upload_claim(struct link *link, uint64_t number)
{
	struct upload *u = map_get_u64(uploads_of(link), number);
	if (u == NULL)
		return NULL;
	struct store_upload *body = u->body;
	/* The engine must not call back for a credit that nobody waits for any more. */
	if (u->waiting)
		store_upload_wait(body, NULL, NULL);
	if (u->failed) {
		store_upload_abort(body);
		body = NULL;
	}
	forget_upload(u);
	return body;
}

void store_upload_forget(struct link *link)
{
	struct map *uploads = uploads_of(link);
	while (uploads->count > 0) {
		size_t position = 0;
		void *value;
		map_each(uploads, &position, NULL, &value);
		struct upload *u = value;
		store_upload_abort(u->body);
		forget_upload(u);
	}
}
