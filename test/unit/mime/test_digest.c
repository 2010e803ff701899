/* What a message is made into when it comes in: identifiers, threads, and where the summary stands. */
#include "../unit.h"

#include "mime/digest.h"
#include "mime/summary.h"
#include "mime/trailer.h"

struct world {
	struct mime_digest *d;
	struct message_digest out;
	struct arena arena;
};

static struct world digest_pieces(struct view message, size_t piece)
{
	struct world w = {.d = mime_digest_new()};
	arena_init(&w.arena, 1 << 20);
	for (; message.len > 0; message = view_skip(message, piece))
		mime_digest_feed(w.d, view_take(message, piece));
	mime_digest_end(w.d, &w.out);
	return w;
}

static struct world digest(const char *message)
{
	return digest_pieces(view_from_string(message), SIZE_MAX);
}

static void done(struct world *w)
{
	mime_digest_free(w->d);
	arena_done(&w->arena);
}

static void expect_id(const char *field, const char *id)
{
	struct buf message;
	buf_init(&message, 10000);
	buf_printf(&message, "Subject: x\r\n%s\r\n\r\nbody\r\n", field);
	for (size_t piece = 1; piece < 4; piece++) {
		struct world w = digest_pieces(buf_view(&message), piece);
		assert_view(w.out.message_id, id);
		assert_int_equal(w.out.message_id_hash, message_id_hash(view_from_string(id)));
		done(&w);
	}
	buf_done(&message);
}

static void a_message_id_has_no_brackets_and_no_comments(void **state)
{
	(void)state;
	expect_id("Message-ID: <1@x.test>", "1@x.test");
	expect_id("Message-ID: (made by <me@x.test>) <1@x.test> (and more)", "1@x.test");
	expect_id("message-id:\r\n <1@\r\n x.test>", "1@x.test");
	expect_id("Message-ID: < 1@x.test >", "1@x.test");
	expect_id("Message-ID: 1@x.test (no brackets)", "1@x.test");
	expect_id("Message-ID: <broken <1@x.test>", "1@x.test");
	expect_id("Message-ID: <1@x.test", "");
	expect_id("Message-ID: <\x01@x.test>", "");
	expect_id("Message-ID:", "");
	expect_id("X-Other: none", "");
	assert_int_equal(message_id_hash((struct view){0}), 0);
	/* It is stored: it may never change. */
	assert_true(message_id_hash(VIEW("a")) == UINT64_C(0xaf63dc4c8601ec8c));
}

static void expect_references(const char *fields, const char *const *ids, size_t count)
{
	struct buf message;
	buf_init(&message, 100000);
	buf_printf(&message, "Message-ID: <own@x>\r\n%s\r\n\r\n", fields);
	struct world w = digest(buf_string(&message));
	assert_int_equal(w.out.reference_count, count);
	for (size_t i = 0; i < count; i++)
		assert_true(w.out.references[i] == message_id_hash(view_from_string(ids[i])));
	done(&w);
	buf_done(&message);
}

static void references_come_nearest_first(void **state)
{
	(void)state;
	expect_references("In-Reply-To: <c@x>\r\nReferences: <a@x> <b@x>\r\n <c@x>",
	    (const char *const[]){"c@x", "b@x", "a@x"}, 3);
	expect_references("References: <a@x> junk (<b@x>) <own@x> <a@x>", (const char *const[]){"a@x"}, 1);
	expect_references(
	    "In-Reply-To: Your message of \"Monday\" <c@x> (that <d@x>)", (const char *const[]){"c@x"}, 1);
	expect_references("Subject: none", NULL, 0);
	/* Of a long thread the next ancestors and the first message. */
	expect_references(
	    "References: <1@x> <2@x> <3@x> <4@x> <5@x> <6@x> <7@x> <8@x> <9@x> <10@x> <11@x> <12@x>",
	    (const char *const[]){"12@x", "11@x", "10@x", "9@x", "8@x", "7@x", "6@x", "1@x"}, 8);
}

static void read_summary(struct world *w, struct view encoded, struct message_summary *s)
{
	assert_int_equal(message_summary_decode(encoded, &w->arena, s), 0);
}

