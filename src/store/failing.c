/* The engine that fails on order. Operations that it lets through go to the wrapped engine as they are. */
#include <sys/epoll.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/completions.h"
#include "store/store_twins.h"

struct failing {
	struct store base;
	struct store *inner;
	struct completions completions; /* of operations that failed */
	int poll_fd;                    /* readable when this or the inner engine has results */
	struct {
		unsigned countdown;
		int error;
	} faults[STORE_FAULTS];
	size_t under_way; /* of the failed ones */
};

static struct failing *failing_of(struct store *s)
{
	return (struct failing *)s;
}

/* The error for this operation, or 0. */
static int fault_now(struct failing *f, enum store_fault fault)
{
	if (f->faults[fault].countdown == 0 || --f->faults[fault].countdown != 0)
		return 0;
	return f->faults[fault].error;
}

static void give_commit(struct store_pending *p, unsigned thread)
{
	struct store_commit *c = commit_of(p);
	(void)thread;
	failing_of(p->store)->under_way--;
	c->done(c, p->result);
}

static void give_read(struct store_pending *p, unsigned thread)
{
	struct store_read *r = read_of(p);
	(void)thread;
	failing_of(p->store)->under_way--;
	r->done(r, p->result);
}

static void give_blob_read(struct store_pending *p, unsigned thread)
{
	struct store_blob_read *r = blob_read_of(p);
	(void)thread;
	failing_of(p->store)->under_way--;
	for (size_t i = 0; i < r->count; i++)
		r->parts[i].result = p->result;
	r->done(r);
}

static void refuse(struct failing *f, struct store_pending *p, int error,
    void (*act)(struct store_pending *p, unsigned thread))
{
	p->result = error;
	p->act = act;
	f->under_way++;
	completions_add(&f->completions, p);
}

/* A commit that happens, under another structure, while its caller is told otherwise. */
struct lost_commit {
	struct store_commit inner;
	struct store_commit *outer;
	int error;
};

static void lost_done(struct store_commit *inner, int result)
{
	struct lost_commit *lost = (struct lost_commit *)inner;
	(void)result;
	lost->outer->done(lost->outer, lost->error);
	mem_free(lost);
}

static int lost_run(struct txn *t, void *arg)
{
	struct lost_commit *lost = arg;
	return lost->outer->run(t, lost->outer->arg);
}

static void commit(struct store *s, struct store_commit *c)
{
	struct failing *f = failing_of(s);
	int error = fault_now(f, STORE_FAULT_COMMIT);
	if (error) {
		for (size_t i = 0; i < c->upload_count; i++)
			store_upload_abort(c->uploads[i]);
		refuse(f, &c->pending, error, give_commit);
		return;
	}
	error = fault_now(f, STORE_FAULT_COMMIT_LOST);
	if (error == 0) {
		store_commit(f->inner, c);
		return;
	}
	struct lost_commit *lost = mem_alloc(sizeof *lost);
	*lost = (struct lost_commit){.inner = *c, .outer = c, .error = error};
	lost->inner.run = lost_run;
	lost->inner.arg = lost;
	lost->inner.done = lost_done;
	store_commit(f->inner, &lost->inner);
}

static void read_shard(struct store *s, struct store_read *r)
{
	struct failing *f = failing_of(s);
	int error = fault_now(f, STORE_FAULT_READ);
	if (error)
		refuse(f, &r->pending, error, give_read);
	else
		store_read(f->inner, r);
}

static void blob_read(struct store *s, struct store_blob_read *r)
{
	struct failing *f = failing_of(s);
	int error = fault_now(f, STORE_FAULT_BLOB_READ);
	if (error)
		refuse(f, &r->pending, error, give_blob_read);
	else
		store_blob_read(f->inner, r);
}

/* Uploads are the inner engine's; mem_fail_after and a full disk make them fail. */
static struct store_upload *upload_begin(struct store *s)
{
	return store_upload_begin(failing_of(s)->inner);
}

static void watch(struct store *s, struct store_watch *w)
{
	store_watch(failing_of(s)->inner, w);
}

static void unwatch(struct store *s, struct store_watch *w)
{
	store_unwatch(failing_of(s)->inner, w);
}

static int event_fd(const struct store *s)
{
	return ((const struct failing *)s)->poll_fd;
}

static void stats(struct store *s, struct store_stats *out)
{
	store_stats(failing_of(s)->inner, out);
}

static void dispatch(struct store *s)
{
	struct failing *f = failing_of(s);
	completions_dispatch(&f->completions);
	store_dispatch(f->inner);
}

static void free_all(struct failing *f)
{
	if (f->poll_fd >= 0)
		close(f->poll_fd);
	completions_done(&f->completions);
	mem_free(f);
}

static void close_store(struct store *s)
{
	struct failing *f = failing_of(s);
	while (f->under_way > 0)
		completions_dispatch(&f->completions);
	store_close(f->inner);
	free_all(f);
}

/* What is asked of the wrap's own functions only passes through; see engine.h for each. */
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

static bool poll_both(const struct failing *f)
{
	struct epoll_event in = {.events = EPOLLIN};
	return f->poll_fd >= 0 && epoll_ctl(f->poll_fd, EPOLL_CTL_ADD, f->completions.event_fd, &in) == 0 &&
	       epoll_ctl(f->poll_fd, EPOLL_CTL_ADD, store_event_fd(f->inner), &in) == 0;
}

struct store *store_failing(struct store *inner)
{
	struct failing *f = mem_alloc(sizeof *f);
	f->base.engine = &engine;
	f->inner = inner;
	if (completions_init(&f->completions) != 0) {
		mem_free(f);
		return NULL;
	}
	f->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!poll_both(f)) {
		free_all(f);
		return NULL;
	}
	return &f->base;
}

void store_fail(struct store *s, enum store_fault fault, unsigned n, int error)
{
	struct failing *f = failing_of(s);
	f->faults[fault].countdown = n;
	f->faults[fault].error = error;
}

bool store_fault_pending(const struct store *s, enum store_fault fault)
{
	return ((const struct failing *)s)->faults[fault].countdown != 0;
}
