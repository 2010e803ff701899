/*
 * Two threads for what takes long: hashing passwords, 19 MB and some 20 ms each. Two at once bound the
 * memory, a queue bounds the wait; past it a login is answered as temporarily impossible.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "role/auth/auth_private.h"

enum { THREADS = 2, WAITING_MAX = 200, STACK = 256 * 1024 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct auth_work *waiting, **waiting_end, *finished;
	unsigned count;
	int event;
	struct loop_watch watch;
} state = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .waiting_end = &state.waiting};

static void *work_thread(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&state.lock);
	for (;;) {
		while (state.waiting == NULL)
			pthread_cond_wait(&state.wake, &state.lock);
		struct auth_work *work = state.waiting;
		state.waiting = work->next;
		if (state.waiting == NULL)
			state.waiting_end = &state.waiting;
		pthread_mutex_unlock(&state.lock);
		work->run(work);
		pthread_mutex_lock(&state.lock);
		work->next = state.finished;
		state.finished = work;
		uint64_t one = 1;
		ssize_t ignored = write(state.event, &one, sizeof one);
		(void)ignored;
	}
	return NULL;
}

static void on_finished(void *arg)
{
	uint64_t count;
	ssize_t ignored = read(state.event, &count, sizeof count);
	(void)ignored;
	(void)arg;
	pthread_mutex_lock(&state.lock);
	struct auth_work *work = state.finished;
	state.finished = NULL;
	pthread_mutex_unlock(&state.lock);
	while (work) {
		struct auth_work *next = work->next;
		state.count--;
		work->done(work);
		work = next;
	}
}

int auth_work_start(struct loop *loop)
{
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	state.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (state.event < 0)
		return -errno;
	loop_watch_init(&state.watch, loop, state.event, LOOP_READ, on_finished, NULL);
	loop_watch_on(&state.watch);
	int error = 0;
	for (int i = 0; i < THREADS && error == 0; i++) {
		pthread_t thread;
		error = -pthread_create(&thread, &attributes, work_thread, NULL);
		if (error == 0)
			pthread_detach(thread);
	}
	pthread_attr_destroy(&attributes);
	return error;
}

bool auth_work_add(struct auth_work *work)
{
	if (state.count >= WAITING_MAX)
		return false;
	state.count++;
	work->next = NULL;
	pthread_mutex_lock(&state.lock);
	*state.waiting_end = work;
	state.waiting_end = &work->next;
	pthread_cond_signal(&state.wake);
	pthread_mutex_unlock(&state.lock);
	return true;
}
