/* MAIL_METADATA, MAIL_METADATA_SET: named values of mailboxes and of the account (RFC 5464). */
#include <errno.h>

#include "account/metadata.h"
#include "base/container.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/right_noted.h"
#include "role/store/imap_event.h"
#include "role/store/store_private.h"

struct right_metadata {
	struct question question;
	struct right_mailbox box;
	char *name, *value;
	struct account_metadata read;
	struct account_metadata_set set;
	size_t next; /* of the values that are there */
	bool here;
};

static struct right_metadata *metadata_of(struct question *question)
{
	return container_of(question, struct right_metadata, question);
}

static void release(struct question *question)
{
	struct right_metadata *x = metadata_of(question);
	if (x->here)
		account_metadata_free(&x->read);
	mem_free(x->name);
	mem_free(x->value);
}

/*
 * Of another's mailbox only what RFC 5464 knows can be named. What else stands there is the owner's own: the
 * key of its URLs (mail_url.h) makes tokens that show all of it to anybody.
 */
static bool may_name(const struct right_mailbox *box, struct view name)
{
	struct view rest = name, first;
	/* "/shared/..." has nothing before its first "/". */
	return box->user == 0 ||
	       (view_next(&rest, '/', &first) && first.len == 0 && view_next(&rest, '/', &first) &&
	           (view_equal(first, VIEW("private")) || view_equal(first, VIEW("shared"))));
}

static void tell(struct right_metadata *x)
{
	for (; x->next < x->read.count; x->next++) {
		const struct account_metadata_value *v = &x->read.values[x->next];
		struct mail_metadata_entry m = {
		    .account = x->box.account, .mailbox = x->box.mailbox, .name = v->name, .value = v->value};
		if (!right_has_room(x->question.right) ||
		    !question_answer(&x->question, MAIL_METADATA_ENTRY, &m))
			return;
	}
	question_fail(&x->question, 0);
}

static void go_on(struct question *question)
{
	struct right_metadata *x = metadata_of(question);
	if (x->here)
		tell(x);
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

static void values_read(struct account_metadata *read, int result)
{
	struct right_metadata *x = container_of(read, struct right_metadata, read);
	x->here = result == 0;
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else
		tell(x);
}

static void may_read(struct question *question)
{
	struct right_metadata *x = metadata_of(question);
	if (!may_name(&x->box, x->read.name)) {
		question_fail(question, -EACCES);
		return;
	}
	x->read.shard = x->box.shard;
	x->read.mailbox = x->box.mailbox;
	x->read.user = question->right->account;
	x->read.done = values_read;
	question_call(question);
	account_metadata(&store_role.accounts, &x->read);
}

void right_metadata(struct right *r, uint32_t request, const void *message)
{
	const struct mail_metadata *m = message;
	struct right_metadata *x = question_begin(r, request, sizeof *x, &kind);
	x->name = mem_string(m->name);
	x->read.name = view_of(x->name, m->name.len);
	x->read.depth = (unsigned)m->depth;
	right_access(&x->question, m->account, m->mailbox, RIGHT_READ, &x->box, may_read);
}

static void value_set(struct account_metadata_set *set, int result)
{
	struct right_metadata *x = container_of(set, struct right_metadata, set);
	bool is_private = view_starts(set->name, VIEW("/private/"));
	imap_event_metadata_set(set->shard, set->name);
	if (result == 0)
		noted_tell(x->question.right, &(struct note){.shard = set->shard,
		                                  .mailbox = set->mailbox,
		                                  .user = is_private ? set->user : 0,
		                                  .name = set->name});
	if (question_back(&x->question))
		question_fail(&x->question, result);
}

static void may_write(struct question *question)
{
	struct right_metadata *x = metadata_of(question);
	if (!may_name(&x->box, x->set.name)) {
		question_fail(question, -EACCES);
		return;
	}
	x->set.shard = x->box.shard;
	x->set.mailbox = x->box.mailbox;
	x->set.user = question->right->account;
	x->set.quota_default = store_role.process->settings.quota_default;
	x->set.done = value_set;
	question_call(question);
	account_metadata_set(&store_role.accounts, &x->set);
}

/* RFC 5464 section 3.3: what is shared takes the right to write, a private value that to read. */
void right_metadata_set(struct right *r, uint32_t request, const void *message)
{
	static const char own[] = "/private/";
	const struct mail_metadata_entry *m = message;
	struct right_metadata *x = question_begin(r, request, sizeof *x, &kind);
	bool is_own = view_equal(view_take(m->name, sizeof own - 1), view_from_string(own));
	x->name = mem_string(m->name);
	x->value = mem_string(m->value);
	x->set.name = view_of(x->name, m->name.len);
	x->set.value = view_of(x->value, m->value.len);
	x->set.none = m->none != 0;
	if (view_empty(m->name) || m->name.data[0] != '/')
		question_fail(&x->question, -EINVAL);
	else
		right_access(&x->question, m->account, m->mailbox, is_own ? RIGHT_READ : RIGHT_WRITE, &x->box,
		    may_write);
}
