/* The entries of a message, and the counts that go with them, change together: see message.h. */
#include "account/message.h"

#include "account/annotation_entries.h"

#include <errno.h>
#include <string.h>

#include "mime/summary.h"

/* ---- threads ---- */

static int get_thread(struct account_change *c, uint64_t hash, struct account_thread *thread)
{
	struct view value;
	int error = change_get(c, key_thread(hash), &value);
	return error ? error : thread_decode(value, thread);
}

/*
 * The thread of the first hash that is known; 0 when none is. An email that two threads lead to joins the
 * one of its nearest reference, and the other stays: a thread's number never changes (RFC 8621 section 3).
 */
int message_thread(struct account_change *c, const struct account_email *email, uint64_t *found)
{
	struct account_thread thread = {0};
	for (size_t i = 0; i < email->hash_count && thread.thread == 0; i++) {
		int error = email->hashes[i] ? get_thread(c, email->hashes[i], &thread) : -ENOENT;
		if (error && error != -ENOENT)
			return error;
	}
	*found = thread.thread;
	return 0;
}

/* One email more, or fewer, has this hash. */
static int use_hash(struct account_change *c, uint64_t hash, uint64_t thread, bool more)
{
	struct account_thread t;
	struct entry value;
	int error = get_thread(c, hash, &t);
	if (error == -ENOENT || error == -EBADMSG)
		t = (struct account_thread){.thread = thread, .uses = 0};
	else if (error)
		return error;
	if (!more && t.uses <= 1)
		return error == -ENOENT ? 0 : change_delete(c, key_thread(hash));
	t.uses += more ? 1 : (uint64_t)-1;
	thread_encode(&t, &value);
	return change_put(c, key_thread(hash), &value);
}

static int use_thread(
    struct account_change *c, uint64_t emailid, const struct account_email *email, bool more)
{
	struct entry value;
	int error = 0;
	for (size_t i = 0; i < email->hash_count && error == 0; i++)
		if (email->hashes[i])
			error = use_hash(c, email->hashes[i], email->thread, more);
	if (error || email->thread == emailid)
		return error;
	mark_encode(&value);
	return more ? change_put(c, key_thread_email(email->thread, emailid), &value)
	            : change_delete(c, key_thread_email(email->thread, emailid));
}

/* ---- emails and their places ---- */

int email_read(struct txn *t, uint64_t shard, uint64_t emailid, struct email_copy *copy)
{
	struct view value;
	int error = key_get(t, shard, key_email(emailid), &value);
	if (error)
		return error;
	if (value.len > sizeof copy->texts)
		return -EBADMSG;
	if (value.len)
		memcpy(copy->texts, value.data, value.len);
	error = email_decode(emailid, view_of(copy->texts, value.len), &copy->email);
	if (error)
		return error;
	if (!copy->email.summary_apart)
		return 0;
	error = key_get(t, shard, key_summary(emailid), &value);
	if (error == 0)
		error = summary_decode(value, &copy->email.summary);
	if (error == 0) {
		memcpy(copy->summary, copy->email.summary.data, copy->email.summary.len);
		copy->email.summary.data = copy->summary;
	}
	/* The message is worth more than what was derived from it. */
	return error == -ENOENT || error == -EBADMSG ? 0 : error;
}

static bool is_too_large(uint64_t emailid, const struct entry *value)
{
	return value->failed || value->len > STORE_ENTRY_MAX - key_email(emailid).len;
}

static int put_email(struct account_change *c, uint64_t emailid, const struct account_email *email)
{
	struct account_email e = *email;
	struct entry value;
	int error = 0;
	e.summary_apart = false;
	email_encode(emailid, &e, &value);
	/* The structure can be read behind the body as well. */
	if (is_too_large(emailid, &value) && e.structure.len > 0) {
		e.structure = (struct view){0};
		email_encode(emailid, &e, &value);
	}
	if (is_too_large(emailid, &value)) {
		summary_encode(e.summary, &value);
		error = change_put(c, key_summary(emailid), &value);
		e.summary_apart = true;
		email_encode(emailid, &e, &value);
	}
	return error ? error : change_put(c, key_email(emailid), &value);
}

static bool same_place(const struct account_place *a, const struct account_place *b)
{
	return a->mailbox == b->mailbox && a->uid == b->uid;
}

