/*
 * The committer thread: the only writer of log and index. It takes all waiting commits as a group, runs each
 * in the open index transaction, appends their records, syncs once, and only then tells anybody.
 *
 * A run that wrote something and then refused leaves its changes in a transaction that it shares with others.
 * There is no undoing them alone, so the index goes back to the checkpoint and forward through the log, and
 * the rest of the group runs again. That costs milliseconds; the rule that refusals come first makes it rare.
 *
 * A group is bounded by all that its commits write, which only shows when they run: what no longer has room
 * is put back and begins the next group. Large commits run last, for a bounded time; so a delivery waits for
 * no more than one of them and what a group may write.
 */
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/embedded.h"
#include "store/pace.h"
#include "store/redo.h"

struct group {
	struct store_commit *commits[GROUP_COMMITS_MAX];
	bool refused_late[GROUP_COMMITS_MAX]; /* its result stands; it doesn't run again */
	size_t count, large_from;
};

static void note_change(struct embedded_txn *t, uint64_t shard)
{
	if (!shard_is_internal(shard))
		commit_touch(t->commit, shard);
	t->engine->unchecked_changes += store_shard_class(shard) == STORE_QUEUE;
}

static int put(struct txn *base, uint64_t shard, struct view key, struct view value)
{
	struct embedded_txn *t = (struct embedded_txn *)base;
	int error = index_put(t->mdb, t->engine->index.dbi, shard, key, value);
	if (error)
		return error;
	redo_put(t->redo, shard, key, value);
	note_change(t, shard);
	return 0;
}

static int erase(struct txn *base, uint64_t shard, struct view key)
{
	struct embedded_txn *t = (struct embedded_txn *)base;
	int error = index_erase(t->mdb, t->engine->index.dbi, shard, key);
	if (error)
		return error;
	redo_delete(t->redo, shard, key);
	note_change(t, shard);
	return 0;
}

static int get(struct txn *base, uint64_t shard, struct view key, struct view *value)
{
	struct embedded_txn *t = (struct embedded_txn *)base;
	return embedded_txn_result(t, shard, index_get(t->mdb, t->engine->index.dbi, shard, key, value));
}

static int range_of(struct txn *base, const struct txn_range *range,
    int (*visit)(void *arg, struct view key, struct view value), void *arg)
{
	struct embedded_txn *t = (struct embedded_txn *)base;
	size_t passed = range->passed ? *range->passed : 0;
	int error = index_range(t->mdb, t->engine->index.dbi, range, visit, arg);
	if (range->passed && *range->passed > passed)
		(void)embedded_txn_result(t, range->shard, -EBADMSG);
	return embedded_txn_result(t, range->shard, error);
}

int embedded_txn_result(struct embedded_txn *t, uint64_t shard, int error)
{
	struct embedded *e = t->engine;
	if (error != -EBADMSG || t->damage_told)
		return error;
	t->damage_told = true;
	atomic_fetch_add(&e->damaged_count, 1);
	atomic_fetch_add(&e->index_damaged_count, 1);
	log_event(LOG_ERROR, NULL, "index-entry-damaged", log_u64("shard", shard));
	return error;
}

void embedded_txn_init(struct embedded_txn *t, struct embedded *e, MDB_txn *mdb)
{
	static const struct txn_ops ops = {get, put, erase, range_of};
	*t = (struct embedded_txn){.base.ops = &ops, .base.read_only = true, .engine = e, .mdb = mdb};
}

/* The bodies' names, from the place where this commit's record will stand. */
static void name_bodies(
    struct embedded *e, struct store_commit *c, struct txn *t, uint64_t *lengths, size_t *count)
{
	uint64_t position = log_file_next(&e->log) + RECORD_HEADER_SIZE;
	*count = 0;
	for (size_t i = 0; i < c->upload_count; i++) {
		const struct embedded_upload *u = embedded_upload_of(c->uploads[i]);
		struct blob_place place = {.kind = SEGMENT_BODY,
		    .segment = u->segment_id,
		    .position = SEGMENT_HEADER_SIZE,
		    .length = u->base.length};
		if (!u->in_file) {
			place.kind = SEGMENT_LOG;
			place.segment = e->log.active.id;
			place.position = (uint32_t)position;
			position += segment_blob_space(u->base.length);
			lengths[(*count)++] = u->base.length;
		}
		t->bodies[i] = blob_id_make(&place);
	}
}

