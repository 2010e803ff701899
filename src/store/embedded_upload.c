/*
 * Uploads of the embedded engine. Small ones are a list of blocks in memory, which the committer puts into
 * the log. A large one gets a file of its own, which the writer thread fills block by block; nothing of it is
 * copied again. The file counts only once a durable commit names it: start removes all others.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/embedded.h"
#include "store/file.h"

enum { FIRST_ROOM = 4 << 10 };

/* The sums of the largest body that a blob's name can carry would not fit in memory; this is 128 GB of mail.
 */
enum { SUMS_MAX = 16 << 20 };

struct store_upload *embedded_upload_begin(struct store *s)
{
	struct embedded_upload *u = mem_alloc(sizeof *u);
	u->base.engine = s->engine;
	u->engine = embedded_of(s);
	u->file.fd = -1;
	buf_init(&u->sums, SUMS_MAX);
	pthread_mutex_init(&u->lock, NULL);
	return &u->base;
}

static struct upload_chunk *chunk_of(struct store_pending *job)
{
	return container_of(job, struct upload_chunk, job);
}

static struct embedded_upload *upload_of_job(struct store_pending *job)
{
	return container_of(job, struct embedded_upload, job);
}

static void chunk_free(struct upload_chunk *c)
{
	mem_free(c->data);
	mem_free(c);
}

static void count_memory(struct embedded_upload *u, size_t before, size_t now)
{
	u->memory += now - before;
	u->engine->upload_memory += now - before;
}

static void forget_chunks(struct embedded_upload *u)
{
	for (struct upload_chunk *c = u->first, *next; c; c = next) {
		next = c->next;
		chunk_free(c);
	}
	u->first = u->last = NULL;
	u->engine->upload_memory -= u->memory;
	u->memory = 0;
}

static void fail(struct embedded_upload *u, int error)
{
	int none = 0;
	if (atomic_compare_exchange_strong(&u->error, &none, error))
		log_event(LOG_WARNING, NULL, "upload-failed", log_errno(error));
}

/* With u->lock held. */
static bool is_drained(const struct embedded_upload *u)
{
	return atomic_load(&u->backlog) <= STORE_UPLOAD_BACKLOG / 2 || atomic_load(&u->error) != 0;
}

/* Loop thread: what tell_drained asked for. By now somebody else may be waiting, for less backlog than there
 * is. */
static void call_drained(struct store_pending *p, unsigned thread)
{
	struct embedded_upload *u = container_of(p, struct embedded_upload, drained_job);
	(void)thread;
	pthread_mutex_lock(&u->lock);
	void (*drained)(void *) = is_drained(u) ? u->drained : NULL;
	void *arg = u->drained_arg;
	u->drained_queued = false;
	if (drained)
		u->drained = NULL;
	pthread_mutex_unlock(&u->lock);
	if (drained)
		drained(arg);
}

/* With u->lock held. */
static void tell_drained(struct embedded_upload *u)
{
	if (u->drained == NULL || u->drained_queued || !is_drained(u))
		return;
	u->drained_queued = true;
	u->drained_job.act = call_drained;
	completions_add(&u->engine->completions, &u->drained_job);
}

static int write_block(struct embedded_upload *u, const struct upload_chunk *c)
{
	uint64_t position = SEGMENT_HEADER_SIZE + u->written;
	struct view block = view_of(c->data, c->len);
	int error = file_write_at(u->file.fd, block, position);
	if (error)
		return error;
	buf_append_u64(&u->sums, segment_sum(&u->file, position, block));
	u->written += c->len;
	return buf_failed(&u->sums) ? -EFBIG : 0;
}

/* Writer thread. */
static void do_block(struct store_pending *job, unsigned thread)
{
	struct upload_chunk *c = chunk_of(job);
	struct embedded_upload *u = c->upload;
	(void)thread;
	if (atomic_load(&u->error) == 0) {
		int error = write_block(u, c);
		if (error)
			fail(u, error);
	}
	atomic_fetch_sub(&u->backlog, c->len);
	chunk_free(c);
	pthread_mutex_lock(&u->lock);
	tell_drained(u);
	pthread_mutex_unlock(&u->lock);
}

static void do_create(struct store_pending *job, unsigned thread)
{
	struct embedded_upload *u = upload_of_job(job);
	char name[SEGMENT_NAME_SIZE];
	(void)thread;
	segment_name(name, SEGMENT_BODY, u->segment_id);
	int error = segment_create(&u->file, u->engine->volumes_fd, name, SEGMENT_BODY, u->segment_id, 0);
	if (error)
		fail(u, error);
}

