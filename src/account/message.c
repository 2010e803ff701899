/* The entries of a message, and the counts that go with them, change together: see message.h. */
#include "account/message.h"

#include <errno.h>
#include <string.h>

enum { REFERENCES_MAX = 8 };

int value_put(struct txn *t, uint64_t shard, struct account_key key, const struct account_value *value)
{
	if (value->failed)
		return -EMSGSIZE;
	return txn_put(t, shard, key_view(&key), view_of(value->data, value->len));
}

int key_get(struct txn *t, uint64_t shard, struct account_key key, struct view *value)
{
	return txn_get(t, shard, key_view(&key), value);
}

int key_delete(struct txn *t, uint64_t shard, struct account_key key)
{
	return txn_delete(t, shard, key_view(&key));
}

int head_get(struct txn *t, uint64_t shard, struct account_head *head)
{
	struct view value;
	struct account_head h;
	int error = key_get(t, shard, key_head(), &value);
	if (error == 0)
		error = head_decode(value, &h);
	if (error == 0 && h.removing)
		error = -ENOENT;
	if (error == 0)
		*head = h;
	return error;
}

int head_put(struct txn *t, uint64_t shard, const struct account_head *head)
{
	struct account_value value;
	head_encode(head, &value);
	return value_put(t, shard, key_head(), &value);
}

int mailbox_find(struct txn *t, uint64_t shard, struct view name, uint32_t *mailbox)
{
	struct view value;
	uint64_t number = MAILBOX_INBOX;
	if (!view_empty(name) && name.len <= ACCOUNT_MAILBOX_NAME_MAX &&
	    !view_equal_nocase(name, VIEW("INBOX"))) {
		int error = key_get(t, shard, key_mailbox_name(MAILBOX_ROOT, name), &value);
		if (error == 0)
			error = number_decode(value, &number);
		if (error && error != -ENOENT)
			return error;
	}
	*mailbox = (uint32_t)number;
	return 0;
}

int session_begin(struct account_session *s, struct txn *t, uint64_t shard, uint32_t mailbox, int64_t now)
{
	struct view value;
	*s = (struct account_session){.txn = t, .shard = shard, .mailbox_number = mailbox, .now = now};
	int error = head_get(t, shard, &s->head);
	if (error == 0)
		error = key_get(t, shard, key_mailbox(mailbox), &value);
	if (error == 0)
		error = mailbox_decode(value, &s->mailbox);
	if (error)
		return error;
	if (s->mailbox.name.len > sizeof s->mailbox_name)
		return -EBADMSG;
	if (s->mailbox.name.len)
		memcpy(s->mailbox_name, s->mailbox.name.data, s->mailbox.name.len);
	s->mailbox.name.data = s->mailbox_name;
	s->old_modseq = s->mailbox.modseq;
	s->head.modseq++;
	s->mailbox.modseq = s->head.modseq;
	return 0;
}

int session_end(struct account_session *s)
{
	struct account_value value;
	struct account_change change = {.created_modseq = s->mailbox.created_modseq};
	mailbox_encode(&s->mailbox, &value);
	int error = value_put(s->txn, s->shard, key_mailbox(s->mailbox_number), &value);
	if (error == 0)
		error =
		    key_delete(s->txn, s->shard, key_change(s->old_modseq, KIND_MAILBOX, s->mailbox_number));
	change_encode(&change, &value);
	if (error == 0)
		error = value_put(
		    s->txn, s->shard, key_change(s->mailbox.modseq, KIND_MAILBOX, s->mailbox_number), &value);
	return error ? error : head_put(s->txn, s->shard, &s->head);
}

/* The thread of the first of these messages that is known; 0 when none is. */
static int find_thread(
    struct account_session *s, uint64_t own, const uint64_t *references, size_t count, uint64_t *thread)
{
	uint64_t found = 0;
	for (size_t i = 0; i <= count && i <= REFERENCES_MAX && found == 0; i++) {
		uint64_t hash = i == 0 ? own : references[i - 1];
		struct view value;
		if (hash == 0)
			continue;
		int error = key_get(s->txn, s->shard, key_thread(hash), &value);
		if (error == 0)
			error = number_decode(value, &found);
		if (error && error != -ENOENT)
			return error;
	}
	*thread = found;
	return 0;
}

static int put_email(struct account_session *s, uint64_t emailid, const struct account_email *email)
{
	struct account_value value;
	email_encode(email, &value);
	return value_put(s->txn, s->shard, key_email(emailid), &value);
}

static int put_change(struct account_session *s, uint64_t emailid, const struct account_email *email)
{
	struct account_value value;
	struct account_change change = {
	    .created_modseq = email->created_modseq, .place_count = email->place_count};
	memcpy(change.places, email->places, sizeof change.places);
	change_encode(&change, &value);
	return value_put(s->txn, s->shard, key_change(email->modseq, KIND_EMAIL, emailid), &value);
}

