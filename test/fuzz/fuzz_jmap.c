/*
 * Requests of JMAP: any octets as a request, to all methods. Whatever is said is answered once, in JSON, each
 * call has a response, and the account's questions may be answered, fail, or be cut off by the account's
 * loss.
 */
#include "fuzz.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "jmap/jmap.h"
#include "mail/email_wire.h"
#include "mail/identity.h"
#include "mail/script.h"
#include "mail/submission.h"
#include "mail/vacation.h"

enum { QUESTIONS_MAX = 256, IDS_MAX = 4, READ_MAX = 1000 };

struct question {
	uint32_t number;
	unsigned type;
	uint64_t want, length; /* of EMAIL_GET; of EMAIL_READ */
	size_t count;
	uint64_t ids[IDS_MAX]; /* the first ones of EMAIL_GET */
};

static struct {
	struct jmap_session *session;
	struct question questions[QUESTIONS_MAX]; /* those without an answer, the oldest first */
	size_t count;
	unsigned status, answers;
	struct mail_upload_credit credit; /* of what was sent up and is not credited yet */
} world;

static void ask(void *arg, uint32_t number, unsigned type, const void *question)
{
	(void)arg;
	if (type == MAIL_UPLOAD) {
		const struct mail_upload *piece = question;
		touch(piece->bytes);
		world.credit =
		    (struct mail_upload_credit){piece->upload, world.credit.bytes + piece->bytes.len};
	}
	if (type == SCRIPT_PIECE)
		touch(((const struct script_piece *)question)->bytes);
	if (type == MAIL_UPLOAD || type == MAIL_UPLOAD_ABORT || type == MAIL_STOP || type == SCRIPT_PIECE)
		return;
	check(world.count < QUESTIONS_MAX);
	struct question *q = &world.questions[world.count++];
	*q = (struct question){.number = number, .type = type};
	if (type == EMAIL_GET) {
		const struct email_get *get = question;
		struct cursor in = cursor_on(get->ids);
		touch(get->ids);
		q->want = get->want;
		while (q->count < IDS_MAX && !cursor_at_end(&in))
			q->ids[q->count++] = cursor_u64(&in);
	} else if (type == EMAIL_READ) {
		struct cursor in = cursor_on(((const struct email_read *)question)->parts);
		(void)cursor_u64(&in);
		(void)cursor_u64(&in);
		q->length = cursor_u64(&in);
	}
}

static int64_t now(void *arg)
{
	(void)arg;
	return 1800000000;
}

static void done(void *arg, unsigned status)
{
	(void)arg;
	world.status = status;
	world.answers++;
}

/* ---- what an account says ---- */

static void say(const struct question *q, unsigned type, const void *answer)
{
	jmap_session_answer(world.session, q->number, type, answer);
}

static void say_states(const struct question *q)
{
	char modseqs[8 * MAIL_STATES] = {0};
	for (size_t i = 7; i < sizeof modseqs; i += 8)
		modseqs[i] = 5;
	say(q, EMAIL_STATE,
	    &(struct email_state){.owner = 7, .modseq = 5, .modseqs = view_of(modseqs, sizeof modseqs)});
}

static void say_mailboxes(const struct question *q)
{
	for (uint64_t i = 1; i < 4; i++)
		say(q, MAIL_MAILBOX,
		    &(struct mail_mailbox){.account = i == 3 ? 9 : 0,
		        .mailbox = i,
		        .owner_number = i == 3 ? 9 : 7,
		        .owner = i == 3 ? VIEW("bert@example.org") : VIEW(""),
		        .path = i == 2 ? VIEW("INBOX/two") : VIEW("INBOX"),
		        .parent = i == 2,
		        .rights = RIGHT_ALL,
		        .messages = 3});
}

static void say_emails(const struct question *q, unsigned how)
{
	static const char header[] =
	    "From: Anna <anna@example.org>\r\nSubject: =?utf-8?Q?w=C3=B6rd?=\r\n\r\n";
	struct buf out;
	buf_init(&out, 10000);
	for (size_t i = 0; i < q->count; i++) {
		struct email_entry e = {.mailbox_count = 1, .mailboxes = {1}};
		if (q->ids[i] % 8 == 7) /* is not there */
			continue;
		e.message.emailid = q->ids[i];
		e.message.thread = q->ids[i] / 2;
		e.message.modseq = 4;
		e.message.size = 300;
		e.message.internaldate = 1700000000;
		e.message.header = view_of(header, sizeof header - 1);
		e.message.body_error = how % 4 == 3 ? EIO : 0;
		check(email_entry_put(&out, q->want, &e));
	}
	say(q, EMAIL_ENTRIES, &(struct email_entries){.entries = buf_view(&out)});
	buf_done(&out);
}

