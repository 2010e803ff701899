#include "mail_seen.h"

#include <stdio.h>
#include <string.h>

#include "mail/uid_ranges.h"

static struct view keep(struct seen *s, struct view v)
{
	size_t at = buf_view(&s->texts).len;
	assert_int_equal(buf_append(&s->texts, v), 0);
	return view_of((const char *)(uintptr_t)at, v.len);
}

struct view kept(const struct seen *s, struct view v)
{
	return view_of(buf_view(&s->texts).data + (uintptr_t)v.data, v.len);
}

static void take_messages(struct seen *s, struct view entries)
{
	struct cursor in = cursor_on(entries);
	struct mail_message m;
	while (mail_message_get(&in, s->want, &m)) {
		assert_true(s->count < SEEN_MAX);
		m.more_keywords = keep(s, m.more_keywords);
		m.summary = keep(s, m.summary);
		m.structure = keep(s, m.structure);
		m.header = keep(s, m.header);
		m.body = keep(s, m.body);
		m.references = keep(s, m.references);
		s->messages[s->count++] = m;
	}
	assert_true(cursor_ok(&in));
}

static void answered(void *arg, uint32_t request, unsigned type, const void *answer)
{
	struct seen *s = arg;
	const struct mail_uids *uids = answer;
	s->frames[type]++;
	if (s->also)
		s->also(s, type, answer);
	s->request = request;
	if (type == MAIL_DONE) {
		assert_true(s->end_count < SEEN_MAX);
		s->ends[s->end_count++] = request;
		s->done = true;
		s->end = *(const struct mail_done *)answer;
	} else if (type == MAIL_MAILBOX) {
		s->mailbox = *(const struct mail_mailbox *)answer;
	} else if (type == MAIL_UIDS) {
		buf_append(&s->uids, uids->ranges);
	} else if (type == MAIL_VANISHED) {
		buf_append(&s->vanished, uids->ranges);
	} else if (type == MAIL_CHANGED_FLAGS) {
		buf_append(&s->changed, uids->ranges);
	} else if (type == MAIL_ARRIVED) {
		buf_append(&s->arrived, uids->ranges);
	} else if (type == MAIL_MODIFIED) {
		buf_append(&s->modified, uids->ranges);
	} else if (type == MAIL_COPIED) {
		buf_append(&s->from, ((const struct mail_copied *)answer)->from);
		buf_append(&s->to, ((const struct mail_copied *)answer)->to);
	} else if (type == MAIL_FOUND) {
		buf_append(&s->sure, ((const struct mail_found *)answer)->sure);
		buf_append(&s->maybe, ((const struct mail_found *)answer)->maybe);
	} else if (type == MAIL_KEYWORDS) {
		buf_clear(&s->names);
		buf_append(&s->names, ((const struct mail_keywords *)answer)->entries);
	} else if (type == MAIL_MESSAGES) {
		take_messages(s, ((const struct mail_messages *)answer)->entries);
	} else if (type == MAIL_DATA) {
		const struct mail_data *m = answer;
		assert_true(m->index < 10);
		buf_append(&s->data[m->index], m->bytes);
		s->data_errors[m->index] = m->error;
		s->data_ends += m->last;
	} else if (type == MAIL_UPLOAD_CREDIT) {
		s->credit += ((const struct mail_upload_credit *)answer)->bytes;
	} else if (type == MAIL_CHANGED) {
		s->news = *(const struct mail_changed *)answer;
		assert_true(s->news.mailboxes.len <= sizeof s->mailboxes);
		if (s->news.mailboxes.len)
			memcpy(s->mailboxes, s->news.mailboxes.data, s->news.mailboxes.len);
	}
}

static bool is_full(void *arg)
{
	struct seen *s = arg;
	return s->full;
}

static void lost(void *arg)
{
	struct seen *s = arg;
	s->lost = true;
}

void forget(struct seen *s)
{
	struct buf *bufs[] = {&s->texts, &s->uids, &s->vanished, &s->changed, &s->arrived, &s->modified,
	    &s->from, &s->to, &s->sure, &s->maybe, &s->data[0], &s->data[1], &s->data[2], &s->data[3]};
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		buf_clear(bufs[i]);
	memset(s->frames, 0, sizeof s->frames);
	memset(s->data_errors, 0, sizeof s->data_errors);
	s->done = false;
	s->count = s->end_count = 0;
	s->data_ends = 0;
	s->credit = 0;
	s->end = (struct mail_done){0};
}

void open_session(struct seen *s, unsigned account)
{
	open_session_on(s, mail_world_channel(account));
}

void open_session_on(struct seen *s, int channel)
{
	memset(s, 0, sizeof *s);
	struct buf *bufs[] = {&s->texts, &s->uids, &s->vanished, &s->changed, &s->arrived, &s->modified,
	    &s->from, &s->to, &s->sure, &s->maybe, &s->names, &s->data[0], &s->data[1], &s->data[2],
	    &s->data[3]};
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		buf_init(bufs[i], 1 << 26);
	s->session = (struct mail_session){.answered = answered, .lost = lost, .full = is_full, .arg = s};
	mail_session_open_on(&s->session, channel);
	mail_world_settle();
}

void close_session(struct seen *s)
{
	struct buf *bufs[] = {&s->texts, &s->uids, &s->vanished, &s->changed, &s->arrived, &s->modified,
	    &s->from, &s->to, &s->sure, &s->maybe, &s->names, &s->data[0], &s->data[1], &s->data[2],
	    &s->data[3]};
	mail_session_close(&s->session);
	mail_world_settle();
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		buf_done(bufs[i]);
}

uint32_t last_request;

void send_question(struct seen *s, unsigned type, const void *question)
{
	account_client_ask(&s->session.client, ++last_request, type, question);
}

/* Asks and waits for the end; its error. */
int64_t ask(struct seen *s, unsigned type, const void *question)
{
	forget(s);
	if (type == MAIL_FETCH)
		s->want = ((const struct mail_fetch *)question)->want;
	send_question(s, type, question);
	mail_world_settle();
	while (!s->done && mail_world_wait())
		mail_world_settle();
	assert_true(s->done);
	assert_int_equal(s->request, last_request);
	return s->end.error;
}

/* "1:3,5" of a list of ranges. */
const char *shown(const struct buf *ranges)
{
	static char text[2000];
	struct cursor in = cursor_on(buf_view(ranges));
	uint32_t first, last;
	size_t len = 0;
	text[0] = '\0';
	while (uid_ranges_next(&in, &first, &last)) {
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%u", len ? "," : "", first);
		if (last > first)
			len += (size_t)snprintf(text + len, sizeof text - len, ":%u", last);
	}
	assert_true(cursor_ok(&in));
	return text;
}

/* Ranges of pairs, in memory that lasts until the call after the next one. */
struct view ranges(size_t count, const uint32_t *pairs)
{
	static char bytes[2][800];
	static unsigned turn;
	char *at = bytes[turn++ % 2];
	for (size_t i = 0; i < 2 * count; i++)
		for (unsigned k = 0; k < 4; k++)
			at[4 * i + k] = (char)(pairs[i] >> (24 - 8 * k));
	return view_of(at, count * UID_RANGE_SIZE);
}
