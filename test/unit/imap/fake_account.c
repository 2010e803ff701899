/* See fake_account.h. */
#include "fake_account.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "mail/message_wire.h"
#include "mail/uid_ranges.h"
#include "mime/digest.h"
#include "mime/summary.h"

struct fake_op {
	struct fake_op *next;
	uint32_t request;
	enum mail_type type;
	union {
		struct mail_mailboxes mailboxes;
		struct mail_create create;
		struct mail_rename rename;
		struct mail_remove remove;
		struct mail_set set;
		struct mail_open open;
		struct mail_changes changes;
		struct mail_fetch fetch;
		struct mail_copy copy;
		struct mail_expunge expunge;
		struct mail_upload upload;
		struct mail_append append;
		struct mail_grant grant;
		struct mail_metadata metadata;
		struct mail_metadata_entry entry;
	} q;
	char text[40000]; /* of its views */
	size_t len;
};

/* ---- what the test does to the account ---- */

struct fake_mailbox *fake_mailbox(struct fake *f, const char *path, uint64_t role)
{
	for (size_t i = 0; i < FAKE_MAILBOXES; i++) {
		struct fake_mailbox *m = &f->mailboxes[i];
		if (m->there)
			continue;
		*m = (struct fake_mailbox){.there = true,
		    .number = i + 1,
		    .role = role,
		    .rights = RIGHT_ALL,
		    .uidvalidity = 1000 + (uint32_t)i,
		    .uidnext = 1,
		    .recent = 1};
		snprintf(m->path, sizeof m->path, "%s", path);
		return m;
	}
	fail();
	return NULL;
}

struct fake_message *fake_message(struct fake *f, struct fake_mailbox *m, uint64_t flags)
{
	assert_true(m->count < FAKE_MESSAGES);
	struct fake_message *msg = &m->messages[m->count++];
	*msg = (struct fake_message){
	    .uid = m->uidnext++, .flags = flags, .modseq = ++f->modseq, .arrived = f->modseq};
	return msg;
}

struct fake_message *fake_text(struct fake *f, struct fake_mailbox *m, uint64_t flags, const char *text)
{
	struct fake_message *msg = fake_message(f, m, flags);
	for (; *text; text++) {
		assert_true(msg->len + 2 < sizeof msg->text);
		if (*text == '\n')
			msg->text[msg->len++] = '\r';
		msg->text[msg->len++] = *text;
	}
	return msg;
}

void fake_flags(struct fake *f, struct fake_message *m, uint64_t flags)
{
	m->flags = flags;
	m->modseq = ++f->modseq;
}

void fake_expunge(struct fake *f, struct fake_message *m)
{
	m->gone = true;
	m->modseq = ++f->modseq;
}

static void answer(struct fake *f, uint32_t request, enum mail_type type, const void *what)
{
	imap_answer(f->session, request, type, what);
}

void fake_notify(struct fake *f)
{
	for (size_t i = 0; i < 4; i++)
		if (f->watches[i])
			answer(f, f->watches[i], MAIL_CHANGED, &(struct mail_changed){.modseq = f->modseq});
	fake_settle(f);
}

/* ---- answers ---- */

static void done(struct fake *f, const struct fake_op *op, int64_t error)
{
	answer(f, op->request, MAIL_DONE, &(struct mail_done){.error = error, .modseq = f->modseq});
}

static struct fake_mailbox *mailbox_of(struct fake *f, uint64_t account, uint64_t number)
{
	for (size_t i = 0; i < FAKE_MAILBOXES; i++)
		if (f->mailboxes[i].there && f->mailboxes[i].number == number &&
		    f->mailboxes[i].account == account)
			return &f->mailboxes[i];
	return NULL;
}

