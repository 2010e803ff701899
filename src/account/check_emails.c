/* The check of messages against their emails, in slices: see check_emails.h. */
#include "account/check_emails.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "mime/summary.h"

static int take(void *arg, struct view key, struct view value)
{
	struct account_check_emails *x = arg;
	/* The next slice begins right behind it; this one may run again. */
	memcpy(x->next, key.data, key.len);
	x->next[key.len] = '\0';
	x->next_len = key.len + 1;
	return message_decode(value, &x->messages[x->count++]);
}

static bool same_hashes(const struct account_message *m, const struct account_email *e)
{
	return m->hash_count == e->hash_count &&
	       (m->hash_count == 0 || memcmp(m->hashes, e->hashes, m->hash_count * sizeof m->hashes[0]) == 0);
}

/* By what is written: what an unknown order says beside that means nothing. */
static bool same_order(const struct message_order *a, const struct message_order *b)
{
	char written[2][MESSAGE_ORDER_MAX];
	return view_equal(view_of(written[0], message_order_write(a, written[0])),
	    view_of(written[1], message_order_write(b, written[1])));
}

/* 0, or -EBADMSG for what is not as it should be. */
static int compare(struct txn *t, uint64_t shard, const struct account_message *m)
{
	struct account_email email;
	struct view value;
	int error = key_get(t, shard, key_email(m->emailid), &value);
	if (error == 0)
		error = email_decode(m->emailid, value, &email);
	if (error)
		return error == -ENOENT ? -EBADMSG : error;
	if (m->thread != email.thread || m->size != email.prefix.len + email.body_len ||
	    m->internaldate != email.internaldate || m->text_growth != email.text_growth ||
	    !same_hashes(m, &email))
		return -EBADMSG;
	struct view summary = email.summary;
	if (email.summary_apart) {
		error = key_get(t, shard, key_summary(m->emailid), &value);
		if (error == 0)
			error = summary_decode(value, &summary);
		if (error)
			return error == -ENOENT ? -EBADMSG : error;
	}
	struct message_order order = message_summary_order(summary);
	bool attachment = message_summary_has_attachment(summary);
	if (attachment != ((m->flags & FLAG_HAS_ATTACHMENT) != 0))
		return -EBADMSG;
	return same_order(&m->order, &order) ? 0 : -EBADMSG;
}

static int run_slice(struct txn *t, void *arg)
{
	struct account_check_emails *x = arg;
	struct account_head head;
	struct txn_range range = {.shard = x->shard,
	    .from = view_of(x->from, x->from_len),
	    .to = VIEW("N"),
	    .limit = CHECK_EMAILS_SLICE};
	x->count = x->wrong_here = 0;
	int error = head_get(t, x->shard, &head);
	if (error == 0)
		error = txn_range(t, &range, take, x);
	for (size_t i = 0; i < x->count && error == 0; i++) {
		error = compare(t, x->shard, &x->messages[i]);
		if (error == -EBADMSG) {
			x->wrong_here++;
			error = 0;
		}
	}
	return error;
}

static void looked(struct store_read *read, int result)
{
	struct account_check_emails *x = container_of(read, struct account_check_emails, read);
	if (result == 0)
		x->wrong += x->wrong_here;
	if (result == 0 && x->count == CHECK_EMAILS_SLICE) {
		memcpy(x->from, x->next, x->next_len);
		x->from_len = x->next_len;
		store_read(x->accounts->store, read);
		return;
	}
	mem_free(x->messages);
	if (x->wrong > 0)
		log_event(LOG_ERROR, "-", "messages-contradict", log_u64("account", x->shard),
		    log_u64("messages", x->wrong));
	x->done(x, result);
}

void account_check_emails(struct accounts *a, struct account_check_emails *x)
{
	x->accounts = a;
	x->wrong = 0;
	x->from[0] = 'M';
	x->from_len = 1;
	x->messages = mem_array(CHECK_EMAILS_SLICE, sizeof *x->messages);
	x->read = (struct store_read){.shard = x->shard, .run = run_slice, .arg = x, .done = looked};
	store_read(a->store, &x->read);
}
