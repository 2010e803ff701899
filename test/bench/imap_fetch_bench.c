/*
 * FETCH of many messages by the IMAP session alone: what it costs to write the responses, without store,
 *channels and sockets. The entries are those that store would send, in frames of 64 KB.
 *
 *	imap_fetch_bench [MESSAGES [OCTETS]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "imap/imap_session.h"
#include "mail/message_wire.h"
#include "mail/uid_ranges.h"
#include "mime/digest.h"
#include "mime/trailer.h"

enum { FRAME = 64 * 1024, ASKED_MAX = 8 };

struct asked {
	uint32_t request;
	enum mail_type type;
	uint64_t want, body_max;
	uint32_t first, last;
};

struct bench {
	struct imap_session *session;
	struct buf out;
	struct asked asked[ASKED_MAX];
	size_t asked_count;
	uint32_t messages;
	struct mail_message message;
	double seconds; /* within the session */
	uint64_t octets;
};

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void ask(void *arg, uint32_t request, enum mail_type type, const void *question)
{
	struct bench *b = arg;
	struct asked a = {.request = request, .type = type};
	if (type == MAIL_WATCH || type == MAIL_STOP)
		return;
	if (type == MAIL_FETCH) {
		const struct mail_fetch *q = question;
		struct cursor in = cursor_on(q->uids);
		a.want = q->want;
		a.body_max = q->body_max;
		if (!uid_ranges_next(&in, &a.first, &a.last))
			abort();
	}
	if (b->asked_count == ASKED_MAX)
		abort();
	b->asked[b->asked_count++] = a;
}

