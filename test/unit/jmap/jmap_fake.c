#include "jmap_fake.h"

#include <stdio.h>

static void on_done(void *arg, unsigned status)
{
	((struct jmap_fake *)arg)->status = status;
}

static void on_ask(void *arg, uint32_t number, unsigned type, const void *question)
{
	struct jmap_fake *f = arg;
	if (f->answer && f->answer(f, number, type, question))
		return;
	assert_true(f->count < sizeof f->asked / sizeof f->asked[0]);
	f->asked[f->count].number = number;
	f->asked[f->count++].type = type;
}

static int64_t now(void *arg)
{
	(void)arg;
	return 1795000000;
}

void jmap_fake_begin(struct jmap_fake *f)
{
	static const struct jmap_host host = {on_ask, now};
	struct jmap_config config = {.account = FAKE_ACCOUNT,
	    .address = VIEW("anna@example.org"),
	    .base = VIEW("https://mail.example.org"),
	    .message_max = 100000000,
	    .delay_max = 86400,
	    .websocket = true};
	buf_init(&f->out, 2 * JMAP_RESPONSE_MAX);
	f->session = jmap_session_new(&config, &host, f);
}

void jmap_fake_end(struct jmap_fake *f)
{
	jmap_session_free(f->session);
	buf_done(&f->out);
}

/* The session asks for its mailboxes first: one of its own, one of somebody else's. */
void jmap_fake_work(struct jmap_fake *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->asked[i].type == MAIL_MAILBOXES) {
			uint32_t number = f->asked[i].number;
			f->count--;
			memmove(&f->asked[i], &f->asked[i + 1], (f->count - i) * sizeof f->asked[0]);
			struct mail_mailbox own = {.mailbox = 1,
			                        .owner_number = FAKE_ACCOUNT,
			                        .path = VIEW("INBOX")},
			                    other = {.account = FAKE_OTHER,
			                        .mailbox = 1,
			                        .owner_number = FAKE_OTHER,
			                        .path = VIEW("INBOX"),
			                        .owner = VIEW("bert@example.org")};
			jmap_session_answer(f->session, number, MAIL_MAILBOX, &own);
			jmap_session_answer(f->session, number, MAIL_MAILBOX, &other);
			jmap_session_answer(f->session, number, MAIL_DONE, &(struct mail_done){0});
			return;
		}
}

struct jmap_request *jmap_fake_send(struct jmap_fake *f, const char *body)
{
	f->status = 0;
	buf_clear(&f->out);
	struct jmap_request *r = jmap_request_begin(
	    f->session, view_from_string(body), VIEW("application/json;charset=utf-8"), &f->out, on_done, f);
	jmap_fake_work(f);
	return f->status ? NULL : r;
}

/* Without the session's state, which nobody foretells. */
static struct view without_state(struct jmap_fake *f)
{
	struct view text = buf_view(&f->out), tail = VIEW("\"sessionState\":\"0123456789abcdef\"}");
	if (f->status == 200 && text.len > tail.len &&
	    memcmp(text.data + text.len - tail.len, tail.data, 16) == 0)
		text.len -= tail.len;
	return text;
}

void jmap_fake_says(struct jmap_fake *f, const char *body, const char *expected)
{
	jmap_fake_send(f, body);
	assert_int_not_equal(f->status, 0);
	char *said = (char *)malloc(without_state(f).len + 1);
	memcpy(said, without_state(f).data, without_state(f).len);
	said[without_state(f).len] = 0;
	assert_string_equal(said, expected);
	free(said);
}

void jmap_fake_call(struct jmap_fake *f, const char *using, const char *calls, const char *expected)
{
	struct buf body, all;
	buf_init(&body, 100000000);
	buf_init(&all, 100000000);
	(void)buf_printf(&body, "{\"using\":[%s],\"methodCalls\":[", using);
	(void)buf_append_string(&body, calls);
	(void)buf_append_string(&body, "]}");
	(void)buf_append_string(&all, "{\"methodResponses\":[");
	(void)buf_append_string(&all, expected);
	(void)buf_append_string(&all, "],");
	jmap_fake_says(f, buf_string(&body), buf_string(&all));
	assert_int_equal(f->status, 200);
	buf_done(&body);
	buf_done(&all);
}
