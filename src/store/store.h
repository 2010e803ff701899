/*
 * The store: ordered entries in shards, and blobs. It knows nothing of mail; account/ and queue/ give shards,
 * keys and blobs their meaning. One interface, several engines: embedded (a log and an LMDB index on this
 * machine), memory, failing and slow twins for tests, and clustered ones later. Nothing that uses this header
 * may assume that the store is local, fast, or the only writer of a shard. A commit that is done is on the
 * disk: that is what SMTP's 250 promises (RFC 5321 section 6.1).
 *
 * Threads. Every function here is called on one thread, the owner's event loop, and returns without waiting
 * for a disk. Results come through `done` functions, which run on the same thread inside store_dispatch. Only
 * `run` functions run elsewhere: they may touch nothing but the transaction and their own argument.
 *
 * Errors are negative errno values. Common to all operations:
 *   -ENOSPC   the disk is nearly full (see store_commit.frees_space)
 *   -EROFS    the disk does not write: the store only reads, and tries again by itself every second
 *   -EIO      a device error; what is asked for may be there, and cannot be read now
 *   -EBADMSG  damage: a checksum does not fit
 *   -ETIMEDOUT (clustered engines) no answer; a commit may or may not have happened
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/view.h"

struct store;
struct txn;
struct store_upload;

/*
 * Limits. A key and its value fit an index page twice, so that no entry needs overflow pages, which would
 * fragment the index; larger values are blobs.
 */
enum {
	STORE_KEY_MAX = 480,
	STORE_ENTRY_MAX = 2000,      /* key and value together */
	STORE_READ_KEYS_MAX = 1024,  /* entries that one read looks at: a slice of work, for fairness */
	STORE_WRITE_KEYS_MAX = 2000, /* entries that one commit changes: more would block all others */
	STORE_SLICE_KEYS = 1000,     /* what a commit that is one of many changes at most: mail goes first */
	STORE_UPLOADS_MAX = 4,       /* bodies that one commit carries */
	STORE_UPLOAD_MEMORY = 1 << 20,   /* a body up to this size waits in memory and goes into the log */
	STORE_UPLOAD_BACKLOG = 256 << 10 /* of a larger one, what may wait to be written */
};

/* Shards: an account, a part of the queue, the directory, the ledger of what the server has learnt and
 * counted. The class stands in the high byte. */
enum store_class { STORE_DIRECTORY = 1, STORE_QUEUE = 2, STORE_ACCOUNT = 3, STORE_LEDGER = 4 };

static inline uint64_t store_shard(enum store_class class, uint64_t number)
{
	return (uint64_t) class << 56 | number;
}

static inline enum store_class store_shard_class(uint64_t shard)
{
	return (enum store_class)(shard >> 56);
}

/*
 * A blob's name: opaque, the same size on every engine, given at birth and never changed or used again. All
 * zero bytes name no blob. The length is part of the name.
 */
enum { BLOB_ID_SIZE = 16 };
struct blob_id {
	unsigned char bytes[BLOB_ID_SIZE];
};

uint64_t blob_length(const struct blob_id *id);
bool blob_is_none(const struct blob_id *id);

/* The engine's part of an operation under way; nobody else touches it. */
struct store_pending {
	struct store_pending *next;
	struct store *store;
	void (*act)(struct store_pending *p, unsigned thread);
	int result;
};

/*
 * Inside a `run` function. It must be a pure function of what it reads here and of its argument, and write
 * its results anew each time: an engine may run it more than once. Views that txn_get and txn_range give are
 * valid until the next txn_put or txn_delete, and never after the run.
 */

/* 0, or -ENOENT when there is no such entry. */
int txn_get(struct txn *t, uint64_t shard, struct view key, struct view *value)
    __attribute__((warn_unused_result));

/* Sets an entry. -EMSGSIZE past STORE_KEY_MAX or STORE_ENTRY_MAX; -EROFS in a read. */
int txn_put(struct txn *t, uint64_t shard, struct view key, struct view value)
    __attribute__((warn_unused_result));

/* Removes an entry; 0 as well when there was none. -EROFS in a read. */
int txn_delete(struct txn *t, uint64_t shard, struct view key) __attribute__((warn_unused_result));

