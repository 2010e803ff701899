#include "fake_mailbox.h"

#include <errno.h>

#include "format/fold.h"
#include "mail/uid_ranges.h"
#include "mime/digest.h"
#include "mime/message_text.h"
#include "mime/summary.h"

void fake_mailbox_init(struct fake_mailbox *m, const struct fake_message *messages, size_t count)
{
	*m = (struct fake_mailbox){.messages = messages, .count = count};
	buf_init(&m->asked, 100000);
}

void fake_mailbox_done(struct fake_mailbox *m)
{
	buf_done(&m->asked);
}

static void note_ranges(struct fake_mailbox *m, struct view ranges)
{
	struct cursor in = cursor_on(ranges);
	uint32_t first, last;

	for (char between = ' '; uid_ranges_next(&in, &first, &last); between = ',') {
		assert_int_equal(buf_printf(&m->asked, "%c%u", between, first), 0);
		if (last != first)
			assert_int_equal(buf_printf(&m->asked, ":%u", last), 0);
	}
}

static void note_wants(struct fake_mailbox *m, uint64_t want)
{
	static const char *const names[] = {"flags", "modseq", "size", "dates", "ids", "summary", "structure",
	    "header", "references", "body", "uidl", "prefix", "order"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (want & (uint64_t)1 << i)
			assert_int_equal(buf_printf(&m->asked, " %s", names[i]), 0);
}

static struct view copy(struct fake_mailbox *m, struct view text)
{
	assert_true(text.len <= sizeof(m->bytes));
	memcpy(m->bytes, text.data, text.len);
	return view_of(m->bytes, text.len);
}

static void note(struct fake_mailbox *m)
{
	if (!view_empty(buf_view(&m->asked)))
		assert_int_equal(buf_append_string(&m->asked, "; "), 0);
	switch (m->type) {
	case MAIL_FETCH:
		assert_int_equal(buf_append_string(&m->asked, "fetch"), 0);
		note_wants(m, m->question.fetch.want);
		note_ranges(m, m->question.fetch.uids);
		break;
	case MAIL_FIND:
		assert_int_equal(buf_printf(&m->asked, "find %.*s", VIEW_FMT(m->question.find.text)), 0);
		if (m->question.find.limit)
			assert_int_equal(buf_printf(&m->asked, " %u", (unsigned)m->question.find.limit), 0);
		if (m->question.find.before)
			assert_int_equal(
			    buf_printf(&m->asked, " below %u", (unsigned)m->question.find.before), 0);
		break;
	case MAIL_READ:
		assert_int_equal(buf_printf(&m->asked, "read %zu", m->question.read.parts.len / 20), 0);
		break;
	default:
		assert_int_equal(buf_append_string(&m->asked, "annotations"), 0);
		note_ranges(m, m->question.annotations.uids);
	}
}

void fake_mailbox_ask(struct fake_mailbox *m, enum mail_type type, const void *question)
{
	assert_false(m->pending);
	m->pending = true;
	m->type = type;
	switch (type) {
	case MAIL_FETCH:
		m->question.fetch = *(const struct mail_fetch *)question;
		m->question.fetch.uids = copy(m, m->question.fetch.uids);
		break;
	case MAIL_FIND:
		m->question.find = *(const struct mail_find *)question;
		m->question.find.text = copy(m, m->question.find.text);
		break;
	case MAIL_READ:
		m->question.read = *(const struct mail_read *)question;
		m->question.read.parts = copy(m, m->question.read.parts);
		break;
	case MAIL_ANNOTATIONS:
		m->question.annotations = *(const struct mail_annotations *)question;
		m->question.annotations.uids = copy(m, m->question.annotations.uids);
		break;
	default:
		fail_msg("unexpected question %d", (int)type);
	}
	if (!m->quiet)
		note(m);
}

/* The message as it is sent. */
static void text_of(const struct fake_message *message, struct buf *out)
{
	buf_init(out, 10 * 1000 * 1000);
	for (const char *c = message->text; *c; c++) {
		if (*c == '\n')
			assert_int_equal(buf_append_byte(out, '\r'), 0);
		assert_int_equal(buf_append_byte(out, *c), 0);
	}
}

static struct view header_of(struct view text)
{
	const char *end = memmem(text.data, text.len, "\r\n\r\n", 4);
	return end ? view_take(text, (size_t)(end - text.data) + 4) : text;
}

static void put_message(
    struct fake_mailbox *m, const struct fake_message *message, uint64_t want, struct buf *out)
{
	struct mime_digest *digest = mime_digest_new();
	struct message_digest known;
	uint64_t inline_max = m->inline_max ? m->inline_max : m->question.fetch.body_max;
	struct buf text, references;
	struct mail_message entry;

	text_of(message, &text);
	buf_init(&references, 1000);
	mime_digest_feed(digest, buf_view(&text));
	mime_digest_end(digest, &known);
	assert_int_equal(buf_append_u64(&references, known.message_id_hash), 0);
	for (size_t i = 0; i < known.reference_count; i++)
		assert_int_equal(buf_append_u64(&references, known.references[i]), 0);
	entry = (struct mail_message){.uid = message->uid,
	    .flags = message->flags,
	    .modseq = message->modseq,
	    .size = message->size ? message->size : buf_view(&text).len,
	    .internaldate = message->internaldate,
	    .savedate = message->savedate,
	    .emailid = message->emailid,
	    .thread = message->thread,
	    .references = buf_view(&references)};
	if (message->unreadable) {
		entry.body_error = EIO;
	} else if (message->is_huge && want & (MAIL_WANT_HEADER | MAIL_WANT_BODY)) {
		entry.body_error = EMSGSIZE;
	} else {
		entry.summary = known.summary;
		entry.order = message_summary_order(known.summary);
		entry.header = header_of(buf_view(&text));
		entry.has_body = want & MAIL_WANT_BODY && buf_view(&text).len <= inline_max;
		entry.body = entry.has_body ? buf_view(&text) : (struct view){0};
	}
	assert_true(mail_message_put(out, want, &entry));
	mime_digest_free(digest);
	buf_done(&references);
	buf_done(&text);
}

typedef void answered_fn(void *arg, enum mail_type type, const void *answer);

/* Two frames, so that what comes in pieces is met. */
static void answer_fetch(struct fake_mailbox *m, answered_fn *answered, void *arg)
{
	const struct mail_fetch fetch = m->question.fetch;

	for (size_t half = 0; half < 2; half++) {
		struct mail_messages frame;
		struct buf entries;

		buf_init(&entries, 100 * 1000 * 1000);
		for (size_t i = half * m->count / 2; i < (half + 1) * m->count / 2; i++) {
			const struct fake_message *message = &m->messages[i];

			if ((view_empty(fetch.uids) || uid_ranges_have(fetch.uids, message->uid)) &&
			    (message->flags & fetch.flags_with) == fetch.flags_with &&
			    !(message->flags & fetch.flags_without))
				put_message(m, message, fetch.want, &entries);
		}
		frame.entries = buf_view(&entries);
		if (frame.entries.len > 0)
			answered(arg, MAIL_MESSAGES, &frame);
		buf_done(&entries);
	}
}

static bool contains(const struct fake_message *message, const struct mail_find *find)
{
	static const enum message_text_field fields[] = {[MAIL_FIELD_ANY] = MESSAGE_IN_TEXT,
	    [MAIL_FIELD_BODY] = MESSAGE_IN_BODY,
	    [MAIL_FIELD_SUBJECT] = MESSAGE_IN_SUBJECT,
	    [MAIL_FIELD_FROM] = MESSAGE_IN_FROM,
	    [MAIL_FIELD_TO] = MESSAGE_IN_TO,
	    [MAIL_FIELD_CC] = MESSAGE_IN_CC,
	    [MAIL_FIELD_BCC] = MESSAGE_IN_BCC,
	    [MAIL_FIELD_HEADER] = MESSAGE_IN_TEXT};
	struct message_sought sought = {.field = fields[find->field],
	    .text = find->text,
	    .how = find->how == MAIL_FIND_WORDS ? MESSAGE_TEXT_PREFIX : MESSAGE_TEXT_SUBSTRING,
	    .bare = find->how == MAIL_FIND_WORDS};
	struct buf text;

	text_of(message, &text);
	assert_int_equal(message_text_find(buf_view(&text), &sought, 1), 0);
	buf_done(&text);
	return sought.found;
}

/* With a limit: where so many hits begin, below `before`. */
static size_t first_to_find(const struct fake_mailbox *m, struct mail_done *done)
{
	const struct mail_find *find = &m->question.find;
	size_t hits = 0, i = find->limit ? m->count : 0;

	while (i > 0 && hits < find->limit) {
		i--;
		if (find->before && m->messages[i].uid >= find->before)
			continue;
		hits +=
		    (m->unindexed && m->messages[i].uid >= m->unindexed) || contains(&m->messages[i], find);
	}
	done->uidnext = i > 0 ? m->messages[i].uid : 0;
	return i;
}

static void answer_find(struct fake_mailbox *m, answered_fn *answered, void *arg, struct mail_done *done)
{
	struct buf sure, maybe;
	struct mail_found found;

	if (!m->index) {
		done->error = -EOPNOTSUPP;
		return;
	}
	buf_init(&sure, 100000);
	buf_init(&maybe, 100000);
	for (size_t i = first_to_find(m, done); i < m->count; i++) {
		const struct fake_message *message = &m->messages[i];
		bool known = !m->unindexed || message->uid < m->unindexed;

		if (!known)
			done->number++;
		if (!known || (m->index_doubts && contains(message, &m->question.find)))
			assert_int_equal(uid_ranges_add(&maybe, message->uid, message->uid), 0);
		else if (contains(message, &m->question.find))
			assert_int_equal(uid_ranges_add(&sure, message->uid, message->uid), 0);
	}
	found = (struct mail_found){.sure = buf_view(&sure), .maybe = buf_view(&maybe)};
	answered(arg, MAIL_FOUND, &found);
	buf_done(&sure);
	buf_done(&maybe);
}

static const struct fake_message *by_uid(const struct fake_mailbox *m, uint32_t uid)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->messages[i].uid == uid)
			return &m->messages[i];
	return NULL;
}