/* Places, and whether there is a V entry. Without one it is the one that is given. */
static int get_places(struct account_change *c, uint64_t emailid, const struct account_place *only,
    struct account_places *places, bool *entry)
{
	struct view value;
	int error = change_get(c, key_places(emailid), &value);
	*entry = error == 0;
	if (error == 0)
		return places_decode(value, places);
	if (error != -ENOENT)
		return error;
	places->count = 1;
	places->at[0] = *only;
	return 0;
}

static int put_places(struct account_change *c, uint64_t emailid, const struct account_email *email,
    const struct account_places *places, bool entry)
{
	struct entry value;
	if (places->count == 1 && same_place(&places->at[0], &email->home))
		return entry ? change_delete(c, key_places(emailid)) : 0;
	places_encode(places, &value);
	return change_put(c, key_places(emailid), &value);
}

static void drop_place(struct account_places *places, uint32_t mailbox, uint32_t uid)
{
	struct account_place gone = {mailbox, uid};
	for (size_t i = 0; i < places->count; i++)
		if (same_place(&places->at[i], &gone)) {
			places->at[i] = places->at[--places->count];
			return;
		}
}

/* ---- messages in a mailbox ---- */

static void count_flags(struct account_mailbox *m, uint64_t flags, uint64_t size, bool more)
{
	uint32_t unseen = !(flags & FLAG_SEEN), deleted = (flags & FLAG_DELETED) != 0;
	uint64_t bytes = deleted ? size : 0;
	m->unseen = more ? m->unseen + unseen : (uint32_t)less(m->unseen, unseen);
	m->deleted = more ? m->deleted + deleted : (uint32_t)less(m->deleted, deleted);
	m->deleted_bytes = more ? m->deleted_bytes + bytes : less(m->deleted_bytes, bytes);
}

static int put_more(struct account_change *c, uint32_t mailbox, uint32_t uid, const struct account_more *more)
{
	struct entry value;
	more_encode(more, &value);
	return change_put(c, key_more_keywords(mailbox, uid), &value);
}

/* Gives a message its place: *m's flags, modseq and savedate are set here, its UID is the next one. */
static int put_message(struct account_change *c, struct account_message *m, const struct message_flags *flags,
    uint32_t mailbox, uint32_t *uid)
{
	struct change_mailbox *box;
	struct entry value;
	int error = change_mailbox(c, mailbox, &box);
	if (error)
		return error;
	if (box->m.uidnext == UINT32_MAX)
		return -EOVERFLOW;
	*uid = box->m.uidnext++;
	m->flags = flags->bits & FLAGS_FIXED;
	m->modseq = c->head.modseq;
	m->savedate = c->now;
	message_encode(m, &value);
	error = change_put(c, key_message(mailbox, *uid), &value);
	if (error == 0 && (flags->bits & ~FLAGS_FIXED))
		error = change_begin_flags(c, mailbox, *uid, flags->bits);
	if (error == 0 && (flags->bits & FLAG_MORE))
		error = put_more(c, mailbox, *uid, &flags->more);
	change_mark_messages(c, box);
	change_mark_state(c, MAIL_STATE_COUNTS);
	box->m.messages++;
	box->m.bytes += m->size;
	count_flags(&box->m, flags->bits, m->size, true);
	return error;
}

static int drop_message(
    struct account_change *c, uint32_t mailbox, uint32_t uid, const struct message_now *now)
{
	struct change_mailbox *box;
	int error = change_any_mailbox(c, mailbox, &box);
	if (error == 0)
		error = change_delete(c, key_message(mailbox, uid));
	if (error == 0 && (now->flags.bits & FLAG_MORE))
		error = change_delete(c, key_more_keywords(mailbox, uid));
	if (error == 0)
		error = annotations_drop(c, mailbox, uid);
	if (error == 0)
		error = change_forget_message(c, box, uid, &now->m);
	if (error)
		return error;
	change_mark_messages(c, box);
	change_mark_state(c, MAIL_STATE_COUNTS);
	box->m.messages -= box->m.messages > 0;
	box->m.bytes = less(box->m.bytes, now->m.size);
	count_flags(&box->m, now->flags.bits, now->m.size, false);
	return 0;
}

