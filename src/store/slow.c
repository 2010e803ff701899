/*
 * The engine that takes its time: each result of the wrapped one is held back. What works on it doesn't wait
 * for the store anywhere.
 */
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "store/engine.h"
#include "store/store_twins.h"

struct held {
	struct held *next;
	struct slow *slow;
	int64_t due_ms;
	int result;
	enum { HELD_COMMIT, HELD_READ, HELD_BLOB_READ } kind;
	union {
		struct store_commit commit;
		struct store_read read;
		struct store_blob_read blob_read;
	} inner;
	void *outer; /* the caller's structure of that kind */
};

struct slow {
	struct store base;
	struct store *inner;
	unsigned delay_ms;
	int poll_fd, timer_fd;
	struct held *first, **last; /* results, in the order in which they are due */
	size_t under_way;
};

static struct slow *slow_of(struct store *s)
{
	return (struct slow *)s;
}

static struct held *hold(struct store *s, void *outer)
{
	struct held *h = mem_alloc(sizeof *h);
	h->slow = slow_of(s);
	h->outer = outer;
	h->slow->under_way++;
	return h;
}

static void arm(struct slow *slow)
{
	struct itimerspec when = {0};
	if (slow->first) {
		int64_t left = slow->first->due_ms - clock_monotonic_ms();
		if (left < 0)
			left = 0;
		when.it_value.tv_sec = left / 1000;
		when.it_value.tv_nsec = left % 1000 * 1000000 + 1; /* all zero would mean never */
	}
	timerfd_settime(slow->timer_fd, 0, &when, NULL);
}

static void keep_back(struct held *h, int result)
{
	struct slow *slow = h->slow;
	h->result = result;
	h->due_ms = clock_monotonic_ms() + slow->delay_ms;
	h->next = NULL;
	*slow->last = h;
	slow->last = &h->next;
	if (slow->first == h)
		arm(slow);
}

static void commit_done(struct store_commit *c, int result)
{
	keep_back(container_of(c, struct held, inner.commit), result);
}

static void read_done(struct store_read *r, int result)
{
	keep_back(container_of(r, struct held, inner.read), result);
}

static void blob_read_done(struct store_blob_read *r)
{
	keep_back(container_of(r, struct held, inner.blob_read), 0);
}

static void commit(struct store *s, struct store_commit *c)
{
	struct held *h = hold(s, c);
	h->kind = HELD_COMMIT;
	h->inner.commit = *c;
	h->inner.commit.done = commit_done;
	store_commit(h->slow->inner, &h->inner.commit);
}

static void read_shard(struct store *s, struct store_read *r)
{
	struct held *h = hold(s, r);
	h->kind = HELD_READ;
	h->inner.read = *r;
	h->inner.read.done = read_done;
	store_read(h->slow->inner, &h->inner.read);
}

static void blob_read(struct store *s, struct store_blob_read *r)
{
	struct held *h = hold(s, r);
	h->kind = HELD_BLOB_READ;
	h->inner.blob_read = *r;
	h->inner.blob_read.done = blob_read_done;
	store_blob_read(h->slow->inner, &h->inner.blob_read);
}

static void give(struct held *h)
{
	struct store_commit *c = h->outer;
	struct store_read *r = h->outer;
	struct store_blob_read *b = h->outer;
	h->slow->under_way--;
	if (h->kind == HELD_COMMIT)
		c->done(c, h->result);
	else if (h->kind == HELD_READ)
		r->done(r, h->result);
	else
		b->done(b);
	mem_free(h);
}

static void dispatch(struct store *s)
{
	struct slow *slow = slow_of(s);
	uint64_t ticks;
	store_dispatch(slow->inner);
	ssize_t ignored = read(slow->timer_fd, &ticks, sizeof ticks);
	(void)ignored;
	while (slow->first && slow->first->due_ms <= clock_monotonic_ms()) {
		struct held *h = slow->first;
		slow->first = h->next;
		if (slow->first == NULL)
			slow->last = &slow->first;
		give(h);
	}
	arm(slow);
}

static struct store_upload *upload_begin(struct store *s)
{
	return store_upload_begin(slow_of(s)->inner);
}

static void watch(struct store *s, struct store_watch *w)
{
	store_watch(slow_of(s)->inner, w);
}

static void unwatch(struct store *s, struct store_watch *w)
{
	store_unwatch(slow_of(s)->inner, w);
}

static int event_fd(const struct store *s)
{
	return ((const struct slow *)s)->poll_fd;
}

static void stats(struct store *s, struct store_stats *out)
{
	store_stats(slow_of(s)->inner, out);
}

static void free_all(struct slow *slow)
{
	if (slow->poll_fd >= 0)
		close(slow->poll_fd);
	if (slow->timer_fd >= 0)
		close(slow->timer_fd);
	mem_free(slow);
}

static void close_store(struct store *s)
{
	struct slow *slow = slow_of(s);
	while (slow->under_way > 0) {
		struct epoll_event event;
		epoll_wait(slow->poll_fd, &event, 1, 1000);
		dispatch(s);
	}
	store_close(slow->inner);
	free_all(slow);
}

static const struct store_engine engine = {
    .commit = commit,
    .read = read_shard,
    .blob_read = blob_read,
    .upload_begin = upload_begin,
    .watch = watch,
    .unwatch = unwatch,
    .event_fd = event_fd,
    .dispatch = dispatch,
    .stats = stats,
    .close = close_store,
};

struct store *store_slow(struct store *inner, unsigned milliseconds)
{
	struct slow *slow = mem_alloc(sizeof *slow);
	struct epoll_event in = {.events = EPOLLIN};
	slow->base.engine = &engine;
	slow->inner = inner;
	slow->delay_ms = milliseconds;
	slow->last = &slow->first;
	slow->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	slow->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (slow->poll_fd < 0 || slow->timer_fd < 0 ||
	    epoll_ctl(slow->poll_fd, EPOLL_CTL_ADD, slow->timer_fd, &in) != 0 ||
	    epoll_ctl(slow->poll_fd, EPOLL_CTL_ADD, store_event_fd(inner), &in) != 0) {
		free_all(slow);
		return NULL;
	}
	return &slow->base;
}
