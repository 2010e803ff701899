/*
 * What every edge does at a login: the conversation with auth. One is under way in a connection at a time.
 * Its answers come through the protocol's `challenge`, `logged_in` and `refused` (edge_connection.h), with
 * `proceed` behind each.
 */
#ifndef EDGE_LOGIN_H
#define EDGE_LOGIN_H

#include "edge/edge_connection.h"

struct login_terms {
	struct view mechanism, initial, apop_stamp;
	bool has_initial;
};

void login_begin(struct edge_connection *c, const struct login_terms *terms);
void login_more(struct edge_connection *c, struct view response, bool cancel);

/* The connection ends: no answer comes any more. */
void login_forget(struct edge_connection *c);

/*
 * The mechanisms that are accepted, strongest first, NULL at the end; those with channel binding only under
 * TLS. login_announced gives those that this process's settings have told; its array is valid until the next
 * call.
 */
const char *const *login_mechanisms(bool secure);
const char *const *login_announced(bool secure);

#endif
