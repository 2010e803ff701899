/*
 * TLS of the client-facing roles. They hold certificates and no keys: what must be signed goes to the keys
 * role, and the key of the session tickets comes from there, so that sessions resume with whichever role or
 * process made them.
 */
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/edge_connection.h"
#include "io/tls.h"

enum {
	SIGN_TIMEOUT_MS = 2000,
	KEYS_PAUSE_MS = 1000,
	TICKETS_LOOK_SECONDS = 3600 /* keys makes a new key a day: an edge has it within the hour */
};

void edge_set_keys(struct edge *edge, int fd)
{
	if (edge->keys >= 0)
		close(edge->keys);
	edge->keys = fd;
	edge->keys_number = role_peer_number(edge->process, fd);
	edge->keys_away_until = 0;
}

/* Asks the keys role and waits: it answers within a millisecond, less than the handshake's own arithmetic. */
int edge_ask_keys(struct edge *edge, enum message_type type, const void *message,
    const struct codec_schema *expected, void *answer, struct buf *in)
{
	struct channel_frame frame;
	struct arena arena;
	uint32_t request = ++edge->last_sign;
	if (edge->keys < 0 || clock_monotonic_ms() < edge->keys_away_until)
		return -EPIPE;
	int error = ipc_send_blocking(edge->keys, type, request, message, -1);
	/* Answers to questions that were given up come first. */
	do
		error = error ? error : channel_receive_blocking(edge->keys, in, &frame, SIGN_TIMEOUT_MS);
	while (error == 0 && frame.request != request && (int32_t)(frame.request - request) < 0);
	arena_init(&arena, 4096);
	if (error == 0 && (frame.request != request ||
	                      ipc_decode_as(&frame, expected, expected->size, answer, &arena) != 0))
		error = -EBADMSG;
	arena_done(&arena);
	if (error)
		log_event(LOG_ERROR, "-", "keys-unavailable", log_errno(error));
	if (error == -ETIMEDOUT) {
		/* It is late, not gone: its answer will come, and be passed over. Meanwhile nobody else waits
		 * here for it. */
		edge->keys_away_until = clock_monotonic_ms() + KEYS_PAUSE_MS;
	} else if (error) {
		/* A new channel comes, when the role has ended with the next one. */
		close(edge->keys);
		edge->keys = -1;
		role_peer_lost(edge->process, ROLE_KEYS, edge->keys_number);
	}
	return error;
}

static int sign(
    void *arg, unsigned key, struct view algorithm, bool pss, struct view tbs, char *signature, size_t *len)
{
	struct message_sign question = {.key = key, .pss = pss, .algorithm = algorithm, .tbs = tbs};
	struct message_signed answer;
	struct buf in;
	buf_init(&in, CHANNEL_FRAME_MAX);
	int error = edge_ask_keys(arg, MESSAGE_SIGN, &question, &message_signed_schema, &answer, &in);
	if (error == 0 && (answer.error || answer.signature.len > *len))
		error = -EACCES;
	if (error == 0) {
		for (size_t i = 0; i < answer.signature.len; i++)
			signature[i] = answer.signature.data[i];
		*len = answer.signature.len;
	}
	buf_done(&in);
	return error;
}

/* Without an answer the context keeps the keys that it has, or makes one of its own. */
static void fetch_ticket_keys(struct edge *edge, struct tls_context *context)
{
	struct message_ticket_key answer;
	struct buf in;
	buf_init(&in, CHANNEL_FRAME_MAX);
	edge->tickets_looked_at = clock_wall();
	if (edge_ask_keys(edge, MESSAGE_TICKET_KEY, &(struct message_empty){0}, &message_ticket_key_schema,
	        &answer, &in) == 0)
		tls_server_set_ticket_keys(context, answer.key, answer.previous);
	if (in.data)
		mem_wipe(in.data, in.cap);
	buf_done(&in);
}

struct tls_context *edge_tls(struct edge *edge)
{
	int64_t age = clock_wall() - edge->tickets_looked_at;
	if (edge->tls && (age < 0 || age >= TICKETS_LOOK_SECONDS))
		fetch_ticket_keys(edge, edge->tls);
	return edge->tls;
}

static struct tls_context *new_context(const struct edge *edge)
{
	struct tls_context *context = tls_server_new(edge->protocol->alpn);
	if (edge->process->settings.tls_cbc)
		tls_server_allow_cbc(context);
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
	if (context)
		fetch_ticket_keys(edge, context);
	tls_context_unref(edge->tls);
	edge->tls = context;
	return 0;
}
