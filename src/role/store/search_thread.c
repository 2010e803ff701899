/* The threads of search_thread.h, what they ask of the loop, and the cache of what they read. */
#include "role/store/search_thread.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/container.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "role/store/store_private.h"
#include "store/workers.h"

enum {
	FINDERS = 2, /* a search takes milliseconds; one that takes long does not hold up all others */
	/* Octets of what was read, kept: dictionaries of some ten large mailboxes. */
	CACHE_MAX = 64 << 20,
	CACHED_MIN = 512 /* shorter reads are postings of rare terms, which nobody asks for twice */
};

/* What a thread asks of the loop. It lives on the thread's stack. */
struct ask {
	struct ask *next;
	void (*act)(struct ask *a); /* on the loop; then answered() */
	bool answered;
	int result;
	pthread_cond_t wake;

	struct store_blob_part part;
	struct store_blob_read read;

	struct store_upload **upload;
	struct view bytes;
};

struct queue {
	struct search_job *first, **last;
	pthread_cond_t wake;
};

static struct {
	pthread_mutex_t lock;
	struct queue queues[SEARCH_KINDS];
	pthread_t threads[FINDERS + 1];
	enum search_threads kinds[FINDERS + 1];
	size_t thread_count;
	bool stopping;
	struct ask *asks, **asks_end;
	struct search_job *ended, **ended_end;
	struct ask *draining; /* waits until its upload takes more: one thread writes */
	int event;
	struct loop_watch watch;
	bool up;
} search_all;

/* ---- the loop's side ---- */

static void tell_loop(void)
{
	uint64_t one = 1;
	if (write(search_all.event, &one, sizeof one) < 0 && errno != EAGAIN)
		log_event(LOG_ERROR, "-", "search-loop-not-told", log_errno(errno));
}

static void answered(struct ask *a, int result)
{
	pthread_mutex_lock(&search_all.lock);
	a->result = result;
	a->answered = true;
	pthread_cond_signal(&a->wake);
	pthread_mutex_unlock(&search_all.lock);
}

static void take_asks(void)
{
	pthread_mutex_lock(&search_all.lock);
	struct ask *all = search_all.asks;
	search_all.asks = NULL;
	search_all.asks_end = &search_all.asks;
	bool stopping = search_all.stopping;
	pthread_mutex_unlock(&search_all.lock);
	while (all) {
		struct ask *a = all;
		all = a->next;
		if (stopping)
			answered(a, -ECANCELED);
		else
			a->act(a);
	}
}

static void take_ended(void)
{
	pthread_mutex_lock(&search_all.lock);
	struct search_job *all = search_all.ended;
	search_all.ended = NULL;
	search_all.ended_end = &search_all.ended;
	pthread_mutex_unlock(&search_all.lock);
	while (all) {
		struct search_job *job = all;
		all = job->next;
		job->done(job, job->result);
	}
}

static void on_event(void *arg)
{
	uint64_t count;
	(void)arg;
	if (read(search_all.event, &count, sizeof count) < 0)
		return;
	take_asks();
	take_ended();
}

/* ---- the threads ---- */

static void job_ended(struct search_job *job, int result)
{
	job->result = result;
	job->next = NULL;
	*search_all.ended_end = job;
	search_all.ended_end = &job->next;
}

static void *work(void *arg)
{
	struct queue *q = &search_all.queues[*(const enum search_threads *)arg];
	pthread_mutex_lock(&search_all.lock);
	for (;;) {
		struct search_job *job = q->first;
		if (job == NULL) {
			if (search_all.stopping)
				break;
			pthread_cond_wait(&q->wake, &search_all.lock);
			continue;
		}
		q->first = job->next;
		if (q->first == NULL)
			q->last = &q->first;
		bool stopping = search_all.stopping;
		pthread_mutex_unlock(&search_all.lock);
		int result = stopping ? -ECANCELED : job->run(job);
		pthread_mutex_lock(&search_all.lock);
		job_ended(job, result);
		tell_loop();
	}
	pthread_mutex_unlock(&search_all.lock);
	return NULL;
}