static struct mail_mailbox told(const struct fake_mailbox *m)
{
	struct mail_mailbox t = {.account = m->account,
	    .mailbox = m->number,
	    .owner_number = 7 + m->account,
	    .path = view_from_string(m->path),
	    .owner = view_from_string(m->owner),
	    .role = m->role,
	    .subscribed = m->subscribed,
	    .marks = m->no_mailbox ? MAIL_MAILBOX_NO_MAILBOX : 0,
	    .rights = m->rights,
	    .uidvalidity = m->uidvalidity,
	    .uidnext = m->uidnext,
	    .recent = m->recent};
	for (size_t i = 0; i < m->count; i++) {
		if (m->messages[i].modseq > t.modseq)
			t.modseq = m->messages[i].modseq;
		if (!m->messages[i].gone) {
			t.messages++;
			t.unseen += !(m->messages[i].flags & FLAG_SEEN);
			t.deleted += m->messages[i].flags & FLAG_DELETED ? 1 : 0;
			t.bytes += m->messages[i].len;
		}
	}
	return t;
}

static void list(struct fake *f, const struct fake_op *op)
{
	for (size_t i = 0; i < FAKE_MAILBOXES; i++) {
		const struct fake_mailbox *m = &f->mailboxes[i];
		struct mail_mailbox t = told(m);
		bool wanted =
		    op->q.mailboxes.path.len == 0 ||
		    (view_equal(t.path, op->q.mailboxes.path) && view_equal(t.owner, op->q.mailboxes.owner));
		if (m->there && wanted)
			answer(f, op->request, MAIL_MAILBOX, &t);
	}
	done(f, op, 0);
}

enum which { THERE, GONE, ARRIVED, CHANGED };

static void put_uids(struct fake *f, const struct fake_op *op, enum mail_type type,
    const struct fake_mailbox *m, enum which which, uint64_t since)
{
	struct buf ranges;
	buf_init(&ranges, 4096);
	if (m->vast && which == THERE) {
		uid_ranges_add(&ranges, 1, 700);
		uid_ranges_add(&ranges, 801, m->vast + 100);
	}
	for (size_t i = 0; i < m->count; i++) {
		const struct fake_message *msg = &m->messages[i];
		bool is_new = msg->arrived > since, is_changed = msg->modseq > since;
		bool wanted = which == THERE     ? !msg->gone
		              : which == GONE    ? msg->gone && is_changed
		              : which == ARRIVED ? !msg->gone && is_new
		                                 : !msg->gone && is_changed;
		if (wanted)
			uid_ranges_add(&ranges, msg->uid, msg->uid);
	}
	bool failed = buf_failed(&ranges);
	if (buf_view(&ranges).len && !failed)
		answer(f, op->request, type, &(struct mail_uids){.ranges = buf_view(&ranges)});
	buf_done(&ranges);
	if (failed) /* a fault that is meant for the session, and comes once */
		put_uids(f, op, type, m, which, since);
}

static void put_changes(
    struct fake *f, const struct fake_op *op, const struct fake_mailbox *m, uint64_t since)
{
	put_uids(f, op, MAIL_CHANGED_FLAGS, m, CHANGED, since);
	put_uids(f, op, MAIL_VANISHED, m, GONE, since);
	put_uids(f, op, MAIL_ARRIVED, m, ARRIVED, since);
}

static void put_done(struct fake *f, const struct fake_op *op, const struct fake_mailbox *m, uint64_t number)
{
	answer(f, op->request, MAIL_DONE,
	    &(struct mail_done){
	        .modseq = f->modseq, .uidvalidity = m->uidvalidity, .uidnext = m->uidnext, .number = number});
}

static void put_keyword(struct fake *f, const struct fake_op *op, uint64_t account)
{
	static const char entry[] = "\0\0\0\0\x05$Junk";
	if (!f->keyword)
		answer(f, op->request, MAIL_KEYWORDS,
		    &(struct mail_keywords){.account = account, .entries = view_of(entry, sizeof entry - 1)});
	f->keyword = 1;
}

static void open_mailbox(struct fake *f, const struct fake_op *op)
{
	struct fake_mailbox *m = mailbox_of(f, op->q.open.account, op->q.open.mailbox);
	if (m == NULL) {
		done(f, op, -ENOENT);
		return;
	}
	put_keyword(f, op, m->account);
	struct mail_mailbox t = told(m);
	answer(f, op->request, MAIL_MAILBOX, &t);
	if (op->q.open.take_recent)
		m->recent = m->uidnext;
	put_uids(f, op, MAIL_UIDS, m, THERE, 0);
	bool since = op->q.open.since && op->q.open.uidvalidity == m->uidvalidity;
	if (since && !f->forgets)
		put_changes(f, op, m, op->q.open.since);
	put_done(f, op, m, since && f->forgets);
}

