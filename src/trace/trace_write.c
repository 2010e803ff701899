/*
 * Lines gather in memory; a thread takes them every few hundredths of a second, or when many are there, and
 * appends them to the day's file. Nobody waits for it: when the disk is slow the memory fills, and further
 * lines are dropped and counted.
 */
#include "trace/trace_write.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log_line.h"
#include "format/date.h"
#include "store/workers.h"

enum {
	WAITING_MAX = 2 << 20, /* bytes of lines that wait for the disk; as many may be being written */
	WAKE_AT = 256 << 10,   /* so much is written at once rather than gathered further */
	KEEP_MEMORY = 64 << 10,
	GATHER_MS = 50,
	ID_MAX = 32
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake, written;
	struct buf waiting;      /* whole lines */
	uint64_t noted, handled; /* lines: put into waiting; taken from it and written or dropped */
	uint64_t dropped;
	unsigned days;
	bool running, idle, flush, stop, expire;
	pthread_t thread;

	/* The beginning of a line changes once a second. */
	int64_t second;
	char stamp[24];

	/* The thread's own. */
	struct buf writing;
	int folder, file;
	char day[TRACE_DAY_LEN]; /* of `file` */
	bool failing;
	uint64_t told;
} trace_writer = {.lock = PTHREAD_MUTEX_INITIALIZER, .folder = -1, .file = -1};

/* ---- noting ---- */

static void two_digits(char *at, unsigned n)
{
	at[0] = (char)('0' + n / 10 % 10);
	at[1] = (char)('0' + n % 10);
}

/* "2026-11-22T09:55:06." of that second. */
static void make_stamp(int64_t second, char stamp[24])
{
	int64_t days = second / 86400, year;
	unsigned rest = (unsigned)(second % 86400), month, day;
	civil_from_days(days, &year, &month, &day);
	memcpy(stamp, "0000-00-00T00:00:00.", 21);
	two_digits(stamp, (unsigned)(year / 100));
	two_digits(stamp + 2, (unsigned)(year % 100));
	two_digits(stamp + 5, month);
	two_digits(stamp + 8, day);
	two_digits(stamp + 11, rest / 3600);
	two_digits(stamp + 14, rest / 60 % 60);
	two_digits(stamp + 17, rest % 60);
}

static void put_head(struct log_line *l, struct view id, enum trace_kind kind)
{
	int64_t now = clock_wall_ms();
	if (now / 1000 != trace_writer.second) {
		trace_writer.second = now / 1000;
		make_stamp(trace_writer.second, trace_writer.stamp);
	}
	log_line_string(l, trace_writer.stamp);
	unsigned ms = (unsigned)(now % 1000);
	log_line_byte(l, (char)('0' + ms / 100));
	log_line_byte(l, (char)('0' + ms / 10 % 10));
	log_line_byte(l, (char)('0' + ms % 10));
	log_line_string(l, "Z ");
	id = view_take(id, ID_MAX);
	for (size_t i = 0; i < id.len; i++)
		log_line_byte(l, ascii_is_alnum(id.data[i]) || id.data[i] == '_' ? id.data[i] : '-');
	if (id.len == 0)
		log_line_byte(l, '-');
	log_line_byte(l, ' ');
	log_line_string(l, trace_kind_name(kind));
}

void trace_fields(struct view id, enum trace_kind kind, const struct log_field *fields)
{
	struct log_line l;
	l.len = 0;
	pthread_mutex_lock(&trace_writer.lock);
	if (!trace_writer.running) {
		pthread_mutex_unlock(&trace_writer.lock);
		return;
	}
	put_head(&l, id, kind);
	for (; fields->key; fields++)
		log_line_field(&l, fields);
	log_line_end(&l);
	bool wake = false;
	if (buf_append(&trace_writer.waiting, view_of(l.data, l.len)) != 0) {
		trace_writer.dropped++;
	} else {
		trace_writer.noted++;
		/* A thread that gathers looks by itself, unless there is much. */
		bool much = trace_writer.waiting.len >= WAKE_AT && trace_writer.waiting.len - l.len < WAKE_AT;
		wake = trace_writer.idle || much;
		trace_writer.idle = false;
	}
	pthread_mutex_unlock(&trace_writer.lock);
	if (wake)
		pthread_cond_signal(&trace_writer.wake);
}

/* ---- the thread: writing ---- */

