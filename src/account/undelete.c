/* Deleted mail comes back: as new messages of new numbers, since whoever had seen the old ones go must see
 * these come. */
#include "account/undelete.h"

#include <errno.h>
#include <string.h>

#include "account/message.h"
#include "account/slices.h"
#include "base/mem.h"

/* Of one: a new E, Z, M, O, Q, V, H, its hashes; the old U, E, V and Z go. Keywords keep their counts but for
 * those of Q. */
enum {
	ONE_WRITES = 10 + ACCOUNT_HASHES_MAX + 4 + 2 * ACCOUNT_MORE_KEYWORDS_MAX,
	AT_ONCE = 60 /* what a slice has room for, when there are no keywords without a bit */
};

/* Room for one more, and for its mailbox, or for INBOX beside what is left of that? */
bool undelete_has_room(const struct account_change *c)
{
	return c->writes + ONE_WRITES + MAILBOX_MAKE_WRITES * ACCOUNT_DEPTH_MAX + CHANGE_END_WRITES <=
	           STORE_WRITE_KEYS_MAX &&
	       c->mailbox_count + 2 <= CHANGE_MAILBOXES_MAX;
}

/* One that was removed: a mailbox of its path, which is made if there is none. -ENOENT: it is not known. */
static int bring_mailbox_back(struct account_change *c, uint32_t removed, uint32_t *mailbox)
{
	struct account_mailbox m = {.grant_count = 0};
	struct account_remembered remembered;
	struct mailbox_path path;
	struct view value;
	size_t levels;
	int error = change_get(c, key_remembered(removed), &value);
	if (error == 0)
		error = remembered_decode(value, &remembered);
	if (error == 0)
		error = mailbox_path_read(remembered.path, &path);
	if (error == 0)
		error = mailbox_follow(c->txn, c->shard, &path, 0, &levels, mailbox);
	if (error || levels == path.count)
		return error;
	if (mailbox_room(c, path.count - levels) != 0)
		return -ENOENT;
	m.role = c->head.roles[remembered.role] == 0 ? remembered.role : MAILBOX_ROLE_NONE;
	return mailbox_make(c, &path, levels, *mailbox, &m, mailbox);
}

/* Its mailbox; or one of the path that it had; or INBOX. */
static int mailbox_of(struct account_change *c, const struct account_deleted *d, uint32_t *mailbox)
{
	struct change_mailbox *box;
	int error = change_mailbox(c, d->mailbox, &box);
	*mailbox = d->mailbox;
	if (error != -ENOENT)
		return error;
	error = bring_mailbox_back(c, d->mailbox, mailbox);
	if (error == -ENOENT || error == -EBADMSG || error == -EINVAL)
		*mailbox = MAILBOX_INBOX;
	else if (error)
		return error;
	return change_mailbox(c, *mailbox, &box);
}

/* Something was written: an error is not this email's alone any more, whatever a caller would take for that:
 * it takes the whole commit with it, or the email would be gone and nowhere else. */
static int fatal(int error)
{
	switch (error) {
	case -ENOENT:
	case -EBADMSG:
	case -ENXIO:
	case -E2BIG:
	case -EDQUOT:
	case -EINVAL:
	case -EMLINK:
	case -EOVERFLOW:
		return -EIO;
	default:
		return error;
	}
}

static int mailbox_for(
    struct account_change *c, const struct account_deleted *d, uint32_t to, uint32_t *mailbox)
{
	struct change_mailbox *box;
	if (to == 0)
		return fatal(mailbox_of(c, d, mailbox));
	*mailbox = to;
	int error = change_mailbox(c, to, &box);
	return error == -ENOENT ? -ENXIO : error;
}

int undelete_one(struct account_change *c, struct account_key key, const struct account_deleted *d,
    uint32_t to, uint64_t *emailid)
{
	struct email_copy copy;
	struct message_place place;
	int64_t expiry;
	uint64_t old;
	if (!key_read_deleted(key_view(&key), &expiry, &old))
		return -EBADMSG;
	int error = email_read(c->txn, c->shard, old, &copy);
	if (error)
		return error;
	place.flags = (struct message_flags){
	    .bits = d->flags & ~(FLAG_DELETED | FLAG_OWN_UIDL | FLAG_HAS_ATTACHMENT), .more = d->more};
	copy.email.uidl = (struct view){0};
	error = mailbox_for(c, d, to, &place.mailbox);
	if (error)
		return error;
	error = message_erase(c, old);
	if (error == 0)
		error = message_add(c, &copy.email, &place, 1, emailid);
	/* It had been counted all the time. */
	if (error == 0)
		error = keywords_count(c, &place.flags, -1);
	c->head.deleted_bytes = less(c->head.deleted_bytes, d->size);
	if (error == 0)
		error = change_delete(c, key);
	return fatal(error);
}

