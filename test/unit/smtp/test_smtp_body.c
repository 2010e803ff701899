/* A message on its way in: what is put in front, taken out and completed, the limits, and what is known at
 * its end, however it is cut. */
#include "../unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "smtp/smtp_body.h"
#include "smtp/smtp_session.h"

enum { NOW = 1000000000 }; /* Sun, 9 Sep 2001 01:46:40 +0000 */

static struct buf got, came;
static unsigned calls, pause_at; /* the sink asks for a pause at this call; 0: never */

static bool sink(void *arg, struct view bytes)
{
	assert_ptr_equal(arg, &got);
	assert_true(bytes.len > 0);
	buf_append(&got, bytes);
	return ++calls != pause_at;
}

static void take_octets(void *arg, struct view bytes)
{
	assert_ptr_equal(arg, &got);
	buf_append(&came, bytes);
}

static struct smtp_body_config config = {.size_max = 1 << 20,
    .received_max = 3,
    .now = NOW,
    .hostname = {"mx.example.test", 15},
    .sink = sink,
    .arg = &got};

static int start(void **state)
{
	(void)state;
	buf_init(&got, 1 << 22);
	buf_init(&came, 1 << 22);
	config.came = NULL;
	calls = pause_at = 0;
	config.submission = false;
	config.chunks = false;
	config.kind = SMTP_7BIT;
	config.size_max = 1 << 20;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	buf_done(&got);
	buf_done(&came);
	return 0;
}

/* A submission's header asks who wrote it: somebody, as far as this body is told. */
static void write_piece(struct smtp_body *body, struct view piece)
{
	smtp_body_write(body, piece);
	if (smtp_body_asks(body))
		smtp_body_answer(body, false);
}

static enum smtp_body_fault end_of(struct smtp_body *body, struct message_digest *digest)
{
	enum smtp_body_fault fault = smtp_body_end(body, digest);
	if (fault != SMTP_BODY_ASKS)
		return fault;
	smtp_body_answer(body, false);
	return smtp_body_end(body, digest);
}

/* The whole in pieces; the body is kept, for its digest's sake, until the next one. */
static enum smtp_body_fault take(struct view message, size_t piece, struct message_digest *digest)
{
	static struct smtp_body *body;
	smtp_body_free(body);
	body = NULL;
	if (digest == NULL)
		return SMTP_BODY_GOOD;
	buf_clear(&got);
	body = smtp_body_new(&config, VIEW("Received: here\r\n"));
	while (message.len > 0) {
		write_piece(body, view_take(message, piece));
		message = view_skip(message, piece);
	}
	enum smtp_body_fault fault = end_of(body, digest);
	assert_int_equal(smtp_body_fault(body), fault);
	return fault;
}

static void expect(const char *message, const char *expected)
{
	struct message_digest digest;
	for (size_t piece = 1; piece < 8; piece++) {
		assert_int_equal(take(view_from_string(message), piece, &digest), SMTP_BODY_GOOD);
		assert_string_equal(buf_string(&got), expected);
	}
	assert_int_equal(take(view_from_string(message), SIZE_MAX, &digest), SMTP_BODY_GOOD);
	assert_string_equal(buf_string(&got), expected);
	take((struct view){0}, 0, NULL);
}

