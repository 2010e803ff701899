/* The account of imap_fake.h. */
#include "imap_fake.h"

#include "../unit.h"

#include <errno.h>

#include "mail/message_wire.h"
#include "mail/uid_ranges.h"
#include "mime/digest.h"
#include "mime/trailer.h"

enum { ACCOUNT = 0x1f, MAILBOX = 5, UIDVALIDITY = 38505, FRAME_MAX = 1 << 20 };

static struct fake_message *message_of(struct imap_fake *f, uint32_t uid)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->messages[i].uid == uid && !f->messages[i].gone)
			return &f->messages[i];
	return NULL;
}

/* A binary message is mended for whoever does not want it raw: here it gets a line end. */
static void put_whole(const struct fake_message *m, bool raw, struct buf *out)
{
	buf_append(out, buf_view(&m->prefix));
	buf_append(out, buf_view(&m->text));
	if (m->flags & FLAG_BINARY && !raw)
		buf_append(out, VIEW("\r\n"));
}

static uint64_t size_of(const struct fake_message *m)
{
	return buf_view(&m->prefix).len + buf_view(&m->text).len + (m->flags & FLAG_BINARY ? 2 : 0);
}

/* ---- what the session asks its backend ---- */

static struct fake_asked *note(struct imap_fake *f, uint32_t request, enum mail_type type, struct view bytes)
{
	assert_true(f->asked_count < FAKE_ASKED_MAX);
	struct fake_asked *a = &f->asked[f->asked_count++];
	*a = (struct fake_asked){.request = request, .type = type};
	buf_init(&a->bytes, 1 << 20);
	buf_append(&a->bytes, bytes);
	f->questions[type - MAIL_MAILBOXES]++;
	return a;
}

static void ask(void *arg, uint32_t request, enum mail_type type, const void *question)
{
	struct imap_fake *f = arg;
	struct fake_asked *a;
	if (type == MAIL_FETCH) {
		const struct mail_fetch *q = question;
		assert_true(uid_ranges_valid(q->uids, false));
		a = note(f, request, type, q->uids);
		a->want = q->want;
		a->body_max = q->body_max;
		a->changed_since = q->changed_since;
		f->wanted |= q->want;
	} else if (type == MAIL_READ) {
		a = note(f, request, type, ((const struct mail_read *)question)->parts);
		a->number = ((const struct mail_read *)question)->raw;
	} else if (type == MAIL_STORE) {
		const struct mail_store *q = question;
		a = note(f, request, type, q->uids);
		a->flags = q->flags;
		a->how = q->how;
		a->unchanged_since = q->unchanged_since;
		assert_int_equal(q->keywords.len, 0);
	} else if (type == MAIL_EXPUNGE) {
		note(f, request, type, ((const struct mail_expunge *)question)->uids);
	} else if (type == MAIL_COPY) {
		const struct mail_copy *q = question;
		a = note(f, request, type, q->uids);
		a->number = q->move;
	} else if (type == MAIL_UPLOAD) {
		const struct mail_upload *q = question;
		buf_append(&f->uploads[q->upload % FAKE_UPLOADS], q->bytes);
		a = note(f, request, type, (struct view){0});
		a->number = q->upload;
		a->flags = q->bytes.len;
	} else if (type == MAIL_UPLOAD_ABORT) {
		buf_clear(&f->uploads[((const struct mail_upload_abort *)question)->upload % FAKE_UPLOADS]);
		f->aborted++;
	} else if (type == MAIL_APPEND) {
		const struct mail_append *q = question;
		a = note(f, request, type, q->path);
		a->number = q->upload;
		a->flags = q->flags;
		a->how = q->more;
		f->replaced = q->replace;
	} else if (type == MAIL_SHOW) {
		a = note(f, request, type, (struct view){0});
		a->number = ((const struct mail_show *)question)->offset;
	} else if (type == MAIL_METADATA) {
		assert_view(((const struct mail_metadata *)question)->name, "/internal/urlauth");
		note(f, request, type, (struct view){0});
	} else if (type == MAIL_METADATA_SET) {
		const struct mail_metadata_entry *q = question;
		assert_view(q->name, "/internal/urlauth");
		note(f, request, type, q->value);
	} else if (type == MAIL_CHANGES) {
		a = note(f, request, type, (struct view){0});
		a->changed_since = ((const struct mail_changes *)question)->since;
	} else if (type == MAIL_MAILBOXES) {
		note(f, request, type, ((const struct mail_mailboxes *)question)->path);
	} else if (type != MAIL_WATCH && type != MAIL_STOP) {
		note(f, request, type, (struct view){0});
	}
}

