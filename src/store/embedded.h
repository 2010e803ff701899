/*
 * The embedded engine from the inside. Threads, and what each may touch:
 *
 *   loop       the owner's: takes operations, hands out results. Uploads' memory, watches
 *   committer  the log, the index's write transaction, everything under "committer" below
 *   readers    committed index states and volumes
 *   writer     files of large uploads
 *   filler     spare log files
 *   upkeep     check, compaction and packing
 *
 * The path of a commit: loop -> (writer, for large bodies) -> committer: run, append, one sync for all ->
 * loop.
 */
#ifndef STORE_EMBEDDED_H
#define STORE_EMBEDDED_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/completions.h"
#include "store/index.h"
#include "store/log_file.h"
#include "store/store_embedded.h"
#include "store/volumes.h"
#include "store/watches.h"
#include "store/workers.h"

enum {
	GROUP_COMMITS_MAX = 256,  /* commits that share a sync */
	GROUPS_WITHOUT_LARGE = 8, /* so many groups in a row may have no room for a large commit that waits;
	                             then it goes first */
	GROUP_LARGE_MS =
	    5, /* after so long a group runs no further large commit: who came meanwhile goes first */
	/* The most that a checkpoint holds. What it does hold follows from what the last ones took: pace.h.
	 */
	CHECKPOINT_COMMITS = 4000,   /* later ones cost less a commit, but replay and the stall grow */
	CHECKPOINT_BYTES = 32 << 20, /* of log: what a start may have to read */
	/*
	 * Changes of the queue's entries: their names are scattered, so that each touches a page of its own,
	 * which stays in memory until then. An account's lie together.
	 */
	CHECKPOINT_CHANGES = 16000,
	/*
	 * Bytes of changes of entries: deliveries come to 5 MB in CHECKPOINT_COMMITS; deletions in many
	 * accounts change far more pages, and everybody waits for the checkpoint that writes them.
	 */
	CHECKPOINT_REDO = 6 << 20,
	CHECKPOINT_IDLE_MS = 50,
	REOPEN_COMMITS = 256, /* after a checkpoint of so many, LMDB holds memory worth taking back */
	REOPEN_IDLE_MS = 1000,
	INSPECT_AGAIN_MS = 600 * 1000, /* between two looks through the index because somebody suspects it */
	RETRY_MS_DEFAULT =
	    1000, /* while the disk does not write: so soon after its end mail is taken again */
	UPLOAD_MEMORY_ALL =
	    64 << 20, /* all waiting uploads together; past it they go to files from UPLOAD_SMALL on */
	UPLOAD_SMALL = 64 << 10,
	RESERVE_SIZE = 64 << 20, /* given up on a full disk, so that deletes and checkpoints go on */
	READERS_DEFAULT = 2
};

/* The first partition's folder. A second disk would be "2"; the folders have had the number from the
 * beginning. */
#define EMBEDDED_PARTITION "1"
#define EMBEDDED_LOCK "lock" /* in the folder of the store: who has it open holds it */

#define MIN_FREE_DEFAULT ((uint64_t)256 << 20)

/* Address space costs nothing, while growing the map later would need all readers to stop. */
#define INDEX_SIZE_DEFAULT ((uint64_t)1 << 40)

struct embedded {
	struct store base;
	char *folder; /* of the partition: index, volumes */
	int folder_fd, volumes_fd, lock_fd;
	uint64_t min_free, index_size;
	store_names_blobs *names_blobs;
	void (*at_step)(const char *step);
	bool may_read_old; /* at start: the index that was set aside is good for a look */
	bool put_back;     /* at start: there was no room for a new index, so the old one serves */

	/* loop */
	struct completions completions;
	struct watches watches;
	size_t under_way; /* operations whose done has not been called */
	size_t upload_memory;
	struct pending_queue compactions; /* that wait for the one under way */
	bool compacting;

	/* shared, under lock */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct pending_queue commits, large; /* for the committer */
	struct pending_queue reads;          /* of dirty shards, for the committer */
	struct map dirty;                    /* shards with changes that no checkpoint holds yet */
	struct embedded_upload *open_bodies; /* uploads with a file that no commit has named yet */
	bool stopping, checkpoint_wanted;
	pthread_cond_t checkpointed;

