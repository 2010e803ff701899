/* The queue of results of completions.h. */
#include "store/completions.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

int completions_init(struct completions *c)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	pthread_mutex_init(&c->lock, NULL);
	pending_queue_init(&c->queue);
	c->event_fd = fd;
	return 0;
}

void completions_done(struct completions *c)
{
	close(c->event_fd);
	pthread_mutex_destroy(&c->lock);
}

static void wake(struct completions *c)
{
	uint64_t one = 1;
	ssize_t ignored = write(c->event_fd, &one, sizeof one);
	(void)ignored; /* fails only when the counter is full: then the loop is awake anyway */
}

void completions_add(struct completions *c, struct store_pending *p)
{
	pthread_mutex_lock(&c->lock);
	bool first = c->queue.first == NULL;
	pending_queue_add(&c->queue, p);
	pthread_mutex_unlock(&c->lock);
	if (first)
		wake(c);
}

void completions_add_all(struct completions *c, struct pending_queue *list)
{
	if (list->first == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	bool first = c->queue.first == NULL;
	*c->queue.last = list->first;
	c->queue.last = list->last;
	pthread_mutex_unlock(&c->lock);
	pending_queue_init(list);
	if (first)
		wake(c);
}

void completions_dispatch(struct completions *c)
{
	uint64_t count;
	struct pending_queue mine;
	/* The counter is cleared before the queue is taken: what is added in between wakes the loop again. */
	ssize_t ignored = read(c->event_fd, &count, sizeof count);
	(void)ignored;
	pthread_mutex_lock(&c->lock);
	pending_queue_move(&mine, &c->queue);
	pthread_mutex_unlock(&c->lock);
	for (struct store_pending *p; (p = pending_queue_take(&mine)) != NULL;)
		p->act(p, 0);
}

void completions_wait(struct completions *c, int milliseconds)
{
	struct pollfd poller = {.fd = c->event_fd, .events = POLLIN};
	poll(&poller, 1, milliseconds);
}
