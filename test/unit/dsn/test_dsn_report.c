/* Reports as they are written, and read back: by the MIME parser and by dsn_parse. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>

#include "base/utf8.h"
#include "dsn/dsn_parse.h"
#include "dsn/dsn_report.h"
#include "format/encoded_word.h"
#include "format/header.h"

enum { NOW = 1795332306, DAY = 86400 };

static const struct dsn_recipient unknown_user = {.action = DSN_FAILED,
    .final = {"joe@example.com", 15},
    .original_type = {"rfc822", 6},
    .original = {"joe@example.com", 15},
    .remote = {"mx1.example.com", 15},
    .reply = {"550-5.1.1 No such\n550 5.1.1 user", 32},
    .stage = {"RCPT", 4},
    .last_attempt = NOW - 60};

static struct dsn_report report_of(const struct dsn_recipient *recipients, size_t count)
{
	return (struct dsn_report){.reporting_mta = VIEW("mail.example.net"),
	    .postmaster = VIEW("postmaster@example.net"),
	    .to = VIEW("carol@example.net"),
	    .message_id = VIEW("new@mail.example.net"),
	    .boundary = VIEW("0123456789abcdefXYZ"),
	    .now = {.seconds = NOW, .offset_minutes = 60, .zone_known = true},
	    .envid = VIEW("QQ123"),
	    .arrival = NOW - 5 * DAY,
	    .original_subject = VIEW("Lunch on Friday"),
	    .original_message_id = VIEW("orig@example.net"),
	    .queue_id = VIEW("Ab3dEf6hIj9l"),
	    .recipients = recipients,
	    .count = count};
}

/* A whole report with what was returned, and what the parsers make of it. */
struct whole {
	struct buf bytes, text;
	unsigned needs;
	struct mime_parser *parser;
	const struct mime_tree *tree;
	struct arena arena;
	struct dsn_status status;
	int error;
};

static struct view body_of(const struct whole *w, int part)
{
	return view_take(view_skip(buf_view(&w->bytes), (size_t)w->tree->parts[part].body_offset),
	    (size_t)w->tree->parts[part].body_len);
}

static void compose(struct whole *w, const struct dsn_report *report, struct view returned)
{
	struct buf tail;
	buf_init(&w->bytes, DSN_HEAD_MAX + returned.len + DSN_TAIL_MAX);
	buf_init(&w->text, 1 << 20);
	buf_init(&tail, DSN_TAIL_MAX);
	assert_int_equal(dsn_report_write(report, &w->bytes, &tail, &w->needs), 0);
	buf_append(&w->bytes, returned);
	buf_append(&w->bytes, buf_view(&tail));
	buf_done(&tail);
	w->parser = mime_parser_new();
	w->tree = mime_parse(w->parser, buf_view(&w->bytes));
	assert_int_equal(w->tree->defects, 0);
	assert_true(media_type_is(&w->tree->parts[0].type, "multipart", "report"));
	struct transfer_decoder d;
	transfer_decoder_init(&d, w->tree->parts[1].encoding);
	transfer_decode(&d, body_of(w, 1), &w->text);
	transfer_decode_end(&d, &w->text);
	assert_true(utf8_valid(buf_view(&w->text)));
	int part = dsn_status_part(w->tree);
	assert_int_equal(part, 2);
	arena_init(&w->arena, 8 << 20);
	w->error = dsn_status_parse(body_of(w, part), &w->arena, &w->status);
	assert_int_equal(w->error, 0);
	assert_false(w->status.defective);
	assert_int_equal(w->status.count + w->status.left_out, report->count);
}

static void done(struct whole *w)
{
	arena_done(&w->arena);
	mime_parser_free(w->parser);
	buf_done(&w->bytes);
	buf_done(&w->text);
}

static void header_is(const struct whole *w, const char *name, const char *expected)
{
	struct view body;
	struct buf line;
	assert_true(header_find(buf_view(&w->bytes), view_from_string(name), &body));
	buf_init(&line, 1000);
	header_unfold(body, &line);
	assert_view(buf_view(&line), expected);
	buf_done(&line);
}