static void nothing(void *arg)
{
	(void)arg;
}

static void close_it(void *arg)
{
	struct imap_fake *f = arg;
	f->closed = true;
}

static int64_t now(void *arg)
{
	(void)arg;
	return 1795827845;
}

static void login(void *arg, const struct imap_login *l)
{
	(void)arg;
	(void)l;
}

static void login_more(void *arg, struct view response, bool cancel)
{
	(void)arg;
	(void)response;
	(void)cancel;
}

static const struct imap_backend backend = {.login = login,
    .login_more = login_more,
    .ask = ask,
    .logout_account = nothing,
    .start_tls = nothing,
    .start_deflate = nothing,
    .close = close_it,
    .now = now};

/* ---- answers ---- */

static void done(struct imap_fake *f, const struct fake_asked *a, struct mail_done d)
{
	if (d.modseq == 0)
		d.modseq = f->modseq;
	d.uidvalidity = UIDVALIDITY;
	d.uidnext = f->count + 1;
	d.messages = f->count;
	imap_answer(f->session, a->request, MAIL_DONE, &d);
}

static void mailbox(struct imap_fake *f, const struct fake_asked *a, const char *path, uint64_t number)
{
	struct mail_mailbox m = {.mailbox = number,
	    .owner_number = ACCOUNT,
	    .path = view_from_string(path),
	    .rights = RIGHT_ALL,
	    .uidvalidity = UIDVALIDITY,
	    .uidnext = f->count + 1,
	    .recent = UINT32_MAX,
	    .modseq = f->modseq};
	imap_answer(f->session, a->request, MAIL_MAILBOX, &m);
}

static void answer_uids(
    struct imap_fake *f, const struct fake_asked *a, enum mail_type type, const struct buf *ranges)
{
	struct mail_uids u = {buf_view(ranges)};
	if (u.ranges.len)
		imap_answer(f->session, a->request, type, &u);
}

static void answer_open(struct imap_fake *f, const struct fake_asked *a)
{
	struct buf uids;
	buf_init(&uids, 1000);
	mailbox(f, a, "INBOX", MAILBOX);
	for (size_t i = 0; i < f->count; i++)
		if (!f->messages[i].gone)
			uid_ranges_add(&uids, f->messages[i].uid, f->messages[i].uid);
	answer_uids(f, a, MAIL_UIDS, &uids);
	buf_done(&uids);
	done(f, a, (struct mail_done){0});
}

static struct view header_of(const struct fake_message *m)
{
	struct view text = buf_view(&m->text);
	for (size_t i = 0; i + 4 <= text.len; i++)
		if (memcmp(text.data + i, "\r\n\r\n", 4) == 0)
			return view_take(text, i + 4);
	return text;
}

static void answer_fetch(struct imap_fake *f, const struct fake_asked *a)
{
	for (size_t i = 0; i < f->count; i++) {
		struct fake_message *m = &f->messages[i];
		if (m->gone || !uid_ranges_have(buf_view(&a->bytes), m->uid) || m->modseq <= a->changed_since)
			continue;
		struct buf whole, header, entries;
		buf_init(&whole, FRAME_MAX);
		buf_init(&header, FRAME_MAX);
		buf_init(&entries, 2 * FRAME_MAX);
		buf_append(&header, buf_view(&m->prefix));
		buf_append(&header, header_of(m));
		put_whole(m, false, &whole);
		struct mail_message message = {.uid = m->uid,
		    .flags = m->flags,
		    .modseq = m->modseq,
		    .size = size_of(m),
		    .internaldate = 1795827845,
		    .savedate = 1795827846,
		    .emailid = 0x100 + m->uid,
		    .thread = 0x200 + m->uid,
		    .prefix_len = buf_view(&m->prefix).len,
		    .summary = buf_view(&m->summary),
		    .structure = buf_view(&m->structure),
		    .header = buf_view(&header),
		    .body = buf_view(&whole),
		    .has_body = size_of(m) <= a->body_max};
		if (a->want & MAIL_WANT_HEADER && message.header.len > f->header_max) {
			message.body_error = EMSGSIZE;
			message.header = (struct view){0};
		}
		assert_true(mail_message_put(&entries, a->want, &message));
		struct mail_messages frame = {buf_view(&entries)};
		imap_answer(f->session, a->request, MAIL_MESSAGES, &frame);
		buf_done(&whole);
		buf_done(&header);
		buf_done(&entries);
	}
	done(f, a, (struct mail_done){0});
}

