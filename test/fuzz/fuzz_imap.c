/* The IMAP session on an account that answers everything, played whole and in pieces: the same is said, the
 * same asked. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "imap/imap_session.h"
#include "mail/message_wire.h"
#include "mail/uid_ranges.h"

enum { QUESTIONS = 4096, MESSAGES = 5 };

struct question {
	uint32_t request;
	enum mail_type type;
	uint64_t want;  /* of MAIL_FETCH */
	uint64_t parts; /* of MAIL_READ */
	uint64_t upload, bytes;
	bool more;
};

struct play {
	struct imap_session *session;
	struct buf out, asked;
	struct question questions[QUESTIONS]; /* a ring of those without an answer */
	size_t first, count;
	bool closed, in, secures;
	uint32_t watch;
};

/* ---- answers ---- */

static void put_mailbox(
    struct play *p, const struct question *q, uint64_t number, struct view path, struct view owner)
{
	imap_answer(p->session, q->request, MAIL_MAILBOX,
	    &(struct mail_mailbox){.account = owner.len ? 9 : 0,
	        .mailbox = number,
	        .path = path,
	        .owner = owner,
	        .role = number,
	        .subscribed = number & 1,
	        .rights = RIGHT_ALL,
	        .uidvalidity = 7,
	        .uidnext = MESSAGES + 1,
	        .recent = 3,
	        .messages = MESSAGES,
	        .unseen = 1});
}

static void put_uids(
    struct play *p, const struct question *q, enum mail_type type, uint32_t first, uint32_t last)
{
	struct buf ranges;
	buf_init(&ranges, 100);
	uid_ranges_add(&ranges, first, last);
	imap_answer(p->session, q->request, type, &(struct mail_uids){.ranges = buf_view(&ranges)});
	buf_done(&ranges);
}

static void put_messages(struct play *p, const struct question *q)
{
	static const char header[] = "Subject: a\r\nFrom: b@c\r\n\r\n";
	struct buf entries;
	buf_init(&entries, 1 << 20);
	for (uint32_t uid = 1; uid <= MESSAGES; uid++) {
		struct mail_message m = {.uid = uid,
		    .flags = uid == 2 ? FLAG_SEEN | FLAG_KEYWORD : 0,
		    .modseq = uid,
		    .size = sizeof header - 1,
		    .internaldate = 1700000000,
		    .emailid = uid,
		    .thread = 1,
		    .header = view_of(header, sizeof header - 1),
		    .body = view_of(header, sizeof header - 1),
		    .has_body = uid < 4};
		mail_message_put(&entries, q->want, &m);
	}
	imap_answer(
	    p->session, q->request, MAIL_MESSAGES, &(struct mail_messages){.entries = buf_view(&entries)});
	buf_done(&entries);
}

static void put_answers(struct play *p, const struct question *q)
{
	static const char keyword[] = "\0\0\0\0\x05$Junk";
	switch ((int)q->type) {
	case MAIL_MAILBOXES:
		put_mailbox(p, q, 1, VIEW("INBOX"), VIEW(""));
		put_mailbox(p, q, 2, VIEW("a/b"), VIEW(""));
		put_mailbox(p, q, 3, VIEW("c \xc3\xbc"), VIEW("u@x"));
		break;
	case MAIL_OPEN:
		imap_answer(p->session, q->request, MAIL_KEYWORDS,
		    &(struct mail_keywords){.entries = view_of(keyword, sizeof keyword - 1)});
		put_mailbox(p, q, 1, VIEW("INBOX"), VIEW(""));
		put_uids(p, q, MAIL_UIDS, 1, MESSAGES);
		break;
	case MAIL_CHANGES:
		put_uids(p, q, MAIL_CHANGED_FLAGS, 2, 3);
		put_uids(p, q, MAIL_VANISHED, 4, 4);
		break;
	case MAIL_FETCH:
		put_messages(p, q);
		break;
	case MAIL_READ:
		for (uint64_t i = 0; i < q->parts; i++)
			imap_answer(p->session, q->request, MAIL_DATA,
			    &(struct mail_data){.index = i, .last = 1, .bytes = VIEW("abc")});
		break;
	case MAIL_STORE:
	case MAIL_APPEND:
		put_uids(p, q, MAIL_UIDS, 1, 1);
		break;
	case MAIL_COPY: {
		struct mail_copied copied = {
		    .from = VIEW("\0\0\0\1\0\0\0\1"), .to = VIEW("\0\0\0\5\0\0\0\5")};
		imap_answer(p->session, q->request, MAIL_COPIED, &copied);
		break;
	}
	default:
		break;
	}
}

static void settle(struct play *p)
{
	while (p->count > 0 && !p->closed) {
		struct question q = p->questions[p->first];
		p->first = (p->first + 1) % QUESTIONS;
		p->count--;
		if (q.type == MAIL_UPLOAD) {
			imap_answer(p->session, q.request, MAIL_UPLOAD_CREDIT,
			    &(struct mail_upload_credit){.upload = q.upload, .bytes = q.bytes});
			continue;
		}
		put_answers(p, &q);
		if (!q.more)
			imap_answer(p->session, q.request, MAIL_DONE,
			    &(struct mail_done){.modseq = 20, .uidvalidity = 7, .uidnext = MESSAGES + 1});
	}
	if (p->secures && !p->closed) {
		p->secures = false;
		imap_secured(p->session);
	}
}