static bool says(struct whole *w, const char *words)
{
	/* Wherever the lines were broken. */
	struct buf flat;
	buf_init(&flat, 1 << 20);
	struct view text = buf_view(&w->text);
	for (size_t i = 0; i < text.len; i++) {
		bool blank = text.data[i] == ' ' || text.data[i] == '\r' || text.data[i] == '\n';
		if (!blank)
			buf_append_byte(&flat, text.data[i]);
		else if (flat.len && buf_view(&flat).data[flat.len - 1] != ' ')
			buf_append_byte(&flat, ' ');
	}
	bool found = strstr(buf_string(&flat), words) != NULL;
	buf_done(&flat);
	return found;
}

static void a_failure_is_read_back(void **state)
{
	(void)state;
	struct whole w;
	struct dsn_report r = report_of(&unknown_user, 1);
	r.what = DSN_RETURN_MESSAGE;
	compose(&w, &r, VIEW("Subject: x\r\n\r\nbody\r\n"));
	assert_int_equal(w.needs, 0);
	header_is(&w, "From", "Mail Delivery System <postmaster@example.net>");
	header_is(&w, "To", "<carol@example.net>");
	header_is(&w, "Subject", "Your message could not be delivered: joe@example.com");
	header_is(&w, "Date", "Sun, 22 Nov 2026 08:25:06 +0100");
	header_is(&w, "Message-ID", "<new@mail.example.net>");
	header_is(&w, "In-Reply-To", "<orig@example.net>");
	header_is(&w, "References", "<orig@example.net>");
	header_is(&w, "Auto-Submitted", "auto-replied");
	header_is(&w, "MIME-Version", "1.0");
	assert_view(
	    parameter_find(&w.tree->parts[0].type.parameters, VIEW("report-type")), "delivery-status");
	assert_view(w.status.reporting_mta.type, "dns");
	assert_view(w.status.reporting_mta.value, "mail.example.net");
	assert_view(w.status.envid, "QQ123");
	assert_int_equal(w.status.arrival, NOW - 5 * DAY);
	const struct dsn_status_recipient *to = &w.status.recipients[0];
	assert_int_equal(to->action, DSN_FAILED);
	assert_view(to->original.type, "rfc822");
	assert_view(to->original.value, "joe@example.com");
	assert_view(to->final.value, "joe@example.com");
	assert_view(to->status, "5.1.1");
	assert_view(to->remote.value, "mx1.example.com");
	assert_view(to->diagnostic.type, "smtp");
	assert_view(to->diagnostic.value, "550-5.1.1 No such 550 5.1.1 user");
	assert_view(to->final_log_id, "Ab3dEf6hIj9l");
	assert_int_equal(to->last_attempt, NOW - 60);
	assert_int_equal(to->retry_until, 0);
	assert_true(says(&w, "This address does not exist there."));
	assert_true(says(&w, "The mail server mx1.example.com said about the recipient's address: "
	                     "> 550-5.1.1 No such > 550 5.1.1 user"));
	assert_true(says(&w, "Subject: Lunch on Friday"));
	assert_true(media_type_is(&w.tree->parts[3].type, "message", "rfc822"));
	assert_view(body_of(&w, 3), "Subject: x\r\n\r\nbody\r\n");
	done(&w);
}