static void a_received_message_gets_its_trace_field(void **state)
{
	(void)state;
	expect("Subject: x\r\n\r\nbody\r\n", "Received: here\r\nSubject: x\r\n\r\nbody\r\n");
	/* An earlier Return-Path is not believed; Bcc is none of a relay's business. */
	expect(
	    "Return-Path: <evil@else.test>\r\nBcc: b@else.test\r\nSubject: x\r\n\r\nReturn-Path: stays\r\n",
	    "Received: here\r\nBcc: b@else.test\r\nSubject: x\r\n\r\nReturn-Path: stays\r\n");
	/* Nothing is added to it but the empty line between header and body. */
	expect("Subject: x\r\nno field, so this is the body\r\n",
	    "Received: here\r\nSubject: x\r\n\r\nno field, so this is the body\r\n");
	expect("Subject: x\r\n", "Received: here\r\nSubject: x\r\n\r\n");
	/* What is no field, and would end the header for others, or continue the trace field, does neither.
	 */
	expect("\xef\xbb\xbf"
	       "From: a@else.test\r\nSubject: x\r\n\r\nbody\r\n",
	    "Received: here\r\nFrom: a@else.test\r\nSubject: x\r\n\r\nbody\r\n");
	expect("garbage\r\nFrom: a@else.test\r\n\r\nbody\r\n",
	    "Received: here\r\nX-Broken-Line: garbage\r\nFrom: a@else.test\r\n\r\nbody\r\n");
	expect("\tfolded\r\nFrom: a@else.test\r\n\r\nbody\r\n",
	    "Received: here\r\nX-Broken-Line: \tfolded\r\nFrom: a@else.test\r\n\r\nbody\r\n");
	expect(
	    "\r\nFrom: a@else.test\r\n\r\nbody\r\n", "Received: here\r\nFrom: a@else.test\r\n\r\nbody\r\n");
	expect("From: a@else.test", "Received: here\r\nFrom: a@else.test\r\n\r\n");
	expect("", "Received: here\r\n\r\n");
}

/* Signatures are over the octets that came, whatever becomes of them here. */
static void what_came_is_told_as_it_came(void **state)
{
	static const char *const messages[] = {"Return-Path: <a@else.test>\r\nSubject : x\r\n\r\nbody\r\n",
	    "\r\nFrom: a@else.test\r\n\r\nbody\r\n", "garbage\r\nFrom: a@else.test\r\n\r\nbody\r\n",
	    "Authentication-Results: mx.example.test; spf=pass\r\nSubject: x", "Subject: x\r\n\r\nno end"};
	struct message_digest digest;
	(void)state;
	config.came = take_octets;
	config.chunks = true;
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
		for (size_t piece = 1; piece < 80; piece += 13) {
			buf_clear(&came);
			assert_int_equal(take(view_from_string(messages[i]), piece, &digest), SMTP_BODY_GOOD);
			assert_string_equal(buf_string(&came), messages[i]);
			assert_string_not_equal(buf_string(&got) + strlen("Received: here\r\n"), messages[i]);
		}
	take((struct view){0}, 0, NULL);
}

static void a_submitted_message_is_completed(void **state)
{
	(void)state;
	struct message_digest digest;
	config.submission = true;
	expect("Date: Mon, 1 Jan 2024 00:00:00 +0000\r\nMessage-ID: <1@else.test>\r\nBcc: b@else.test,\r\n "
	       "c@else.test\r\nSubject: x\r\n\r\nbody\r\n",
	    "Received: here\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nMessage-ID: <1@else.test>\r\nSubject: "
	    "x\r\n\r\nbody\r\n");
	/* Behind whatever its program put first: nothing is added a second time, and Bcc goes. */
	static const char *const first[] = {
	    "\xef\xbb\xbf", "garbage\r\n", "\xef\xbb\xbf\r\n", "garbage\r\nand more\r\n x\r\n", "\r\n"};
	for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
		struct buf message;
		buf_init(&message, 1000);
		buf_printf(&message,
		    "%sDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nBcc : b@else.test\r\nMessage-ID: "
		    "<1@else.test>\r\nSubject: x\r\n\r\nbody\r\n",
		    first[i]);
		for (size_t piece = 1; piece < 100; piece += 49) {
			assert_int_equal(take(buf_view(&message), piece, &digest), SMTP_BODY_GOOD);
			assert_non_null(
			    strstr(buf_string(&got), "Date: Mon, 1 Jan 2024 00:00:00 +0000\r\nMessage-ID: "
			                             "<1@else.test>\r\nSubject: x\r\n\r\nbody\r\n"));
			assert_null(strstr(buf_string(&got), "b@else.test"));
			assert_null(strstr(buf_string(&got), "Sep 2001"));
			assert_null(strstr(buf_string(&got), "mx.example.test>"));
		}
		buf_done(&message);
	}
	assert_int_equal(take(VIEW("Subject: x\r\n\r\nbody\r\n"), 3, &digest), SMTP_BODY_GOOD);
	const char *text = buf_string(&got);
	assert_non_null(strstr(text, "\r\nDate: Sun, 9 Sep 2001 01:46:40 +0000\r\n"));
	assert_non_null(strstr(text, "@mx.example.test>\r\n"));
	assert_non_null(strstr(text, "\r\n\r\nbody\r\n"));
	assert_true(view_ends_nocase(digest.message_id, VIEW("@mx.example.test")));
	take((struct view){0}, 0, NULL);
}

