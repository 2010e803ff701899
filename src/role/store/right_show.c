/*
 * MAIL_SHOW: what a URL with a token shows to a session (RFC 4467 URLFETCH), whosever mailbox it names. The
 * access field is judged here, by numbers of accounts: names are those of the owner's domain when they have
 * none. Why nothing is shown is not told.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/container.h"
#include "directory/directory.h"
#include "role/store/question.h"
#include "role/store/show.h"
#include "role/store/store_private.h"

struct right_show {
	struct question question;
	struct show show;
	struct store_read read;
};

static struct right_show *show_of(struct question *question)
{
	return container_of(question, struct right_show, question);
}

static void release(struct question *question)
{
	show_free(&show_of(question)->show);
}

static const struct question_kind kind = {.release = release};

/* An error of the disk or of memory passes; everything else looks the same. */
static void refuse(struct right_show *x, int error)
{
	bool passes = error == -ENOMEM || error == -EIO || error == -EAGAIN;
	question_fail(&x->question, passes ? error : -EACCES);
}

/* ---- who ---- */

/* The account of "joe@example.com", or of "joe" in the domain; -EACCES: it is disabled. */
static int account_of(struct txn *t, struct view name, struct view domain, uint64_t *account)
{
	struct buf address;
	struct directory_account a;
	buf_init(&address, ADDRESS_MAX + 1);
	buf_append(&address, name);
	if (view_find(name, '@') < 0) {
		buf_append_byte(&address, '@');
		buf_append(&address, domain);
	}
	int error = buf_failed(&address) ? -ENOENT : directory_account_in_use(t, buf_view(&address), &a);
	if (error == 0)
		*account = a.shard;
	buf_done(&address);
	return error;
}

/* The domain of the URL's user; the host is it, or this server, which has the mail of all domains. */
static bool owners_domain(const struct mail_url *url, struct view *domain)
{
	ptrdiff_t at = view_find_last(url->user, '@');
	*domain = at < 0 ? url->host : view_skip(url->user, (size_t)at + 1);
	return view_equal_nocase(url->host, *domain) ||
	       view_equal_nocase(url->host, store_role.process->settings.hostname);
}

static int run_people(struct txn *t, void *arg)
{
	struct right_show *x = arg;
	const struct mail_url *url = &x->show.url;
	struct view domain;
	uint64_t admitted = 0;
	if (!owners_domain(url, &domain))
		return -EACCES;
	int error = account_of(t, url->user, domain, &x->show.account);
	if (error == 0 && url->access == MAIL_URL_USER) {
		error = account_of(t, url->access_user, domain, &admitted);
		if (error == 0 && admitted != x->question.right->account)
			error = -EACCES;
	}
	return error;
}

/* ---- what ---- */

static void shown(struct show *show, int error)
{
	struct right_show *x = container_of(show, struct right_show, show);
	struct mail_shown m = {.size = show->size,
	    .encoding = show->encoding,
	    .structure = buf_view(&show->structure),
	    .bytes = buf_view(&show->piece)};
	if (!question_back(&x->question))
		return;
	if (error)
		refuse(x, error);
	else if (question_answer(&x->question, MAIL_SHOWN, &m))
		question_fail(&x->question, 0);
}

static void people_known(struct store_read *read, int result)
{
	struct right_show *x = container_of(read, struct right_show, read);
	if (!question_back(&x->question))
		return;
	if (result) {
		refuse(x, result);
		return;
	}
	question_call(&x->question);
	show_run(&x->show);
}

/* "submit+" is a submission server's, which no session is. */
static bool may_be_shown(const struct mail_url *url)
{
	return url->user.len > 0 &&
	       (url->access == MAIL_URL_USER || url->access == MAIL_URL_AUTHUSER ||
	           url->access == MAIL_URL_ANONYMOUS) &&
	       !(url->expires && url->expire < clock_wall());
}

void right_show(struct right *r, uint32_t request, const void *message)
{
	const struct mail_show *m = message;
	struct right_show *x = question_begin(r, request, sizeof *x, &kind);
	show_init(&x->show);
	x->show.offset = m->offset;
	x->show.whole = m->raw;
	x->show.done = shown;
	if (!show_url(&x->show, m->url) || !may_be_shown(&x->show.url)) {
		refuse(x, -EACCES);
		return;
	}
	x->read =
	    (struct store_read){.shard = DIRECTORY_SHARD, .run = run_people, .arg = x, .done = people_known};
	question_call(&x->question);
	store_read(store_role.store, &x->read);
}