/* The files among the bodies belong to the store from this commit on. */
static int adopt_files(struct embedded_txn *t, const struct store_commit *c)
{
	for (size_t i = 0; i < c->upload_count; i++) {
		const struct embedded_upload *u = embedded_upload_of(c->uploads[i]);
		char key[INDEX_VOLUME_KEY_SIZE];
		if (!u->in_file)
			continue;
		int error = put(&t->base, 0, index_volume_key(key, INDEX_BODY_KEY, u->segment_id),
		    view_of(t->base.bodies[i].bytes, BLOB_ID_SIZE));
		if (error)
			return error;
	}
	return 0;
}

static int add_record(struct embedded *e, const struct store_commit *c)
{
	enum { BLOCKS_MAX = STORE_UPLOADS_MAX * (STORE_UPLOAD_MEMORY / SEGMENT_BLOCK + 1) };
	struct view blocks[BLOCKS_MAX];
	size_t body_blocks[STORE_UPLOADS_MAX], bodies = 0, count = 0;
	for (size_t i = 0; i < c->upload_count; i++) {
		const struct embedded_upload *u = embedded_upload_of(c->uploads[i]);
		if (u->in_file)
			continue;
		body_blocks[bodies] = 0;
		for (const struct upload_chunk *k = u->first; k; k = k->next) {
			blocks[count++] = view_of(k->data, k->len);
			body_blocks[bodies]++;
		}
		bodies++;
	}
	return log_file_add(&e->log, blocks, body_blocks, bodies, buf_view(&e->redo));
}

/* Runs one commit and adds its record to the group. *late: it had written before it failed. */
static int run_commit(struct embedded *e, struct store_commit *c, bool *late)
{
	struct embedded_txn t;
	uint64_t lengths[STORE_UPLOADS_MAX];
	size_t count;
	*late = false;
	int error = embedded_uploads_error(c);
	if (error)
		return error;
	embedded_txn_init(&t, e, e->index.writing);
	t.base.read_only = false;
	t.redo = &e->redo;
	t.commit = t.base.commit = c;
	commit_forget_touched(c);
	name_bodies(e, c, &t.base, lengths, &count);
	buf_clear(&e->redo);
	redo_begin(&e->redo, lengths, count);
	error = c->run(&t.base, c->arg);
	if (error == 0 && t.base.wrote) {
		error = adopt_files(&t, c);
		if (error == 0)
			error = buf_failed(&e->redo) ? -ENOMEM : add_record(e, c);
		if (error == 0)
			e->unchecked_redo += e->redo.len;
	}
	*late = error != 0 && t.base.wrote;
	return error;
}

/* The commits from this one on wait for the next group, before all others. */
static void put_back(struct embedded *e, struct group *g, size_t from)
{
	pthread_mutex_lock(&e->lock);
	while (g->count > from) {
		struct store_commit *c = g->commits[--g->count];
		pending_queue_put_back(c->large ? &e->large : &e->commits, &c->pending);
	}
	pthread_mutex_unlock(&e->lock);
}

static bool has_room(const struct embedded *e, const struct group *g, size_t i, int64_t began)
{
	if (e->log.group.len >= LOG_GROUP_MAX)
		return false;
	return i <= g->large_from || clock_monotonic_ms() - began < GROUP_LARGE_MS;
}

/* Runs all that have room; false when one of them refused late, and the index must go back. */
static bool run_group(struct embedded *e, struct group *g)
{
	bool full = embedded_nearly_full(e);
	int64_t began = clock_monotonic_ms();
	log_file_begin(&e->log);
	for (size_t i = 0; i < g->count; i++) {
		struct store_commit *c = g->commits[i];
		if (g->refused_late[i])
			continue;
		if (!has_room(e, g, i, began)) {
			put_back(e, g, i);
			break;
		}
		c->pending.result = full && !c->frees_space ? -ENOSPC : run_commit(e, c, &g->refused_late[i]);
		if (g->refused_late[i])
			return false;
	}
	return true;
}