static void a_delay_says_until_when(void **state)
{
	(void)state;
	struct whole w;
	struct dsn_recipient slow = {.action = DSN_DELAYED,
	    .final = VIEW("slow@example.org"),
	    .trouble = TROUBLE_REFUSED,
	    .trouble_text = VIEW("no connection to 192.0.2.1:25"),
	    .remote = VIEW("mx.example.org"),
	    .stage = VIEW("connect"),
	    .retry_until = NOW + 4 * DAY};
	struct dsn_report r = report_of(&slow, 1);
	compose(&w, &r, (struct view){0});
	header_is(&w, "Subject", "Your message is delayed: slow@example.org");
	assert_int_equal(w.tree->count, 3);
	assert_int_equal(w.status.recipients[0].action, DSN_DELAYED);
	assert_view(w.status.recipients[0].status, "4.4.1");
	assert_view(w.status.recipients[0].diagnostic.type, "x-postrider");
	assert_view(
	    w.status.recipients[0].diagnostic.value, "connection refused: no connection to 192.0.2.1:25");
	/* Nobody was spoken to (RFC 3464 section 2.3.5). */
	assert_int_equal(w.status.recipients[0].remote.value.len, 0);
	assert_int_equal(w.status.recipients[0].retry_until, NOW + 4 * DAY);
	assert_true(
	    says(&w, "You do not need to do anything now: this server keeps trying until Thu, 26 Nov 2026 "
	             "08:25:06 +0100"));
	assert_false(says(&w, "What you can do"));
	done(&w);
}

static void giving_up_says_after_how_long(void **state)
{
	(void)state;
	static const struct {
		int64_t waited;
		const char *words;
	} table[] = {{5 * DAY, "tried for 5 days without"}, {DAY, "tried for a day without"},
	    {36 * 3600, "tried for 36 hours without"}, {3600, "tried for an hour without"},
	    {600, "tried for 10 minutes without"}, {0, "tried for a moment without"}};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct whole w;
		struct dsn_recipient gone = {.action = DSN_FAILED,
		    .final = VIEW("a@b.org"),
		    .over = TROUBLE_EXPIRED,
		    .trouble = TROUBLE_TIMED_OUT,
		    .trouble_text = VIEW("no answer from 192.0.2.1")};
		struct dsn_report r = report_of(&gone, 1);
		r.arrival = NOW - table[i].waited;
		compose(&w, &r, (struct view){0});
		assert_view(w.status.recipients[0].status, "4.4.7");
		assert_true(says(&w, table[i].words));
		assert_true(says(&w, "The recipient's mail server does not answer."));
		done(&w);
	}
}

/* RFC 3464 section 2.3.6: what no host said is never given as a host's words. */
static void own_words_are_kept_apart(void **state)
{
	(void)state;
	static const struct {
		enum trouble trouble;
		const char *text, *status, *stage;
	} table[] = {{TROUBLE_NO_SMTPUTF8, "the next host does not support SMTPUTF8", "5.6.7", "EHLO"},
	    {TROUBLE_TOO_LARGE, "550 5.1.1 not what it looks like", "5.3.4", "EHLO"},
	    {TROUBLE_CONVERSION, "the next host takes no 8-bit mail", "5.6.3", "EHLO"},
	    {TROUBLE_REQUIRETLS, "not supported there", "5.7.30", "EHLO"},
	    {TROUBLE_NO_DELIVERBY, "the next host cannot promise delivery", "5.4.7", "EHLO"},
	    {TROUBLE_NULL_MX, "there is a null MX", "5.1.10", ""},
	    {TROUBLE_RATE, "so much for now", "4.7.0", ""}};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct whole w;
		struct dsn_recipient r1 = {.action = DSN_FAILED,
		    .final = VIEW("a@b.org"),
		    .status = view_from_string(table[i].status),
		    .remote = VIEW("mx.b.org"),
		    .trouble = table[i].trouble,
		    .trouble_text = view_from_string(table[i].text),
		    .stage = view_from_string(table[i].stage)};
		struct dsn_report r = report_of(&r1, 1);
		compose(&w, &r, (struct view){0});
		const struct dsn_status_recipient *to = &w.status.recipients[0];
		assert_view(to->status, table[i].status);
		assert_view(to->diagnostic.type, "x-postrider");
		assert_int_equal(trouble_from_text(to->diagnostic.value), table[i].trouble);
		assert_int_equal(to->remote.value.len, table[i].stage[0] ? 8 : 0);
		assert_false(says(&w, "said"));
		assert_true(
		    says(&w, table[i].stage[0] ? "This server noted about mx.b.org:" : "This server noted:"));
		assert_true(says(&w, table[i].text));
		assert_true(says(&w, dsn_explain(&(struct dsn_outcome){.cause = table[i].trouble}).meaning));
		done(&w);
	}
}

