#include "jmap_fake_store.h"

#include <errno.h>
#include <stdio.h>

#include "mail/email_wire.h"
#include "mime/digest.h"
#include "mime/mime.h"
#include "mime/summary.h"

/* Allocations that a test lets fail are meant for the methods: here the next one does. */
static void append(struct buf *out, struct view bytes)
{
	if (buf_append(out, bytes) != 0) {
		out->failed = 0;
		assert_int_equal(buf_append(out, bytes), 0);
	}
}

/* ---- answers ---- */

static struct fake_answer *add(struct fake_store *s, uint32_t number, unsigned type)
{
	if (s->answer_count == s->answer_room) {
		s->answer_room = s->answer_room ? 2 * s->answer_room : 64;
		s->answers = realloc(s->answers, s->answer_room * sizeof *s->answers);
		assert_non_null(s->answers);
	}
	struct fake_answer *a = &s->answers[s->answer_count++];
	*a = (struct fake_answer){.number = number, .type = type};
	return a;
}

static void done(struct fake_store *s, uint32_t number, struct mail_done d)
{
	add(s, number, MAIL_DONE)->what.done = d;
}

static void failed(struct fake_store *s, uint32_t number, int64_t error)
{
	done(s, number, (struct mail_done){.error = error});
}

static struct view own(struct fake_answer *a, struct view v)
{
	a->bytes = malloc(v.len + 1);
	assert_non_null(a->bytes);
	if (v.len)
		memcpy(a->bytes, v.data, v.len);
	a->bytes[v.len] = '\0';
	return view_of(a->bytes, v.len);
}

void fake_store_run(struct fake_store *s)
{
	while (s->answered < s->answer_count) {
		struct fake_answer a = s->answers[s->answered++];
		jmap_session_answer(s->fake.session, a.number, a.type, &a.what);
		free(a.bytes);
	}
	s->answered = s->answer_count = 0;
}

/* ---- what there is ---- */

struct fake_email *fake_store_email(struct fake_store *s, uint64_t account, uint64_t id)
{
	for (size_t i = 0; i < s->email_count; i++)
		if (s->emails[i].account == account && s->emails[i].id == id && !s->emails[i].gone)
			return &s->emails[i];
	return NULL;
}

static struct fake_email *new_email(struct fake_store *s, uint64_t account, struct view bytes)
{
	assert_true(s->email_count < sizeof s->emails / sizeof *s->emails);
	struct fake_email *e = &s->emails[s->email_count++];
	*e = (struct fake_email){.account = account, .id = s->email_count};
	buf_init(&e->bytes, 1 << 28);
	append(&e->bytes, bytes);
	s->modseq++;
	return e;
}

struct fake_email *fake_store_add(struct fake_store *s, uint64_t account, const char *message)
{
	struct fake_email *e = new_email(s, account, view_from_string(message));
	e->mailboxes[0] = 1;
	e->mailbox_count = 1;
	return e;
}

uint64_t fake_store_keep(struct fake_store *s, struct view bytes)
{
	assert_true(s->kept_count < sizeof s->kept / sizeof *s->kept);
	buf_init(&s->kept[s->kept_count].bytes, 1 << 28);
	buf_append(&s->kept[s->kept_count].bytes, bytes);
	return s->kept[s->kept_count].number = s->kept_count + 1, ++s->kept_count;
}

struct fake_mailbox *fake_store_mailbox(struct fake_store *s, uint64_t account, const char *path)
{
	for (size_t i = 0; i < s->mailbox_count; i++)
		if (s->mailboxes[i].account == account && !s->mailboxes[i].gone &&
		    strcmp(s->mailboxes[i].path, path) == 0)
			return &s->mailboxes[i];
	return NULL;
}

static struct fake_mailbox *mailbox_of(struct fake_store *s, uint64_t account, uint64_t number)
{
	for (size_t i = 0; i < s->mailbox_count; i++)
		if (s->mailboxes[i].account == account && s->mailboxes[i].number == number &&
		    !s->mailboxes[i].gone)
			return &s->mailboxes[i];
	return NULL;
}

