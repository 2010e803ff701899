/* The auth role's frame: its links and what the edges may ask. */
#include "role/auth/auth_private.h"

#include <unistd.h>

struct auth_role auth_role;

static void edge_received(struct link *link, struct channel_frame *frame)
{
	union {
		struct message_resolve resolve;
		struct message_login login;
		struct message_login_more more;
		struct message_sender sender;
	} m;
	if (!link_decode(link, frame, &m))
		return;
	if (frame->type == MESSAGE_RESOLVE)
		auth_resolve(link, frame, m.resolve.address);
	else if (frame->type == MESSAGE_LOGIN)
		auth_login_begin(link, frame->request, &m.login);
	else if (frame->type == MESSAGE_LOGIN_MORE)
		auth_login_more(link, frame->request, &m.more);
	else
		auth_check_sender(link, frame, m.sender.account, m.sender.address);
}

static void edge_closed(struct link *link)
{
	auth_login_edge_closed(link);
}

uint32_t auth_ask_directory(enum directory_operation operation, uint64_t number, const struct view *fields,
    size_t count, call_answered answered, void *arg)
{
	struct message_field items[DIRECTORY_FIELDS_MAX];
	for (size_t i = 0; i < count; i++)
		items[i].value = fields[i];
	struct message_directory m = {
	    .operation = operation, .number = number, .fields = {.items = items, .count = count}};
	return calls_ask(&auth_role.store, MESSAGE_DIRECTORY, &m, answered, arg);
}

struct view auth_answer_field(const struct message_directory_answer *m, size_t n)
{
	const struct message_field *fields = m->fields.items;
	return n < m->fields.count ? fields[n].value : (struct view){0};
}

int auth_role_start(struct role_process *p)
{
	auth_role.process = p;
	calls_init(&auth_role.store);
	return 0;
}

int auth_role_serve(struct role_process *p)
{
	if (p->serving)
		return 0;
	int error = auth_work_start(&p->loop);
	if (error == 0)
		auth_login_start();
	/* Who is told that the server is ready may log in: ready is who knows the server's secret. */
	return error ? error : ROLE_READY_LATER;
}

void auth_role_peer(struct role_process *p, enum role_bit peer, int fd)
{
	if (peer == ROLE_STORE) {
		calls_link(&auth_role.store, p, fd, peer);
		if (p->serving)
			auth_login_start();
		return;
	}
	for (size_t i = 0; i < AUTH_EDGES; i++) {
		struct link *link = &auth_role.edges[i];
		if (link->up && link->peer != (unsigned)peer)
			continue;
		if (link->up)
			edge_closed(link);
		link_open(link, p, fd, peer, edge_received, edge_closed, NULL);
		return;
	}
	close(fd);
}

void auth_role_listener(struct role_process *p, enum service service, int fd)
{
	(void)p;
	(void)service;
	auth_admin_listener(fd);
}

void auth_role_drain(struct role_process *p)
{
	role_exit(p);
}