static void refuse_all(struct group *g, int error)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->commits[i]->pending.result == 0)
			g->commits[i]->pending.result = error;
}

/*
 * After a failed write or sync nobody knows the content of the file, and a second sync may report that all
 * is well. So the file is left at its last good place for a new one, where the group gets other blob names.
 */
static int abandon_file(struct embedded *e, int why)
{
	log_event(LOG_ERROR, NULL, "log-write-failed", log_errno(why), log_u64("file", e->log.active.id));
	int cut = log_file_cut(&e->log);
	if (cut)
		log_event(
		    LOG_ERROR, NULL, "log-cut-failed", log_errno(cut), log_u64("file", e->log.active.id));
	/* A full disk leaves the file as it is, once the group's beginning is out of it. */
	e->log_doubtful = why != -ENOSPC || cut != 0;
	int error = embedded_roll_back(e);
	return error ? error : committer_rotate(e);
}

/* 0 when the group is durable (or empty); else nothing of it is. */
static int commit_group(struct embedded *e, struct group *g)
{
	bool tried = false;
	for (;;) {
		if (!run_group(e, g)) {
			int error = embedded_roll_back(e);
			if (error) {
				committer_trouble(e, error);
				return error;
			}
			continue;
		}
		if (e->log.group_records == 0)
			return 0;
		at_step(e, "group-run");
		int error = log_file_write(&e->log);
		atomic_fetch_add(&e->sync_count, 1);
		if (error == 0)
			return 0;
		int moved = abandon_file(e, error);
		/* Without space for a new file nothing else is wrong; the old one's good part is as it was.
		 */
		if (error == -ENOSPC && (moved == 0 || moved == -ENOSPC))
			return -ENOSPC;
		if (moved || tried) {
			committer_trouble(e, error);
			return committer_refusal(e);
		}
		tried = true;
	}
}

/* A commit that changed nothing names nothing, even if it succeeded. */
static bool names_bodies(const struct store_commit *c)
{
	return c->pending.result == 0 && c->touched_count > 0;
}

static void mark_dirty(struct embedded *e, const struct group *g)
{
	pthread_mutex_lock(&e->lock);
	for (size_t i = 0; i < g->count; i++)
		for (size_t j = 0; j < g->commits[i]->touched_count; j++)
			map_set_u64(&e->dirty, g->commits[i]->touched[j].shard, e);
	pthread_mutex_unlock(&e->lock);
}

/* Loop thread. */
static void hand_out(struct store_pending *p, unsigned thread)
{
	struct store_commit *c = commit_of(p);
	struct embedded *e = embedded_of(p->store);
	struct store_commit seen = *c; /* done may free c */
	int result = p->result;
	(void)thread;
	c->touched = NULL;
	c->touched_count = 0;
	for (size_t i = 0; i < c->upload_count; i++)
		embedded_upload_end(embedded_upload_of(c->uploads[i]), names_bodies(&seen));
	e->under_way--;
	c->done(c, result);
	if (result == 0)
		watches_notify(&e->watches, &seen);
	commit_forget_touched(&seen);
}

static void finish_group(struct embedded *e, struct group *g, int error)
{
	struct pending_queue results;
	pending_queue_init(&results);
	if (error)
		refuse_all(g, error);
	else
		mark_dirty(e, g);
	for (size_t i = 0; i < g->count; i++) {
		struct store_commit *c = g->commits[i];
		if (names_bodies(c))
			for (size_t j = 0; j < c->upload_count; j++)
				embedded_body_named(e, embedded_upload_of(c->uploads[j]));
		c->pending.act = hand_out;
		pending_queue_add(&results, &c->pending);
	}
	e->unchecked_commits += g->count;
	e->unchecked_bytes += error ? 0 : e->log.group.len;
	atomic_fetch_add(&e->commit_count, g->count);
	at_step(e, "group-durable");
	completions_add_all(&e->completions, &results);
}

/* A large commit that finds no room in group after group goes first at some time. */
static void note_large(struct embedded *e, const struct group *g)
{
	bool any = false;
	for (size_t i = 0; i < g->count; i++)
		any = any || g->commits[i]->large;
	pthread_mutex_lock(&e->lock);
	e->large_passed_over = e->large.first && !any ? e->large_passed_over + 1 : 0;
	pthread_mutex_unlock(&e->lock);
}