static void successes_have_words_too(void **state)
{
	(void)state;
	struct whole w;
	const struct dsn_recipient all[] = {{.action = DSN_DELIVERED, .final = VIEW("a@b.org")},
	    {.action = DSN_RELAYED, .final = VIEW("c@d.org"), .remote = VIEW("old.d.org")},
	    {.action = DSN_EXPANDED, .final = VIEW("team@b.org")}};
	struct dsn_report r = report_of(all, 3);
	compose(&w, &r, (struct view){0});
	assert_true(says(&w, "Your message was delivered to this address: a@b.org"));
	assert_true(says(&w, "c@d.org Accepted by the mail server old.d.org"));
	assert_true(says(&w, "everyone that stands behind this address: team@b.org"));
	for (size_t i = 0; i < 3; i++)
		assert_view(w.status.recipients[i].status, "2.0.0");
	done(&w);
}

static void no_input_writes_a_line_of_ours(void **state)
{
	(void)state;
	struct whole w;
	static const char evil[] = "x\r\nAction: delivered\r\n\r\nFinal-Recipient: "
	                           "rfc822;other@x\n\n--=_0123456789abcdefXYZ\n\xff\x1b[2J";
	struct view e = view_of(evil, sizeof evil - 1);
	struct dsn_recipient bad = {.action = DSN_FAILED,
	    .final = e,
	    .original_type = e,
	    .original = e,
	    .status = e,
	    .remote = e,
	    .reply = VIEW("550 5.1.1 x\r\nAction: delivered\r\n\r\nFinal-Recipient: rfc822;other@x\n\n"
	                  "--=_0123456789abcdefXYZ\n\xff\x1b[2J"),
	    .trouble_text = e,
	    .stage = e};
	struct dsn_report r = report_of(&bad, 1);
	r.original_subject = r.original_message_id = r.envid = r.queue_id = r.reporting_mta = e;
	r.to = r.postmaster = e;
	buf_init(&w.bytes, DSN_HEAD_MAX);
	struct buf tail;
	buf_init(&tail, DSN_TAIL_MAX);
	assert_int_equal(dsn_report_write(&r, &w.bytes, &tail, NULL), 0);
	buf_append(&w.bytes, buf_view(&tail));
	w.parser = mime_parser_new();
	w.tree = mime_parse(w.parser, buf_view(&w.bytes));
	assert_int_equal(w.tree->count, 3);
	struct view body;
	assert_false(header_find(buf_view(&w.bytes), VIEW("Action"), &body));
	assert_false(header_find(buf_view(&w.bytes), VIEW("In-Reply-To"), &body));
	arena_init(&w.arena, 1 << 20);
	assert_int_equal(dsn_status_parse(body_of(&w, 2), &w.arena, &w.status), 0);
	assert_int_equal(w.status.count, 1);
	assert_int_equal(w.status.recipients[0].action, DSN_FAILED);
	assert_view(w.status.recipients[0].status, "5.1.1");
	assert_null(memchr(buf_view(&w.bytes).data, '\x1b', w.bytes.len));
	buf_done(&tail);
	buf_init(&w.text, 1);
	done(&w);
}

