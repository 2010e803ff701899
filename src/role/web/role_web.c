/* The web role: its start, what it hears, its end. Connections are in web_connection.h. */
#include "role/web/role_web.h"

#include "role/web/web_admin.h"
#include "role/web/web_connection.h"
#include "role/web/web_edge.h"
#include "role/web/web_jmap.h"
#include "role/web/web_lines.h"
#include "role/web/web_push.h"
#include "role/web/web_recipient.h"
#include "role/web/web_relay.h"
#include "role/web/web_vapid.h"

static const struct web_user_part *const parts[] = {
    &web_jmap_part, &web_push_part, &web_lines_part, &web_admin_part, &web_recipient_part, NULL};

static const struct role_hears hears[] = {
    {ROLE_STORE, account_client_web_verbs},
    {0},
};

static int start(struct role_process *p)
{
	edge_init(&web_edge, p, &web_protocol);
	web_user_start(p, parts);
	web_admin_start(p);
	web_push_start(p);
	web_vapid_start(p);
	web_relay_start();
	web_recipient_start(p);
	return 0;
}

static int serve(struct role_process *p)
{
	web_admin_note_certificates(p);
	return edge_role_serve(p);
}

static void take_peer(struct role_process *p, enum role_bit peer, int fd)
{
	if (peer == ROLE_RELAY) {
		web_relay_link(p, fd);
		return;
	}
	edge_role_peer(p, peer, fd);
	if (peer == ROLE_KEYS)
		web_vapid_ask();
}

/* Streams without an end are ended; their clients come again, to the next process. */
static void drain(struct role_process *p)
{
	web_push_drain();
	edge_role_drain(p);
}

const struct role_functions web_functions = {
    .start = start,
    .serve = serve,
    .peer = take_peer,
    .listener = edge_role_listener,
    .retire = edge_role_retire,
    .drain = drain,
    .hears = hears,
};
