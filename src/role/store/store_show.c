/*
 * What a URL shows to a submission server (RFC 4468 BURL, RFC 4467 "submit+"): octets of one message, or of a
 * part of it, in a mailbox of the user who has logged in there. The URL's token is the right to them, and it
 * is looked at here, for each piece anew: nothing is kept between pieces, and smtp gets no way into an
 * account.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "directory/directory.h"
#include "role/store/show.h"
#include "role/store/store_private.h"

struct smtp_show {
	struct asked asked;
	struct show show;
	char login[ADDRESS_MAX];
	size_t login_len;
	struct store_read read;
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

/* A session of smtp that still goes on when its account has been disabled or removed gets nothing. */
static int run_login(struct txn *t, void *arg)
{
	struct smtp_show *s = arg;
	struct directory_account a;
	int error = directory_account_in_use(t, view_of(s->login, s->login_len), &a);
	if (error == 0 && a.shard != s->show.account)
		error = -EACCES;
	return error == -ENOENT || error == -EINVAL ? -EACCES : error;
}

static void login_known(struct store_read *read, int result)
{
	struct smtp_show *s = container_of(read, struct smtp_show, read);
	if (result)
		finish(&s->show, result);
	else
		show_run(&s->show);
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
	if (error == 0 && m->login.len > sizeof s->login)
		error = -EACCES;
	if (error) {
		finish(&s->show, error);
		return;
	}
	memcpy(s->login, m->login.data, m->login.len);
	s->login_len = m->login.len;
	s->read =
	    (struct store_read){.shard = DIRECTORY_SHARD, .run = run_login, .arg = s, .done = login_known};
	store_read(store_role.store, &s->read);
}