static void answer_part(struct imap_fake *f, const struct fake_asked *a, uint64_t index, struct view text,
    uint64_t offset, uint64_t len)
{
	struct view part =
	    view_take(view_skip(text, (size_t)offset), len > text.len ? text.len : (size_t)len);
	size_t sent = 0;
	do {
		struct mail_data d = {.index = index, .bytes = view_take(view_skip(part, sent), f->piece)};
		if (f->read_error && sent + d.bytes.len > f->read_error_at)
			d = (struct mail_data){.index = index, .error = f->read_error, .last = 1};
		sent += d.bytes.len;
		d.last |= sent >= part.len;
		imap_answer(f->session, a->request, MAIL_DATA, &d);
		if (d.error)
			return;
	} while (sent < part.len);
}

static void answer_read(struct imap_fake *f, const struct fake_asked *a)
{
	struct cursor in = cursor_on(buf_view(&a->bytes));
	for (uint64_t index = 0; !cursor_at_end(&in); index++) {
		uint32_t uid = cursor_u32(&in);
		uint64_t offset = cursor_u64(&in), len = cursor_u64(&in);
		assert_true(cursor_ok(&in));
		struct fake_message *m = message_of(f, uid);
		struct buf whole;
		buf_init(&whole, FRAME_MAX);
		assert_non_null(m);
		put_whole(m, a->number, &whole);
		answer_part(f, a, index, buf_view(&whole), offset, len);
		buf_done(&whole);
	}
	done(f, a, (struct mail_done){0});
}

static void answer_store(struct imap_fake *f, const struct fake_asked *a)
{
	struct buf changed, modified;
	buf_init(&changed, 1000);
	buf_init(&modified, 1000);
	bool any = false;
	for (size_t i = 0; i < f->count && !f->store_error; i++) {
		struct fake_message *m = &f->messages[i];
		uint64_t to = a->how == MAIL_ADD       ? m->flags | a->flags
		              : a->how == MAIL_REPLACE ? a->flags
		                                       : m->flags & ~a->flags;
		if (m->gone || !uid_ranges_have(buf_view(&a->bytes), m->uid))
			continue;
		if (m->modseq > a->unchanged_since) {
			uid_ranges_add(&modified, m->uid, m->uid);
			continue;
		}
		if (to == m->flags)
			continue;
		f->modseq += !any;
		any = true;
		m->flags = to;
		m->modseq = f->modseq;
		uid_ranges_add(&changed, m->uid, m->uid);
	}
	answer_uids(f, a, MAIL_MODIFIED, &modified);
	answer_uids(f, a, MAIL_UIDS, &changed);
	done(f, a, (struct mail_done){.error = f->store_error});
	buf_done(&changed);
	buf_done(&modified);
	if (f->answered_behind) {
		f->messages[f->answered_behind - 1].flags |= FLAG_ANSWERED;
		f->messages[f->answered_behind - 1].modseq = ++f->modseq;
	}
}

static void remove_message(struct imap_fake *f, struct fake_message *m)
{
	m->gone = true;
	m->modseq = f->modseq;
}

static void answer_expunge(struct imap_fake *f, const struct fake_asked *a)
{
	f->modseq++;
	for (size_t i = 0; i < f->count; i++) {
		struct fake_message *m = &f->messages[i];
		bool named = buf_view(&a->bytes).len == 0 || uid_ranges_have(buf_view(&a->bytes), m->uid);
		if (!m->gone && named && m->flags & FLAG_DELETED)
			remove_message(f, m);
	}
	done(f, a, (struct mail_done){0});
}

/* To a mailbox whose next UID is 100. */
static void answer_copy(struct imap_fake *f, const struct fake_asked *a)
{
	struct buf from, to;
	uint32_t next = 100;
	buf_init(&from, 1000);
	buf_init(&to, 1000);
	f->modseq++;
	for (size_t i = 0; i < f->count; i++) {
		struct fake_message *m = &f->messages[i];
		if (m->gone || !uid_ranges_have(buf_view(&a->bytes), m->uid))
			continue;
		if (f->copy_error && next == 101)
			break;
		uid_ranges_add(&from, m->uid, m->uid);
		uid_ranges_add(&to, next, next);
		next++;
		if (a->number)
			remove_message(f, m);
	}
	struct mail_copied c = {buf_view(&from), buf_view(&to)};
	imap_answer(f->session, a->request, MAIL_COPIED, &c);
	done(f, a, (struct mail_done){.error = f->copy_error});
	buf_done(&from);
	buf_done(&to);
}