static void changes(struct fake *f, const struct fake_op *op)
{
	const struct fake_mailbox *m = mailbox_of(f, op->q.changes.account, op->q.changes.mailbox);
	if (m == NULL || f->forgets) {
		done(f, op, m ? -ESTALE : -ENOENT);
		return;
	}
	put_changes(f, op, m, op->q.changes.since);
	put_done(f, op, m, 0);
}

/* What store knows of a message from its digest. */
static void put_message(const struct fake_op *op, const struct fake_message *msg, struct buf *entries)
{
	struct view text = view_of(msg->text, msg->len);
	const char *end = memmem(msg->text, msg->len, "\r\n\r\n", 4);
	struct mime_digest *digest = mime_digest_new();
	struct message_digest known;
	struct buf references;
	mime_digest_feed(digest, text);
	mime_digest_end(digest, &known);
	buf_init(&references, 1000);
	buf_append_u64(&references, known.message_id_hash);
	for (size_t i = 0; i < known.reference_count; i++)
		buf_append_u64(&references, known.references[i]);
	struct mail_message e = {.uid = msg->uid,
	    .flags = msg->flags,
	    .modseq = msg->modseq,
	    .size = msg->len,
	    .internaldate = (int64_t)msg->arrived,
	    .savedate = (int64_t)msg->arrived,
	    .emailid = 100 + msg->uid,
	    .thread = 200 + msg->uid,
	    .summary = known.summary,
	    .order = message_summary_order(known.summary),
	    .header = end ? view_take(text, (size_t)(end - msg->text) + 4) : text,
	    .references = buf_view(&references),
	    .has_body = true,
	    .body = text};
	assert_true(mail_message_put(entries, op->q.fetch.want, &e));
	mime_digest_free(digest);
	buf_done(&references);
}

static void fetch(struct fake *f, const struct fake_op *op)
{
	const struct fake_mailbox *m = mailbox_of(f, op->q.fetch.account, op->q.fetch.mailbox);
	struct buf entries;
	buf_init(&entries, 1 << 20);
	for (size_t i = 0; m && i < m->count; i++) {
		const struct fake_message *msg = &m->messages[i];
		bool has_flags = (msg->flags & op->q.fetch.flags_with) == op->q.fetch.flags_with &&
		                 !(msg->flags & op->q.fetch.flags_without);
		if (!msg->gone && has_flags && msg->modseq > op->q.fetch.changed_since &&
		    (op->q.fetch.uids.len == 0 || uid_ranges_have(op->q.fetch.uids, msg->uid)))
			put_message(op, msg, &entries);
	}
	if (buf_view(&entries).len)
		answer(f, op->request, MAIL_MESSAGES, &(struct mail_messages){.entries = buf_view(&entries)});
	buf_done(&entries);
	done(f, op, m ? 0 : -ENOENT);
}

static void create(struct fake *f, const struct fake_op *op)
{
	char path[256];
	snprintf(path, sizeof path, "%.*s", VIEW_FMT(op->q.create.path));
	for (size_t i = 0; i < FAKE_MAILBOXES; i++)
		if (f->mailboxes[i].there && strcmp(f->mailboxes[i].path, path) == 0) {
			done(f, op, -EEXIST);
			return;
		}
	put_done(f, op, fake_mailbox(f, path, op->q.create.role), FAKE_MAILBOXES);
}

static void rename_mailbox(struct fake *f, const struct fake_op *op)
{
	struct fake_mailbox *m = mailbox_of(f, op->q.rename.account, op->q.rename.mailbox);
	if (m)
		snprintf(m->path, sizeof m->path, "%.*s", VIEW_FMT(op->q.rename.path));
	done(f, op, m ? 0 : -ENOENT);
}