static void do_group(struct embedded *e, struct group *g)
{
	int error = atomic_load(&e->read_only) ? committer_refusal(e) : index_begin(&e->index);
	if (error == 0 && log_file_should_rotate(&e->log)) {
		error = committer_rotate(e);
		if (error == -EROFS) {
			e->log_doubtful = true;
			committer_trouble(e, error);
		}
		/* The old file takes some more; it is only larger than planned. */
		else if (error && e->log.position < e->log.segment_size + LOG_GROUP_ROOM)
			error = 0;
	}
	if (error == 0)
		error = commit_group(e, g);
	note_large(e, g);
	finish_group(e, g, error);
	if (!atomic_load(&e->read_only) && log_file_wants_spare(&e->log))
		workers_add(&e->filler, &e->spare_job);
}

static void take_from(struct pending_queue *from, struct group *g, uint64_t *bytes, size_t limit)
{
	while (g->count < limit && *bytes < LOG_GROUP_MAX && from->first) {
		struct store_commit *c = commit_of(pending_queue_take(from));
		for (size_t i = 0; i < c->upload_count; i++)
			if (!embedded_upload_of(c->uploads[i])->in_file)
				*bytes += c->uploads[i]->length;
		g->commits[g->count++] = c;
	}
}

/* Takes what waits, in order, up to the limits of a group that are known by now. */
static void take_group(struct embedded *e, struct group *g)
{
	uint64_t bytes = 0;
	*g = (struct group){0};
	if (e->large_passed_over >= GROUPS_WITHOUT_LARGE)
		take_from(&e->large, g, &bytes, 1);
	take_from(&e->commits, g, &bytes, GROUP_COMMITS_MAX - 1);
	g->large_from = g->count;
	take_from(&e->large, g, &bytes, GROUP_COMMITS_MAX);
}

static void do_reads(struct embedded *e, struct pending_queue *reads)
{
	struct pending_queue results;
	pending_queue_init(&results);
	for (struct store_pending *p; (p = pending_queue_take(reads)) != NULL;) {
		embedded_read_dirty(e, read_of(p));
		pending_queue_add(&results, p);
	}
	completions_add_all(&e->completions, &results);
}

static bool has_unchecked(const struct embedded *e)
{
	return e->unchecked_commits > 0 && !atomic_load(&e->read_only);
}

/* When reading only, the open transaction is all that still knows of what no checkpoint holds. */
static bool can_reopen(const struct embedded *e)
{
	return e->index_grown && !atomic_load(&e->read_only);
}