int message_add(struct account_session *s, struct account_email *email, uint32_t flags,
    const uint64_t *references, size_t reference_count, uint64_t *emailid, uint32_t *uid)
{
	struct account_value value;
	uint64_t thread;
	int error = find_thread(s, email->message_id_hash, references, reference_count, &thread);
	if (error)
		return error;
	uint64_t id = s->head.next_email++;
	uint32_t number = s->mailbox.uidnext++;
	struct account_message message = {
	    .emailid = id,
	    .flags = view_empty(email->uidl) ? flags & ~(uint32_t)FLAG_OWN_UIDL : flags | FLAG_OWN_UIDL,
	    .modseq = s->head.modseq,
	    .size = email->prefix.len + email->body_len,
	    .internaldate = email->internaldate,
	    .text_growth = email->text_growth,
	};
	email->thread = thread ? thread : id;
	email->created_modseq = email->modseq = s->head.modseq;
	email->place_count = 1;
	email->places[0] = (struct account_place){s->mailbox_number, number};
	error = put_email(s, id, email);
	message_encode(&message, &value);
	if (error == 0)
		error = value_put(s->txn, s->shard, key_message(s->mailbox_number, number), &value);
	if (error == 0)
		error = put_change(s, id, email);
	number_encode(email->thread, &value);
	if (error == 0 && email->message_id_hash)
		error = value_put(s->txn, s->shard, key_thread(email->message_id_hash), &value);
	if (error)
		return error;
	s->head.messages++;
	s->head.bytes += message.size;
	s->mailbox.messages++;
	s->mailbox.bytes += message.size;
	s->mailbox.unseen += !(flags & FLAG_SEEN);
	*emailid = id;
	*uid = number;
	return 0;
}

static void drop_place(struct account_email *email, uint32_t mailbox, uint32_t uid)
{
	for (size_t i = 0; i < email->place_count; i++)
		if (email->places[i].mailbox == mailbox && email->places[i].uid == uid) {
			email->places[i] = email->places[--email->place_count];
			return;
		}
}

/* Counters never go below zero, whatever a rebuilt index made of them. */
static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* The email's last place is gone. */
static int bury(struct account_session *s, uint64_t emailid, const struct account_email *email,
    const struct account_message *message, uint32_t uid, int64_t undelete_until)
{
	struct account_value value;
	struct account_change tombstone = {.destroyed = true,
	    .created_modseq = email->created_modseq,
	    .time = s->now,
	    .place_count = 1,
	    .places = {{s->mailbox_number, uid}}};
	struct account_deleted deleted = {s->mailbox_number, message->flags, s->now, *email};
	deleted_encode(&deleted, &value);
	int error = 0;
	if (undelete_until > 0)
		error = value_put(s->txn, s->shard, key_deleted(undelete_until, emailid), &value);
	change_encode(&tombstone, &value);
	if (error == 0)
		error = value_put(s->txn, s->shard, key_change(s->head.modseq, KIND_EMAIL, emailid), &value);
	if (error == 0)
		error = key_delete(s->txn, s->shard, key_email(emailid));
	if (error)
		return error;
	s->head.tombstones++;
	s->head.messages = less(s->head.messages, 1);
	s->head.bytes = less(s->head.bytes, message->size);
	if (undelete_until > 0)
		s->head.deleted_bytes += message->size;
	return 0;
}

static int remove_place(struct account_session *s, struct account_email *email,
    const struct account_message *message, uint32_t uid, int64_t undelete_until)
{
	int error = key_delete(s->txn, s->shard, key_change(email->modseq, KIND_EMAIL, message->emailid));
	if (error)
		return error;
	drop_place(email, s->mailbox_number, uid);
	if (email->place_count == 0)
		return bury(s, message->emailid, email, message, uid, undelete_until);
	email->modseq = s->head.modseq;
	error = put_email(s, message->emailid, email);
	return error ? error : put_change(s, message->emailid, email);
}

/* A private copy of an email whose views point into a store's value. */
struct email_copy {
	struct account_email email;
	char texts[ACCOUNT_INLINE_MAX];
};

static int read_email(struct account_session *s, uint64_t emailid, struct email_copy *copy)
{
	struct view value;
	int error = key_get(s->txn, s->shard, key_email(emailid), &value);
	if (error == 0)
		error = email_decode(value, &copy->email);
	if (error)
		return error;
	struct view *const texts[] = {&copy->email.prefix, &copy->email.uidl, &copy->email.summary};
	size_t used = 0;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (texts[i]->len > sizeof copy->texts - used)
			return -EBADMSG;
		if (texts[i]->len)
			memcpy(copy->texts + used, texts[i]->data, texts[i]->len);
		texts[i]->data = copy->texts + used;
		used += texts[i]->len;
	}
	return 0;
}

int message_remove(struct account_session *s, uint32_t uid, int64_t undelete_until)
{
	struct view value;
	struct account_message message;
	struct email_copy copy;
	int error = key_get(s->txn, s->shard, key_message(s->mailbox_number, uid), &value);
	if (error == 0)
		error = message_decode(value, &message);
	if (error)
		return error;
	bool whole = true;
	error = read_email(s, message.emailid, &copy);
	if (error == -ENOENT || error == -EBADMSG)
		whole = false; /* its place can go all the same */
	else if (error)
		return error;
	error = key_delete(s->txn, s->shard, key_message(s->mailbox_number, uid));
	if (error == 0 && whole)
		error = remove_place(s, &copy.email, &message, uid, undelete_until);
	if (error)
		return error;
	s->mailbox.messages -= s->mailbox.messages > 0;
	s->mailbox.unseen -= !(message.flags & FLAG_SEEN) && s->mailbox.unseen > 0;
	s->mailbox.bytes = less(s->mailbox.bytes, message.size);
	return 0;
}