static void answer_changes(struct imap_fake *f, const struct fake_asked *a)
{
	struct buf gone, flags, arrived;
	buf_init(&arrived, 1000);
	buf_init(&gone, 1000);
	buf_init(&flags, 1000);
	for (size_t i = 0; i < f->count; i++) {
		struct fake_message *m = &f->messages[i];
		if (m->arrived > a->changed_since && !m->gone)
			uid_ranges_add(&arrived, m->uid, m->uid);
		else if (m->modseq > a->changed_since)
			uid_ranges_add(m->gone ? &gone : &flags, m->uid, m->uid);
	}
	answer_uids(f, a, MAIL_CHANGED_FLAGS, &flags);
	answer_uids(f, a, MAIL_VANISHED, &gone);
	answer_uids(f, a, MAIL_ARRIVED, &arrived);
	buf_done(&arrived);
	done(f, a, (struct mail_done){0});
	buf_done(&gone);
	buf_done(&flags);
}

static void answer_append(struct imap_fake *f, const struct fake_asked *a)
{
	struct view path = buf_view(&a->bytes);
	if (path.len && !view_equal(path, VIEW("INBOX")) && !view_equal(path, VIEW("Archive"))) {
		buf_clear(&f->uploads[a->number % FAKE_UPLOADS]);
		if (!a->how)
			done(f, a, (struct mail_done){.error = -ENOENT});
		return;
	}
	struct fake_message *m = imap_fake_add(f, "", buf_view(&f->uploads[a->number % FAKE_UPLOADS]));
	buf_clear(&f->uploads[a->number % FAKE_UPLOADS]);
	m->flags = a->flags;
	if (f->replaced)
		remove_message(f, message_of(f, (uint32_t)f->replaced));
	uid_ranges_add(&f->appended, m->uid, m->uid);
	if (a->how)
		return;
	answer_uids(f, a, MAIL_UIDS, &f->appended);
	buf_clear(&f->appended);
	done(f, a, (struct mail_done){0});
}

static void answer_mailboxes(struct imap_fake *f, const struct fake_asked *a)
{
	if (view_equal(buf_view(&a->bytes), VIEW("INBOX")))
		mailbox(f, a, "INBOX", MAILBOX);
	if (view_equal(buf_view(&a->bytes), VIEW("Archive")))
		mailbox(f, a, "Archive", MAILBOX + 1);
	done(f, a, (struct mail_done){0});
}

static void answer_metadata(struct imap_fake *f, const struct fake_asked *a)
{
	struct mail_metadata_entry entry = {.name = VIEW("/internal/urlauth"), .value = buf_view(&f->key)};
	if (entry.value.len)
		imap_answer(f->session, a->request, MAIL_METADATA_ENTRY, &entry);
	done(f, a, (struct mail_done){0});
}

static void answer_metadata_set(struct imap_fake *f, const struct fake_asked *a)
{
	buf_clear(&f->key);
	buf_append(&f->key, buf_view(&a->bytes));
	done(f, a, (struct mail_done){0});
}

/* A piece of what a URL of somebody else's shows. */
static void answer_show(struct imap_fake *f, const struct fake_asked *a)
{
	struct mail_shown m = {.size = f->shown.len,
	    .encoding = f->shown_encoding,
	    .bytes = view_take(view_skip(f->shown, (size_t)a->number), f->piece)};
	if (f->shown.len)
		imap_answer(f->session, a->request, MAIL_SHOWN, &m);
	done(f, a, (struct mail_done){.error = f->shown.len ? 0 : -EACCES});
}

static void answer(struct imap_fake *f, const struct fake_asked *a)
{
	switch ((int)a->type) {
	case MAIL_OPEN:
		answer_open(f, a);
		break;
	case MAIL_FETCH:
		answer_fetch(f, a);
		break;
	case MAIL_READ:
		answer_read(f, a);
		break;
	case MAIL_STORE:
		answer_store(f, a);
		break;
	case MAIL_EXPUNGE:
		answer_expunge(f, a);
		break;
	case MAIL_COPY:
		answer_copy(f, a);
		break;
	case MAIL_CHANGES:
		answer_changes(f, a);
		break;
	case MAIL_UPLOAD: {
		struct mail_upload_credit credit = {a->number, a->flags};
		imap_answer(f->session, a->request, MAIL_UPLOAD_CREDIT, &credit);
		break;
	}
	case MAIL_METADATA:
		answer_metadata(f, a);
		break;
	case MAIL_METADATA_SET:
		answer_metadata_set(f, a);
		break;
	case MAIL_SHOW:
		answer_show(f, a);
		break;
	case MAIL_APPEND:
		answer_append(f, a);
		break;
	case MAIL_MAILBOXES:
		answer_mailboxes(f, a);
		break;
	default:
		done(f, a, (struct mail_done){0});
		break;
	}
}