void search_job_add(enum search_threads kind, struct search_job *job)
{
	struct queue *q = &search_all.queues[kind];
	if (!search_all.up || search_all.stopping) {
		job->done(job, -ECANCELED);
		return;
	}
	pthread_mutex_lock(&search_all.lock);
	job->next = NULL;
	*q->last = job;
	q->last = &job->next;
	pthread_cond_signal(&q->wake);
	pthread_mutex_unlock(&search_all.lock);
}

static int start_thread(enum search_threads kind, const char *name)
{
	size_t n = search_all.thread_count;
	search_all.kinds[n] = kind;
	int error = thread_start(&search_all.threads[n], work, &search_all.kinds[n], name);
	if (error == 0)
		search_all.thread_count++;
	return error;
}

int search_threads_start(void)
{
	pthread_mutex_init(&search_all.lock, NULL);
	search_all.stopping = false;
	search_all.asks_end = &search_all.asks;
	search_all.ended_end = &search_all.ended;
	for (size_t i = 0; i < SEARCH_KINDS; i++) {
		search_all.queues[i].last = &search_all.queues[i].first;
		pthread_cond_init(&search_all.queues[i].wake, NULL);
	}
	search_all.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (search_all.event < 0)
		return -errno;
	loop_watch_init(
	    &search_all.watch, &store_role.process->loop, search_all.event, LOOP_READ, on_event, NULL);
	loop_watch_on(&search_all.watch);
	search_all.up = true;
	int error = start_thread(SEARCH_BUILDS, "search-build");
	for (unsigned i = 0; i < FINDERS && error == 0; i++)
		error = start_thread(SEARCH_FINDS, "search-find");
	return error;
}

void search_threads_stop(void)
{
	if (!search_all.up)
		return;
	pthread_mutex_lock(&search_all.lock);
	search_all.stopping = true;
	for (size_t i = 0; i < SEARCH_KINDS; i++)
		pthread_cond_broadcast(&search_all.queues[i].wake);
	pthread_mutex_unlock(&search_all.lock);
	take_asks();
	if (search_all.draining) {
		struct ask *a = search_all.draining;
		search_all.draining = NULL;
		store_upload_wait(*a->upload, NULL, NULL);
		answered(a, -ECANCELED);
	}
}

void search_threads_end(void)
{
	if (!search_all.up)
		return;
	/* A thread that was between two questions asks once more, and hears that it is over. */
	for (size_t i = 0; i < search_all.thread_count; i++) {
		while (pthread_tryjoin_np(search_all.threads[i], NULL) == EBUSY) {
			take_asks();
			usleep(1000);
		}
	}
	search_all.thread_count = 0;
	loop_watch_off(&search_all.watch);
	take_ended();
	search_all.up = false;
	close(search_all.event);
}

static int ask_loop(struct ask *a)
{
	pthread_cond_init(&a->wake, NULL);
	pthread_mutex_lock(&search_all.lock);
	a->next = NULL;
	*search_all.asks_end = a;
	search_all.asks_end = &a->next;
	tell_loop();
	while (!a->answered)
		pthread_cond_wait(&a->wake, &search_all.lock);
	pthread_mutex_unlock(&search_all.lock);
	pthread_cond_destroy(&a->wake);
	return a->result;
}

/* ---- what was read lately ---- */

struct cached {
	struct cached *newer, *older;
	size_t len;
	unsigned users; /* threads that copy from it */
	char key[BLOB_ID_SIZE + 16];
	char data[];
};

static struct {
	pthread_mutex_t lock;
	struct map map;
	struct cached *newest, *oldest;
	size_t bytes;
} search_cache = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct view cache_key(
    char key[BLOB_ID_SIZE + 16], const struct blob_id *id, uint64_t offset, uint64_t len)
{
	memcpy(key, id->bytes, BLOB_ID_SIZE);
	memcpy(key + BLOB_ID_SIZE, &offset, 8);
	memcpy(key + BLOB_ID_SIZE + 8, &len, 8);
	return view_of(key, BLOB_ID_SIZE + 16);
}

static void unlink_cached(struct cached *c)
{
	*(c->newer ? &c->newer->older : &search_cache.newest) = c->older;
	*(c->older ? &c->older->newer : &search_cache.oldest) = c->newer;
}

static void link_newest(struct cached *c)
{
	c->newer = NULL;
	c->older = search_cache.newest;
	*(search_cache.newest ? &search_cache.newest->newer : &search_cache.oldest) = c;
	search_cache.newest = c;
}