/* Loop thread: hands all full blocks to the writer. */
static void pass_on_blocks(struct embedded_upload *u, bool last_too)
{
	while (u->first && (last_too || u->first->len == SEGMENT_BLOCK)) {
		struct upload_chunk *c = u->first;
		u->first = c->next;
		if (u->first == NULL)
			u->last = NULL;
		count_memory(u, c->room, 0);
		atomic_fetch_add(&u->backlog, c->len);
		c->job.act = do_block;
		workers_add(&u->engine->writer, &c->job);
	}
}

static void move_to_file(struct embedded_upload *u)
{
	struct embedded *e = u->engine;
	u->in_file = true;
	/* On the list before it has a number: a checkpoint in between must not think that it is an old one.
	 */
	pthread_mutex_lock(&e->lock);
	u->segment_id = atomic_fetch_add(&e->next_segment, 1);
	u->next_open = e->open_bodies;
	e->open_bodies = u;
	pthread_mutex_unlock(&e->lock);
	u->job.act = do_create;
	workers_add(&e->writer, &u->job);
}

static struct upload_chunk *chunk_with_room(struct embedded_upload *u)
{
	struct upload_chunk *c = u->last;
	if (c && c->len < c->room)
		return c;
	if (c && c->room < SEGMENT_BLOCK) {
		char *data = mem_try_resize(c->data, c->room * 2);
		if (data == NULL)
			return NULL;
		c->data = data;
		count_memory(u, c->room, c->room * 2);
		c->room *= 2;
		return c;
	}
	size_t room = u->base.length ? SEGMENT_BLOCK : FIRST_ROOM;
	char *data = mem_try(room);
	if (data == NULL)
		return NULL;
	struct upload_chunk *fresh = mem_alloc(sizeof *fresh);
	*fresh = (struct upload_chunk){.upload = u, .room = room, .data = data};
	if (c)
		c->next = fresh;
	else
		u->first = fresh;
	u->last = fresh;
	count_memory(u, 0, room);
	return fresh;
}

static bool belongs_in_file(const struct embedded_upload *u)
{
	return u->base.length > STORE_UPLOAD_MEMORY ||
	       (u->engine->upload_memory > UPLOAD_MEMORY_ALL && u->base.length > UPLOAD_SMALL);
}

int embedded_upload_append(struct store_upload *base, struct view bytes)
{
	struct embedded_upload *u = embedded_upload_of(base);
	if (atomic_load(&u->engine->nearly_full) && atomic_load(&u->error) == 0)
		fail(u, -ENOSPC);
	while (bytes.len > 0 && atomic_load(&u->error) == 0) {
		struct upload_chunk *c = chunk_with_room(u);
		if (c == NULL) {
			fail(u, -ENOMEM);
			break;
		}
		struct view part = view_take(bytes, c->room - c->len);
		memcpy(c->data + c->len, part.data, part.len);
		c->len += part.len;
		u->base.length += part.len;
		bytes = view_skip(bytes, part.len);
		if (!u->in_file && belongs_in_file(u))
			move_to_file(u);
		if (u->in_file)
			pass_on_blocks(u, false);
	}
	return atomic_load(&u->error);
}

size_t embedded_upload_backlog(const struct store_upload *base)
{
	const struct embedded_upload *u = (const struct embedded_upload *)base;
	return atomic_load(&u->backlog);
}

void embedded_upload_wait(struct store_upload *base, void (*drained)(void *arg), void *arg)
{
	struct embedded_upload *u = embedded_upload_of(base);
	pthread_mutex_lock(&u->lock);
	u->drained = drained;
	u->drained_arg = arg;
	tell_drained(u);
	pthread_mutex_unlock(&u->lock);
}

static void call_read(struct store_pending *p, unsigned thread)
{
	struct store_upload_read *r = container_of(p, struct store_upload_read, pending);
	(void)thread;
	r->done(r, p->result);
}

/* Writer thread, behind all blocks that were given to it: what is in the file by now. */
static void do_read(struct store_pending *p, unsigned thread)
{
	struct store_upload_read *r = container_of(p, struct store_upload_read, pending);
	struct embedded_upload *u = embedded_upload_of(r->upload);
	uint64_t length = r->length < u->written ? r->length : u->written;
	(void)thread;
	p->result = atomic_load(&u->error);
	if (p->result == 0)
		p->result = file_read_at(u->file.fd, r->out, (size_t)length, SEGMENT_HEADER_SIZE);
	p->act = call_read;
	completions_add(&u->engine->completions, p);
}

