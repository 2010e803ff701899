/*
 * An index that is found damaged while it is in use is made anew without a hand: it is marked, and this role
 * ends in an orderly way; its successor reads snapshot and log. What was acknowledged is in the log, so
 * nothing is lost, and the edges answer with a temporary error for the moment. A disk that damages it again
 * and again needs a person: more than three times an hour it is only told. So does one that has no room for
 * another index beside this one: an index with a few damaged entries serves better than none. A store that
 * cannot write although the disk does begins anew in the same way.
 */
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "role/store/store_private.h"
#include "store/file.h"
#include "store/store_embedded.h"

enum { LOOK_MS = 1000, TIMES_MAX = 3, WITHIN_SECONDS = 3600 };

/* In the data folder: when it was done lately, seconds since 1970, one a line. */
static const char times_name[] = "index-rebuilds";

static struct loop_timer timer;
static void (*begin_anew)(void);
static bool told, told_room;

/* Times within the last hour, one a line, to *recent. */
static size_t recent_times(int64_t now, struct buf *recent)
{
	char text[1024];
	int fd = openat(store_role.process->folder, times_name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : 0;
	struct view rest = view_of(text, n > 0 ? (size_t)n : 0), line;
	size_t count = 0;
	uint64_t time;
	if (fd >= 0)
		close(fd);
	while (rest.len && view_next(&rest, '\n', &line))
		if (view_to_u64(line, INT64_MAX, &time) && (int64_t)time <= now &&
		    now - (int64_t)time < WITHIN_SECONDS) {
			buf_printf(recent, "%.*s\n", VIEW_FMT(line));
			count++;
		}
	return count;
}

/* Bytes to be freed before there is room for another index; 0: there is room. */
static uint64_t missing_bytes(const struct store_stats *stats)
{
	struct statvfs fs;
	uint64_t needed = stats->index_bytes + STORE_REBUILD_MARGIN;
	if (fstatvfs(store_role.process->folder, &fs) != 0)
		return 0;
	uint64_t unused = (uint64_t)fs.f_bavail * fs.f_frsize;
	return unused < needed ? needed - unused : 0;
}

static void tell_room(const struct store_stats *stats, uint64_t missing)
{
	if (told_room)
		return;
	told_room = true;
	log_event(LOG_ERROR, "-", "index-damaged", log_u64("damaged", stats->index_damaged),
	    log_u64("missing", missing),
	    log_string("do", "free that many bytes on the disk of the data folder; the index is then rebuilt "
	                     "automatically"));
}

static int heal(void)
{
	struct buf times;
	int64_t now = clock_wall();
	buf_init(&times, 1024);
	int error = recent_times(now, &times) >= TIMES_MAX ? -1 : 0;
	buf_printf(&times, "%lld\n", (long long)now);
	if (error == 0)
		error = file_replace(store_role.process->folder, times_name, buf_view(&times));
	if (error == 0)
		error = store_distrust_index(store_role.store);
	buf_done(&times);
	return error;
}

static void look(void *arg)
{
	struct store_stats stats;
	(void)arg;
	store_stats(store_role.store, &stats);
	if (stats.stuck) {
		log_event(LOG_ERROR, "-", "store-begins-anew", log_errno(stats.trouble));
		begin_anew();
		return;
	}
	if (stats.index_damaged == 0 || told) {
		loop_timer_set(&timer, LOOK_MS);
		return;
	}
	uint64_t missing = missing_bytes(&stats);
	if (missing > 0) {
		tell_room(&stats, missing);
		loop_timer_set(&timer, LOOK_MS);
		return;
	}
	if (heal() == 0) {
		log_event(LOG_ERROR, "-", "index-distrusted", log_u64("damaged", stats.index_damaged));
		begin_anew();
		return;
	}
	told = true;
	log_event(LOG_ERROR, "-", "index-damaged", log_u64("damaged", stats.index_damaged),
	    log_string("do",
	        "look for disk and memory errors in the kernel's log, then run `postrider store check`"));
	loop_timer_set(&timer, LOOK_MS);
}

void store_heal_start(void (*anew)(void))
{
	begin_anew = anew;
	loop_timer_init(&timer, &store_role.process->loop, look, NULL);
	loop_timer_set(&timer, LOOK_MS);
}

void store_heal_stop(void)
{
	loop_timer_cancel(&timer);
}
