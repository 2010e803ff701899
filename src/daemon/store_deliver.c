/* Deliveries: pieces of bodies become uploads, an envelope makes one commit for all its mailboxes. */
#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/store_private.h"

/* A body that smtp sends in pieces. */
struct upload {
	struct store_upload *body;
	uint64_t number, owed; /* bytes that were taken and not credited yet */
	uint32_t request;
	bool waiting, failed;
};

/* A delivery under way; what the frame held is copied, since the frame is gone when the commit is done. */
struct delivery {
	struct account_delivery delivery;
	struct arena arena;
	uint32_t request;
	uint64_t generation;
	size_t *positions; /* of each target of the message: which one of the delivery's it is */
	size_t asked;
};

static struct map uploads; /* number -> struct upload */

/* What one upload may have under way at most; more is a broken or a hostile smtp. */
enum {
	OWED_MAX = 2 * 1024 * 1024 /* bytes that wait for credit; smtp stops at 384 KB and a piece */
};

static void closed(struct link *link);

static void break_link(const char *reason)
{
	log_event(LOG_ERROR, "-", "smtp-misbehaves", log_string("reason", reason));
	link_close(&store_role.smtp);
	closed(&store_role.smtp);
}

/* ---- uploads ---- */

static void credit(struct upload *u)
{
	struct message_upload_credit m = {.upload = u->number, .bytes = u->owed};
	if (store_role.smtp.up)
		ipc_send(&store_role.smtp.channel, MESSAGE_UPLOAD_CREDIT, u->request, &m, -1);
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
	map_remove_u64(&uploads, u->number);
	mem_free(u);
}

static void take_piece(const struct message_upload *m, uint32_t request)
{
	struct upload *u = map_get_u64(&uploads, m->upload);
	if (u == NULL) {
		if (uploads.count >= store_role.process->settings.connections_max) {
			break_link("too-many-uploads");
			return;
		}
		u = mem_alloc(sizeof *u);
		*u = (struct upload){
		    .body = store_upload_begin(store_role.store), .number = m->upload, .request = request};
		map_set_u64(&uploads, m->upload, u);
	}
	/* An error sticks to the upload and comes out at the delivery. */
	if (u->body == NULL || store_upload_append(u->body, m->bytes) != 0)
		u->failed = true;
	u->owed += m->bytes.len;
	if (u->waiting) {
		if (u->owed > OWED_MAX)
			break_link("sends-without-credit");
		return;
	}
	if (!u->failed && store_upload_backlog(u->body) > STORE_UPLOAD_BACKLOG) {
		u->waiting = true;
		store_upload_wait(u->body, on_drained, u);
	} else {
		credit(u);
	}
}

static void abort_upload(uint64_t number)
{
	struct upload *u = map_get_u64(&uploads, number);
	if (u == NULL)
		return;
	store_upload_abort(u->body);
	forget_upload(u);
}

/* ---- deliveries ---- */

static void answer(uint32_t request, const int *results, size_t count)
{
	struct message_result items[ACCOUNT_TARGETS_MAX];
	for (size_t i = 0; i < count; i++)
		items[i].error = (uint64_t)(int64_t)results[i];
	struct message_delivered m = {.results = {.items = items, .count = count}};
	if (store_role.smtp.up)
		ipc_send(&store_role.smtp.channel, MESSAGE_DELIVERED, request, &m, -1);
}

static void answer_all(uint32_t request, size_t count, int error)
{
	int results[ACCOUNT_TARGETS_MAX];
	for (size_t i = 0; i < count; i++)
		results[i] = error;
	answer(request, results, count);
}

static void delivered(struct account_delivery *delivery, int result)
{
	struct delivery *d = delivery->arg;
	int results[ACCOUNT_TARGETS_MAX];
	for (size_t i = 0; i < d->asked; i++) {
		int own = delivery->targets[d->positions[i]].result;
		results[i] = own ? own : result;
	}
	if (d->generation == store_role.smtp.generation)
		answer(d->request, results, d->asked);
	arena_done(&d->arena);
	mem_free(d);
}

/* An account that is named twice (two aliases of one person) gets the message once. */
static bool copy_targets(struct delivery *d, const struct message_deliver *m)
{
	struct account_target *targets = arena_array(&d->arena, m->targets.count, sizeof *targets);
	d->positions = arena_array(&d->arena, m->targets.count, sizeof *d->positions);
	size_t count = 0;
	if (targets == NULL || d->positions == NULL)
		return false;
	for (size_t i = 0; i < m->targets.count; i++) {
		const struct message_delivery_target *t =
		    (const struct message_delivery_target *)m->targets.items + i;
		size_t k = 0;
		while (k < count && targets[k].shard != t->account)
			k++;
		d->positions[i] = k;
		if (k < count)
			continue;
		targets[k].shard = t->account;
		targets[k].enforce_quota = m->enforce_quota;
		targets[k].quota_default = store_role.process->settings.quota_default;
		if (!arena_copy(&d->arena, t->mailbox, &targets[k].mailbox) ||
		    !arena_copy(&d->arena, t->prefix, &targets[k].prefix))
			return false;
		count++;
	}
	d->delivery.targets = targets;
	d->delivery.target_count = count;
	d->delivery.all_or_none = m->all_or_none;
	/* Beside a long prefix the summary finds no room in the index: its readers then make it from the
	 * message. */
	for (size_t i = 0; i < count; i++)
		if (targets[i].prefix.len + m->summary.len > ACCOUNT_INLINE_MAX)
			return true;
	return arena_copy(&d->arena, m->summary, &d->delivery.summary);
}