static void beyond_ascii_by_what_the_sender_reads(void **state)
{
	(void)state;
	struct whole w;
	struct dsn_recipient r1 = {.action = DSN_FAILED,
	    .final = VIEW("j\xc3\xb6+\\ =@b\xc3\xbc"
	                  "cher.example"),
	    .original_type = VIEW("utf-8"),
	    .original = VIEW("j\xc3\xb6@b\xc3\xbc"
	                     "cher.example"),
	    .reply = VIEW("550 5.1.1 kein Postfach f\xc3\xbcr j\xc3\xb6")};
	struct dsn_report r = report_of(&r1, 1);
	r.original_subject = VIEW("Gr\xc3\xbc\xc3\x9f"
	                          "e");
	/* A sender that did not use SMTPUTF8 gets ASCII alone. */
	compose(&w, &r, (struct view){0});
	assert_int_equal(w.needs, 0);
	assert_true(utf8_is_ascii(buf_view(&w.bytes)));
	assert_true(media_type_is(&w.tree->parts[2].type, "message", "delivery-status"));
	assert_non_null(memmem(w.bytes.data, w.bytes.len, "utf-8;j\\x{F6}@b\\x{FC}cher", 24));
	assert_view(w.status.recipients[0].final.type, "utf-8");
	assert_view(w.status.recipients[0].final.value, "j\xc3\xb6+\\ =@b\xc3\xbc"
	                                                "cher.example");
	assert_view(w.status.recipients[0].diagnostic.value, "550 5.1.1 kein Postfach f?r j?");
	assert_true(says(&w, "Subject: Gr\xc3\xbc\xc3\x9f"
	                     "e"));
	assert_true(says(&w, "> 550 5.1.1 kein Postfach f\xc3\xbcr j\xc3\xb6"));
	done(&w);
	/* One that did gets a global report, and needs SMTPUTF8 only for an address of its own. */
	r.utf8 = true;
	r.what = DSN_RETURN_HEADERS;
	r.content = DSN_8BIT;
	compose(&w, &r, VIEW("Subject: \xc3\xbc\r\n"));
	assert_int_equal(w.needs, DSN_NEEDS_8BITMIME);
	assert_true(media_type_is(&w.tree->parts[2].type, "message", "global-delivery-status"));
	assert_true(media_type_is(&w.tree->parts[w.tree->count - 1].type, "message", "global-headers"));
	assert_int_equal(w.tree->parts[0].encoding, TRANSFER_8BIT);
	assert_view(w.status.recipients[0].final.value, "j\xc3\xb6+\\ =@b\xc3\xbc"
	                                                "cher.example");
	assert_view(w.status.recipients[0].diagnostic.value, "550 5.1.1 kein Postfach f\xc3\xbcr j\xc3\xb6");
	done(&w);
	r.to = VIEW("ren\xc3\xa9@example.net");
	r.what = DSN_RETURN_MESSAGE;
	compose(&w, &r, VIEW("Subject: \xc3\xbc\r\n\r\n"));
	assert_int_equal(w.needs, DSN_NEEDS_8BITMIME | DSN_NEEDS_SMTPUTF8);
	header_is(&w, "To", "<ren\xc3\xa9@example.net>");
	done(&w);
	/* All of it ASCII after all: an ordinary report. */
	struct dsn_report plain = report_of(&unknown_user, 1);
	plain.utf8 = true;
	plain.what = DSN_RETURN_MESSAGE;
	compose(&w, &plain, VIEW("Subject: x\r\n\r\n"));
	assert_int_equal(w.needs, 0);
	assert_true(media_type_is(&w.tree->parts[2].type, "message", "delivery-status"));
	assert_true(media_type_is(&w.tree->parts[3].type, "message", "rfc822"));
	done(&w);
}