static void the_digest_tells_what_is_in_it(void **state)
{
	(void)state;
	struct message_digest one, other;
	static const char message[] =
	    "Subject: x\r\nMessage-ID: <1@else.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
	    "boundary=b\r\n\r\n"
	    "--b\r\n\r\none\r\n--b\r\nContent-Type: image/png\r\n\r\ntwo\r\n--b--\r\n";
	struct buf summary, trailer;
	buf_init(&summary, 1 << 20);
	buf_init(&trailer, 1 << 20);
	assert_int_equal(take(VIEW(message), SIZE_MAX, &one), SMTP_BODY_GOOD);
	assert_view(one.message_id, "1@else.test");
	assert_true(one.summary.len > 0 && one.trailer.len > 0);
	buf_append(&summary, one.summary);
	buf_append(&trailer, one.trailer);
	/* The same, however it comes. */
	for (size_t piece = 1; piece < 9; piece++) {
		assert_int_equal(take(VIEW(message), piece, &other), SMTP_BODY_GOOD);
		assert_true(view_equal(other.summary, buf_view(&summary)));
		assert_true(view_equal(other.trailer, buf_view(&trailer)));
	}
	take((struct view){0}, 0, NULL);
	buf_done(&summary);
	buf_done(&trailer);
}

static void what_is_too_large_is_dropped(void **state)
{
	(void)state;
	struct message_digest digest;
	static char message[5000] = "Subject: x\r\n\r\n";
	memset(message + 14, 'x', sizeof message - 14);
	config.size_max = sizeof message;
	assert_int_equal(take(view_of(message, sizeof message), 100, &digest),
	    SMTP_BODY_GOOD); /* the trace field does not count */
	assert_int_equal(buf_view(&got).len, sizeof message + 16);
	config.size_max = sizeof message - 1;
	assert_int_equal(take(view_of(message, sizeof message), 100, &digest), SMTP_BODY_TOO_LARGE);
	assert_true(buf_view(&got).len < sizeof message + 16);
	size_t before = buf_view(&got).len;
	assert_int_equal(take(view_of(message, sizeof message), SIZE_MAX, &digest), SMTP_BODY_TOO_LARGE);
	assert_int_equal(buf_view(&got).len, before); /* the same, when it comes at once */
	take((struct view){0}, 0, NULL);
}

static void the_first_fault_counts(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t len;
		enum smtp_body_fault fault;
	} rows[] = {{"A: b\r\n\r\nx\0y\nz", 13, SMTP_BODY_NUL},
	    {"A: b\r\n\r\nx\ny\0z", 13, SMTP_BODY_BARE_END}, {"A: b\r\n\r\nx\r\0z", 12, SMTP_BODY_BARE_END},
	    {"A: \0b\r\n\nx", 11, SMTP_BODY_NUL}, {"A: b\r\n\r\nx\ry", 11, SMTP_BODY_BARE_END}};
	static const size_t pieces[] = {1, 2, 3, SIZE_MAX};
	struct message_digest digest;
	config.chunks = true;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t k = 0; k < 4; k++)
			assert_int_equal(
			    take(view_of(rows[i].text, rows[i].len), pieces[k], &digest), rows[i].fault);
	take((struct view){0}, 0, NULL);
	config.chunks = false;
}

