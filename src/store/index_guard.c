/* The marks and jumps of index_guard.h. What runs in a signal's handler calls nothing that may not be called
 * there. */
#include "store/index_guard.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

enum { STORES_MAX = 8 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	volatile int folder_fd; /* 0: free */
	const char *name;
} stores[STORES_MAX];
static struct sigaction before_bus, before_segv;
static _Thread_local volatile sig_atomic_t inside;
static _Thread_local sigjmp_buf *volatile survivor;

static void mark_all(void)
{
	static const char text[] = "rebuild\n";
	for (size_t i = 0; i < STORES_MAX; i++) {
		if (stores[i].folder_fd == 0)
			continue;
		/* One that stands there already may say more. */
		int fd = openat(
		    stores[i].folder_fd, stores[i].name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0)
			continue;
		ssize_t n = write(fd, text, sizeof text - 1);
		(void)n;
		fsync(fd);
		close(fd);
	}
}

void index_guard_failed(void)
{
	if (survivor)
		siglongjmp(*survivor, 1);
	mark_all();
}

/* A fault of our own code elsewhere says nothing of the index. */
static bool is_survived(bool fault)
{
	return fault && inside > 0 && survivor;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	bool fault = info->si_code > 0; /* and not sent by somebody */
	if (is_survived(fault))
		siglongjmp(*survivor, 1);
	/* The index is what this program maps; a page of the program itself that can't be read only costs a
	 * rebuild. */
	if (fault && (number == SIGBUS || inside > 0))
		mark_all();
	sigaction(number, number == SIGBUS ? &before_bus : &before_segv, NULL);
	if (!fault)
		raise(number);
}

void index_guard_open(int folder_fd, const char *name)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER};
	struct sigaction now;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < STORES_MAX; i++)
		if (stores[i].folder_fd == 0) {
			stores[i].name = name;
			stores[i].folder_fd = folder_fd;
			break;
		}
	if (sigaction(SIGBUS, NULL, &now) == 0 && now.sa_sigaction != on_signal)
		sigaction(SIGBUS, &action, &before_bus);
	if (sigaction(SIGSEGV, NULL, &now) == 0 && now.sa_sigaction != on_signal)
		sigaction(SIGSEGV, &action, &before_segv);
	pthread_mutex_unlock(&lock);
}

void index_guard_close(int folder_fd)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < STORES_MAX; i++)
		if (stores[i].folder_fd == folder_fd)
			stores[i].folder_fd = 0;
	pthread_mutex_unlock(&lock);
}

void index_guard_enter(void)
{
	inside++;
}

void index_guard_leave(void)
{
	inside--;
}

bool index_guard_survive(int (*work)(void *arg), void *arg, int *result)
{
	sigjmp_buf point;
	sig_atomic_t depth = inside;
	if (sigsetjmp(point, 1) == 0) {
		survivor = &point;
		*result = work(arg);
		survivor = NULL;
		return true;
	}
	survivor = NULL;
	inside = depth;
	return false;
}