/* A long thread, as large providers write it: its identifiers take no room in the summary. */
static void long_references_leave_the_summary_in_the_index(void **state)
{
	(void)state;
	struct buf message;
	struct message_summary s;
	buf_init(&message, 100000);
	buf_printf(&message, "From: Ann <ann@example.org>\r\nTo: Bob <bob@example.org>\r\nSubject: Re: x\r\n"
	                     "Message-ID: <own@x>\r\nReferences:");
	for (int i = 0; i < 12; i++)
		buf_printf(&message, "\r\n <CAJ-%02d%052d@mail.example.com>", i, i);
	buf_append(&message, VIEW("\r\n\r\nThe text.\r\n"));
	struct world w = digest_pieces(buf_view(&message), 100);
	assert_true(w.out.summary.len > 0 && w.out.summary.len < 400);
	assert_int_equal(w.out.reference_count, 8);
	read_summary(&w, w.out.summary, &s);
	assert_view(s.envelope.subject, "Re: x");
	assert_view(s.preview, "The text.");
	struct view found;
	assert_false(trailer_find(w.out.trailer, TRAILER_SUMMARY, &found));
	done(&w);
	buf_done(&message);
}

static void many_recipients(struct buf *message, int count)
{
	buf_init(message, 100000);
	buf_printf(
	    message, "From: Ann <ann@example.org>\r\nSubject: to all\r\nMessage-ID: <own@x>\r\nTo: a@x");
	for (int i = 1; i < count; i++)
		buf_printf(
		    message, ",\r\n \"Person With A Name %d\" <person.%d@department.example.org>", i, i);
	buf_append(
	    message, VIEW("\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nThe text.\r\n"
	                  "--b\r\nContent-Type: application/pdf\r\n\r\nx\r\n--b--\r\n"));
}

/* The summary is never lost: what the index cannot hold stands behind the body. */
static void a_mail_to_many_keeps_its_summary(void **state)
{
	static const struct {
		int recipients;
		bool in_index;
	} rows[] = {{20, true}, {200, false}};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct buf message;
		struct view encoded;
		struct message_summary s;
		many_recipients(&message, rows[i].recipients);
		struct world w = digest_pieces(buf_view(&message), 1000);
		bool in_trailer = trailer_find(w.out.trailer, TRAILER_SUMMARY, &encoded);
		assert_int_equal(in_trailer, !rows[i].in_index);
		assert_int_equal(w.out.summary.len > 0, rows[i].in_index);
		assert_true(w.out.has_attachment);
		read_summary(&w, in_trailer ? encoded : w.out.summary, &s);
		assert_true(s.has_attachment);
		assert_view(s.envelope.subject, "to all");
		assert_view(s.preview, "The text.");
		assert_true(s.envelope.to.count >= 20);
		assert_int_equal(s.envelope.truncated, !rows[i].in_index);
		struct mime_tree tree;
		assert_true(trailer_find(w.out.trailer, TRAILER_STRUCTURE, &encoded));
		assert_int_equal(mime_tree_decode(encoded, &w.arena, &tree), 0);
		assert_int_equal(tree.count, 3);
		done(&w);
		buf_done(&message);
	}
}

/* What takes more room than any reader grants is left out, and the rest is there. */
static void a_structure_past_its_limit_is_left_out(void **state)
{
	(void)state;
	struct buf message;
	struct view found;
	buf_init(&message, 1 << 20);
	buf_append(&message, VIEW("Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"));
	for (int i = 0; i < 499; i++) {
		buf_append(&message, VIEW("--b\r\nContent-Description: "));
		for (int k = 0; k < 100; k++)
			buf_append(&message, VIEW("words "));
		buf_append(&message, VIEW("\r\n\r\nx\r\n"));
	}
	struct world w = digest_pieces(buf_view(&message), 10000);
	assert_true(w.out.summary.len > 0);
	assert_true(w.out.trailer.len <= TRAILER_MAX);
	if (trailer_find(w.out.trailer, TRAILER_STRUCTURE, &found))
		assert_true(found.len <= STRUCTURE_MAX);
	done(&w);
	buf_done(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_id_has_no_brackets_and_no_comments),
	    cmocka_unit_test(references_come_nearest_first),
	    cmocka_unit_test(long_references_leave_the_summary_in_the_index),
	    cmocka_unit_test(a_mail_to_many_keeps_its_summary),
	    cmocka_unit_test(a_structure_past_its_limit_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