/* ---- questions ---- */

static void ask(void *arg, uint32_t request, enum mail_type type, const void *question)
{
	struct play *p = arg;
	struct question q = {.request = request, .type = type};
	if (type == MAIL_STOP || type == MAIL_WATCH || type == MAIL_UPLOAD_ABORT)
		return;
	if (type == MAIL_FETCH)
		q.want = ((const struct mail_fetch *)question)->want;
	if (type == MAIL_READ)
		q.parts = ((const struct mail_read *)question)->parts.len / 20;
	if (type == MAIL_APPEND)
		q.more = ((const struct mail_append *)question)->more;
	if (type == MAIL_UPLOAD) {
		const struct mail_upload *m = question;
		q.upload = m->upload;
		q.bytes = m->bytes.len;
		touch(m->bytes);
		buf_append(&p->asked, m->bytes); /* in whatever pieces: the octets are the same */
	} else {
		buf_append_u32(&p->asked, type);
	}
	check(p->count < QUESTIONS);
	p->questions[(p->first + p->count++) % QUESTIONS] = q;
}

static void login(void *arg, const struct imap_login *l)
{
	struct play *p = arg;
	touch(l->initial);
	if (!l->has_initial)
		imap_challenge(p->session, VIEW("x"));
	else if (l->initial.len && memchr(l->initial.data, 'g', l->initial.len))
		imap_logged_in(p->session, 5, VIEW("g@x"));
	else
		imap_refused(p->session, LOGIN_BAD_CREDENTIALS);
}

static void login_more(void *arg, struct view response, bool cancel)
{
	struct play *p = arg;
	touch(response);
	if (cancel)
		imap_refused(p->session, LOGIN_CANCELLED);
	else
		imap_logged_in(p->session, 5, VIEW("g@x"));
}

static void nothing(void *arg)
{
	(void)arg;
}

static void start_tls(void *arg)
{
	((struct play *)arg)->secures = true;
}

static void close_session(void *arg)
{
	((struct play *)arg)->closed = true;
}

static int64_t now(void *arg)
{
	(void)arg;
	return 1700000000;
}

static const struct imap_backend backend = {.login = login,
    .login_more = login_more,
    .ask = ask,
    .logout_account = nothing,
    .start_tls = start_tls,
    .start_deflate = nothing,
    .close = close_session,
    .now = now};

static const char *const *announced(bool secure)
{
	static const char *const mechanisms[] = {"PLAIN", NULL};
	(void)secure;
	return mechanisms;
}

/* ---- playing ---- */

static size_t feed(void *arg, struct view bytes)
{
	struct play *p = arg;
	size_t taken = imap_feed(p->session, bytes);
	settle(p);
	/* What a client reads is no limit here: the output is taken away, and compared. */
	return taken;
}

static void say(struct play *p, const char *text)
{
	for (struct view rest = view_from_string(text); rest.len && !p->closed;) {
		size_t taken = feed(p, rest);
		rest = view_skip(rest, taken);
	}
}

static void play(struct play *p, uint8_t options, struct view said, size_t piece)
{
	struct imap_config config = {.hostname = VIEW("imap.example.test"),
	    .errors_max = 20,
	    .mechanisms = announced(false),
	    .announced = announced,
	    .tls_available = options & 1,
	    .secure = options & 2,
	    .clear_login = true,
	    .deflate_available = true,
	    .message_max = options & 64 ? 100 : 0};
	buf_init(&p->out, 1 << 26);
	buf_init(&p->asked, 1 << 26);
	p->session = imap_session_new(&config, &backend, p, &p->out);
	if (options & 4)
		say(p, "l LOGIN g g\r\n");
	if (options & 8)
		say(p, "e ENABLE IMAP4rev2 QRESYNC UTF8=ACCEPT\r\n");
	if (options & 16)
		say(p, "u ENABLE UIDONLY\r\n");
	if (options & 32)
		say(p, "s SELECT INBOX\r\n");
	feed_in_pieces(said, piece, feed, p, &p->closed);
	imap_session_free(p->session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = {1, 7};
	static struct play whole, parts; /* they are large */
	if (size == 0)
		return 0;
	struct view said = view_of(data + 1, size - 1);
	whole = (struct play){0};
	play(&whole, data[0], said, SIZE_MAX);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		parts = (struct play){0};
		play(&parts, data[0], said, pieces[i]);
		/* Where the output is full, answers are held up at another place. */
		if (buf_view(&whole.out).len < IMAP_OUTPUT_HIGH) {
			check(view_equal(buf_view(&whole.out), buf_view(&parts.out)));
			check(view_equal(buf_view(&whole.asked), buf_view(&parts.asked)));
			check(whole.closed == parts.closed);
		}
		buf_done(&parts.out);
		buf_done(&parts.asked);
	}
	buf_done(&whole.out);
	buf_done(&whole.asked);
	return 0;
}