static void a_loop_is_noticed(void **state)
{
	(void)state;
	struct message_digest digest;
	struct buf message;
	for (unsigned hops = 0; hops < 6; hops++) {
		buf_init(&message, 10000);
		for (unsigned i = 0; i < hops; i++)
			buf_append_string(
			    &message, i % 2 ? "RECEIVED: from a\r\n by b\r\n" : "Received: from b\r\n");
		buf_append_string(&message, "Subject: x\r\n\r\nReceived: of the body\r\nReceived: "
		                            "2\r\nReceived: 3\r\nReceived: 4\r\n");
		for (size_t piece = 1; piece < 40; piece += 13)
			assert_int_equal(take(buf_view(&message), piece, &digest),
			    hops > 3 ? SMTP_BODY_LOOP : SMTP_BODY_GOOD);
		buf_done(&message);
	}
	take((struct view){0}, 0, NULL);
}

static void a_full_sink_pauses_and_loses_nothing(void **state)
{
	(void)state;
	struct message_digest digest;
	struct smtp_body *body = smtp_body_new(&config, VIEW("Received: here\r\n"));
	assert_int_equal(calls, 0); /* nothing before the first bytes */
	pause_at = 2;
	assert_false(smtp_body_write(body, VIEW("Subject: x\r\n\r\nbody\r\n")));
	assert_true(smtp_body_write(body, VIEW("more\r\n")));
	assert_int_equal(end_of(body, &digest), SMTP_BODY_GOOD);
	assert_string_equal(buf_string(&got), "Received: here\r\nSubject: x\r\n\r\nbody\r\nmore\r\n");
	smtp_body_free(body);
}

static void refuse(struct view message, enum smtp_body_fault fault)
{
	struct message_digest digest;
	for (size_t piece = 1; piece <= message.len + 1; piece++)
		assert_int_equal(take(message, piece, &digest), fault);
	take((struct view){0}, 0, NULL);
}

static void text_holds_lines_and_no_nul(void **state)
{
	(void)state;
	refuse(VIEW("a: b\r\n\r\n\0.\r\n"), SMTP_BODY_NUL);
	config.chunks = true;
	for (int kind = 0; kind < 2; kind++) {
		config.kind = kind ? SMTP_8BITMIME : SMTP_7BIT;
		refuse(VIEW("a: b\r\n\r\nc\0\r\n"), SMTP_BODY_NUL);
		refuse(VIEW("a\0: b\r\n\r\nc\r\n"), SMTP_BODY_NUL);
		refuse(VIEW("a: b\r\n\r\nc\n.\nd\r\n"), SMTP_BODY_BARE_END);
		refuse(VIEW("a: b\n\r\nc\r\n"), SMTP_BODY_BARE_END);
		refuse(VIEW("a: b\r\n\r\nc\r.\rd\r\n"), SMTP_BODY_BARE_END);
		refuse(VIEW("a: b\r\n\r\nc\r"), SMTP_BODY_BARE_END);
		expect("a: b\r\n\r\nc\r\n", "Received: here\r\na: b\r\n\r\nc\r\n");
	}
	config.kind = SMTP_BINARYMIME;
	refuse(VIEW("a: \0\r\n\r\nc\r\n"), SMTP_BODY_NUL);
	struct message_digest digest;
	assert_int_equal(take(VIEW("a: b\r\n\r\n\0\n\r."), 3, &digest), SMTP_BODY_GOOD);
	assert_true(view_equal(buf_view(&got), VIEW("Received: here\r\na: b\r\n\r\n\0\n\r.")));
	take((struct view){0}, 0, NULL);
}

/* BDAT may end within a line: text is ended, a header always is, and what is binary stays as it is. */
static void the_last_line_is_ended(void **state)
{
	(void)state;
	config.chunks = true;
	expect("a: b\r\n\r\nc", "Received: here\r\na: b\r\n\r\nc\r\n");
	expect("a: b", "Received: here\r\na: b\r\n\r\n");
	expect("no field", "Received: here\r\n\r\nno field\r\n");
	expect("", "Received: here\r\n\r\n");
	config.kind = SMTP_BINARYMIME;
	expect("a: b\r\n\r\nc", "Received: here\r\na: b\r\n\r\nc");
	expect("a: b", "Received: here\r\na: b\r\n\r\n");
	struct message_digest digest;
	config.submission = true;
	assert_int_equal(take(VIEW("Subject: x"), 3, &digest), SMTP_BODY_GOOD);
	assert_non_null(strstr(buf_string(&got), "\r\nSubject: x\r\nDate: "));
	take((struct view){0}, 0, NULL);
}

