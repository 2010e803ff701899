/*
 * Users of this machine at the local socket, where `postrider sendmail` brings what cron and scripts write.
 * Everybody may open the socket; the kernel says who has, and the setting local_senders who may send. Such a
 * user may write with any sender and author.
 */
#include <stdio.h>

#include "role/smtp/smtp_hooks.h"

static struct buf users; /* as config/local_users.h has them */

void smtp_local_configure(struct role_process *p)
{
	buf_done(&users);
	buf_init(&users, LOCAL_USERS_TEXT_MAX);
	for (const struct role_file *f = p->files; f; f = f->next)
		if (f->kind == FILE_USERS)
			buf_append(&users, buf_view(&f->content));
}

void smtp_local_know(struct smtp_connection *c)
{
	struct edge_client *client = &c->edge.client;
	if (service_row(client->service)->socket == NULL)
		return;
	c->local.may_send = local_users_find(buf_view(&users), client->user, c->local.name);
	snprintf(client->text, sizeof client->text, "local user %.32s", c->local.name);
}

bool smtp_local_is_here(const struct smtp_connection *c, struct view domain)
{
	return c->local.may_send && view_equal_nocase(domain, smtp_role.edge.process->settings.hostname);
}

enum smtp_hook_result smtp_local_may_send(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	if (c->local.name[0] == '\0' || c->local.may_send)
		return HOOK_ACCEPT;
	*verdict = (struct smtp_verdict){.kind = SMTP_PERMANENT,
	    .code = 554,
	    .enhanced = "5.7.1",
	    .text = "you are not among the users that the setting local_senders lets send mail from here",
	    .close = true};
	return HOOK_DECIDED;
}
