#include "../unit.h"

#include <errno.h>

#include "base/random.h"
#include "format/limits.h"
#include "mime/summary.h"

static const char sample[] =
    "From: =?utf-8?q?J=C3=B6?= <joe@example.com>\r\nTo: ann@example.org, G: bob@example.org;\r\n"
    "Subject: hello\r\n there\r\nDate: Fri, 21 Nov 1997 09:55:06 -0600\r\nMessage-ID: <1@x>\r\n"
    "In-Reply-To: <0@x>\r\nReferences: <a@x> junk\r\n <b@x>\r\nContent-Type: multipart/mixed; "
    "boundary=b\r\n\r\n"
    "--b\r\n\r\nThe  text\r\nof it.\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\n"
    "--b\r\nContent-Type: application/pdf; name=\"a b.pdf\"\r\nContent-Disposition: attachment; "
    "x=y\r\n\r\ny\r\n--b--\r\n";

struct parsed {
	struct mime_parser *parser;
	const struct mime_tree *tree;
	struct arena arena;
	struct message_summary summary;
};

static struct parsed parse(struct view message)
{
	struct parsed p = {.parser = mime_parser_new()};
	p.tree = mime_parse(p.parser, message);
	arena_init(&p.arena, 1 << 20);
	assert_int_equal(message_summary_make(p.parser, p.tree, &p.arena, &p.summary), 0);
	return p;
}

static void done(struct parsed *p)
{
	mime_parser_free(p->parser);
	arena_done(&p->arena);
}