static void nothing(void *arg)
{
	(void)arg;
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

static int64_t clock_now(void *arg)
{
	(void)arg;
	return 0;
}

static const struct imap_backend backend = {.login = login,
    .login_more = login_more,
    .ask = ask,
    .logout_account = nothing,
    .start_tls = nothing,
    .start_deflate = nothing,
    .close = nothing,
    .now = clock_now};

static void answer(struct bench *b, const struct asked *a, enum mail_type type, const void *what)
{
	double before = now();
	imap_answer(b->session, a->request, type, what);
	b->seconds += now() - before;
	b->octets += buf_view(&b->out).len;
	buf_clear(&b->out);
}

static void answer_fetch(struct bench *b, const struct asked *a)
{
	struct buf frame;
	buf_init(&frame, FRAME + (1 << 20));
	for (uint32_t uid = a->first; uid <= a->last; uid++) {
		b->message.uid = uid;
		b->message.has_body = b->message.body.len <= a->body_max;
		if (!mail_message_put(&frame, a->want, &b->message))
			abort();
		if (buf_view(&frame).len < FRAME && uid < a->last)
			continue;
		struct mail_messages messages = {buf_view(&frame)};
		answer(b, a, MAIL_MESSAGES, &messages);
		buf_clear(&frame);
	}
	buf_done(&frame);
}

static void settle(struct bench *b)
{
	while (b->asked_count) {
		struct asked a = b->asked[0];
		struct mail_done done = {
		    .modseq = 5, .uidvalidity = 7, .uidnext = b->messages + 1, .messages = b->messages};
		b->asked_count--;
		memmove(b->asked, b->asked + 1, b->asked_count * sizeof a);
		if (a.type == MAIL_MAILBOXES || a.type == MAIL_OPEN) {
			struct mail_mailbox m = {
			    .mailbox = 1, .path = VIEW("INBOX"), .rights = RIGHT_ALL, .uidvalidity = 7};
			answer(b, &a, MAIL_MAILBOX, &m);
		}
		if (a.type == MAIL_OPEN) {
			struct buf ranges;
			buf_init(&ranges, UID_RANGE_SIZE);
			uid_ranges_add(&ranges, 1, b->messages);
			struct mail_uids uids = {buf_view(&ranges)};
			answer(b, &a, MAIL_UIDS, &uids);
			buf_done(&ranges);
		}
		if (a.type == MAIL_FETCH)
			answer_fetch(b, &a);
		answer(b, &a, MAIL_DONE, &done);
	}
}

static void say(struct bench *b, const char *line)
{
	imap_feed(b->session, view_from_string(line));
	settle(b);
}

static void measure(struct bench *b, const char *item)
{
	char line[100];
	enum { ROUNDS = 3 };
	double best = 1e9;
	for (int i = 0; i < ROUNDS; i++) {
		b->seconds = 0;
		b->octets = 0;
		snprintf(line, sizeof line, "f FETCH 1:* %s\r\n", item);
		say(b, line);
		best = b->seconds < best ? b->seconds : best;
	}
	printf("%-44s %8.1f ms %10.1f MB\n", item, best * 1000, (double)b->octets / 1e6);
}

/* A message as programs write it, with a body of so many octets. */
static void make_text(struct buf *text, size_t octets)
{
	buf_append_string(text,
	    "Return-Path: <bob@example.org>\r\nDelivered-To: alice@example.com\r\n"
	    "Received: from mail.example.org (mail.example.org [192.0.2.1]) by mx.example.com with ESMTPS\r\n"
	    "\tid 4f3c2b1a for <alice@example.com>; Sat, 28 Nov 2026 01:04:05 +0000\r\n"
	    "From: Bob Miller <bob@example.org>\r\nTo: Alice Smith <alice@example.com>, carol@example.net\r\n"
	    "Subject: The minutes of our meeting on Thursday\r\nDate: Sat, 28 Nov 2026 01:04:00 +0000\r\n"
	    "Message-ID: <20261128010400.12345@example.org>\r\n"
	    "In-Reply-To: <20261127220400.777@example.com>\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
	while (buf_view(text).len < octets)
		buf_append_string(
		    text, "This line stands here again and again, until the message is long enough.\r\n");
}

static const char *const *announced(bool secure)
{
	static const char *const none[] = {NULL};
	(void)secure;
	return none;
}

int main(int argc, char **argv)
{
	static const char *const mechanisms[] = {"PLAIN", NULL};
	static const struct imap_config config = {.hostname = {"mx", 2},
	    .mechanisms = mechanisms,
	    .announced = announced,
	    .clear_login = true,
	    .errors_max = 9};
	static struct bench b;
	struct mime_digest *d = mime_digest_new();
	struct message_digest digest;
	struct buf text;
	b.messages = argc > 1 ? (uint32_t)atol(argv[1]) : 100000;
	buf_init(&text, 1 << 20);
	buf_init(&b.out, 64 << 20);
	make_text(&text, argc > 2 ? (size_t)atol(argv[2]) : 4096);
	mime_digest_feed(d, buf_view(&text));
	mime_digest_end(d, &digest);
	b.message = (struct mail_message){.flags = FLAG_SEEN,
	    .modseq = 4,
	    .size = buf_view(&text).len,
	    .internaldate = 1795827845,
	    .emailid = 12345,
	    .thread = 777,
	    .summary = digest.summary,
	    .header = view_take(buf_view(&text), 700),
	    .body = buf_view(&text)};
	if (!trailer_find(digest.trailer, TRAILER_STRUCTURE, &b.message.structure))
		return 1;
	b.session = imap_session_new(&config, &backend, &b, &b.out);
	say(&b, "l LOGIN a b\r\n");
	imap_logged_in(b.session, 1, VIEW("alice@example.com"));
	settle(&b);
	say(&b, "s SELECT INBOX\r\n");
	printf("%u messages of %zu octets\n", b.messages, buf_view(&text).len);
	measure(&b, "FLAGS");
	measure(&b, "(UID FLAGS MODSEQ)");
	measure(&b, "ENVELOPE");
	measure(&b, "BODYSTRUCTURE");
	measure(&b, "BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT)]");
	measure(&b, "BODY.PEEK[]");
	imap_session_free(b.session);
	mime_digest_free(d);
	buf_done(&text);
	buf_done(&b.out);
	return 0;
}