static void remove_mailbox(struct fake *f, const struct fake_op *op)
{
	struct fake_mailbox *m = mailbox_of(f, op->q.remove.account, op->q.remove.mailbox);
	if (m)
		m->there = false;
	done(f, op, m ? 0 : -ENOENT);
}

static void set(struct fake *f, const struct fake_op *op)
{
	for (size_t i = 0; i < FAKE_MAILBOXES; i++) {
		struct fake_mailbox *m = &f->mailboxes[i];
		if (m->there &&
		    (m->number == op->q.set.mailbox || view_equal(view_from_string(m->path), op->q.set.path)))
			m->subscribed = op->q.set.subscribed;
	}
	done(f, op, 0);
}

static void expunge(struct fake *f, const struct fake_op *op)
{
	struct fake_mailbox *m = mailbox_of(f, op->q.expunge.account, op->q.expunge.mailbox);
	for (size_t i = 0; i < m->count; i++)
		if (m->messages[i].flags & FLAG_DELETED)
			fake_expunge(f, &m->messages[i]);
	done(f, op, 0);
}

static void upload(struct fake *f, const struct fake_op *op)
{
	size_t at = 0;
	while (at < FAKE_UPLOADS && f->uploads[at].number && f->uploads[at].number != op->q.upload.upload)
		at++;
	assert_true(at < FAKE_UPLOADS);
	f->uploads[at].number = op->q.upload.upload;
	size_t room = sizeof f->uploads[at].text - f->uploads[at].len, len = op->q.upload.bytes.len;
	len = len < room ? len : room; /* of a large one the beginning is enough */
	memcpy(f->uploads[at].text + f->uploads[at].len, op->q.upload.bytes.data, len);
	f->uploads[at].len += len;
	f->uploaded += op->q.upload.bytes.len;
	if (f->withholds)
		return;
	answer(f, op->request, MAIL_UPLOAD_CREDIT,
	    &(struct mail_upload_credit){.upload = op->q.upload.upload, .bytes = op->q.upload.bytes.len});
}

static struct fake_mailbox *appended_to(struct fake *f, const struct mail_append *q)
{
	for (size_t i = 0; i < FAKE_MAILBOXES && q->path.len; i++)
		if (f->mailboxes[i].there && view_equal(view_from_string(f->mailboxes[i].path), q->path))
			return &f->mailboxes[i];
	return q->path.len ? NULL : mailbox_of(f, q->account, q->mailbox);
}

/* Messages with `more` are answered with the last one. */
static void append(struct fake *f, const struct fake_op *op)
{
	struct fake_mailbox *m = appended_to(f, &op->q.append);
	if (m == NULL || f->error) {
		int64_t error = f->error ? f->error : -ENOENT;
		if (!op->q.append.more)
			done(f, op, error);
		return;
	}
	struct fake_message *msg = fake_message(f, m, op->q.append.flags);
	for (size_t i = 0; i < FAKE_UPLOADS; i++)
		if (f->uploads[i].number == op->q.append.upload) {
			msg->len = f->uploads[i].len;
			memcpy(msg->text, f->uploads[i].text, msg->len);
			f->uploads[i].number = f->uploads[i].len = 0;
		}
	f->last_append = op->q.append;
	if (f->first_appended == 0)
		f->first_appended = msg->uid;
	if (op->q.append.more)
		return;
	struct buf ranges;
	buf_init(&ranges, 100);
	uid_ranges_add(&ranges, f->first_appended, msg->uid);
	f->first_appended = 0;
	answer(f, op->request, MAIL_UIDS, &(struct mail_uids){.ranges = buf_view(&ranges)});
	buf_done(&ranges);
	put_done(f, op, m, 0);
}

static void grants(struct fake *f, const struct fake_op *op)
{
	struct mail_grant grant = {.who = VIEW("owner"), .rights = RIGHT_ALL};
	answer(f, op->request, MAIL_GRANT, &grant);
	for (size_t i = 0; i < 8; i++) {
		grant.who = view_from_string(f->grants[i].who);
		grant.rights = f->grants[i].rights;
		if (grant.who.len)
			answer(f, op->request, MAIL_GRANT, &grant);
	}
	done(f, op, 0);
}

