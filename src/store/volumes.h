/*
 * Open volumes: any thread reads blobs through here. Descriptors are kept for the files used last. A file
 * that compaction removed leads to the kept file that took its blobs over.
 */
#ifndef STORE_VOLUMES_H
#define STORE_VOLUMES_H

#include <pthread.h>

#include "base/map.h"
#include "store/kept.h"
#include "store/segment.h"

enum {
	VOLUMES_OPEN_MAX = 128,
	/* Of some 300 KB each. Reading in more files than these opens one again for most messages, which
	 * reads a table of megabytes: so they are enough for 60 GB of mail. */
	VOLUMES_KEPT_READERS_MAX = 64
};

struct volume {
	struct segment segment;
	struct kept_reader *kept; /* of a kept file that was read lately */
	unsigned users;
	uint64_t used; /* a count of uses, for finding the one unused longest */
};

struct volumes {
	pthread_mutex_t lock;
	int folder_fd;
	uint64_t uses;
	unsigned kept_readers;
	struct map open;  /* file number -> struct volume */
	struct map moved; /* number of a compacted file -> number of the kept file, twice that and one: there
	                     may be none */
};

void volumes_init(struct volumes *v, int folder_fd);
void volumes_done(struct volumes *v);

/* 0 and a volume to be given back with volumes_put; -ENOENT when there is no such file. */
int volumes_get(struct volumes *v, enum segment_kind kind, uint32_t id, struct volume **out)
    __attribute__((warn_unused_result));
void volumes_put(struct volumes *v, struct volume *volume);

/* From now on blobs of file `from`, and those that it had taken over itself, are found in kept file `to` (0:
 * nowhere); closes `from` if not in use. */
void volumes_move(struct volumes *v, uint32_t from, uint32_t to);

/* The kept file that took over this file's blobs, or 0. */
uint32_t volumes_moved_to(struct volumes *v, uint32_t from);

/* Has compaction taken this file away, whether or not something in it lived? */
bool volumes_has_moved(struct volumes *v, uint32_t from);

/* Does any file's content live in this kept file? */
bool volumes_moves_to(struct volumes *v, uint32_t to);

/* What reading this kept file needs; it stays as long as the volume is in use. Results as kept_reader_open's.
 */
int volumes_kept(struct volumes *v, struct volume *volume, struct kept_reader **out)
    __attribute__((warn_unused_result));

/* What several reads of one caller share: the volume, and what was read of it. Begins zeroed. */
struct volumes_hint {
	struct volume *volume;
	struct kept_near near;
};

void volumes_hint_done(struct volumes *v, struct volumes_hint *hint);

/* Reads one part; 0, -ENOENT, -EBADMSG, -ERANGE or an I/O error. */
int volumes_read(struct volumes *v, const struct blob_id *id, uint64_t offset, size_t len, char *out,
    struct volumes_hint *hint) __attribute__((warn_unused_result));

/*
 * Are the first bytes of this part in memory already? Also true where nothing can be said. What stands in a
 * kept file counts by its record.
 */
bool volumes_is_cached(
    struct volumes *v, const struct blob_id *id, uint64_t offset, struct volumes_hint *hint);

/* Asks the kernel to read ahead. */
void volumes_prefetch(
    struct volumes *v, const struct blob_id *id, uint64_t offset, size_t len, struct volumes_hint *hint);

#endif
