/* The threads of workers.h. */
#include "store/workers.h"

#include <signal.h>

/* Reading verifies blocks of 64 KB on the stack, a few functions deep; sanitizers need as much again. */
enum { STACK_BYTES = 1 << 20 };

int thread_start(pthread_t *thread, void *(*main)(void *), void *arg, const char *name)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all);
	/* What the thread itself brings about: blocked, it would kill without a word. */
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGSEGV);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(thread, &attributes, main, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (error == 0)
		pthread_setname_np(*thread, name);
	return -error;
}

static void *work(void *arg)
{
	struct worker *me = arg;
	struct workers *w = me->all;
	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct store_pending *p = pending_queue_take(&w->queue);
		if (p) {
			pthread_mutex_unlock(&w->lock);
			p->act(p, me->number);
			pthread_mutex_lock(&w->lock);
		} else if (w->stopping) {
			break;
		} else {
			w->idle++;
			pthread_cond_wait(&w->wake, &w->lock);
			w->idle--;
		}
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int workers_start(struct workers *w, unsigned count, const char *name)
{
	*w = (struct workers){0};
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	pending_queue_init(&w->queue);
	for (unsigned i = 0; i < count && i < WORKERS_MAX; i++) {
		w->self[i] = (struct worker){w, i};
		int error = thread_start(&w->threads[i], work, &w->self[i], name);
		if (error) {
			workers_stop(w);
			return error;
		}
		w->count++;
	}
	return 0;
}

void workers_add(struct workers *w, struct store_pending *p)
{
	pthread_mutex_lock(&w->lock);
	pending_queue_add(&w->queue, p);
	bool wake = w->idle > 0;
	pthread_mutex_unlock(&w->lock);
	if (wake)
		pthread_cond_signal(&w->wake);
}

void workers_stop(struct workers *w)
{
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_mutex_unlock(&w->lock);
	pthread_cond_broadcast(&w->wake);
	for (unsigned i = 0; i < w->count; i++)
		pthread_join(w->threads[i], NULL);
	w->count = 0;
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
}