static struct fake_mailbox *new_mailbox(
    struct fake_store *s, uint64_t account, struct view path, uint64_t role)
{
	assert_true(s->mailbox_count < sizeof s->mailboxes / sizeof *s->mailboxes);
	uint64_t number = 1;
	for (size_t i = 0; i < s->mailbox_count; i++)
		number += s->mailboxes[i].account == account;
	struct fake_mailbox *m = &s->mailboxes[s->mailbox_count++];
	*m = (struct fake_mailbox){.account = account, .number = number, .role = role, .rights = RIGHT_ALL};
	snprintf(m->path, sizeof m->path, "%.*s", VIEW_FMT(path));
	s->modseq++;
	return m;
}

static bool is_in(const struct fake_email *e, uint32_t mailbox)
{
	for (size_t i = 0; i < e->mailbox_count; i++)
		if (e->mailboxes[i] == mailbox)
			return true;
	return false;
}

/* ---- emails ---- */

static uint64_t u64_at(struct view v, size_t at)
{
	struct cursor c = cursor_on(view_skip(v, at));
	return cursor_u64(&c);
}

static void on_states(struct fake_store *s, uint32_t number, const struct email_states *q)
{
	struct buf modseqs;
	struct fake_answer *a = add(s, number, EMAIL_STATE);
	buf_init(&modseqs, 8 * MAIL_STATES);
	for (int i = 0; i < MAIL_STATES; i++)
		buf_append_u64(&modseqs, s->modseq);
	a->what.state = (struct email_state){.account = q->account, .modseqs = own(a, buf_view(&modseqs))};
	buf_done(&modseqs);
	done(s, number, (struct mail_done){0});
}

/* Keywords have their place in this list as number. */
static const char *const keyword_names[] = {"$forwarded", "blue"};

static void put_entry(struct fake_store *s, const struct fake_email *e, uint64_t want, struct buf *out)
{
	struct mime_parser *parser = mime_parser_new();
	struct buf structure;
	(void)s;
	buf_init(&structure, 1 << 20);
	const struct mime_tree *tree = mime_parse(parser, buf_view(&e->bytes));
	if (mime_tree_encode(tree, &structure) != 0) {
		buf_clear(&structure);
		assert_int_equal(mime_tree_encode(tree, &structure), 0);
	}
	struct email_entry entry = {.mailbox_count = e->mailbox_count,
	    .message = {.emailid = e->id,
	        .flags = e->flags,
	        .size = buf_view(&e->bytes).len,
	        .internaldate = (int64_t)e->received,
	        .structure = buf_view(&structure)}};
	for (size_t i = 0; i < e->mailbox_count; i++)
		entry.mailboxes[i] = e->mailboxes[i];
	for (size_t i = 0; i < 2; i++)
		if (strstr(e->keywords, keyword_names[i]))
			entry.message.flags |= FLAG_KEYWORD << i;
	assert_true(email_entry_put(out, want, &entry) || email_entry_put(out, want, &entry));
	buf_done(&structure);
	mime_parser_free(parser);
}

static void on_get(struct fake_store *s, uint32_t number, const struct email_get *q)
{
	struct buf names, out;
	buf_init(&names, 1000);
	buf_init(&out, 1 << 20);
	for (uint32_t i = 0; i < 2; i++) {
		buf_append_u32(&names, i);
		buf_append_u8(&names, (uint8_t)strlen(keyword_names[i]));
		buf_append_string(&names, keyword_names[i]);
	}
	struct fake_answer *a = add(s, number, MAIL_KEYWORDS);
	a->what.keywords = (struct mail_keywords){.account = q->account, .entries = own(a, buf_view(&names))};
	for (size_t at = 0; at < q->ids.len; at += 8) {
		const struct fake_email *e = fake_store_email(s, q->account, u64_at(q->ids, at));
		if (e)
			put_entry(s, e, q->want, &out);
	}
	a = add(s, number, EMAIL_ENTRIES);
	a->what.entries = (struct email_entries){.entries = own(a, buf_view(&out))};
	done(s, number, (struct mail_done){.modseq = s->modseq});
	buf_done(&names);
	buf_done(&out);
}