static void answer_all(struct imap_fake *f)
{
	while (f->asked_count && !f->closed) {
		struct fake_asked a = f->asked[0];
		f->asked_count--;
		memmove(f->asked, f->asked + 1, f->asked_count * sizeof a);
		answer(f, &a);
		buf_done(&a.bytes);
	}
}

/* ---- for tests ---- */

static const char *const *announced(bool secure)
{
	static const char *const none[] = {NULL};
	(void)secure;
	return none;
}

void imap_fake_start(struct imap_fake *f)
{
	static const char *const mechanisms[] = {"PLAIN", NULL};
	static const struct imap_config config = {.hostname = {"mx.example", 10},
	    .mechanisms = mechanisms,
	    .announced = announced,
	    .clear_login = true,
	    .errors_max = 100};
	*f = (struct imap_fake){.modseq = 10, .header_max = 16384, .piece = 1000};
	buf_init(&f->out, 16 << 20);
	for (size_t i = 0; i < FAKE_UPLOADS; i++)
		buf_init(&f->uploads[i], FRAME_MAX);
	buf_init(&f->appended, 1000);
	buf_init(&f->key, 1000);
	f->session = imap_session_new(&config, &backend, f, &f->out);
}

void imap_fake_stop(struct imap_fake *f)
{
	imap_session_free(f->session);
	for (size_t i = 0; i < f->count; i++) {
		buf_done(&f->messages[i].text);
		buf_done(&f->messages[i].prefix);
		buf_done(&f->messages[i].summary);
		buf_done(&f->messages[i].structure);
	}
	for (size_t i = 0; i < f->asked_count; i++)
		buf_done(&f->asked[i].bytes);
	for (size_t i = 0; i < FAKE_UPLOADS; i++)
		buf_done(&f->uploads[i]);
	buf_done(&f->appended);
	buf_done(&f->key);
	buf_done(&f->out);
}

struct fake_message *imap_fake_add(struct imap_fake *f, const char *prefix, struct view text)
{
	assert_true(f->count < FAKE_MESSAGES_MAX);
	struct fake_message *m = &f->messages[f->count++];
	*m = (struct fake_message){.uid = (uint32_t)f->count, .modseq = ++f->modseq, .arrived = f->modseq};
	buf_init(&m->text, FRAME_MAX);
	buf_init(&m->prefix, FRAME_MAX);
	buf_init(&m->summary, FRAME_MAX);
	buf_init(&m->structure, FRAME_MAX);
	buf_append(&m->text, text);
	buf_append_string(&m->prefix, prefix);
	struct mime_digest *d = mime_digest_new();
	struct message_digest digest;
	struct view section;
	mime_digest_feed(d, text);
	mime_digest_end(d, &digest);
	buf_append(&m->summary, digest.summary);
	if (digest.summary.len == 0 && trailer_find(digest.trailer, TRAILER_SUMMARY, &section))
		buf_append(&m->summary, section);
	if (trailer_find(digest.trailer, TRAILER_STRUCTURE, &section))
		buf_append(&m->structure, section);
	mime_digest_free(d);
	return m;
}

const char *imap_fake_say(struct imap_fake *f, const char *line)
{
	struct view rest = view_from_string(line);
	buf_clear(&f->out);
	while (rest.len && !f->closed) {
		size_t taken = imap_feed(f->session, rest);
		answer_all(f);
		rest = view_skip(rest, taken);
		assert_true(taken > 0 || rest.len == 0);
	}
	answer_all(f);
	assert_false(buf_failed(&f->out));
	return buf_string(&f->out);
}

void imap_fake_select(struct imap_fake *f, const char *enable)
{
	imap_fake_say(f, "l LOGIN joe secret\r\n");
	imap_logged_in(f->session, ACCOUNT, VIEW("joe@example.com"));
	answer_all(f);
	if (enable) {
		imap_fake_say(f, "e ENABLE ");
		imap_fake_say(f, enable);
		imap_fake_say(f, "\r\n");
	}
	assert_non_null(strstr(imap_fake_say(f, "s SELECT INBOX\r\n"), "s OK [READ-WRITE]"));
	memset(f->questions, 0, sizeof f->questions);
	f->wanted = 0;
}

unsigned imap_fake_asked(const struct imap_fake *f, enum mail_type type)
{
	return f->questions[type - MAIL_MAILBOXES];
}
