/*
 * A server's handshake that waits for its signature: OpenSSL asks for it in the middle of a function that
 * must return it. So that function runs in a fiber (fiber.h), and stops there until the keys role has
 * answered; the process does other work. Only the one handshake waits; a connection whose handshake is over
 * has no fiber.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "base/mem.h"
#include "io/fiber.h"
#include "io/tls.h"
#include "io/tls_remote.h"

struct tls_wait {
	struct tls_shake *shake; /* NULL: nobody waits any more */
	bool answered;
	int error;
	size_t len;
	char signature[TLS_SIGNATURE_MAX];
};

struct tls_shake {
	SSL *ssl;
	struct fiber *fiber;
	struct tls_wait *wait; /* what the fiber stands in */
	void (*signed_now)(void *arg);
	void *arg;
	int result;
	bool cancelled;
};

static struct tls_shake *running; /* whose fiber this is */

static void run(void *arg)
{
	struct tls_shake *shake = arg;
	shake->result = SSL_do_handshake(shake->ssl);
}

static bool go_on(struct tls_shake *shake)
{
	ERR_clear_error(); /* what others left there meanwhile must not be taken for ours */
	running = shake;
	bool ended;
	if (shake->fiber) {
		ended = fiber_go_on(shake->fiber);
	} else {
		if (fiber_run(run, shake, &shake->fiber))
			shake->result = TLS_SHAKE_NO_ROOM;
		ended = shake->fiber == NULL;
	}
	running = NULL;
	return ended;
}

int tls_shake(SSL *ssl, struct tls_shake **at, void (*signed_now)(void *arg), void *arg)
{
	struct tls_shake *shake = *at;
	if (shake && !shake->wait->answered)
		return TLS_SHAKE_WAITS;
	if (shake == NULL) {
		shake = mem_alloc(sizeof *shake);
		*shake = (struct tls_shake){.ssl = ssl, .signed_now = signed_now, .arg = arg, .result = -1};
	}
	bool ended = go_on(shake);
	int result = ended ? shake->result : TLS_SHAKE_WAITS;
	if (ended)
		mem_free(shake);
	*at = ended ? NULL : shake;
	return result;
}

void tls_shake_cancel(struct tls_shake **at)
{
	struct tls_shake *shake = *at;
	if (shake == NULL)
		return;
	*at = NULL;
	/* Its function must come to its end, so that nothing of the library's is left behind. */
	shake->cancelled = true;
	while (!go_on(shake))
		;
	mem_free(shake);
}

/* ---- the signer's side ---- */

void tls_signed(struct tls_wait *wait, int error, struct view signature)
{
	struct tls_shake *shake = wait->shake;
	if (shake == NULL) {
		mem_free(wait);
		return;
	}
	wait->error = signature.len > sizeof wait->signature ? -EMSGSIZE : error;
	wait->len = wait->error ? 0 : signature.len;
	if (wait->len > 0)
		memcpy(wait->signature, signature.data, wait->len);
	wait->answered = true;
	/* An answer that was there at once: the fiber has not stopped yet. */
	if (running != shake)
		shake->signed_now(shake->arg);
}

int tls_shake_sign(tls_sign sign, void *arg, unsigned key, struct view algorithm, bool pss, struct view tbs,
    char *signature, size_t *len)
{
	/* Outside of a fiber only an answer that is there at once will do. */
	struct tls_shake direct = {.cancelled = true}, *before = running;
	struct tls_shake *shake = fiber_is_here() ? running : &direct;
	if (shake != &direct && shake->cancelled)
		return -ECANCELED;
	struct tls_wait *wait = mem_alloc(sizeof *wait);
	wait->shake = shake;
	shake->wait = wait;
	running = shake;
	int error = sign(arg, key, algorithm, pss, tbs, wait);
	running = before;
	while (error == 0 && !wait->answered && !shake->cancelled)
		fiber_wait();
	shake->wait = NULL;
	if (error == 0 && !wait->answered) {
		wait->shake = NULL; /* tls_signed frees it */
		return -ECANCELED;
	}
	error = error ? error : wait->error;
	if (error == 0 && wait->len > *len)
		error = -EMSGSIZE;
	if (error == 0) {
		memcpy(signature, wait->signature, wait->len);
		*len = wait->len;
	}
	mem_free(wait);
	return error;
}