static void on_read(struct fake_store *s, uint32_t number, const struct email_read *q)
{
	uint64_t id = u64_at(q->parts, 0), offset = u64_at(q->parts, 8), len = u64_at(q->parts, 16);
	const struct fake_email *e = q->kept ? NULL : fake_store_email(s, q->account, id);
	struct view bytes = {0};
	assert_int_equal(q->parts.len, 24);
	if (e)
		bytes = buf_view(&e->bytes);
	else if (q->kept && id >= 1 && id <= s->kept_count)
		bytes = buf_view(&s->kept[id - 1].bytes);
	bytes = view_take(view_skip(bytes, (size_t)offset), (size_t)len);
	struct fake_answer *a = add(s, number, MAIL_DATA);
	a->what.data = (struct mail_data){.bytes = own(a, bytes), .last = true};
	done(s, number, (struct mail_done){0});
}

static void on_kept(struct fake_store *s, uint32_t number, const struct email_kept *q)
{
	if (q->kept >= 1 && q->kept <= s->kept_count)
		done(s, number, (struct mail_done){.messages = buf_view(&s->kept[q->kept - 1].bytes).len});
	else
		failed(s, number, -ENOENT);
}

static struct buf *upload_of(struct fake_store *s, uint64_t number)
{
	for (size_t i = 0; i < s->upload_count; i++)
		if (s->uploads[i].number == number)
			return &s->uploads[i].bytes;
	assert_true(s->upload_count < sizeof s->uploads / sizeof *s->uploads);
	s->uploads[s->upload_count].number = number;
	buf_init(&s->uploads[s->upload_count].bytes, 1 << 28);
	return &s->uploads[s->upload_count++].bytes;
}

static void on_upload(struct fake_store *s, uint32_t number, const struct mail_upload *q)
{
	append(upload_of(s, q->upload), q->bytes);
	if (q->bytes.len > s->largest_upload_piece)
		s->largest_upload_piece = q->bytes.len;
	if (!s->holds_credit)
		add(s, number, MAIL_UPLOAD_CREDIT)->what.credit =
		    (struct mail_upload_credit){.upload = q->upload, .bytes = q->bytes.len};
}

static bool take_mailboxes(struct fake_store *s, struct fake_email *e, struct view numbers)
{
	for (size_t at = 0; at < numbers.len; at += 4) {
		struct cursor c = cursor_on(view_skip(numbers, at));
		uint32_t number = cursor_u32(&c);
		if (mailbox_of(s, e->account, number) == NULL)
			return false;
		if (!is_in(e, number))
			e->mailboxes[e->mailbox_count++] = number;
	}
	return true;
}

static struct view import_bytes(struct fake_store *s, const struct email_import *q)
{
	if (q->upload)
		return buf_view(upload_of(s, q->upload));
	if (q->kept)
		return buf_view(&s->kept[q->kept - 1].bytes);
	return buf_view(&fake_store_email(s, q->from_account, q->from)->bytes);
}

static void check_known(struct view bytes, const struct email_import *q)
{
	struct mime_digest *digest = mime_digest_new();
	struct message_digest known;
	mime_digest_feed(digest, bytes);
	mime_digest_end(digest, &known);
	assert_true(view_equal(known.summary, q->summary));
	assert_true(view_equal(known.trailer, q->trailer));
	assert_int_equal(known.message_id_hash, q->message_id_hash);
	mime_digest_free(digest);
}

static void on_import(struct fake_store *s, uint32_t number, const struct email_import *q)
{
	struct view bytes = import_bytes(s, q);
	/* What is known of the message is what its octets say; of an Email it is here already. */
	if (q->from == 0 && !s->short_of_memory)
		check_known(bytes, q);
	struct fake_email *e = new_email(s, q->account, bytes);
	e->flags = q->flags;
	e->received = q->internaldate;
	snprintf(e->keywords, sizeof e->keywords, "%.*s", VIEW_FMT(q->keywords));
	if (!take_mailboxes(s, e, q->mailboxes)) {
		e->gone = true;
		failed(s, number, -ENXIO);
		return;
	}
	done(s, number,
	    (struct mail_done){
	        .number = e->id, .uidnext = 100 + e->id, .messages = bytes.len, .modseq = s->modseq});
}