static void eight_bits_are_noticed(void **state)
{
	static const struct {
		const char *message;
		enum smtp_body_kind kind;
		bool has;
	} cases[] = {
	    {"a: b\r\n\r\ngruen, in a line that is longer than a word\r\n", SMTP_7BIT, false},
	    {"a: b\r\n\r\ngr\xc3\xbcn, in a line that is longer than a word\r\n", SMTP_7BIT, true},
	    {"a: \xfc\r\n\r\nb\r\n", SMTP_7BIT, true},
	    {"a: b\r\n\r\n\xfc\r\n", SMTP_BINARYMIME, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		config.kind = cases[i].kind;
		for (size_t piece = 1; piece < 20; piece += 3) {
			struct message_digest digest;
			struct smtp_body *body = smtp_body_new(&config, VIEW("Received: here\r\n"));
			for (struct view v = view_from_string(cases[i].message); v.len > 0;
			     v = view_skip(v, piece))
				write_piece(body, view_take(v, piece));
			assert_int_equal(end_of(body, &digest), SMTP_BODY_GOOD);
			assert_int_equal(smtp_body_has_8bit(body), cases[i].has);
			smtp_body_free(body);
		}
	}
}

/* At whichever allocation memory ends: the message is kept whole, or refused, and never cut. */
static void without_memory_it_is_whole_or_refused(void **state)
{
	(void)state;
	static char message[20000] = "Subject: x\r\nTo: somebody@else.test\r\n\r\n";
	static const char head[] = "Received: here\r\n";
	size_t header = strlen(message);
	memset(message + header, 'x', sizeof message - header);
	unsigned refused = 0, kept = 0;
	for (unsigned n = 1;; n++) {
		struct message_digest digest;
		buf_clear(&got);
		if (buf_reserve(&got, 1 << 20) == NULL) /* the test's own */
			fail();
		mem_fail_after(n);
		struct smtp_body *body = smtp_body_new(&config, VIEW("Received: here\r\n"));
		for (size_t at = 0; at < sizeof message; at += 7000)
			write_piece(body, view_take(view_skip(view_of(message, sizeof message), at), 7000));
		enum smtp_body_fault fault = end_of(body, &digest);
		bool all_done = mem_fault_pending();
		mem_fail_after(0);
		if (fault == SMTP_BODY_GOOD) {
			kept++;
			assert_int_equal(buf_view(&got).len, sizeof message + sizeof head - 1);
			assert_memory_equal(buf_view(&got).data + sizeof head - 1, message, sizeof message);
		} else {
			refused++;
			assert_int_equal(fault, SMTP_BODY_NO_MEMORY);
		}
		smtp_body_free(body);
		if (all_done)
			break;
	}
	assert_true(kept > 0 && refused > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_received_message_gets_its_trace_field, start, stop),
	    cmocka_unit_test_setup_teardown(what_came_is_told_as_it_came, start, stop),
	    cmocka_unit_test_setup_teardown(a_submitted_message_is_completed, start, stop),
	    cmocka_unit_test_setup_teardown(the_digest_tells_what_is_in_it, start, stop),
	    cmocka_unit_test_setup_teardown(what_is_too_large_is_dropped, start, stop),
	    cmocka_unit_test_setup_teardown(the_first_fault_counts, start, stop),
	    cmocka_unit_test_setup_teardown(a_loop_is_noticed, start, stop),
	    cmocka_unit_test_setup_teardown(a_full_sink_pauses_and_loses_nothing, start, stop),
	    cmocka_unit_test_setup_teardown(text_holds_lines_and_no_nul, start, stop),
	    cmocka_unit_test_setup_teardown(the_last_line_is_ended, start, stop),
	    cmocka_unit_test_setup_teardown(eight_bits_are_noticed, start, stop),
	    cmocka_unit_test_setup_teardown(without_memory_it_is_whole_or_refused, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