static void shut(void)
{
	if (trace_writer.file >= 0)
		close(trace_writer.file);
	trace_writer.file = -1;
}

/* After a torn write or a crash the file may end within a line: the next one begins on its own. */
static int end_torn_line(int fd)
{
	struct stat st;
	char last = '\n';
	if (fstat(fd, &st) != 0)
		return -errno;
	if (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) != 1)
		return -EIO;
	return last == '\n' || write(fd, "\n", 1) == 1 ? 0 : -EIO;
}

static int open_day(const char *day)
{
	char path[sizeof TRACE_FOLDER + TRACE_DAY_LEN + 1];
	if (trace_writer.file >= 0 && memcmp(trace_writer.day, day, TRACE_DAY_LEN) == 0)
		return 0;
	shut();
	if (mkdirat(trace_writer.folder, TRACE_FOLDER, 0700) != 0 && errno != EEXIST)
		return -errno;
	memcpy(path, TRACE_FOLDER "/", sizeof TRACE_FOLDER);
	memcpy(path + sizeof TRACE_FOLDER, day, TRACE_DAY_LEN);
	path[sizeof TRACE_FOLDER + TRACE_DAY_LEN] = '\0';
	int fd =
	    openat(trace_writer.folder, path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	int error = end_torn_line(fd);
	if (error) {
		close(fd);
		return error;
	}
	trace_writer.file = fd;
	memcpy(trace_writer.day, day, TRACE_DAY_LEN);
	return 0;
}

/* Writes all of it; *written is what reached the file. */
static int append_all(struct view v, size_t *written)
{
	while (*written < v.len) {
		ssize_t n = write(trace_writer.file, v.data + *written, v.len - *written);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		*written += (size_t)n;
	}
	return 0;
}

static uint64_t count_lines(struct view v)
{
	uint64_t lines = 0;
	for (size_t i = 0; i < v.len; i++)
		lines += v.data[i] == '\n';
	return lines;
}

static void tell_failure(int error)
{
	if (!trace_writer.failing)
		log_event(LOG_WARNING, "-", "trace-dropped", log_errno(error));
	trace_writer.failing = true;
}

static void tell_success(uint64_t dropped)
{
	if (trace_writer.failing || dropped > trace_writer.told)
		log_event(
		    LOG_WARNING, "-", "trace-resumed", log_u64("lines_dropped", dropped - trace_writer.told));
	trace_writer.failing = false;
	trace_writer.told = dropped;
}

/* Lines of one day. Returns how many were lost. */
static uint64_t write_day(struct view lines)
{
	size_t written = 0;
	int error = open_day(lines.data);
	if (error == 0)
		error = append_all(lines, &written);
	if (error == 0)
		return 0;
	shut(); /* opened anew, and looked at for its torn end */
	tell_failure(error);
	return count_lines(view_skip(lines, written));
}

/* The lines of one day from the beginning: nearly always all, but around midnight or when the clock jumps. */
static struct view same_day(struct view lines)
{
	size_t last = lines.len - 1;
	while (last > 0 && lines.data[last - 1] != '\n')
		last--;
	if (memcmp(lines.data, lines.data + last, TRACE_DAY_LEN) == 0)
		return lines;
	struct view rest = lines, line;
	while (view_next(&rest, '\n', &line) && memcmp(lines.data, line.data, TRACE_DAY_LEN) == 0)
		;
	return view_take(lines, (size_t)(line.data - lines.data));
}

static uint64_t write_lines(struct view lines)
{
	uint64_t lost = 0;
	while (lines.len) {
		struct view part = same_day(lines);
		lost += write_day(part);
		lines = view_skip(lines, part.len);
	}
	return lost;
}

/* ---- the thread: what is too old ---- */

static void remove_old(unsigned days)
{
	char oldest[24];
	int fd = openat(trace_writer.folder, TRACE_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	if (folder == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	make_stamp(clock_wall() - (int64_t)days * 86400, oldest);
	while ((entry = readdir(folder)) != NULL)
		if (trace_day_name(entry->d_name) && memcmp(entry->d_name, oldest, TRACE_DAY_LEN) < 0)
			unlinkat(fd, entry->d_name, 0);
	closedir(folder);
}

/* ---- the thread: its turns ---- */

/* Waits for lines, and then a little for more of them. With the lock held. */
static void wait_for_work(void)
{
	while (trace_writer.waiting.len == 0 && !trace_writer.stop && !trace_writer.expire &&
	       !trace_writer.flush) {
		trace_writer.idle = true;
		pthread_cond_wait(&trace_writer.wake, &trace_writer.lock);
	}
	trace_writer.idle = false;
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += GATHER_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (trace_writer.waiting.len < WAKE_AT && !trace_writer.stop && !trace_writer.expire &&
	       !trace_writer.flush)
		if (pthread_cond_timedwait(&trace_writer.wake, &trace_writer.lock, &until) != 0)
			break;
}

/* Writes what there is, without the lock; then says so. */
static void take_turn(void)
{
	struct buf taken = trace_writer.waiting;
	trace_writer.waiting = trace_writer.writing;
	trace_writer.writing = taken;
	uint64_t noted = trace_writer.noted;
	bool expire = trace_writer.expire;
	unsigned days = trace_writer.days;
	trace_writer.flush = trace_writer.expire = false;
	pthread_mutex_unlock(&trace_writer.lock);

	uint64_t lost = write_lines(buf_view(&trace_writer.writing));
	bool wrote = trace_writer.writing.len > 0;
	if (trace_writer.writing.cap > KEEP_MEMORY)
		buf_done(&trace_writer.writing);
	buf_clear(&trace_writer.writing);
	if (expire)
		remove_old(days);

	pthread_mutex_lock(&trace_writer.lock);
	trace_writer.dropped += lost;
	trace_writer.handled = noted;
	if (wrote && lost == 0)
		tell_success(trace_writer.dropped);
	pthread_cond_broadcast(&trace_writer.written);
}

static void *write_on(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&trace_writer.lock);
	while (!trace_writer.stop || trace_writer.waiting.len > 0) {
		wait_for_work();
		take_turn();
	}
	pthread_mutex_unlock(&trace_writer.lock);
	return NULL;
}

/* ---- its life ---- */

int trace_open(int folder, unsigned days)
{
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&trace_writer.wake, &monotonic);
	pthread_cond_init(&trace_writer.written, NULL);
	pthread_condattr_destroy(&monotonic);
	buf_init(&trace_writer.waiting, WAITING_MAX);
	buf_init(&trace_writer.writing, WAITING_MAX);
	trace_writer.folder = folder;
	trace_writer.days = days;
	trace_writer.stop = trace_writer.idle = trace_writer.flush = trace_writer.expire =
	    trace_writer.failing = false;
	trace_writer.noted = trace_writer.handled = trace_writer.dropped = trace_writer.told = 0;
	trace_writer.running = true;
	int error = thread_start(&trace_writer.thread, write_on, NULL, "trace");
	if (error)
		trace_writer.running = false;
	return error;
}

void trace_set_days(unsigned days)
{
	pthread_mutex_lock(&trace_writer.lock);
	trace_writer.days = days;
	pthread_mutex_unlock(&trace_writer.lock);
}

void trace_close(void)
{
	pthread_mutex_lock(&trace_writer.lock);
	bool was_running = trace_writer.running;
	trace_writer.running = false;
	trace_writer.stop = true;
	pthread_mutex_unlock(&trace_writer.lock);
	if (!was_running)
		return;
	pthread_cond_signal(&trace_writer.wake);
	pthread_join(trace_writer.thread, NULL);
	shut();
	buf_done(&trace_writer.waiting);
	buf_done(&trace_writer.writing);
	pthread_cond_destroy(&trace_writer.wake);
	pthread_cond_destroy(&trace_writer.written);
}

static void ask(bool *what)
{
	pthread_mutex_lock(&trace_writer.lock);
	*what = true;
	if (trace_writer.running)
		pthread_cond_signal(&trace_writer.wake);
	pthread_mutex_unlock(&trace_writer.lock);
}

void trace_expire(void)
{
	ask(&trace_writer.expire);
}

uint64_t trace_dropped(void)
{
	pthread_mutex_lock(&trace_writer.lock);
	uint64_t dropped = trace_writer.dropped;
	pthread_mutex_unlock(&trace_writer.lock);
	return dropped;
}

void trace_flush(void)
{
	ask(&trace_writer.flush);
	pthread_mutex_lock(&trace_writer.lock);
	uint64_t until = trace_writer.noted;
	while (trace_writer.running && trace_writer.handled < until)
		pthread_cond_wait(&trace_writer.written, &trace_writer.lock);
	pthread_mutex_unlock(&trace_writer.lock);
}
