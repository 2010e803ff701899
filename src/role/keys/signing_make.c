/* The thread that makes keys: see signing_make.h. */
#include "role/keys/signing_make.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { STACK = 256 * 1024 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool wanted, stopped;
	pthread_t thread;
	bool running;
	enum signing_algorithm algorithm;
	EVP_PKEY *made;
	int event;
	struct loop_watch watch;
	void (*done)(EVP_PKEY *key);
} make_state = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static EVP_PKEY *generate(enum signing_algorithm algorithm)
{
	EVP_PKEY *key = algorithm == SIGNING_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
	                                             : EVP_RSA_gen(SIGNING_RSA_BITS);
	ERR_clear_error();
	return key;
}

static void *make_thread(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&make_state.lock);
	for (;;) {
		while (!make_state.wanted && !make_state.stopped)
			pthread_cond_wait(&make_state.wake, &make_state.lock);
		if (make_state.stopped)
			break;
		enum signing_algorithm algorithm = make_state.algorithm;
		pthread_mutex_unlock(&make_state.lock);
		EVP_PKEY *key = generate(algorithm);
		pthread_mutex_lock(&make_state.lock);
		make_state.made = key;
		make_state.wanted = false;
		uint64_t one = 1;
		ssize_t ignored = write(make_state.event, &one, sizeof one);
		(void)ignored;
	}
	pthread_mutex_unlock(&make_state.lock);
	return NULL;
}

static void on_made(void *arg)
{
	uint64_t count;
	ssize_t ignored = read(make_state.event, &count, sizeof count);
	(void)ignored;
	(void)arg;
	pthread_mutex_lock(&make_state.lock);
	EVP_PKEY *key = make_state.made;
	make_state.made = NULL;
	pthread_mutex_unlock(&make_state.lock);
	make_state.done(key);
}

int signing_make_start(struct loop *loop)
{
	pthread_attr_t attributes;
	make_state.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (make_state.event < 0)
		return -errno;
	loop_watch_init(&make_state.watch, loop, make_state.event, LOOP_READ, on_made, NULL);
	loop_watch_on(&make_state.watch);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	int error = -pthread_create(&make_state.thread, &attributes, make_thread, NULL);
	pthread_attr_destroy(&attributes);
	make_state.running = error == 0;
	return error;
}

void signing_make_stop(void)
{
	if (!make_state.running)
		return;
	pthread_mutex_lock(&make_state.lock);
	make_state.stopped = true;
	pthread_cond_signal(&make_state.wake);
	pthread_mutex_unlock(&make_state.lock);
	pthread_join(make_state.thread, NULL);
	make_state.running = false;
	EVP_PKEY_free(make_state.made);
	make_state.made = NULL;
}

void signing_make(enum signing_algorithm algorithm, void (*done)(EVP_PKEY *key))
{
	make_state.done = done;
	pthread_mutex_lock(&make_state.lock);
	make_state.algorithm = algorithm;
	make_state.wanted = true;
	pthread_cond_signal(&make_state.wake);
	pthread_mutex_unlock(&make_state.lock);
}