static bool cache_get(struct view key, char *out)
{
	pthread_mutex_lock(&search_cache.lock);
	struct cached *c = map_get(&search_cache.map, key);
	if (c) {
		unlink_cached(c);
		link_newest(c);
		c->users++;
	}
	pthread_mutex_unlock(&search_cache.lock);
	if (c == NULL)
		return false;
	memcpy(out, c->data, c->len);
	pthread_mutex_lock(&search_cache.lock);
	c->users--;
	pthread_mutex_unlock(&search_cache.lock);
	return true;
}

static void make_room(void)
{
	for (struct cached *c = search_cache.oldest, *newer; c && search_cache.bytes > CACHE_MAX; c = newer) {
		newer = c->newer;
		if (c->users > 0)
			continue;
		unlink_cached(c);
		map_remove(&search_cache.map, view_of(c->key, sizeof c->key));
		search_cache.bytes -= c->len;
		mem_free(c);
	}
}

static void cache_put(struct view key, const char *data, size_t len)
{
	struct cached *c = mem_try(sizeof *c + len);
	if (c == NULL)
		return; /* it is only slower */
	c->len = len;
	c->users = 0;
	memcpy(c->key, key.data, sizeof c->key);
	memcpy(c->data, data, len);
	pthread_mutex_lock(&search_cache.lock);
	if (map_get(&search_cache.map, key)) {
		mem_free(c); /* another thread was faster */
	} else {
		map_set(&search_cache.map, key, c);
		link_newest(c);
		search_cache.bytes += len;
		make_room();
	}
	pthread_mutex_unlock(&search_cache.lock);
}

/* ---- reading ---- */

static void blob_read(struct store_blob_read *r)
{
	struct ask *a = container_of(r, struct ask, read);
	answered(a, a->part.result);
}

static void act_read(struct ask *a)
{
	a->read = (struct store_blob_read){.parts = &a->part, .count = 1, .done = blob_read};
	store_blob_read(store_role.store, &a->read);
}

static int read_source(void *arg, enum segment_part part, uint64_t offset, size_t len, char *out)
{
	const struct search_blobs *blobs = arg;
	char octets[BLOB_ID_SIZE + 16];
	struct view key = cache_key(octets, &blobs->parts[part], offset, len);
	if (len == 0)
		return 0;
	if (len >= CACHED_MIN && cache_get(key, out))
		return 0;
	struct ask a = {
	    .act = act_read, .part = {.id = blobs->parts[part], .offset = offset, .length = len, .out = out}};
	int error = ask_loop(&a);
	if (error == 0 && len >= CACHED_MIN && !blobs->once)
		cache_put(key, out, len);
	/* A blob that is not there, or ends too early, is damage like any other. */
	return error == -ENOENT || error == -ERANGE ? -EBADMSG : error;
}

struct segment_source search_source(struct search_blobs *blobs)
{
	return (struct segment_source){.read = read_source, .arg = blobs};
}

/* ---- writing ---- */

static void drained(void *arg)
{
	search_all.draining = NULL;
	answered(arg, 0);
}

static void act_write(struct ask *a)
{
	if (*a->upload == NULL)
		*a->upload = store_upload_begin(store_role.store);
	int error = store_upload_append(*a->upload, a->bytes);
	if (error == 0 && store_upload_backlog(*a->upload) > STORE_UPLOAD_BACKLOG) {
		search_all.draining = a;
		store_upload_wait(*a->upload, drained, a);
	} else {
		answered(a, error);
	}
}

static int write_sink(void *arg, enum segment_part part, struct view bytes)
{
	struct search_sink *sink = arg;
	struct ask a = {.act = act_write, .upload = &sink->uploads[part], .bytes = bytes};
	return bytes.len ? ask_loop(&a) : 0;
}

struct segment_sink search_sink(struct search_sink *sink)
{
	return (struct segment_sink){.write = write_sink, .arg = sink};
}

void search_sink_abort(struct search_sink *sink)
{
	for (size_t i = 0; i < SEGMENT_PARTS; i++) {
		if (sink->uploads[i])
			store_upload_wait(sink->uploads[i], NULL, NULL);
		store_upload_abort(sink->uploads[i]);
		sink->uploads[i] = NULL;
	}
}