static void answer_read(struct fake_mailbox *m, answered_fn *answered, void *arg)
{
	struct cursor in = cursor_on(m->question.read.parts);

	for (uint64_t index = 0; !cursor_at_end(&in); index++) {
		const struct fake_message *message = by_uid(m, cursor_u32(&in));
		struct mail_data data = {.index = index};
		struct buf text;

		assert_int_equal(cursor_u64(&in), 0);
		assert_true(cursor_u64(&in) == UINT64_MAX);
		if (!message || message->unreadable) {
			data.error = message ? -EIO : -ENOENT;
			data.last = 1;
			answered(arg, MAIL_DATA, &data);
			continue;
		}
		text_of(message, &text);
		data.bytes = view_take(buf_view(&text), buf_view(&text).len / 2);
		answered(arg, MAIL_DATA, &data);
		data.bytes = view_skip(buf_view(&text), buf_view(&text).len / 2);
		data.last = 1;
		answered(arg, MAIL_DATA, &data);
		buf_done(&text);
	}
}

void fake_mailbox_answer(struct fake_mailbox *m, answered_fn *answered, void *arg)
{
	while (m->pending) {
		struct mail_done done = {0};

		if (m->type == MAIL_FETCH && m->fetch_error)
			done.error = m->fetch_error;
		else if (m->type == MAIL_FETCH)
			answer_fetch(m, answered, arg);
		else if (m->type == MAIL_FIND)
			answer_find(m, answered, arg, &done);
		else if (m->type == MAIL_READ)
			answer_read(m, answered, arg);
		else
			for (size_t i = 0; i < m->annotations; i++)
				answered(arg, MAIL_ANNOTATION, &m->annotation[i]);
		m->pending = false;
		answered(arg, MAIL_DONE, &done);
	}
}

struct view fake_mailbox_uids(const struct fake_mailbox *m, struct buf *out)
{
	buf_init(out, 10 * 1000 * 1000);
	for (size_t i = 0; i < m->count; i++)
		assert_int_equal(uid_ranges_add(out, m->messages[i].uid, m->messages[i].uid), 0);
	return buf_view(out);
}