static void say_table(const struct question *q)
{
	struct buf out;
	buf_init(&out, 10000);
	for (uint64_t id = 1; id < 6; id++) {
		struct email_row row = {.id = id,
		    .thread = id / 2,
		    .mailbox = 1,
		    .size = 100 * id,
		    .received = 1700000000 + (int64_t)id};
		check(email_row_put(&out, &row));
	}
	say(q, EMAIL_ROWS, &(struct email_rows){.rows = buf_view(&out)});
	buf_done(&out);
}

/* A header that names people, and then a body. */
static void say_octets(const struct question *q)
{
	static const char header[] =
	    "From: Anna <anna@example.org>\r\nTo: bert@example.org, carl\r\nBcc: a:;\r\n\r\n";
	char bytes[READ_MAX];
	size_t len = q->length < sizeof bytes ? (size_t)q->length : sizeof bytes;
	size_t beginning = len < sizeof header - 1 ? len : sizeof header - 1;
	memset(bytes, 'a', len);
	memcpy(bytes, header, beginning);
	say(q, MAIL_DATA, &(struct mail_data){.last = 1, .bytes = view_of(bytes, len)});
}

static void say_submissions(const struct question *q)
{
	struct buf out;
	const struct submission_recipient r = {.address = VIEW("bert@example.org"),
	    .parameters = VIEW("{\"NOTIFY\":\"NEVER\"}"),
	    .delivered = SUBMISSION_NO,
	    .reply = VIEW("550 5.1.1 \"who\"?")};
	buf_init(&out, 10000);
	(void)submission_recipient_put(&out, &r);
	for (uint64_t i = 1; i < 5; i++)
		say(q, SUBMISSION_ENTRY,
		    &(struct submission_entry){.number = i,
		        .email = i,
		        .thread = i / 2,
		        .identity = 1,
		        .undo = i % 3,
		        .send_at = 1700000000 + i,
		        .sender = VIEW("anna@example.org"),
		        .recipients = buf_view(&out)});
	buf_done(&out);
}

static void say_identities(const struct question *q)
{
	for (uint64_t i = 1; i < 3; i++)
		say(q, IDENTITY_ENTRY,
		    &(struct identity_entry){.number = i,
		        .may_delete = i == 2,
		        .name = VIEW("Anna"),
		        .email = VIEW("anna@example.org"),
		        .bcc = VIEW("[{\"name\":null,\"email\":\"a@example.org\"}]")});
}

/* Of submissions and identities: numbers of 8 octets. */
static void say_changed(const struct question *q)
{
	struct view one = VIEW("\0\0\0\0\0\0\0\1"), two = VIEW("\0\0\0\0\0\0\0\2");
	if (q->type == SUBMISSION_CHANGES)
		say(q, SUBMISSION_CHANGED, &(struct submission_changed){.created = one, .destroyed = two});
	else
		say(q, IDENTITY_CHANGED, &(struct identity_changed){.updated = one, .destroyed = two});
}

/* Two scripts, of which one is asked for. */
static void say_scripts(const struct question *q, unsigned how)
{
	for (unsigned i = 1; i <= (q->type == SCRIPT_GET ? 1 : 2); i++)
		say(q, SCRIPT_ENTRY,
		    &(struct script_entry){.number = i,
		        .active = i == 1,
		        .size = 5,
		        .version = how % 8 == 4 ? 2 : 1,
		        .name = i == 1 ? VIEW("Main") : VIEW("Script 1")});
	if (q->type == SCRIPT_GET)
		say(q, SCRIPT_BYTES,
		    &(struct script_bytes){.last = 1, .bytes = how % 8 == 3 ? VIEW("keep") : VIEW("keep;")});
}

static void say_complaints(const struct question *q, struct mail_done *end, unsigned how)
{
	say(q, SCRIPT_COMPLAINT,
	    &(struct script_complaint){.line = 1, .column = 2, .warning = how & 1, .text = VIEW("No.")});
	end->error = how % 8 == 4 ? -ENOEXEC : how % 8 == 3 ? -EEXIST : end->error;
}