/* What asks for a meeting says so in its type. */
static void an_invitation_is_known_by_its_type(void **state)
{
	static const struct {
		const char *message;
		bool is;
	} cases[] = {
	    {"Content-Type: text/calendar; method=REQUEST\r\n\r\nx\r\n", true},
	    {"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nCome!\r\n--b\r\n"
	     "Content-Type: TEXT/Calendar; charset=utf-8; METHOD=\"request\"\r\n\r\nx\r\n--b--\r\n",
	        true},
	    {"Content-Type: text/calendar; method=REPLY\r\n\r\nx\r\n", false},
	    {"Content-Type: text/calendar\r\n\r\nMETHOD:REQUEST\r\n", false},
	    {"Content-Type: text/plain; method=REQUEST\r\n\r\nx\r\n", false},
	    {"Content-Type: message/rfc822\r\n\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nx\r\n",
	        false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct parsed p = parse(view_from_string(cases[i].message));
		struct message_summary s;
		struct buf out;
		buf_init(&out, SUMMARY_MAX);
		assert_int_equal(message_summary_encode(&p.summary, &out), 0);
		assert_int_equal(message_summary_decode(buf_view(&out), &p.arena, &s), 0);
		assert_int_equal(s.has_invitation, cases[i].is);
		assert_int_equal(message_summary_has_invitation(buf_view(&out)), cases[i].is);
		assert_int_equal(s.has_attachment, message_summary_has_attachment(buf_view(&out)));
		buf_done(&out);
		done(&p);
	}
}

static void a_source_route_is_kept(void **state)
{
	(void)state;
	struct parsed p = parse(VIEW("From: A <@one , @two:a@b.example>, c@d.example\r\n\r\n"));
	struct message_summary s;
	struct buf out;
	buf_init(&out, SUMMARY_MAX);
	assert_int_equal(message_summary_encode(&p.summary, &out), 0);
	assert_int_equal(message_summary_decode(buf_view(&out), &p.arena, &s), 0);
	assert_int_equal(s.envelope.from.count, 2);
	assert_view(s.envelope.from.items[0].route, "@one,@two");
	assert_view(s.envelope.from.items[0].local_part, "a");
	assert_view(s.envelope.from.items[1].route, "");
	buf_done(&out);
	done(&p);
}

/* A stored envelope keeps the first addresses; who reads the header gets them all. */
static void a_whole_envelope_is_read_from_the_header(void **state)
{
	(void)state;
	struct buf header;
	struct arena arena;
	struct envelope e;
	arena_init(&arena, 1 << 20);
	buf_init(&header, 100000);
	buf_append_string(&header, "Subject: one\r\nSubject: two\r\n");
	for (int i = 0; i < 2 * ENVELOPE_ADDRESSES_MAX; i++)
		buf_printf(&header, "To: a%d@b.example\r\n", i);
	buf_append_string(&header, "\r\nTo: no@header.example\r\n");
	envelope_read(buf_view(&header), ADDRESS_LIST_MAX, &arena, &e);
	assert_view(e.subject, "one");
	assert_int_equal(e.to.count, 2 * ENVELOPE_ADDRESSES_MAX);
	assert_view(e.to.items[99].local_part, "a99");
	assert_false(e.truncated);
	envelope_read(buf_view(&header), 3, &arena, &e);
	assert_int_equal(e.to.count, 3);
	assert_true(e.truncated);
	arena_done(&arena);
	buf_done(&header);
}

static void summary_reads_back(void **state)
{
	(void)state;
	struct parsed p = parse(view_from_string(sample));
	struct message_summary s;
	struct buf out;
	buf_init(&out, SUMMARY_MAX);
	assert_int_equal(message_summary_encode(&p.summary, &out), 0);
	assert_true(buf_view(&out).len < 350);
	assert_int_equal(message_summary_decode(buf_view(&out), &p.arena, &s), 0);
	assert_int_equal(s.size, strlen(sample));
	assert_true(s.has_attachment);
	assert_view(s.preview, "The text of it.");
	assert_view(s.envelope.subject, "hello there");
	assert_view(s.envelope.date, "Fri, 21 Nov 1997 09:55:06 -0600");
	assert_view(s.envelope.message_id, "<1@x>");
	assert_view(s.envelope.in_reply_to, "<0@x>");
	assert_int_equal(s.envelope.references.len, 0); /* not stored */
	assert_int_equal(s.envelope.from.count, 1);
	assert_view(s.envelope.from.items[0].display_name, "=?utf-8?q?J=C3=B6?=");
	assert_int_equal(s.envelope.to.count, 4);
	assert_int_equal(s.envelope.to.items[1].kind, ADDRESS_GROUP_START);
	assert_view(s.envelope.to.items[2].local_part, "bob");
	assert_int_equal(s.envelope.cc.count, 0);
	assert_false(s.envelope.truncated);
	buf_done(&out);
	done(&p);
}

static void structure_reads_back(void **state)
{
	(void)state;
	struct parsed p = parse(view_from_string(sample));
	struct mime_tree tree;
	struct buf out;
	buf_init(&out, STRUCTURE_MAX);
	assert_int_equal(mime_tree_encode(p.tree, &out), 0);
	assert_true(buf_view(&out).len < 450);
	assert_int_equal(mime_tree_decode(buf_view(&out), &p.arena, &tree), 0);
	assert_int_equal(tree.count, p.tree->count);
	assert_int_equal(tree.size, p.tree->size);
	assert_int_equal(tree.lines, p.tree->lines);
	for (size_t i = 0; i < tree.count; i++) {
		const struct mime_part *a = &tree.parts[i], *b = &p.tree->parts[i];
		assert_int_equal(a->parent, b->parent);
		assert_int_equal(a->depth, b->depth);
		assert_int_equal(a->is_message, b->is_message);
		assert_int_equal(a->header_offset, b->header_offset);
		assert_int_equal(a->body_offset, b->body_offset);
		assert_int_equal(a->body_len, b->body_len);
		assert_int_equal(a->body_lines, b->body_lines);
		assert_true(view_equal(a->type.subtype, b->type.subtype));
		assert_int_equal(a->type.parameters.count, b->type.parameters.count);
		/* The message's own stands in its summary. */
		assert_int_equal(a->envelope != NULL, i > 0 && b->envelope != NULL);
	}
	assert_view(tree.parts[3].envelope->subject, "inner");
	assert_view(tree.parts[4].file_name, "a b.pdf");
	assert_view(parameter_find(&tree.parts[4].disposition_parameters, VIEW("x")), "y");
	buf_done(&out);
	done(&p);
}

/* Cut off, changed and random encodings are refused or read, and nothing else. */
static void hostile_encodings_are_harmless(void **state)
{
	(void)state;
	struct parsed p = parse(view_from_string(sample));
	struct buf summary, structure;
	buf_init(&summary, SUMMARY_MAX);
	buf_init(&structure, STRUCTURE_MAX);
	assert_int_equal(message_summary_encode(&p.summary, &summary), 0);
	assert_int_equal(mime_tree_encode(p.tree, &structure), 0);
	struct arena arena;
	arena_init(&arena, 200000);
	for (size_t len = 0; len < summary.len; len++) {
		struct message_summary s;
		assert_int_equal(
		    message_summary_decode(view_take(buf_view(&summary), len), &arena, &s), -EINVAL);
		arena_reset(&arena);
	}
	for (size_t len = 0; len < structure.len; len++) {
		struct mime_tree t;
		assert_int_equal(mime_tree_decode(view_take(buf_view(&structure), len), &arena, &t), -EINVAL);
		arena_reset(&arena);
	}
	for (int round = 0; round < 20000; round++) {
		struct message_summary s;
		struct mime_tree t;
		char *byte = structure.data + structure.start + random_below((uint32_t)structure.len),
		     kept = *byte;
		*byte = (char)random_below(256);
		if (mime_tree_decode(buf_view(&structure), &arena, &t) == 0)
			for (size_t i = 0; i < t.count; i++)
				assert_true(t.parts[i].body_offset + t.parts[i].body_len <= t.size);
		*byte = kept;
		byte = summary.data + summary.start + random_below((uint32_t)summary.len);
		kept = *byte;
		*byte = (char)random_below(256);
		message_summary_decode(buf_view(&summary), &arena, &s);
		*byte = kept;
		arena_reset(&arena);
	}
	arena_done(&arena);
	buf_done(&summary);
	buf_done(&structure);
	done(&p);
}

static void large_headers_are_cut(void **state)
{
	(void)state;
	struct buf message, out;
	buf_init(&message, 1 << 20);
	buf_init(&out, SUMMARY_MAX);
	static const char *const names[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc"};
	for (size_t i = 0; i < 6; i++) {
		buf_printf(&message, "%s: a@example.com", names[i]);
		for (int n = 0; n < 300; n++)
			buf_printf(&message, ",\r\n Person Number %d <person.%d@example.com>", n, n);
		buf_append(&message, VIEW("\r\n"));
	}
	buf_append(&message, VIEW("References:"));
	for (int n = 0; n < 1000; n++)
		buf_printf(&message, "\r\n <%d@example.com>", n);
	buf_append(&message, VIEW("\r\n\r\n"));
	struct parsed p = parse(buf_view(&message));
	struct message_summary s;
	assert_int_equal(message_summary_encode(&p.summary, &out), 0);
	assert_int_equal(message_summary_decode(buf_view(&out), &p.arena, &s), 0);
	assert_true(s.envelope.truncated);
	assert_true(s.envelope.from.count > 20);
	assert_true(view_starts(p.summary.envelope.references, VIEW("<0@example.com> <801@example.com>")));
	buf_done(&message);
	buf_done(&out);
	done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(summary_reads_back),
	    cmocka_unit_test(an_invitation_is_known_by_its_type),
	    cmocka_unit_test(a_source_route_is_kept),
	    cmocka_unit_test(a_whole_envelope_is_read_from_the_header),
	    cmocka_unit_test(structure_reads_back),
	    cmocka_unit_test(hostile_encodings_are_harmless),
	    cmocka_unit_test(large_headers_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