bool embedded_upload_read(struct store_upload_read *r)
{
	struct embedded_upload *u = embedded_upload_of(r->upload);
	uint64_t at = u->base.length;
	for (const struct upload_chunk *c = u->first; c; c = c->next)
		at -= c->len;
	bool all = at == 0;
	for (const struct upload_chunk *c = u->first; c && at < r->length; c = c->next) {
		memcpy(r->out + at, c->data, c->len < r->length - at ? c->len : r->length - at);
		at += c->len;
	}
	if (all)
		return true;
	r->pending.act = do_read;
	workers_add(&u->engine->writer, &r->pending);
	return false;
}

/* Writer thread, after the last block. */
static int finish_file(struct embedded_upload *u)
{
	uint64_t end = SEGMENT_HEADER_SIZE + u->written;
	int error = atomic_load(&u->error);
	if (error == 0)
		error = file_write_at(u->file.fd, buf_view(&u->sums), end);
	if (error == 0)
		error = file_sync(u->file.fd);
	return error;
}

static void do_finish(struct store_pending *job, unsigned thread)
{
	struct store_commit *c = commit_of(job);
	struct embedded *e = NULL;
	(void)thread;
	for (size_t i = 0; i < c->upload_count; i++) {
		struct embedded_upload *u = embedded_upload_of(c->uploads[i]);
		e = u->engine;
		if (!u->in_file)
			continue;
		int error = finish_file(u);
		if (error == 0 && fsync(e->volumes_fd) != 0)
			error = -errno;
		if (error)
			fail(u, error);
	}
	at_step(e, "body-synced");
	committer_submit(e, c);
}

void embedded_uploads_finish(struct embedded *e, struct store_commit *c)
{
	bool any = false;
	for (size_t i = 0; i < c->upload_count; i++) {
		struct embedded_upload *u = embedded_upload_of(c->uploads[i]);
		if (!u->in_file)
			continue;
		pass_on_blocks(u, true);
		any = true;
	}
	if (!any) {
		committer_submit(e, c);
		return;
	}
	c->pending.act = do_finish;
	workers_add(&e->writer, &c->pending);
}

int embedded_uploads_error(const struct store_commit *c)
{
	for (size_t i = 0; i < c->upload_count; i++) {
		int error = atomic_load(&embedded_upload_of(c->uploads[i])->error);
		if (error)
			return error;
	}
	return 0;
}

void embedded_body_named(struct embedded *e, struct embedded_upload *u)
{
	pthread_mutex_lock(&e->lock);
	struct embedded_upload **at = &e->open_bodies;
	while (*at && *at != u)
		at = &(*at)->next_open;
	if (*at)
		*at = u->next_open;
	pthread_mutex_unlock(&e->lock);
}

uint32_t embedded_oldest_body(struct embedded *e)
{
	pthread_mutex_lock(&e->lock);
	uint32_t oldest = atomic_load(&e->next_segment);
	for (const struct embedded_upload *u = e->open_bodies; u; u = u->next_open)
		if (u->segment_id < oldest)
			oldest = u->segment_id;
	pthread_mutex_unlock(&e->lock);
	return oldest;
}

static void free_upload(struct store_pending *p, unsigned thread)
{
	struct embedded_upload *u = upload_of_job(p);
	(void)thread;
	pthread_mutex_destroy(&u->lock);
	buf_done(&u->sums);
	mem_free(u);
}

/* Writer thread: behind all of the upload's blocks. */
static void do_remove(struct store_pending *job, unsigned thread)
{
	struct embedded_upload *u = upload_of_job(job);
	char name[SEGMENT_NAME_SIZE];
	(void)thread;
	segment_close(&u->file);
	segment_name(name, SEGMENT_BODY, u->segment_id);
	unlinkat(u->engine->volumes_fd, name, 0);
	embedded_body_named(u->engine, u);
	/* A call of `drained` may still wait in the loop's queue; this one goes behind it. */
	u->job.act = free_upload;
	completions_add(&u->engine->completions, &u->job);
}

void embedded_upload_end(struct embedded_upload *u, bool named)
{
	forget_chunks(u);
	pthread_mutex_lock(&u->lock);
	u->drained = NULL;
	pthread_mutex_unlock(&u->lock);
	if (u->in_file && !named) {
		u->job.act = do_remove;
		workers_add(&u->engine->writer, &u->job);
		return;
	}
	segment_close(&u->file);
	u->job.act = free_upload;
	completions_add(&u->engine->completions, &u->job);
}

void embedded_upload_abort(struct store_upload *u)
{
	embedded_upload_end(embedded_upload_of(u), false);
}