/* The first question that waits: with what an account may say, less of it, an error, or the end of the
 * account's channel. */
static void answer(unsigned how)
{
	struct mail_done end = {.error = how % 8 == 7   ? -EIO
	                                 : how % 8 == 6 ? -ENOENT
	                                                : 0,
	    .modseq = 5,
	    .number = 1,
	    .messages = 300};
	struct question q = world.questions[0];
	if (how == 0x80) {
		world.count = 0;
		jmap_session_lost(world.session);
		return;
	}
	world.count--;
	memmove(world.questions, world.questions + 1, world.count * sizeof world.questions[0]);
	if (how % 16 != 5)
		switch (q.type) {
		case MAIL_MAILBOXES:
			say_mailboxes(&q);
			break;
		case EMAIL_STATES:
			say_states(&q);
			break;
		case EMAIL_GET:
			say_emails(&q, how);
			break;
		case EMAIL_TABLE:
			say_table(&q);
			break;
		case EMAIL_READ:
			say_octets(&q);
			break;
		case SUBMISSION_GET:
			say_submissions(&q);
			break;
		case SUBMISSION_CREATE:
			say(&q, SUBMISSION_INVALID,
			    &(struct submission_invalid){
			        .places = VIEW("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x63")});
			end.error = how % 8 == 4 ? -EADDRNOTAVAIL : how % 8 == 3 ? -EPERM : end.error;
			break;
		case SUBMISSION_CHANGES:
		case IDENTITY_CHANGES:
			say_changed(&q);
			break;
		case IDENTITY_GET:
			say_identities(&q);
			break;
		case VACATION_GET:
			say(&q, VACATION_SETTING,
			    &(struct vacation_setting){
			        .enabled = 1, .from = 1700000000, .period = 86400, .text = VIEW("Away.")});
			break;
		case SCRIPT_LIST:
		case SCRIPT_GET:
			say_scripts(&q, how);
			break;
		case SCRIPT_PUT:
		case SCRIPT_CHECK:
			say_complaints(&q, &end, how);
			break;
		default:
			break;
		}
	jmap_session_answer(world.session, q.number, MAIL_DONE, &end);
}

static void check_response(const struct buf *out)
{
	struct view text = buf_view(out);
	json_error_t error;
	json_t *response = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error),
	       *one;
	size_t i;
	check(response != NULL);
	check(world.status == 200 || world.status == 400 || world.status == 503);
	check((world.status == 200) == (json_object_get(response, "methodResponses") != NULL));
	json_array_foreach(json_object_get(response, "methodResponses"), i, one)
	{
		check(json_array_size(one) == 3);
		check(json_is_string(json_array_get(one, 0)) && json_is_object(json_array_get(one, 1)));
	}
	json_decref(response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct jmap_host host = {ask, now};
	struct jmap_config config = {.account = 7,
	    .address = VIEW("anna@example.org"),
	    .base = VIEW("https://mail.example.org"),
	    .message_max = 100000,
	    .delay_max = 86400,
	    .websocket = true};
	unsigned seed = size ? data[size - 1] : 0;
	struct buf out;
	memset(&world, 0, sizeof world);
	buf_init(&out, 2 * JMAP_RESPONSE_MAX);
	world.session = jmap_session_new(&config, &host, NULL);
	struct jmap_request *r = jmap_request_begin(
	    world.session, view_of(data, size), VIEW("application/json"), &out, done, NULL);
	check((r == NULL) == (world.answers == 1));
	for (unsigned n = 0; world.answers == 0; n++) {
		struct mail_upload_credit credit = world.credit;
		world.credit.bytes = 0;
		check(world.count > 0 || credit.bytes > 0); /* else it waits for ever */
		if (credit.bytes)
			jmap_session_answer(world.session, 0, MAIL_UPLOAD_CREDIT, &credit);
		if (world.count > 0)
			answer(n == 0 ? 0 : (seed = seed * 1103515245 + 12345) >> 16 & 0xff);
		if (n > 10000)
			break;
	}
	if (world.answers)
		check_response(&out);
	check(world.answers <= 1);
	jmap_session_free(world.session);
	buf_done(&out);
	return 0;
}