/*
 * Visits the entries with from <= key < to (an empty `to` is the shard's end), in key order or backwards, at
 * most `limit` of them (0: no limit). `visit` returns 0 to go on, a positive number to stop, or a negative
 * errno; it must not write. Returns 0 at the end of the range or the limit, else what visit returned. An
 * entry that is damaged ends it with -EBADMSG; where `passed` is given, it is passed over, counted there, and
 * logged.
 */
struct txn_range {
	uint64_t shard;
	struct view from, to;
	bool backwards;
	size_t limit;
	size_t *passed; /* the caller's; is added to */
};

int txn_range(struct txn *t, const struct txn_range *range,
    int (*visit)(void *arg, struct view key, struct view value), void *arg)
    __attribute__((warn_unused_result));

/*
 * What watchers of a shard are told with this commit: a number that only grows, as a state of what the shard
 * holds (for an account: its modseq), and what of the shard has changed, as numbers that its owner gives a
 * meaning (its mailboxes). What is told several times adds up. Of use for a shard that the commit changes.
 */
void txn_tell(struct txn *t, uint64_t shard, uint64_t number, const uint32_t *parts, size_t part_count);

/* Parts of a shard: most commits change one or two, and of more than these it is only known that any may
 * have. */
enum { STORE_PARTS_MAX = 4 };
struct store_parts {
	bool any;
	uint8_t count;
	uint32_t numbers[STORE_PARTS_MAX];
};
void store_parts_add(struct store_parts *parts, uint32_t number);
void store_parts_join(struct store_parts *parts, const struct store_parts *more);
bool store_parts_have(const struct store_parts *parts, uint32_t number);

/* The name that upload number i of this commit gets. Valid within this run: write it into an entry. */
struct blob_id txn_body(struct txn *t, size_t i);

/*
 * A commit: `run` reads, decides, and writes. It returns 0 to commit or a negative errno to refuse, which
 * becomes the result; everything it wrote takes effect together, durably, before `done` is called. All
 * refusals come before the first write: an engine may answer a later one with the (expensive) undoing of
 * everybody's unsynced work.
 *
 * The structure belongs to the caller and stays untouched from store_commit to `done`, which may free it. The
 * uploads are the store's from the call on, whatever the result.
 */
struct store_commit {
	int (*run)(struct txn *t, void *arg);
	void *arg;
	struct store_upload *uploads[STORE_UPLOADS_MAX];
	size_t upload_count;
	bool frees_space; /* deletes: allowed on a nearly full disk */
	bool large; /* may change hundreds of entries: commits that are not large go first, so that mail never
	               waits */
	void (*done)(struct store_commit *c, int result);

	/* The engine's, while the commit is under way. */
	struct store_pending pending;
	struct store_touched *touched;
	size_t touched_count;
};

struct store_touched {
	uint64_t shard, number; /* number: txn_tell's; 0: none */
	struct store_parts parts;
};

void store_commit(struct store *s, struct store_commit *c);

/*
 * A read: `run` over a consistent state of one shard that holds every commit whose `done` has been called.
 * A slice of at most STORE_READ_KEYS_MAX entries; long lists are read in several, each from the key where the
 * last one ended. Ownership as for a commit; the result is what run returned.
 */
struct store_read {
	uint64_t shard;
	int (*run)(struct txn *t, void *arg);
	void *arg;
	void (*done)(struct store_read *r, int result);

	struct store_pending pending;
};

void store_read(struct store *s, struct store_read *r);

/*
 * Reading blobs: any number of parts of any blobs, in one request. Each part gets a result: 0 when all
 * `length` bytes are in `out`; -ENOENT (no such blob), -EBADMSG (damaged), -ERANGE (past the blob's end), or
 * a common error; then `out` holds nothing of use. Ask for much at once, and for the next batch before the
 * last one is used up. Whole blobs of up to 64 KB are the cheapest.
 */
struct store_blob_part {
	struct blob_id id;
	uint64_t offset;
	size_t length;
	char *out; /* the caller's, length bytes */
	int result;
};

struct store_blob_read {
	struct store_blob_part *parts;
	size_t count;
	void *arg;
	void (*done)(struct store_blob_read *r);

	struct store_pending pending;
};

void store_blob_read(struct store *s, struct store_blob_read *r);