/* Keywords without a bit, of flags that say that there are some. */
static int get_more(struct account_change *c, uint32_t mailbox, uint32_t uid, struct message_flags *flags)
{
	struct view value;
	flags->more.count = 0;
	if (!(flags->bits & FLAG_MORE))
		return 0;
	int error = change_get(c, key_more_keywords(mailbox, uid), &value);
	if (error == 0)
		error = more_decode(value, &flags->more);
	if (error == -ENOENT || error == -EBADMSG) {
		flags->bits &= ~FLAG_MORE; /* lost: the message has the others */
		return 0;
	}
	return error;
}

static int get_message(struct account_change *c, uint32_t mailbox, uint32_t uid, struct account_message *m)
{
	struct view value;
	int error = change_get(c, key_message(mailbox, uid), &value);
	return error ? error : message_decode(value, m);
}

int message_get(struct account_change *c, uint32_t mailbox, uint32_t uid, struct message_now *now)
{
	int error = get_message(c, mailbox, uid, &now->m);
	if (error == 0)
		error = change_flags_of(c, mailbox, uid, &now->flags.bits, &now->modseq);
	if (error)
		return error;
	now->flags.bits |= now->m.flags & FLAGS_FIXED;
	if (now->modseq == 0)
		now->modseq = now->m.modseq;
	return get_more(c, mailbox, uid, &now->flags);
}

int message_get_flags(struct account_change *c, struct change_mailbox *box, uint32_t uid, bool with_modseq,
    struct message_flags *flags, uint64_t *modseq)
{
	struct account_message m;
	bool has;
	int error = change_has_message(c, box, uid, &has);
	if (error == 0 && !has)
		error = -ENOENT;
	if (error == 0)
		error = change_flags_of(c, box->number, uid, &flags->bits, modseq);
	if (error == 0 && with_modseq && *modseq == 0) {
		error = get_message(c, box->number, uid, &m);
		*modseq = m.modseq;
	}
	return error ? error : get_more(c, box->number, uid, flags);
}

static int get_size(struct account_change *c, uint32_t mailbox, uint32_t uid, uint64_t *size)
{
	struct account_message m;
	int error = get_message(c, mailbox, uid, &m);
	if (error == 0)
		*size = m.size;
	return error;
}

size_t message_add_writes(size_t places, size_t hashes)
{
	/* E, Z, V, H; of each place M; the hashes. */
	return 4 + places + hashes;
}

int message_add(struct account_change *c, struct account_email *email, struct message_place *places,
    size_t place_count, uint64_t *emailid)
{
	uint64_t thread, id = c->head.next_email++, fixed = 0;
	struct account_places at = {.count = place_count};
	int error = place_count == 0 || place_count > ACCOUNT_PLACES_MAX ? -EINVAL
	            : id >= EMAIL_ID_END                                 ? -EOVERFLOW
	                                                                 : message_thread(c, email, &thread);
	if (error)
		return error;
	struct account_message m = {.emailid = id,
	    .thread = thread ? thread : id,
	    .size = email->prefix.len + email->body_len,
	    .internaldate = email->internaldate,
	    .text_growth = email->text_growth,
	    .order = message_summary_order(email->summary),
	    .hash_count = email->hash_count};
	memcpy(m.hashes, email->hashes, email->hash_count * sizeof m.hashes[0]);
	if (!view_empty(email->uidl))
		fixed |= FLAG_OWN_UIDL;
	if (message_summary_has_attachment(email->summary))
		fixed |= FLAG_HAS_ATTACHMENT;
	for (size_t i = 0; i < place_count && error == 0; i++) {
		struct message_place *p = &places[i];
		p->flags.bits = (p->flags.bits & ~(FLAG_OWN_UIDL | FLAG_HAS_ATTACHMENT)) | fixed;
		error = put_message(c, &m, &p->flags, p->mailbox, &p->uid);
		at.at[i] = (struct account_place){p->mailbox, p->uid};
		if (error == 0)
			error = keywords_count(c, &p->flags, 1);
	}
	email->thread = m.thread;
	email->created_modseq = c->head.modseq;
	email->home = at.at[0];
	if (error == 0)
		error = put_email(c, id, email);
	if (error == 0)
		error = put_places(c, id, email, &at, false);
	if (error == 0)
		error = use_thread(c, id, email, true);
	if (error)
		return error;
	change_mark_state(c, MAIL_STATE_THREADS);
	c->head.messages++;
	c->head.bytes += m.size;
	*emailid = id;
	return 0;
}