	/* shared, atomic */
	atomic_uint next_segment;
	atomic_bool read_only, nearly_full, stuck;
	atomic_bool closing; /* compaction ends soon */
	atomic_int trouble;  /* why it only reads: an errno value */
	atomic_uint_fast64_t commit_count, sync_count, checkpoint_count, read_count, blob_read_count,
	    rollback_count;
	atomic_uint_fast64_t damaged_count, index_damaged_count, free_bytes, index_bytes, volume_count,
	    volume_bytes, packed_count, packed_bytes, aside_count, aside_bytes;

	/* committer */
	pthread_t committer;
	struct log_file log;
	struct index index;
	struct buf redo;
	size_t unchecked_commits, unchecked_changes, unchecked_bytes,
	    unchecked_redo; /* since the last checkpoint */
	bool index_whole; /* the open transaction holds all that was acknowledged and that no checkpoint holds
	                   */
	bool log_doubtful; /* nobody knows what the active file holds behind its last good place: it is not
	                      written */
	bool checkpoint_failed;
	unsigned checkpoint_share; /* of the limits above: when the next checkpoint is due (pace.h) */
	int64_t retry_ms, try_again_ms;
	unsigned tries;
	unsigned large_passed_over; /* groups in a row that had no room for a large commit that waited */
	bool index_grown;
	/* Held for reading while a committed state is looked at, for writing while the map is opened anew. */
	pthread_rwlock_t index_lock;
	int64_t space_checked_ms;
	struct store_pending spare_job, measure_job, inspect_job;
	atomic_bool measuring, inspecting;
	int64_t inspect_again_ms; /* loop */

	struct volumes volumes;
	struct workers readers, writer, filler, upkeep;
	struct index_reader reader_states[WORKERS_MAX];
};

static inline struct embedded *embedded_of(struct store *s)
{
	return (struct embedded *)s;
}

static inline void at_step(const struct embedded *e, const char *step)
{
	if (e->at_step)
		e->at_step(step);
}

/* embedded_commit.c: the committer. */
void embedded_commit(struct store *s, struct store_commit *c);
int committer_start(struct embedded *e) __attribute__((warn_unused_result));
void committer_stop(struct embedded *e);

/* From any thread: the bodies are durable, the rest is the committer's. */
void committer_submit(struct embedded *e, struct store_commit *c);

/* From the upkeep thread: waits until everything committed so far is in the index that readers see. */
void committer_checkpoint(struct embedded *e);

/* embedded_trouble.c: a disk that does not write. The store only reads from now on, until trying again
 * succeeds. */
void committer_trouble(struct embedded *e, int error);
/* At most once in retry_ms. */
void committer_try_again(struct embedded *e);
/* What commits get meanwhile. */
int committer_refusal(const struct embedded *e);
/* A new log file, from now on the one that is written. */
int committer_rotate(struct embedded *e) __attribute__((warn_unused_result));

/* embedded_log.c: the log and the index move together. Committer thread. */
int embedded_checkpoint(struct embedded *e) __attribute__((warn_unused_result));

/* Has the upkeep thread count the volumes, for store_stats. At start, and when there is a new log file. */
void embedded_measure(struct embedded *e);

/* Takes the index back to the last checkpoint and applies the log's durable records again. */
int embedded_roll_back(struct embedded *e) __attribute__((warn_unused_result));

/*
 * At start: applies what the log holds above the checkpoint, and goes on behind it. In a rebuild, salvage
 * says when the index that was set aside is asked as well.
 */
enum salvage { SALVAGE_NEVER, SALVAGE_IF_DAMAGED, SALVAGE_ALWAYS };
int embedded_recover(struct embedded *e, enum salvage salvage) __attribute__((warn_unused_result));

/* Applies the redo part of a record to the index; -EBADMSG when it is malformed. */
int embedded_apply(struct embedded *e, struct view redo) __attribute__((warn_unused_result));

/* embedded_rebuild.c: opens index and log, and rebuilds the index where it is bad. */
int embedded_open_state(struct embedded *e) __attribute__((warn_unused_result));

/* Adds what only the index that was set aside knows; *last_lsn becomes its own when that is higher. */
int embedded_salvage(struct embedded *e, uint64_t *last_lsn) __attribute__((warn_unused_result));