static void what_is_returned_stays_as_it_is(void **state)
{
	(void)state;
	static const struct {
		enum dsn_content content;
		unsigned needs;
		enum transfer_encoding encoding;
		struct view message;
	} table[] = {{DSN_7BIT, 0, TRANSFER_7BIT, {"A: b\r\n\r\nbody without an end", 26}},
	    {DSN_8BIT, DSN_NEEDS_8BITMIME, TRANSFER_8BIT, {"A: b\r\n\r\n\xff\xfe\r\n", 12}},
	    {DSN_BINARY, DSN_NEEDS_BINARYMIME, TRANSFER_BINARY, {"A: b\r\n\r\n\0\n\r\r\n", 13}}};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct whole w;
		struct dsn_report r = report_of(&unknown_user, 1);
		r.what = DSN_RETURN_MESSAGE;
		r.content = table[i].content;
		compose(&w, &r, table[i].message);
		assert_int_equal(w.needs, table[i].needs);
		assert_int_equal(w.tree->parts[0].encoding, table[i].encoding);
		assert_int_equal(w.tree->parts[3].encoding, table[i].encoding);
		assert_true(view_equal(body_of(&w, 3), table[i].message));
		done(&w);
	}
	struct whole w;
	struct dsn_report r = report_of(&unknown_user, 1);
	r.what = DSN_RETURN_HEADERS;
	compose(&w, &r, VIEW("A: b\r\nC: d\r\n"));
	assert_true(media_type_is(&w.tree->parts[3].type, "text", "rfc822-headers"));
	assert_view(body_of(&w, 3), "A: b\r\nC: d\r\n");
	done(&w);
}

static void lines_keep_to_the_limit(void **state)
{
	(void)state;
	struct whole w;
	char word[3000];
	memset(word, 'x', sizeof word);
	memcpy(word, "550 ", 4);
	struct dsn_recipient r1 = {.action = DSN_FAILED,
	    .final = view_of(word, 900),
	    .original_type = VIEW("rfc822"),
	    .original = view_of(word, 2000), /* fits no line: left out */
	    .remote = view_of(word + 4, 2500),
	    .reply = view_of(word, sizeof word)};
	struct dsn_report r = report_of(&r1, 1);
	compose(&w, &r, (struct view){0});
	struct view rest = buf_view(&w.bytes), line;
	while (view_next(&rest, '\n', &line))
		assert_true(line.len <= 999);
	assert_int_equal(w.status.recipients[0].final.value.len, 900);
	assert_int_equal(w.status.recipients[0].original.value.len, 0);
	done(&w);
}

static void a_thousand_recipients_fit(void **state)
{
	(void)state;
	enum { MANY = 1001 };
	static char words[DSN_REPLY_MAX];
	struct whole w;
	struct dsn_recipient *all = calloc(MANY, sizeof *all);
	memset(words, 'y', sizeof words);
	memcpy(words, "550 5.1.1 ", 10);
	for (size_t i = 0; i < MANY; i++) {
		all[i] = unknown_user;
		all[i].reply = view_of(words, sizeof words);
		all[i].final = all[i].original = view_of(words + 10, 254);
	}
	struct dsn_report r = report_of(all, MANY);
	compose(&w, &r, (struct view){0});
	header_is(&w, "Subject", "Your message could not be delivered: 1001 addresses");
	assert_true(says(&w, "... and 951 more; the second part of this report lists them all."));
	assert_int_equal(w.status.count, DSN_PARSE_RECIPIENTS_MAX);
	assert_int_equal(w.status.left_out, 1);
	done(&w);
	free(all);
}

static void refuses_what_it_cannot_do(void **state)
{
	(void)state;
	struct buf head, tail;
	unsigned needs = 77;
	buf_init(&head, DSN_HEAD_MAX);
	buf_init(&tail, DSN_TAIL_MAX);
	struct dsn_report good = report_of(&unknown_user, 1), r = good;
	r.to = (struct view){0};
	assert_int_equal(dsn_report_write(&r, &head, &tail, &needs), -EINVAL);
	r = good;
	r.count = 0;
	assert_int_equal(dsn_report_write(&r, &head, &tail, &needs), -EINVAL);
	r = good;
	r.boundary = VIEW("short");
	assert_int_equal(dsn_report_write(&r, &head, &tail, &needs), -EINVAL);
	r.boundary = VIEW("0123456789abcdef\"\r\n");
	assert_int_equal(dsn_report_write(&r, &head, &tail, &needs), -EINVAL);
	assert_int_equal(head.len + tail.len, 0);
	struct buf small;
	buf_init(&small, 500);
	buf_append_string(&small, "before");
	assert_int_equal(dsn_report_write(&good, &small, &tail, &needs), -ENOBUFS);
	assert_view(buf_view(&small), "before");
	assert_int_equal(tail.len, 0);
	assert_int_equal(needs, 77);
	buf_done(&small);
	buf_done(&head);
	buf_done(&tail);
}