static void set_grant(struct fake *f, const struct fake_op *op)
{
	size_t at = 0;
	if (view_equal(op->q.grant.who, VIEW("nobody"))) {
		done(f, op, -ENXIO);
		return;
	}
	while (at < 8 && !view_equal(op->q.grant.who, view_from_string(f->grants[at].who)))
		at++;
	for (size_t i = 0; at == 8 && i < 8; i++)
		if (!f->grants[i].who[0])
			at = i;
	assert_true(at < 8);
	uint64_t rights =
	    (f->grants[at].who[0] ? f->grants[at].rights & op->q.grant.keep : 0) | op->q.grant.rights;
	snprintf(f->grants[at].who, sizeof f->grants[at].who, "%.*s", rights ? (int)op->q.grant.who.len : 0,
	    op->q.grant.who.data);
	f->grants[at].rights = rights;
	done(f, op, 0);
}

/* The entry, or with a depth what is below it too. */
static void metadata(struct fake *f, const struct fake_op *op)
{
	struct view name = op->q.metadata.name;
	for (size_t i = 0; i < 16; i++) {
		struct view have = view_from_string(f->metadata[i].name);
		bool below = op->q.metadata.depth && have.len > name.len && view_starts(have, name) &&
		             have.data[name.len] == '/' &&
		             (op->q.metadata.depth > 1 || view_find(view_skip(have, name.len + 1), '/') < 0);
		if (have.len && f->metadata[i].mailbox == op->q.metadata.mailbox &&
		    (view_equal(have, name) || below))
			answer(f, op->request, MAIL_METADATA_ENTRY,
			    &(struct mail_metadata_entry){
			        .name = have, .value = view_of(f->metadata[i].value, f->metadata[i].len)});
	}
	done(f, op, 0);
}

static void set_metadata(struct fake *f, const struct fake_op *op)
{
	const struct mail_metadata_entry *entry = &op->q.entry;
	size_t at = 0;
	while (at < 15 && f->metadata[at].name[0] &&
	       !(view_equal(entry->name, view_from_string(f->metadata[at].name)) &&
	           f->metadata[at].mailbox == entry->mailbox))
		at++;
	if (at == 15) {
		done(f, op, -EMLINK);
		return;
	}
	snprintf(f->metadata[at].name, sizeof f->metadata[at].name, "%.*s",
	    entry->none ? 0 : (int)entry->name.len, entry->name.data);
	assert_true(entry->value.len <= sizeof f->metadata[at].value);
	if (entry->value.len)
		memcpy(f->metadata[at].value, entry->value.data, entry->value.len);
	f->metadata[at].len = entry->value.len;
	f->metadata[at].mailbox = entry->mailbox;
	done(f, op, 0);
}

static void carry_out(struct fake *f, const struct fake_op *op)
{
	if (f->error && op->type != MAIL_APPEND && op->type != MAIL_UPLOAD) {
		int64_t error = f->error;
		f->error = 0;
		done(f, op, error);
		return;
	}
	switch ((int)op->type) {
	case MAIL_MAILBOXES:
		list(f, op);
		break;
	case MAIL_OPEN:
		open_mailbox(f, op);
		break;
	case MAIL_CHANGES:
		changes(f, op);
		break;
	case MAIL_FETCH:
		fetch(f, op);
		break;
	case MAIL_CREATE:
		create(f, op);
		break;
	case MAIL_RENAME:
		rename_mailbox(f, op);
		break;
	case MAIL_REMOVE:
		remove_mailbox(f, op);
		break;
	case MAIL_SET:
		set(f, op);
		break;
	case MAIL_EXPUNGE:
		expunge(f, op);
		break;
	case MAIL_UPLOAD:
		upload(f, op);
		break;
	case MAIL_APPEND:
		append(f, op);
		break;
	case MAIL_GRANTS:
		grants(f, op);
		break;
	case MAIL_GRANT_SET:
		set_grant(f, op);
		break;
	case MAIL_QUOTA:
		answer(f, op->request, MAIL_DONE, &f->quota);
		break;
	case MAIL_METADATA:
		metadata(f, op);
		break;
	case MAIL_METADATA_SET:
		set_metadata(f, op);
		break;
	default:
		done(f, op, -EOPNOTSUPP);
	}
}