int message_set_flags(struct account_change *c, struct change_mailbox *box, uint32_t uid,
    const struct message_flags *old, const struct message_flags *flags)
{
	uint64_t size = 0;
	int error = 0;
	/* Bytes are counted of those with \Deleted alone. */
	if ((old->bits ^ flags->bits) & FLAG_DELETED)
		error = get_size(c, box->number, uid, &size);
	/* First one more, so that no keyword is forgotten that the message keeps. */
	if (error == 0)
		error = keywords_count(c, flags, 1);
	if (error == 0)
		error = keywords_count(c, old, -1);
	if (error == 0 && (flags->bits & FLAG_MORE))
		error = put_more(c, box->number, uid, &flags->more);
	else if (error == 0 && (old->bits & FLAG_MORE))
		error = change_delete(c, key_more_keywords(box->number, uid));
	if (error == 0)
		error = change_set_flags(c, box->number, uid, flags->bits & ~FLAGS_FIXED);
	if (error)
		return error;
	change_mark_messages(c, box);
	if ((old->bits ^ flags->bits) & (FLAG_SEEN | FLAG_DRAFT | FLAG_DELETED))
		change_mark_state(c, MAIL_STATE_COUNTS);
	count_flags(&box->m, old->bits, size, false);
	count_flags(&box->m, flags->bits, size, true);
	return 0;
}

/* ---- the end of an email ---- */

int message_erase(struct account_change *c, uint64_t emailid)
{
	struct view value;
	int error = change_delete(c, key_email(emailid));
	const struct account_key others[] = {key_places(emailid), key_summary(emailid), key_filed(emailid)};
	for (size_t i = 0; i < sizeof others / sizeof *others && error == 0; i++) {
		error = change_get(c, others[i], &value);
		if (error == 0)
			error = change_delete(c, others[i]);
		else if (error == -ENOENT)
			error = 0;
	}
	return error;
}

/* E and Z stay where they are until the U entry goes; V says that there is no place any more. */
static int keep_deleted(
    struct account_change *c, uint32_t mailbox, const struct message_now *now, int64_t until)
{
	struct account_deleted deleted = {.mailbox = mailbox,
	    .flags = now->flags.bits,
	    .deleted = c->now,
	    .size = now->m.size,
	    .more = now->flags.more};
	struct account_places none = {.count = 0};
	struct entry value;
	deleted_encode(&deleted, &value);
	int error = change_put(c, key_deleted(until, now->m.emailid), &value);
	places_encode(&none, &value);
	if (error == 0)
		error = change_put(c, key_places(now->m.emailid), &value);
	c->head.deleted_bytes += now->m.size;
	return error;
}

/* The email's last place is gone. */
static int bury(struct account_change *c, uint32_t mailbox, const struct message_now *now,
    const struct account_email *email, int64_t undelete_until)
{
	int error = use_thread(c, now->m.emailid, email, false);
	if (error == 0)
		error = undelete_until > 0 ? keep_deleted(c, mailbox, now, undelete_until)
		                           : message_erase(c, now->m.emailid);
	/* Mail that can come back keeps the names of its keywords. */
	if (error == 0 && undelete_until <= 0)
		error = keywords_count(c, &now->flags, -1);
	change_mark_state(c, MAIL_STATE_THREADS);
	c->head.messages = less(c->head.messages, 1);
	c->head.bytes = less(c->head.bytes, now->m.size);
	return error;
}

/* 0, or 1 for an email that is damaged: its place can go all the same. */
static int read_email(struct account_change *c, uint64_t emailid, struct account_email *email)
{
	struct view value;
	int error = change_get(c, key_email(emailid), &value);
	if (error == 0)
		error = email_decode(emailid, value, email);
	return error == -ENOENT || error == -EBADMSG ? 1 : error;
}

/* Of a damaged email V tells, whether this was the last place. The counts go down with that one. */
static int drop_damaged(
    struct account_change *c, uint32_t mailbox, uint32_t uid, const struct message_now *now)
{
	struct account_places places = {.count = 0};
	struct entry value;
	struct view found;
	int error = change_get(c, key_places(now->m.emailid), &found);
	bool entry = error == 0;
	if (entry)
		error = places_decode(found, &places);
	if (error && error != -ENOENT && error != -EBADMSG)
		return error;
	error = keywords_count(c, &now->flags, -1);
	drop_place(&places, mailbox, uid);
	places_encode(&places, &value);
	if (error == 0 && places.count > 0)
		return change_put(c, key_places(now->m.emailid), &value);
	change_mark_state(c, MAIL_STATE_THREADS);
	c->head.messages = less(c->head.messages, 1);
	c->head.bytes = less(c->head.bytes, now->m.size);
	return error == 0 && entry ? change_delete(c, key_places(now->m.emailid)) : error;
}