static void several_reports_are_gathered(void **state)
{
	(void)state;
	struct dsn_report r = report_of(&unknown_user, 1);
	struct dsn_gather_item items[2] = {
	    {.subject = VIEW("Your message could not be delivered: joe@example.com")},
	    {.subject = VIEW("Your message could not be delivered: 2 addresses"), .content = DSN_8BIT}};
	struct dsn_gather g = {.reporting_mta = r.reporting_mta,
	    .postmaster = r.postmaster,
	    .to = r.to,
	    .message_id = VIEW("gathered@mail.example.net"),
	    .boundary = VIEW("gathergathergather"),
	    .now = r.now,
	    .items = items,
	    .count = 2};
	struct buf out;
	unsigned needs;
	buf_init(&out, DSN_HEAD_MAX);
	assert_int_equal(dsn_gather_head(&g, &out, &needs), 0);
	assert_int_equal(needs, DSN_NEEDS_8BITMIME);
	for (size_t i = 0; i < 2; i++) {
		struct buf tail;
		buf_init(&tail, DSN_TAIL_MAX);
		assert_int_equal(dsn_gather_part(&g, i, &out), 0);
		r.content = items[i].content;
		r.what = DSN_RETURN_MESSAGE;
		assert_int_equal(dsn_report_write(&r, &out, &tail, NULL), 0);
		buf_append_string(&out, i ? "A: \xc3\xbc\r\n\r\n" : "A: b\r\n\r\n");
		buf_append(&out, buf_view(&tail));
		buf_done(&tail);
	}
	assert_int_equal(dsn_gather_tail(&g, &out), 0);
	struct mime_parser *p = mime_parser_new();
	const struct mime_tree *tree = mime_parse(p, buf_view(&out));
	assert_int_equal(tree->defects, 0);
	assert_true(media_type_is(&tree->parts[0].type, "multipart", "mixed"));
	int part = mime_next_sibling(tree, 1);
	for (size_t i = 0; i < 2; i++) {
		assert_true(media_type_is(&tree->parts[part].type, "message", "rfc822"));
		assert_true(media_type_is(&tree->parts[part + 1].type, "multipart", "report"));
		part = mime_next_sibling(tree, (size_t)part);
	}
	assert_int_equal(part, -1);
	struct view body;
	assert_true(header_find(buf_view(&out), VIEW("Auto-Submitted"), &body));
	assert_view(view_trim(body), "auto-replied");
	assert_true(header_find(buf_view(&out), VIEW("Subject"), &body));
	assert_view(view_trim(body), "Your messages could not be delivered: 2 reports");
	assert_non_null(
	    strstr(buf_string(&out), "  1. Your message could not be delivered: joe@example.com\r\n"));
	g.count = 0;
	assert_int_equal(dsn_gather_head(&g, &out, &needs), -EINVAL);
	mime_parser_free(p);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_failure_is_read_back),
	    cmocka_unit_test(a_delay_says_until_when),
	    cmocka_unit_test(giving_up_says_after_how_long),
	    cmocka_unit_test(own_words_are_kept_apart),
	    cmocka_unit_test(successes_have_words_too),
	    cmocka_unit_test(no_input_writes_a_line_of_ours),
	    cmocka_unit_test(beyond_ascii_by_what_the_sender_reads),
	    cmocka_unit_test(what_is_returned_stays_as_it_is),
	    cmocka_unit_test(lines_keep_to_the_limit),
	    cmocka_unit_test(a_thousand_recipients_fit),
	    cmocka_unit_test(refuses_what_it_cannot_do),
	    cmocka_unit_test(several_reports_are_gathered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
