/*
 * A disk that does not write. What was acknowledged stays readable, commits are refused, and once a second
 * the committer tries again: what the index lacks is read from the log, a new log file is begun, a checkpoint
 * that failed is made up for. All three must succeed. Where the disk writes and they still don't, only a new
 * process can help (store_stats.stuck).
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/embedded.h"
#include "store/file.h"

enum { STUCK_TRIES = 5 };

void committer_trouble(struct embedded *e, int error)
{
	atomic_store(&e->trouble, -error);
	if (atomic_exchange(&e->read_only, true))
		return;
	log_event(LOG_ERROR, NULL, "store-read-only", log_errno(error));
	e->tries = 0;
	e->try_again_ms = clock_monotonic_ms() + e->retry_ms;
}

int committer_refusal(const struct embedded *e)
{
	return atomic_load(&e->trouble) == ENOSPC ? -ENOSPC : -EROFS;
}

int committer_rotate(struct embedded *e)
{
	at_step(e, "rotate");
	int error = log_file_rotate(&e->log, atomic_fetch_add(&e->next_segment, 1), true);
	if (error) {
		log_event(LOG_ERROR, NULL, "log-rotate-failed", log_errno(error));
		return error;
	}
	at_step(e, "rotate-done");
	e->log_doubtful = false;
	embedded_measure(e);
	return 0;
}

/* Does the disk write? A file of its own says it without touching what matters. */
static bool disk_writes(const struct embedded *e)
{
	static const char name[] = "probe";
	int fd = file_open_in(e->volumes_fd, name, O_RDWR | O_CREAT | O_TRUNC);
	if (fd < 0)
		return false;
	int error = file_zero(fd, 0, 4096);
	if (error == 0)
		error = file_sync(fd);
	close(fd);
	if (unlinkat(e->volumes_fd, name, 0) != 0 && error == 0)
		error = -errno;
	return error == 0 && fsync(e->volumes_fd) == 0;
}

static int mend(struct embedded *e)
{
	int error = 0;
	if (!e->index_whole)
		error = embedded_roll_back(e);
	if (error == 0 && e->log_doubtful)
		error = committer_rotate(e);
	if (error == 0 && e->checkpoint_failed)
		error = embedded_checkpoint(e);
	return error;
}

void committer_try_again(struct embedded *e)
{
	int64_t now = clock_monotonic_ms();
	if (now < e->try_again_ms)
		return;
	e->try_again_ms = now + e->retry_ms;
	e->tries++;
	int error = mend(e);
	if (error == 0) {
		atomic_store(&e->read_only, false);
		atomic_store(&e->trouble, 0);
		atomic_store(&e->stuck, false);
		log_event(LOG_INFO, NULL, "store-writes-again", log_u64("tries", e->tries));
		return;
	}
	atomic_store(&e->trouble, -error);
	if (e->tries >= STUCK_TRIES && error != -EBUSY && disk_writes(e))
		atomic_store(&e->stuck, true);
}