static bool has_keyword(const char *list, struct view name)
{
	struct view rest = view_from_string(list), one;
	while (view_next(&rest, ' ', &one))
		if (view_equal(one, name))
			return true;
	return false;
}

static void change_keywords(struct fake_email *e, struct view add_names, struct view remove_names)
{
	char now[200] = "";
	struct view rest = view_from_string(e->keywords), one;
	while (view_next(&rest, ' ', &one)) {
		struct view gone = remove_names, other;
		bool stays = one.len > 0;
		while (view_next(&gone, ' ', &other))
			stays = stays && !view_equal(one, other);
		if (stays)
			snprintf(now + strlen(now), sizeof now - strlen(now), "%s%.*s", *now ? " " : "",
			    VIEW_FMT(one));
	}
	while (view_next(&add_names, ' ', &one))
		if (!has_keyword(now, one))
			snprintf(now + strlen(now), sizeof now - strlen(now), "%s%.*s", *now ? " " : "",
			    VIEW_FMT(one));
	strcpy(e->keywords, now);
}

static int change(struct fake_store *s, uint64_t account, const struct email_change *c)
{
	struct fake_email *e = fake_store_email(s, account, c->id);
	if (e == NULL)
		return ENOENT;
	if (c->what & EMAIL_CHANGE_DESTROY) {
		e->gone = true;
		return 0;
	}
	struct fake_email old = *e;
	if (c->what & EMAIL_CHANGE_ALL_FLAGS) {
		e->flags &= FLAG_DELETED;
		e->keywords[0] = '\0';
	}
	e->flags = (e->flags | c->add_flags) & ~c->remove_flags;
	change_keywords(e, c->add_keywords, c->remove_keywords);
	if (c->what & EMAIL_CHANGE_ALL_MAILBOXES)
		e->mailbox_count = 0;
	for (size_t at = 0; at < c->remove_mailboxes.len; at += 4) {
		struct cursor in = cursor_on(view_skip(c->remove_mailboxes, at));
		uint32_t number = cursor_u32(&in);
		for (size_t i = 0; i < e->mailbox_count; i++)
			if (e->mailboxes[i] == number)
				e->mailboxes[i--] = e->mailboxes[--e->mailbox_count];
	}
	bool ok = take_mailboxes(s, e, c->add_mailboxes);
	int error = !ok ? ENXIO : e->mailbox_count == 0 ? EINVAL : 0;
	if (error)
		*e = old;
	return error;
}

static void on_set(struct fake_store *s, uint32_t number, const struct email_set *q)
{
	struct cursor in = cursor_on(q->changes);
	struct email_change c;
	struct buf errors;
	uint64_t changed = 0, before = s->modseq;
	if (q->if_modseq != UINT64_MAX && q->if_modseq != s->modseq) {
		failed(s, number, -ESTALE);
		return;
	}
	buf_init(&errors, 1 << 20);
	while (email_change_get(&in, &c)) {
		int error = change(s, q->account, &c);
		if (error) {
			buf_append_u64(&errors, c.id);
			buf_append_u32(&errors, (uint32_t)error);
		}
		changed += error == 0;
	}
	s->modseq += changed > 0;
	if (buf_view(&errors).len) {
		struct fake_answer *a = add(s, number, EMAIL_SET_FAILED);
		a->what.failed = (struct email_set_failed){.entries = own(a, buf_view(&errors))};
	}
	done(s, number, (struct mail_done){.modseq = s->modseq, .uidnext = before, .number = changed});
	buf_done(&errors);
}

/* ---- mailboxes ---- */

static void tell_mailbox(struct fake_store *s, uint32_t number, const struct fake_mailbox *m)
{
	struct fake_answer *a = add(s, number, MAIL_MAILBOX);
	uint64_t messages = 0;
	for (size_t i = 0; i < s->email_count; i++)
		messages += !s->emails[i].gone && s->emails[i].account == m->account &&
		            is_in(&s->emails[i], (uint32_t)m->number);
	a->what.mailbox = (struct mail_mailbox){.account = m->account,
	    .mailbox = m->number,
	    .owner_number = m->account ? m->account : FAKE_ACCOUNT,
	    .path = own(a, view_from_string(m->path)),
	    .owner = m->account ? VIEW("bert@example.org") : (struct view){0},
	    .role = m->role,
	    .order = m->order,
	    .subscribed = m->subscribed,
	    .rights = m->rights,
	    .messages = messages};
}

