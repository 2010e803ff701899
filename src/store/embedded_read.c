/*
 * Reads. A shard without changes since the last checkpoint is read by any reader thread from LMDB's committed
 * state; for a dirty one the committer does it between two groups, when its open transaction holds exactly
 * what has been acknowledged. Blobs are read from their files by the reader threads.
 */
#include <errno.h>

#include "base/log.h"
#include "store/embedded.h"

static void hand_out(struct store_pending *p, unsigned thread)
{
	struct store_read *r = read_of(p);
	(void)thread;
	embedded_of(p->store)->under_way--;
	r->done(r, p->result);
}

static int run_read(struct embedded *e, struct store_read *r, MDB_txn *mdb)
{
	struct embedded_txn t;
	embedded_txn_init(&t, e, mdb);
	/*
	 * A reader of an account says so when an entry is missing that another one names: a key has changed
	 * by itself. The queue passes such over, and what fits its sum there but not its reader is in the log
	 * as it is in the index.
	 */
	int result = r->run(&t.base, r->arg);
	if (store_shard_class(r->shard) != STORE_QUEUE)
		result = embedded_txn_result(&t, r->shard, result);
	atomic_fetch_add(&e->read_count, 1);
	return result;
}

void embedded_read_dirty(struct embedded *e, struct store_read *r)
{
	/* Less than what was acknowledged is never shown. */
	int error = e->index_whole ? index_begin(&e->index) : -EIO;
	r->pending.result = error ? error : run_read(e, r, e->index.writing);
	r->pending.act = hand_out;
}

static void read_committed(struct store_pending *p, unsigned thread)
{
	struct embedded *e = embedded_of(p->store);
	struct index_reader *reader = &e->reader_states[thread];
	pthread_rwlock_rdlock(&e->index_lock);
	int error = index_reader_begin(reader);
	p->result = error ? error : run_read(e, read_of(p), reader->txn);
	index_reader_end(reader);
	pthread_rwlock_unlock(&e->index_lock);
	p->act = hand_out;
	completions_add(&e->completions, p);
}

void embedded_read(struct store *s, struct store_read *r)
{
	struct embedded *e = embedded_of(s);
	e->under_way++;
	pthread_mutex_lock(&e->lock);
	bool dirty = map_get_u64(&e->dirty, r->shard) != NULL;
	if (dirty)
		pending_queue_add(&e->reads, &r->pending);
	pthread_mutex_unlock(&e->lock);
	if (dirty) {
		pthread_cond_signal(&e->wake);
		return;
	}
	r->pending.act = read_committed;
	workers_add(&e->readers, &r->pending);
}

static void hand_out_blobs(struct store_pending *p, unsigned thread)
{
	struct store_blob_read *r = blob_read_of(p);
	(void)thread;
	embedded_of(p->store)->under_way--;
	r->done(r);
}

/* Damage is counted, and a matter for `store check`; what can't be read now may be good. */
static void tell_failed(struct embedded *e, const struct store_blob_part *part)
{
	struct blob_place place = {0};
	bool damaged = part->result == -EBADMSG || part->result == -ENOENT;
	if (part->result == -ERANGE || part->result == -ENOMEM)
		return;
	if (damaged)
		atomic_fetch_add(&e->damaged_count, 1);
	blob_id_parse(&part->id, &place);
	log_event(LOG_ERROR, NULL, damaged ? "blob-damaged" : "blob-unreadable", log_errno(part->result),
	    log_u64("file", place.segment), log_u64("position", place.position),
	    log_u64("length", place.length));
}

static void read_blobs(struct store_pending *p, unsigned thread)
{
	struct embedded *e = embedded_of(p->store);
	struct store_blob_read *r = blob_read_of(p);
	struct volumes_hint hint = {0};
	(void)thread;
	const struct store_blob_part *last = r->count ? &r->parts[r->count - 1] : NULL;
	/* Where the last is in memory, the others probably are, and asking for each would only cost. */
	if (r->count > 1 && !volumes_is_cached(&e->volumes, &last->id, last->offset, &hint))
		for (size_t i = 0; i < r->count; i++)
			volumes_prefetch(
			    &e->volumes, &r->parts[i].id, r->parts[i].offset, r->parts[i].length, &hint);
	for (size_t i = 0; i < r->count; i++) {
		struct store_blob_part *part = &r->parts[i];
		part->result =
		    volumes_read(&e->volumes, &part->id, part->offset, part->length, part->out, &hint);
		if (part->result)
			tell_failed(e, part);
	}
	volumes_hint_done(&e->volumes, &hint);
	atomic_fetch_add(&e->blob_read_count, r->count);
	p->act = hand_out_blobs;
	completions_add(&e->completions, p);
}

void embedded_blob_read(struct store *s, struct store_blob_read *r)
{
	struct embedded *e = embedded_of(s);
	e->under_way++;
	r->pending.act = read_blobs;
	workers_add(&e->readers, &r->pending);
}