/* One that is damaged stays where it is; the others come back. */
static int bring_back(struct account_change *c, struct account_request *r, struct account_key key)
{
	struct view value;
	struct account_deleted d;
	uint64_t emailid;
	int error = change_get(c, key, &value);
	if (error)
		return error;
	if (deleted_decode(value, &d) != 0 || d.deleted < r->since)
		return 0;
	error = undelete_one(c, key, &d, 0, &emailid);
	r->counted += error == 0;
	return error == -ENOENT || error == -EBADMSG ? 0 : error;
}

/* ---- one ---- */

static int take_places(struct account_change *c, struct view mailboxes, const struct message_flags *flags,
    struct message_place *places, size_t *count)
{
	struct cursor in = cursor_on(mailboxes);
	struct change_mailbox *box;
	*count = 0;
	while (!cursor_at_end(&in) && *count < ACCOUNT_PLACES_MAX) {
		struct message_place *place = &places[*count];
		place->mailbox = cursor_u32(&in);
		place->flags = *flags;
		int error = change_mailbox(c, place->mailbox, &box);
		if (error && error != -ENOENT)
			return error;
		*count += error == 0;
	}
	if (*count > 0)
		return 0;
	places[(*count)++] = (struct message_place){.mailbox = MAILBOX_INBOX, .flags = *flags};
	return change_mailbox(c, MAILBOX_INBOX, &box);
}

/* The old email goes, and comes as a new one. */
static int replace(struct account_change *c, struct account_key key, uint64_t old,
    const struct account_deleted *d, struct account_email *email, struct message_place *places, size_t count)
{
	const struct message_flags flags = places[0].flags;
	uint64_t emailid;
	int error = message_erase(c, old);
	if (error == 0)
		error = message_add(c, email, places, count, &emailid);
	/* It had been counted all the time. */
	if (error == 0)
		error = keywords_count(c, &flags, -1);
	c->head.deleted_bytes = less(c->head.deleted_bytes, d->size);
	return error ? error : change_delete(c, key);
}

int undelete_email(struct account_change *c, int64_t expiry, uint64_t old, struct view mailboxes)
{
	struct message_place *places = mem_array(ACCOUNT_PLACES_MAX, sizeof *places);
	struct email_copy *copy = mem_alloc(sizeof *copy);
	struct account_key key = key_deleted(expiry, old);
	struct account_deleted d;
	struct view value;
	size_t count = 0;
	int error = change_get(c, key, &value);
	if (error == 0)
		error = deleted_decode(value, &d);
	if (error == 0)
		error = email_read(c->txn, c->shard, old, copy);
	struct message_flags flags = {
	    .bits = d.flags & ~(FLAG_DELETED | FLAG_OWN_UIDL | FLAG_HAS_ATTACHMENT), .more = d.more};
	copy->email.uidl = (struct view){0};
	if (error == 0)
		error = take_places(c, mailboxes, &flags, places, &count);
	if (error == 0)
		error = fatal(replace(c, key, old, &d, &copy->email, places, count));
	mem_free(copy);
	mem_free(places);
	return error;
}

/* ---- all ---- */

static int run_undelete(struct txn *t, void *arg)
{
	struct account_request *r = arg;
	struct account_change c;
	struct account_key from = r->from.len ? r->from : key_letter('U'), to = key_behind_letter('U');
	struct slice *slice = slice_new();
	size_t i = 0;
	r->counted = 0;
	r->more = false;
	int error = change_begin(&c, t, r->shard, r->now);
	if (error == 0)
		error = slice_collect(slice, t, r->shard, key_view(&from), key_view(&to), AT_ONCE);
	for (; i < slice->count && error == 0 && undelete_has_room(&c); i++)
		error = bring_back(&c, r, slice->keys[i]);
	if (error == 0 && i > 0 && (i < slice->count || slice->count == AT_ONCE)) {
		/* Right behind the last one. */
		r->more = true;
		r->next = slice->keys[i - 1];
		if (r->next.len < sizeof r->next.data)
			r->next.data[r->next.len++] = '\0';
	}
	slice_free(slice);
	return error ? error : change_end(&c);
}

void account_undelete(struct accounts *a, struct account_request *r)
{
	request_commit(a, r, run_undelete, false);
}
