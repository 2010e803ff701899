/*
 * TLS of the client-facing roles. They hold certificates and no keys: what must be signed goes to the keys
 * role, and the key of the session tickets comes from there, so that sessions resume with whichever role or
 * process made them. Nobody waits for keys but the handshake that needs it: while keys is stopped, or busy,
 * everything else goes on.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "edge/edge_connection.h"
#include "io/tls.h"

enum {
	/* Keys makes a new key a day: an edge asks within the hour, when a handshake begins; the next one has
	   it. */
	TICKETS_LOOK_SECONDS = 3600,
	/* That keys owes us, also for clients who have gone: as many as handshakes can wait, twice. */
	SIGNATURES_MAX = 4000
};

static void fetch_ticket_keys(struct edge *edge);

void edge_set_keys(struct edge *edge, int fd)
{
	calls_succeed(&edge->keys, edge->process, fd, ROLE_KEYS);
	/* A new keys role has a new ticket key. */
	if (edge->tls)
		fetch_ticket_keys(edge);
}

/* ---- signatures ---- */

static bool on_signed(void *arg, struct link *link, struct channel_frame *frame)
{
	struct tls_wait *wait = arg;
	struct message_signed answer;
	if (frame == NULL) {
		tls_signed(wait, -EPIPE, (struct view){0});
		return true;
	}
	if (!link_decode(link, frame, &answer))
		return false; /* the link is closed, and that has been told */
	tls_signed(wait, answer.error ? -EACCES : 0, answer.signature);
	return true;
}

static int sign(
    void *arg, unsigned key, struct view algorithm, bool pss, struct view tbs, struct tls_wait *wait)
{
	struct edge *edge = arg;
	struct message_sign question = {.key = key, .pss = pss, .algorithm = algorithm, .tbs = tbs};
	bool room = edge->keys.pending.count < SIGNATURES_MAX;
	if (room && calls_ask(&edge->keys, MESSAGE_SIGN, &question, on_signed, wait))
		return 0;
	log_event(LOG_ERROR, "-", "keys-unavailable", log_errno(room ? EPIPE : EAGAIN));
	return -EPIPE;
}

/* ---- session tickets ---- */

static void use_ticket_keys(struct edge *edge, struct tls_context *context)
{
	if (edge->ticket_len)
		tls_server_set_ticket_keys(context, view_of(edge->ticket, edge->ticket_len),
		    view_of(edge->previous_ticket, edge->previous_ticket_len));
}

static void tell_known(struct edge *edge)
{
	if (edge->tickets_known)
		edge->tickets_known(edge);
}

static bool on_ticket_keys(void *arg, struct link *link, struct channel_frame *frame)
{
	struct edge *edge = arg;
	struct message_ticket_key m;
	/* Without an answer the contexts keep the keys that they have, or those that the library made for
	 * each. */
	if (frame == NULL) {
		edge->tickets_looked_at = 0;
		tell_known(edge);
		return true;
	}
	if (!link_decode(link, frame, &m))
		return false;
	if (m.key.len != TLS_TICKET_KEY_SIZE || (m.previous.len && m.previous.len != TLS_TICKET_KEY_SIZE))
		return true;
	memcpy(edge->ticket, m.key.data, m.key.len);
	edge->ticket_len = m.key.len;
	if (m.previous.len)
		memcpy(edge->previous_ticket, m.previous.data, m.previous.len);
	edge->previous_ticket_len = m.previous.len;
	if (edge->tls)
		use_ticket_keys(edge, edge->tls);
	tell_known(edge);
	return true;
}

static void fetch_ticket_keys(struct edge *edge)
{
	edge->tickets_looked_at = clock_wall();
	calls_ask(&edge->keys, MESSAGE_TICKET_KEY, &(struct message_empty){0}, on_ticket_keys, edge);
}

/* ---- contexts ---- */

struct tls_context *edge_tls(struct edge *edge)
{
	int64_t age = clock_wall() - edge->tickets_looked_at;
	if (edge->tls && (age < 0 || age >= TICKETS_LOOK_SECONDS))
		fetch_ticket_keys(edge);
	return edge->tls;
}

static struct tls_context *new_context(const struct edge *edge)
{
	struct tls_context *context = tls_server_new(edge->protocol->alpn);
	if (edge->process->settings.tls_cbc)
		tls_server_allow_cbc(context);
	if (edge->protocol->lean)
		tls_server_lean(context);
	return context;
}

int edge_configure_tls(struct edge *edge)
{
	struct tls_context *context = NULL;
	int error = tls_set_signer(sign, edge);
	for (struct role_file *file = edge->process->files; file && error == 0; file = file->next) {
		if (file->kind != FILE_CHAIN)
			continue;
		if (context == NULL)
			context = new_context(edge);
		error = tls_server_add(context, buf_view(&file->content), (unsigned)file->number);
		if (error)
			log_event(LOG_ERROR, "-", "certificate-unusable", log_string("file", file->name),
			    log_errno(error),
			    log_string("do", "it must be a PEM chain with an ECDSA, RSA or Ed25519 key; "
			                     "check tls_certificates"));
	}
	if (error && edge->process->serving) {
		/* A bad certificate at a reload: the old one goes on. */
		tls_context_unref(context);
		return 0;
	}
	if (error)
		return error;
	tls_context_unref(edge->tls);
	edge->tls = context;
	if (context) {
		use_ticket_keys(edge, context);
		fetch_ticket_keys(edge);
	}
	return 0;
}