/*
 * A body on its way in. Small ones wait in memory; larger ones are written behind the caller's back, and the
 * caller stops appending while the backlog is above STORE_UPLOAD_BACKLOG, until `drained` is called. An
 * upload ends in a commit or in an abort.
 */
struct store_upload *store_upload_begin(struct store *s);

/* Copies the bytes. 0, or a common error, which sticks: then only abort is of use. */
int store_upload_append(struct store_upload *u, struct view bytes) __attribute__((warn_unused_result));

uint64_t store_upload_length(const struct store_upload *u);
size_t store_upload_backlog(const struct store_upload *u);

/*
 * Calls drained once when the backlog has gone below half the limit; at the latest when the upload has
 * failed. Pass NULL to cancel. A commit does not cancel: cancel first if the waiter may be freed before
 * `drained`.
 */
void store_upload_wait(struct store_upload *u, void (*drained)(void *arg), void *arg);

/*
 * Reads what has been appended so far, from its beginning. Until `done` nothing may be appended, and the
 * upload must neither be committed nor aborted. The structure and `out` are the caller's.
 */
struct store_upload_read {
	struct store_upload *upload;
	size_t length; /* at most store_upload_length */
	char *out;
	void (*done)(struct store_upload_read *r, int result);
	void *arg;

	struct store_pending pending;
};

/* True: it was there in memory, and `out` has it; `done` is not called. Small uploads are. */
bool store_upload_read(struct store_upload_read *r);

void store_upload_abort(struct store_upload *u); /* NULL is allowed */

/*
 * A watch: `changed` is called, inside store_dispatch, after commits that touched the shard, at least once
 * for any number of them; `changes` counts. It is a hint: read the shard to learn what happened. The
 * structure is the caller's and stays put until store_unwatch; `changed` may take away, and free, its own
 * watch and any others.
 */
enum { STORE_EVERY_SHARD = 0 }; /* a watch of it is called for each shard that a commit touched */

struct store_watch {
	uint64_t shard;
	void (*changed)(struct store_watch *w);
	void *arg;

	uint64_t changes;
	uint64_t number; /* the highest that a commit has told (txn_tell) since the watch began; 0: none */
	struct store_parts parts; /* what has changed since the owner emptied it; a commit that told nothing:
	                             any */
	uint64_t touched;         /* of STORE_EVERY_SHARD: which one it was */
	struct store_watch *next; /* the store's */
};

void store_watch(struct store *s, struct store_watch *w);
void store_unwatch(struct store *s, struct store_watch *w);

/* Readable when results wait. */
int store_event_fd(const struct store *s);

/* Hands out the results that wait: calls `done`, `drained` and `changed` functions. */
void store_dispatch(struct store *s);

/*
 * Finishes everything under way (calling `done` functions), makes it durable, and frees the store. Uploads
 * that were neither committed nor aborted must be gone before.
 */
void store_close(struct store *s); /* NULL is allowed */

struct store_stats {
	uint64_t commits, syncs, checkpoints, reads, blob_reads, rollbacks;
	uint64_t index_bytes, volume_bytes, volumes, free_bytes; /* on the disk, when last looked at */
	uint64_t packed, packed_bytes; /* of the volumes, those that compaction or packing wrote */
	uint64_t aside, aside_bytes;   /* files that were set aside for a person to look at */
	uint64_t damaged;              /* checksums that did not fit, since the start */
	uint64_t
	    index_damaged; /* of them, entries of the index: the engine can make it anew at the next start */
	bool read_only, nearly_full;
	int trouble; /* while read_only: why, an errno value */
	bool stuck;  /* read_only, although the disk writes: only opening the store anew can help */
};

void store_stats(struct store *s, struct store_stats *out);

/*
 * Entries of a shard contradict one another: one that another names is not there, or a count is wrong. The
 * engine looks through its index soon, at most every ten minutes; what is damaged shows in
 * store_stats.index_damaged.
 */
void store_suspect(struct store *s);

/*
 * Which blobs an entry names: calls found for each. Given at open; the store decides by it what compaction
 * keeps, so it must never miss one. Runs on any thread.
 */
typedef void store_names_blobs(uint64_t shard, struct view key, struct view value,
    void (*found)(void *arg, const struct blob_id *id), void *arg);

#endif
