/*
 * What a URL shows to a submission server (RFC 4468 BURL, RFC 4467 "submit+"): octets of one message, or of a
 * part of it, in a mailbox of the user who has logged in there. The URL's token is the right to them, and it
 * is looked at here, for each piece anew: nothing is kept between pieces, and smtp gets no way into an
 * account.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "role/store/show.h"
#include "role/store/store_private.h"

struct smtp_show {
	struct asked asked;
	struct show show;
};

static void finish(struct show *show, int error)
{
	struct smtp_show *s = container_of(show, struct smtp_show, show);
	struct message_shown m = {.error = error, .last = show->last};
	if (error == 0)
		m.bytes = buf_view(&show->piece);
	asked_answer(&s->asked, MESSAGE_SHOWN, &m);
	show_free(show);
	mem_free(s);
}

/* What the URL says, against who asks. */
static int judge(struct show *s, const struct message_show *m)
{
	if (!show_url(s, m->url))
		return -EINVAL;
	if (!mail_url_is_ours(&s->url, store_role.process->settings.hostname, m->login))
		return -EXDEV;
	if (s->url.access != MAIL_URL_SUBMIT || !mail_url_is_user(s->url.access_user, m->login) ||
	    !mail_url_is_user(s->url.user, m->login) || (s->url.expires && s->url.expire < clock_wall()))
		return -EACCES;
	return 0;
}

void store_show(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_show *m = message;
	struct smtp_show *s = mem_alloc(sizeof *s);
	show_init(&s->show);
	if (!asked_begin(&s->asked, link, frame)) {
		struct message_shown busy = {.error = -EAGAIN};
		ipc_send(&link->channel, MESSAGE_SHOWN, frame->request, &busy, -1);
		show_free(&s->show);
		mem_free(s);
		return;
	}
	s->show.account = store_shard(STORE_ACCOUNT, m->account);
	s->show.offset = m->offset;
	s->show.done = finish;
	int error = judge(&s->show, m);
	if (error)
		finish(&s->show, error);
	else
		show_run(&s->show);
}