int message_remove(struct account_change *c, uint32_t mailbox, uint32_t uid, int64_t undelete_until)
{
	struct message_now now;
	struct account_email email; /* its texts are not looked at */
	struct account_places places = {.count = 0};
	bool entry = false;
	int error = message_get(c, mailbox, uid, &now);
	if (error)
		return error;
	int damaged = read_email(c, now.m.emailid, &email);
	if (damaged < 0)
		return damaged;
	if (damaged == 0)
		error = get_places(c, now.m.emailid, &email.home, &places, &entry);
	if (error == 0)
		error = drop_message(c, mailbox, uid, &now);
	if (error)
		return error;
	if (damaged)
		return drop_damaged(c, mailbox, uid, &now);
	drop_place(&places, mailbox, uid);
	if (places.count == 0)
		return bury(c, mailbox, &now, &email, undelete_until);
	error = keywords_count(c, &now.flags, -1);
	return error ? error : put_places(c, now.m.emailid, &email, &places, entry);
}

/* ---- copies ---- */

/* While the email has no V entry, this is its only place. */
int message_source_get(
    struct account_change *c, uint32_t mailbox, uint32_t uid, bool move, struct message_source *source)
{
	struct account_place here = {mailbox, uid};
	bool entry;
	source->mailbox = mailbox;
	source->uid = uid;
	int error = message_get(c, mailbox, uid, &source->now);
	if (error == 0)
		error = get_places(c, source->now.m.emailid, &here, &source->places, &entry);
	return error == 0 && !move && source->places.count == ACCOUNT_PLACES_MAX ? -EMLINK : error;
}

static void leave_out(const struct message_flags *flags, uint64_t denied, struct message_flags *left)
{
	message_flags_copy(left, flags);
	left->bits &= ~(denied & FLAGS_SYSTEM);
	if (denied & FLAG_KEYWORD) {
		left->bits &= FLAG_KEYWORD - 1 - FLAG_MORE;
		left->more.count = 0;
	}
}

/* The email has a place that is not its home now, so V tells of all. */
static int put_copy(struct account_change *c, const struct message_source *source, uint32_t to,
    const struct message_flags *flags, struct account_places *places, uint32_t *new_uid)
{
	struct account_message m = source->now.m;
	struct entry value;
	int error = put_message(c, &m, flags, to, new_uid);
	if (error)
		return error;
	if (places->count < ACCOUNT_PLACES_MAX)
		places->at[places->count++] = (struct account_place){to, *new_uid};
	places_encode(places, &value);
	return change_put(c, key_places(m.emailid), &value);
}

/* The new UID is the next one; what was noted goes there before it ends with the old one. */
static int copy_noted(struct account_change *c, const struct message_source *source, uint32_t to)
{
	struct change_mailbox *target;
	int error = change_mailbox(c, to, &target);
	return error ? error : annotations_copy(c, source->mailbox, source->uid, c, to, target->m.uidnext);
}

int message_copy(struct account_change *c, const struct message_source *source, uint32_t to, uint64_t denied,
    uint32_t *new_uid)
{
	struct account_places places = source->places;
	struct message_flags flags;
	leave_out(&source->now.flags, denied, &flags);
	int error = copy_noted(c, source, to);
	if (error == 0)
		error = keywords_count(c, &flags, 1);
	return error ? error : put_copy(c, source, to, &flags, &places, new_uid);
}

int message_move(struct account_change *c, const struct message_source *source, uint32_t to, uint64_t denied,
    uint32_t *new_uid)
{
	struct account_places places = source->places;
	struct message_flags flags;
	leave_out(&source->now.flags, denied, &flags);
	int error = copy_noted(c, source, to);
	drop_place(&places, source->mailbox, source->uid);
	if (error == 0)
		error = drop_message(c, source->mailbox, source->uid, &source->now);
	/* A keyword that goes along is on as many messages as before. */
	if (error == 0 && denied & FLAG_KEYWORD)
		error = keywords_count(c, &source->now.flags, -1);
	return error ? error : put_copy(c, source, to, &flags, &places, new_uid);
}
