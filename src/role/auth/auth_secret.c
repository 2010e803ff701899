/*
 * The server's secret, the same for its whole life: store keeps it, and auth asks for it before anybody may
 * log in. From it come the salts of accounts that do not exist, and the keyed hashes of known places.
 */
#include <string.h>

#include "base/random.h"
#include "role/auth/auth_private.h"

static struct {
	unsigned char secret[AUTH_SECRET_SIZE];
	bool known;
} state;

const unsigned char *auth_secret(void)
{
	return state.known ? state.secret : NULL;
}

static bool secret_known(void *arg, struct link *link, struct channel_frame *frame)
{
	struct message_directory_answer m;
	(void)arg;
	if (frame == NULL)
		return true;
	if (!link_decode(link, frame, &m))
		return false;
	struct view secret = auth_answer_field(&m, 0);
	if (m.error == 0 && secret.len == AUTH_SECRET_SIZE) {
		bool first = !state.known;
		memcpy(state.secret, secret.data, AUTH_SECRET_SIZE);
		state.known = true;
		if (first)
			role_ready(auth_role.process);
	}
	return true;
}

void auth_secret_ask(void)
{
	unsigned char fresh[AUTH_SECRET_SIZE];
	if (state.known)
		return;
	random_bytes(fresh, sizeof fresh);
	struct view field = view_of(fresh, sizeof fresh);
	auth_ask_directory(DIRECTORY_SECRET, 0, &field, 1, secret_known, NULL);
}
