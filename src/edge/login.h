/* What every edge does at a login: the conversation with auth. */
#ifndef EDGE_LOGIN_H
#define EDGE_LOGIN_H

#include "edge/edge_connection.h"
#include "process/role.h"

struct login {
	struct calls *auth;
	uint32_t request; /* 0: none under way */
	void *arg;
	void (*challenge)(void *arg, struct view text);
	/* `channel` is the account's, owned by the callee; -1 for roles that get none. */
	void (*logged_in)(void *arg, uint64_t account, struct view address, int channel);
	void (*failed)(void *arg, enum login_failure why);
};

struct login_terms {
	const struct edge_connection *connection;
	struct view mechanism, initial, apop_stamp;
	bool has_initial;
};

void login_begin(struct login *login, const struct login_terms *terms);
void login_more(struct login *login, struct view response, bool cancel);
void login_forget(struct login *login);

/*
 * The mechanisms that are accepted, strongest first, NULL at the end; those with channel binding only under
 * TLS. `announced` (a setting) gives those that are told; its array is valid until the next call.
 */
const char *const *login_mechanisms(bool secure);
const char *const *login_announced(bool secure, struct view announced);

#endif
