/* Opening and closing the embedded engine: the data folder, its lock and format, and the threads. */
#include "store/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/file.h"
#include "store/index_guard.h"
#include "store/pace.h"

enum { FORMAT = 1 };

static const char partition_name[] = EMBEDDED_PARTITION, version_name[] = "version",
                  lock_name[] = EMBEDDED_LOCK;

static int take_lock(struct embedded *e, int top_fd)
{
	e->lock_fd = file_open_in(top_fd, lock_name, O_RDWR | O_CREAT);
	if (e->lock_fd < 0)
		return e->lock_fd;
	if (flock(e->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

static int check_version(int top_fd)
{
	char text[32] = {0};
	size_t len;
	int format;
	int fd = file_open_in(top_fd, version_name, O_RDONLY);
	if (fd == -ENOENT)
		return file_replace(top_fd, version_name, VIEW("postrider store format 1\n"));
	if (fd < 0)
		return file_tell_unreadable(fd, version_name);
	int error = file_read_some(fd, text, sizeof text - 1, 0, &len);
	close(fd);
	if (error)
		return file_tell_unreadable(error, version_name);
	if (sscanf(text, "postrider store format %d", &format) != 1)
		return -EBADMSG;
	if (format <= FORMAT)
		return 0;
	log_event(LOG_ERROR, NULL, "store-format-newer", log_i64("found", format), log_i64("known", FORMAT));
	return -EPROTO;
}

static int open_folders(struct embedded *e, const char *folder)
{
	int top_fd = folder_open_in(AT_FDCWD, folder);
	if (top_fd < 0)
		return top_fd;
	int error = take_lock(e, top_fd);
	if (error == 0)
		error = check_version(top_fd);
	if (error == 0) {
		size_t room = strlen(folder) + sizeof "/" EMBEDDED_PARTITION;
		e->folder = mem_alloc(room);
		snprintf(e->folder, room, "%s/%s", folder, partition_name);
		e->folder_fd = folder_open_in(top_fd, partition_name);
		error = e->folder_fd < 0 ? e->folder_fd : 0;
	}
	close(top_fd);
	if (error)
		return error;
	e->volumes_fd = folder_open_in(e->folder_fd, "volumes");
	return e->volumes_fd < 0 ? e->volumes_fd : 0;
}

static void free_all(struct embedded *e)
{
	const int fds[] = {e->folder_fd, e->volumes_fd, e->lock_fd};
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		index_reader_close(&e->reader_states[i]);
	index_close(&e->index);
	index_guard_close(e->folder_fd);
	if (e->volumes_fd >= 0)
		log_file_close(&e->log);
	volumes_done(&e->volumes);
	completions_done(&e->completions);
	watches_done(&e->watches);
	map_done(&e->dirty);
	buf_done(&e->redo);
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	pthread_rwlock_destroy(&e->index_lock);
	pthread_mutex_destroy(&e->lock);
	pthread_cond_destroy(&e->wake);
	pthread_cond_destroy(&e->checkpointed);
	mem_free(e->folder);
	mem_free(e);
}

static int start_threads(struct embedded *e, unsigned readers)
{
	/* Filling a log file must not wait for a check that takes minutes: so it has a thread of its own. */
	const struct {
		struct workers *workers;
		unsigned count;
		const char *name;
	} kinds[] = {{&e->readers, readers, "store-read"}, {&e->writer, 1, "store-write"},
	    {&e->filler, 1, "store-fill"}, {&e->upkeep, 1, "store-upkeep"}};
	size_t started = 0, count = sizeof kinds / sizeof *kinds;
	int error = 0;
	for (; started < count && error == 0; started += error == 0)
		error = workers_start(kinds[started].workers, kinds[started].count, kinds[started].name);
	if (error == 0)
		error = committer_start(e);
	while (error && started > 0)
		workers_stop(kinds[--started].workers);
	return error;
}

static void close_store(struct store *s)
{
	struct embedded *e = embedded_of(s);
	atomic_store(&e->closing, true);
	while (e->under_way > 0) {
		completions_wait(&e->completions, 1000);
		completions_dispatch(&e->completions);
	}
	workers_stop(&e->writer);
	committer_stop(e);
	workers_stop(&e->filler);
	workers_stop(&e->upkeep);
	workers_stop(&e->readers);
	completions_dispatch(&e->completions);
	free_all(e);
}

static int event_fd(const struct store *s)
{
	return ((const struct embedded *)s)->completions.event_fd;
}

static void dispatch(struct store *s)
{
	completions_dispatch(&embedded_of(s)->completions);
}

static void watch(struct store *s, struct store_watch *w)
{
	watches_add(&embedded_of(s)->watches, w);
}

static void unwatch(struct store *s, struct store_watch *w)
{
	watches_remove(&embedded_of(s)->watches, w);
}

/* The committer looks at the disk when it commits; while everything is refused for want of space, nothing is:
 * then this is who looks. */
static void look_for_space(struct embedded *e)
{
	struct statvfs fs;
	if (!atomic_load(&e->nearly_full) || fstatvfs(e->folder_fd, &fs) != 0)
		return;
	uint64_t unused = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (unused < e->min_free || !atomic_exchange(&e->nearly_full, false))
		return;
	atomic_store(&e->free_bytes, unused);
	log_event(LOG_INFO, NULL, "disk-space-back", log_u64("free", unused), log_u64("least", e->min_free));
}

static void stats(struct store *s, struct store_stats *out)
{
	struct embedded *e = embedded_of(s);
	look_for_space(e);
	*out = (struct store_stats){
	    .commits = atomic_load(&e->commit_count),
	    .syncs = atomic_load(&e->sync_count),
	    .checkpoints = atomic_load(&e->checkpoint_count),
	    .reads = atomic_load(&e->read_count),
	    .blob_reads = atomic_load(&e->blob_read_count),
	    .rollbacks = atomic_load(&e->rollback_count),
	    .index_bytes = atomic_load(&e->index_bytes),
	    .volume_bytes = atomic_load(&e->volume_bytes),
	    .volumes = atomic_load(&e->volume_count),
	    .packed = atomic_load(&e->packed_count),
	    .packed_bytes = atomic_load(&e->packed_bytes),
	    .aside = atomic_load(&e->aside_count),
	    .aside_bytes = atomic_load(&e->aside_bytes),
	    .free_bytes = atomic_load(&e->free_bytes),
	    .damaged = atomic_load(&e->damaged_count),
	    .index_damaged = atomic_load(&e->index_damaged_count),
	    .read_only = atomic_load(&e->read_only),
	    .trouble = atomic_load(&e->trouble),
	    .stuck = atomic_load(&e->stuck),
	    .nearly_full = atomic_load(&e->nearly_full),
	};
}

static const struct store_engine engine = {
    .commit = embedded_commit,
    .read = embedded_read,
    .blob_read = embedded_blob_read,
    .upload_begin = embedded_upload_begin,
    .upload_append = embedded_upload_append,
    .upload_wait = embedded_upload_wait,
    .upload_backlog = embedded_upload_backlog,
    .upload_read = embedded_upload_read,
    .upload_abort = embedded_upload_abort,
    .watch = watch,
    .unwatch = unwatch,
    .event_fd = event_fd,
    .dispatch = dispatch,
    .stats = stats,
    .close = close_store,
    .suspect = embedded_suspect,
};

static struct embedded *make(const struct store_options *options)
{
	struct embedded *e = mem_alloc(sizeof *e);
	pthread_condattr_t monotonic;
	e->base.engine = &engine;
	e->folder_fd = e->volumes_fd = e->lock_fd = -1;
	e->min_free = options->min_free ? options->min_free : MIN_FREE_DEFAULT;
	e->index_size = options->index_size ? options->index_size : INDEX_SIZE_DEFAULT;
	e->retry_ms = options->retry_ms ? options->retry_ms : RETRY_MS_DEFAULT;
	e->index_whole = true;
	e->checkpoint_share = PACE_FIRST;
	e->names_blobs = options->names_blobs;
	e->at_step = options->at_step;
	watches_init(&e->watches);
	map_init(&e->dirty);
	map_hash((struct view){0}); /* its secret is made here, before there are threads */
	buf_init(&e->redo, RECORD_REDO_MAX);
	pending_queue_init(&e->commits);
	pending_queue_init(&e->large);
	pending_queue_init(&e->reads);
	pending_queue_init(&e->compactions);
	pthread_mutex_init(&e->lock, NULL);
	pthread_rwlock_init(&e->index_lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&e->wake, &monotonic);
	pthread_cond_init(&e->checkpointed, NULL);
	pthread_condattr_destroy(&monotonic);
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		e->reader_states[i].index = &e->index;
	return e;
}

int store_open(const struct store_options *options, struct store **out)
{
	unsigned readers = options->readers ? options->readers : READERS_DEFAULT;
	struct embedded *e = make(options);
	int error = completions_init(&e->completions);
	if (error) {
		mem_free(e);
		return error;
	}
	error = open_folders(e, options->folder);
	volumes_init(&e->volumes, e->volumes_fd);
	if (error == 0) {
		log_file_init(
		    &e->log, e->volumes_fd, options->segment_size ? options->segment_size : LOG_SEGMENT_SIZE);
		error = embedded_open_state(e);
	}
	if (error == 0)
		error = start_threads(e, readers < WORKERS_MAX ? readers : WORKERS_MAX);
	if (error) {
		log_event(LOG_ERROR, NULL, "store-open-failed", log_errno(error),
		    log_string("folder", options->folder));
		free_all(e);
		return error;
	}
	*out = &e->base;
	return 0;
}