static struct store_upload *claim_upload(const struct message_deliver *m)
{
	if (m->upload == 0)
		return store_upload_begin(store_role.store);
	struct upload *u = map_get_u64(&uploads, m->upload);
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

static void take_delivery(const struct message_deliver *m, uint32_t request)
{
	struct store_upload *body = claim_upload(m);
	size_t count = m->targets.count;
	if (body == NULL || count == 0) {
		store_upload_abort(body);
		answer_all(request, count, -EIO);
		return;
	}
	int error = store_upload_append(body, m->bytes);
	uint64_t body_len = store_upload_length(body);
	if (error == 0 && m->trailer.len > 0)
		error = store_upload_append(body, m->trailer);
	struct delivery *d = mem_alloc(sizeof *d);
	arena_init(&d->arena, 1024 * 1024);
	d->request = request;
	d->generation = store_role.smtp.generation;
	d->asked = count;
	if (error == 0 && !copy_targets(d, m))
		error = -ENOMEM;
	if (error) {
		store_upload_abort(body);
		answer_all(request, count, error);
		arena_done(&d->arena);
		mem_free(d);
		return;
	}
	d->delivery.upload = body;
	d->delivery.body_len = body_len;
	d->delivery.internaldate = (int64_t)m->received_at;
	d->delivery.message_id_hash = m->thread_hash;
	d->delivery.done = delivered;
	d->delivery.arg = d;
	account_deliver(&store_role.accounts, &d->delivery);
}

/* ---- room ---- */

struct room {
	struct account_request request;
	struct asked asked;
	uint64_t bytes;
};

static void room_known(struct account_request *r, int result)
{
	struct room *room = r->arg;
	struct store_stats stats;
	uint64_t default_quota = store_role.process->settings.quota_default;
	uint64_t quota = r->quota ? r->quota : default_quota;
	store_stats(store_role.store, &stats);
	if (result == 0 && (stats.nearly_full || stats.read_only))
		result = -ENOSPC;
	else if (result == 0 && quota && (r->bytes >= quota || room->bytes > quota - r->bytes))
		result = -EDQUOT;
	struct message_result m = {.error = (uint64_t)(int64_t)result};
	asked_answer(&room->asked, MESSAGE_ROOM_ANSWER, &m);
	mem_free(room);
}

static void take_room(struct link *link, const struct channel_frame *frame, const struct message_room *m)
{
	struct room *room = mem_alloc(sizeof *room);
	if (!asked_begin(&room->asked, link, frame)) {
		struct message_result busy = {.error = (uint64_t)(int64_t)-EBUSY};
		ipc_send(&link->channel, MESSAGE_ROOM_ANSWER, frame->request, &busy, -1);
		mem_free(room);
		return;
	}
	room->bytes = m->bytes;
	room->request = (struct account_request){.shard = m->account, .done = room_known, .arg = room};
	account_stat(&store_role.accounts, &room->request);
}

/* ---- the link ---- */

static void received(struct link *link, struct channel_frame *frame)
{
	union {
		struct message_upload upload;
		struct message_upload_abort abort;
		struct message_deliver deliver;
		struct message_room room;
	} m;
	if (!link_decode(link, frame, &m))
		return;
	if (frame->type == MESSAGE_UPLOAD)
		take_piece(&m.upload, frame->request);
	else if (frame->type == MESSAGE_UPLOAD_ABORT)
		abort_upload(m.abort.upload);
	else if (frame->type == MESSAGE_DELIVER)
		take_delivery(&m.deliver, frame->request);
	else
		take_room(link, frame, &m.room);
}

static void closed(struct link *link)
{
	(void)link;
	while (uploads.count > 0) {
		size_t position = 0;
		void *value;
		map_each(&uploads, &position, NULL, &value);
		struct upload *u = value;
		store_upload_abort(u->body);
		forget_upload(u);
	}
}

void store_deliver_close(void)
{
	link_close(&store_role.smtp);
	closed(&store_role.smtp);
}

void store_deliver_open(int fd)
{
	closed(NULL);
	link_open(&store_role.smtp, store_role.process, fd, ROLE_SMTP, received, closed, NULL);
}