/* Waits for work; true when there was none for so long that it is time to tidy up. With the lock held. */
static bool wait_for_work(struct embedded *e)
{
	struct timespec until;
	int64_t ms = has_unchecked(e) ? CHECKPOINT_IDLE_MS : REOPEN_IDLE_MS;
	if (atomic_load(&e->read_only)) {
		ms = e->retry_ms;
	} else if (!has_unchecked(e) && !can_reopen(e)) {
		pthread_cond_wait(&e->wake, &e->lock);
		return false;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	return pthread_cond_timedwait(&e->wake, &e->lock, &until) == ETIMEDOUT;
}

static bool is_share_used(const struct embedded *e, size_t used, size_t most)
{
	return (uint64_t)used * PACE_ALL >= (uint64_t)most * e->checkpoint_share;
}

static bool is_checkpoint_due(const struct embedded *e)
{
	return is_share_used(e, e->unchecked_commits, CHECKPOINT_COMMITS) ||
	       is_share_used(e, e->unchecked_redo, CHECKPOINT_REDO) ||
	       is_share_used(e, e->unchecked_changes, CHECKPOINT_CHANGES) ||
	       is_share_used(e, e->unchecked_bytes, CHECKPOINT_BYTES);
}

/* Amid work: what memory it takes is taken again soon, so none goes back to the system. */
static void checkpoint_due(struct embedded *e)
{
	int64_t began = clock_monotonic_us();
	if (embedded_checkpoint(e) == 0)
		e->checkpoint_share = pace_next(e->checkpoint_share, clock_monotonic_us() - began);
	log_file_begin(&e->log);
}

static void checkpoint_idle(struct embedded *e)
{
	int error = embedded_checkpoint(e);
	(void)error; /* it has been told, and is tried again */
	log_file_begin(&e->log);
	buf_done(&e->redo);
	/* LMDB's dirty pages came from the heap; at rest they go back to the system. */
	malloc_trim(0);
}

/* Nothing was asked for a while. */
static void tidy_up(struct embedded *e)
{
	if (atomic_load(&e->read_only)) {
		committer_try_again(e);
		return;
	}
	if (has_unchecked(e)) {
		checkpoint_idle(e);
		return;
	}
	int error = embedded_reopen_index(e);
	if (error && error != -EBUSY)
		committer_trouble(e, error);
}

static void *committer_main(void *arg)
{
	struct embedded *e = arg;
	struct pending_queue reads;
	struct group *g = mem_alloc(sizeof *g);
	pthread_mutex_lock(&e->lock);
	for (;;) {
		if (e->checkpoint_wanted) {
			pthread_mutex_unlock(&e->lock);
			if (has_unchecked(e))
				checkpoint_idle(e);
			pthread_mutex_lock(&e->lock);
			e->checkpoint_wanted = false;
			pthread_cond_broadcast(&e->checkpointed);
		}
		if (e->commits.first == NULL && e->large.first == NULL && e->reads.first == NULL) {
			if (e->stopping)
				break;
			if (!wait_for_work(e))
				continue;
			pthread_mutex_unlock(&e->lock);
			tidy_up(e);
			pthread_mutex_lock(&e->lock);
			continue;
		}
		take_group(e, g);
		pending_queue_move(&reads, &e->reads);
		pthread_mutex_unlock(&e->lock);
		/* Reads first: they see what has been acknowledged, and needn't wait for a sync. */
		do_reads(e, &reads);
		if (g->count)
			do_group(e, g);
		if (atomic_load(&e->read_only))
			committer_try_again(e);
		else if (has_unchecked(e) && is_checkpoint_due(e))
			checkpoint_due(e);
		pthread_mutex_lock(&e->lock);
	}
	pthread_mutex_unlock(&e->lock);
	/* Here and not in whoever closes: LMDB's write lock belongs to the thread that took it. */
	if (has_unchecked(e) && embedded_checkpoint(e) != 0)
		log_event(LOG_WARNING, NULL, "last-checkpoint-failed", log_u64("lsn", e->log.last_lsn));
	index_abort(&e->index);
	mem_free(g);
	return NULL;
}

void committer_submit(struct embedded *e, struct store_commit *c)
{
	pthread_mutex_lock(&e->lock);
	pending_queue_add(c->large ? &e->large : &e->commits, &c->pending);
	pthread_mutex_unlock(&e->lock);
	pthread_cond_signal(&e->wake);
}

void committer_checkpoint(struct embedded *e)
{
	pthread_mutex_lock(&e->lock);
	e->checkpoint_wanted = true;
	pthread_cond_signal(&e->wake);
	while (e->checkpoint_wanted)
		pthread_cond_wait(&e->checkpointed, &e->lock);
	pthread_mutex_unlock(&e->lock);
}

void embedded_commit(struct store *s, struct store_commit *c)
{
	struct embedded *e = embedded_of(s);
	e->under_way++;
	embedded_uploads_finish(e, c);
}

static void make_spare(struct store_pending *p, unsigned thread)
{
	(void)thread;
	log_file_make_spare(&embedded_of(p->store)->log);
}

int committer_start(struct embedded *e)
{
	e->spare_job = (struct store_pending){.store = &e->base, .act = make_spare};
	if (log_file_wants_spare(&e->log))
		workers_add(&e->filler, &e->spare_job);
	embedded_measure(e);
	return thread_start(&e->committer, committer_main, e, "store-commit");
}

void committer_stop(struct embedded *e)
{
	pthread_mutex_lock(&e->lock);
	e->stopping = true;
	pthread_mutex_unlock(&e->lock);
	pthread_cond_signal(&e->wake);
	pthread_join(e->committer, NULL);
}