static void on_mailboxes(struct fake_store *s, uint32_t number, const struct mail_mailboxes *q)
{
	for (size_t i = 0; i < s->mailbox_count; i++) {
		const struct fake_mailbox *m = &s->mailboxes[i];
		if (m->gone || (q->own_only && m->account) ||
		    (q->mailbox && (m->number != q->mailbox || m->account != q->account)))
			continue;
		tell_mailbox(s, number, m);
	}
	if (q->mailbox && mailbox_of(s, q->account, q->mailbox) == NULL)
		failed(s, number, -ENOENT);
	else
		done(s, number, (struct mail_done){.modseq = s->modseq});
}

static void on_create(struct fake_store *s, uint32_t number, const struct mail_create *q)
{
	struct fake_mailbox *m = new_mailbox(s, q->account, q->path, q->role);
	done(s, number, (struct mail_done){.number = m->number});
}

static void on_rename(struct fake_store *s, uint32_t number, const struct mail_rename *q)
{
	struct fake_mailbox *m = mailbox_of(s, q->account, q->mailbox);
	char old[200], now[500];
	assert_non_null(m);
	if (q->mailbox == MAILBOX_INBOX || m == NULL) {
		failed(s, number, -EPERM);
		return;
	}
	strcpy(old, m->path);
	for (size_t i = 0; i < s->mailbox_count; i++) {
		struct fake_mailbox *other = &s->mailboxes[i];
		size_t len = strlen(old);
		if (other->account != q->account || strncmp(other->path, old, len) != 0 ||
		    (other->path[len] && other->path[len] != '/'))
			continue;
		snprintf(now, sizeof now, "%.*s%s", VIEW_FMT(q->path), other->path + len);
		snprintf(other->path, sizeof other->path, "%.*s", 199, now);
	}
	s->modseq++;
	done(s, number, (struct mail_done){0});
}

static void on_remove(struct fake_store *s, uint32_t number, const struct mail_remove *q)
{
	struct fake_mailbox *m = mailbox_of(s, q->account, q->mailbox);
	assert_non_null(m);
	if (q->mailbox == MAILBOX_INBOX || m == NULL) {
		failed(s, number, -EPERM);
		return;
	}
	m->gone = true;
	s->modseq++;
	done(s, number, (struct mail_done){0});
}

static void on_mail_set(struct fake_store *s, uint32_t number, const struct mail_set *q)
{
	struct fake_mailbox *m = mailbox_of(s, q->account, q->mailbox);
	assert_non_null(m);
	if (m == NULL || (q->account && q->set != MAIL_SET_SUBSCRIBED)) {
		failed(s, number, -EACCES);
		return;
	}
	if (q->set & MAIL_SET_ROLE)
		m->role = q->role;
	if (q->set & MAIL_SET_ORDER)
		m->order = q->order;
	if (q->set & MAIL_SET_SUBSCRIBED)
		m->subscribed = q->subscribed;
	s->modseq++;
	done(s, number, (struct mail_done){0});
}

/* Who accepts what is shared subscribes to it. */
static void on_share_set(struct fake_store *s, uint32_t number, const struct mail_share *q)
{
	struct fake_mailbox *m = mailbox_of(s, q->account, q->mailbox);
	if (m == NULL) {
		failed(s, number, -ENOENT);
		return;
	}
	m->subscribed = q->state == MAIL_SHARE_ACCEPTED;
	done(s, number, (struct mail_done){0});
}

/* ---- questions ---- */