void fake_settle(struct fake *f)
{
	while (f->ops) {
		struct fake_op *op = f->ops;
		f->ops = op->next;
		carry_out(f, op);
		mem_free(op);
	}
}

/* ---- questions ---- */

static void keep(struct fake_op *op, struct view *v)
{
	assert_true(op->len + v->len <= sizeof op->text);
	if (v->len)
		memcpy(op->text + op->len, v->data, v->len);
	*v = view_of(op->text + op->len, v->len);
	op->len += v->len;
}

static void copy_question(struct fake_op *op, const void *question)
{
	switch ((int)op->type) {
	case MAIL_MAILBOXES:
		op->q.mailboxes = *(const struct mail_mailboxes *)question;
		keep(op, &op->q.mailboxes.path);
		keep(op, &op->q.mailboxes.owner);
		break;
	case MAIL_CREATE:
		op->q.create = *(const struct mail_create *)question;
		keep(op, &op->q.create.path);
		break;
	case MAIL_RENAME:
		op->q.rename = *(const struct mail_rename *)question;
		keep(op, &op->q.rename.path);
		break;
	case MAIL_REMOVE:
		op->q.remove = *(const struct mail_remove *)question;
		break;
	case MAIL_SET:
		op->q.set = *(const struct mail_set *)question;
		keep(op, &op->q.set.path);
		break;
	case MAIL_OPEN:
		op->q.open = *(const struct mail_open *)question;
		break;
	case MAIL_CHANGES:
		op->q.changes = *(const struct mail_changes *)question;
		break;
	case MAIL_FETCH:
		op->q.fetch = *(const struct mail_fetch *)question;
		keep(op, &op->q.fetch.uids);
		break;
	case MAIL_COPY:
		op->q.copy = *(const struct mail_copy *)question;
		keep(op, &op->q.copy.uids);
		break;
	case MAIL_GRANT_SET:
		op->q.grant = *(const struct mail_grant *)question;
		keep(op, &op->q.grant.who);
		break;
	case MAIL_METADATA:
		op->q.metadata = *(const struct mail_metadata *)question;
		keep(op, &op->q.metadata.name);
		break;
	case MAIL_METADATA_SET:
		op->q.entry = *(const struct mail_metadata_entry *)question;
		keep(op, &op->q.entry.name);
		keep(op, &op->q.entry.value);
		break;
	case MAIL_EXPUNGE:
		op->q.expunge = *(const struct mail_expunge *)question;
		break;
	case MAIL_UPLOAD:
		op->q.upload = *(const struct mail_upload *)question;
		keep(op, &op->q.upload.bytes);
		break;
	case MAIL_APPEND:
		op->q.append = *(const struct mail_append *)question;
		keep(op, &op->q.append.path);
		break;
	default:
		break;
	}
}

void fake_ask(void *arg, uint32_t request, enum mail_type type, const void *question)
{
	struct fake *f = arg;
	if (type == MAIL_WATCH) {
		for (size_t i = 0; i < 4; i++)
			if (!f->watches[i]) {
				f->watches[i] = request;
				return;
			}
		fail();
	}
	if (type == MAIL_STOP) {
		for (size_t i = 0; i < 4; i++)
			if (f->watches[i] == request)
				f->watches[i] = 0;
		return;
	}
	if (type == MAIL_UPLOAD_ABORT) {
		f->aborted++;
		for (size_t i = 0; i < FAKE_UPLOADS; i++)
			if (f->uploads[i].number == ((const struct mail_upload_abort *)question)->upload)
				f->uploads[i].number = f->uploads[i].len = 0;
		return;
	}
	struct fake_op *op = mem_alloc(sizeof *op), **end = &f->ops;
	op->request = request;
	op->type = type;
	copy_question(op, question);
	while (*end)
		end = &(*end)->next;
	*end = op;
}

void fake_forget(struct fake *f)
{
	while (f->ops) {
		struct fake_op *op = f->ops;
		f->ops = op->next;
		mem_free(op);
	}
}