/*
 * embedded_tidy.c, after recovery: remembers which kept file has which file's blobs, removes what a crash
 * left. When `doubtful`, since part of the log was lost, files that nobody names are set aside in the folder
 * "aside" instead.
 */
int embedded_tidy_volumes(struct embedded *e, uint32_t oldest_body, bool doubtful)
    __attribute__((warn_unused_result));

/* What is set aside, an index too: nothing looks at it but a person, and nothing removes it. */
int embedded_count_aside(const struct embedded *e, uint64_t *files, uint64_t *bytes);

/*
 * Closes and opens the map, which gives back what LMDB keeps for dirty pages, or makes it usable again after
 * an error. The open transaction is lost. -EBUSY while somebody reads; after another error there is no index
 * (it reads as -EIO).
 */
int embedded_reopen_index(struct embedded *e) __attribute__((warn_unused_result));

/* Makes space checks at most four times a second, and says whether commits that take space are refused. */
bool embedded_nearly_full(struct embedded *e);
void embedded_give_up_reserve(struct embedded *e);

/* A transaction over the index; `redo` NULL for a read. */
struct embedded_txn {
	struct txn base;
	struct embedded *engine;
	MDB_txn *mdb;
	struct buf *redo;
	struct store_commit *commit;
	bool damage_told;
};

/* An entry was bad: counted and told, once a transaction. Gives `error` back. */
int embedded_txn_result(struct embedded_txn *t, uint64_t shard, int error);

void embedded_txn_init(struct embedded_txn *t, struct embedded *e, MDB_txn *mdb);

/* embedded_check.c: has the upkeep thread look through the index. */
void embedded_suspect(struct store *s);

/* embedded_read.c */
void embedded_read(struct store *s, struct store_read *r);
void embedded_blob_read(struct store *s, struct store_blob_read *r);
/* Runs a read of a dirty shard in the committer's open transaction. */
void embedded_read_dirty(struct embedded *e, struct store_read *r);
void embedded_read_finish(struct embedded *e, struct store_read *r);

/* embedded_upload.c */
struct upload_chunk {
	struct store_pending job;
	struct embedded_upload *upload;
	struct upload_chunk *next;
	size_t len, room;
	char *data;
};

struct embedded_upload {
	struct store_upload base;
	struct embedded *engine;
	struct upload_chunk *first, *last; /* blocks of SEGMENT_BLOCK; the last one may be shorter */
	size_t memory;

	/* In a file of its own, from some size on. The writer's after the start. */
	bool in_file;
	uint32_t segment_id;
	struct segment file;
	uint64_t written;
	struct buf sums;
	struct store_pending job;
	struct embedded_upload *next_open; /* in engine->open_bodies */

	atomic_size_t backlog;
	atomic_int error;
	pthread_mutex_t lock; /* for the three below */
	void (*drained)(void *arg);
	void *drained_arg;
	bool drained_queued;
	struct store_pending drained_job;
};

struct store_upload *embedded_upload_begin(struct store *s);
int embedded_upload_append(struct store_upload *u, struct view bytes);
void embedded_upload_wait(struct store_upload *u, void (*drained)(void *arg), void *arg);
size_t embedded_upload_backlog(const struct store_upload *u);
bool embedded_upload_read(struct store_upload_read *r);
void embedded_upload_abort(struct store_upload *u);

static inline struct embedded_upload *embedded_upload_of(struct store_upload *u)
{
	return (struct embedded_upload *)u;
}

/* Makes all of a commit's bodies that have files durable, on the writer thread, and then submits the commit.
 */
void embedded_uploads_finish(struct embedded *e, struct store_commit *c);

/* The first error of a commit's uploads, or 0. */
int embedded_uploads_error(const struct store_commit *c);

/* After the commit: the upload's file is named by it (kept) or not. Loop thread; frees. */
void embedded_upload_end(struct embedded_upload *u, bool named);

/* Body files below this number are all named by a commit. */
uint32_t embedded_oldest_body(struct embedded *e);

/* Takes it off the list of open bodies; committer thread, when the commit that names it is durable. */
void embedded_body_named(struct embedded *e, struct embedded_upload *u);

#endif