static bool answer(struct jmap_fake *f, uint32_t number, unsigned type, const void *q)
{
	struct fake_store *s = (struct fake_store *)f;
	s->questions++;
	if (type == s->fails_type ||
	    (s->questions == s->fails_at && type != MAIL_UPLOAD && type != MAIL_UPLOAD_ABORT)) {
		s->fails_type = 0;
		done(s, number, (struct mail_done){.error = s->fails_error, .number = s->fails_number});
		return true;
	}
	switch (type) {
	case EMAIL_STATES:
		on_states(s, number, q);
		return true;
	case EMAIL_GET:
		on_get(s, number, q);
		return true;
	case EMAIL_TABLE: /* of no emails */
		done(s, number, (struct mail_done){.modseq = s->modseq, .number = 1});
		return true;
	case EMAIL_READ:
		on_read(s, number, q);
		return true;
	case EMAIL_KEPT:
		on_kept(s, number, q);
		return true;
	case EMAIL_IMPORT:
		on_import(s, number, q);
		return true;
	case EMAIL_SET:
		on_set(s, number, q);
		return true;
	case MAIL_UPLOAD:
		on_upload(s, number, q);
		return true;
	case MAIL_UPLOAD_ABORT:
		s->aborted++;
		return true;
	case MAIL_MAILBOXES:
		on_mailboxes(s, number, q);
		return true;
	case MAIL_CREATE:
		on_create(s, number, q);
		return true;
	case MAIL_RENAME:
		on_rename(s, number, q);
		return true;
	case MAIL_REMOVE:
		on_remove(s, number, q);
		return true;
	case MAIL_SET:
		on_mail_set(s, number, q);
		return true;
	case MAIL_SHARE_SET:
		on_share_set(s, number, q);
		return true;
	default:
		return false;
	}
}

/* ---- requests ---- */

static void put_quoted(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_append_byte(out, *text == '\'' ? '"' : *text);
}

const char *fake_store_answer(struct fake_store *s, const char *calls)
{
	struct buf body;
	buf_init(&body, 1 << 26);
	put_quoted(
	    &body, "{'using':['urn:ietf:params:jmap:core','urn:ietf:params:jmap:mail'],'methodCalls':[");
	put_quoted(&body, calls);
	put_quoted(&body, "]}");
	jmap_fake_send(&s->fake, buf_string(&body));
	fake_store_run(s);
	buf_done(&body);
	return buf_string(&s->fake.out);
}

void fake_store_call(struct fake_store *s, const char *calls, const char *expected)
{
	struct buf all;
	struct view said = view_from_string(fake_store_answer(s, calls));
	buf_init(&all, 1 << 26);
	put_quoted(&all, "{'methodResponses':[");
	put_quoted(&all, expected);
	put_quoted(&all, "],'sessionState':");
	assert_int_equal(s->fake.status, 200);
	char *beginning = malloc(said.len + 1);
	size_t len = said.len < buf_view(&all).len ? said.len : buf_view(&all).len;
	memcpy(beginning, said.data, len);
	beginning[len] = '\0';
	if (strcmp(beginning, buf_string(&all)) != 0)
		assert_string_equal(said.data, buf_string(&all));
	free(beginning);
	buf_done(&all);
}

void fake_store_begin(struct fake_store *s)
{
	*s = (struct fake_store){.modseq = 10};
	jmap_fake_begin(&s->fake);
	s->fake.answer = answer;
	new_mailbox(s, 0, VIEW("INBOX"), MAILBOX_ROLE_INBOX);
	new_mailbox(s, 0, VIEW("Drafts"), MAILBOX_ROLE_DRAFTS);
	new_mailbox(s, 0, VIEW("Work"), MAILBOX_ROLE_NONE);
	new_mailbox(s, FAKE_OTHER, VIEW("INBOX"), MAILBOX_ROLE_NONE);
	s->modseq = 10;
}

void fake_store_end(struct fake_store *s)
{
	jmap_fake_end(&s->fake);
	for (size_t i = 0; i < s->email_count; i++)
		buf_done(&s->emails[i].bytes);
	for (size_t i = 0; i < s->upload_count; i++)
		buf_done(&s->uploads[i].bytes);
	for (size_t i = 0; i < s->kept_count; i++)
		buf_done(&s->kept[i].bytes);
	for (size_t i = s->answered; i < s->answer_count; i++)
		free(s->answers[i].bytes);
	free(s->answers);
}
