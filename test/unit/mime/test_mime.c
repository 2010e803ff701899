#include "../unit.h"

#include "base/random.h"
#include "format/limits.h"
#include "mime/mime.h"

/*
 * The tree as text: "type/subtype[body]" with children in braces, "!" and the kinds after a part with
 * defects. A composite part shows no body.
 */
static void show(const struct mime_tree *tree, size_t index, struct view message, struct buf *out)
{
	const struct mime_part *part = &tree->parts[index];
	int child = mime_first_child(tree, index);
	buf_printf(out, "%.*s/%.*s", VIEW_FMT(part->type.type), VIEW_FMT(part->type.subtype));
	for (unsigned kind = 0; kind < MIME_DEFECT_KINDS; kind++)
		if (part->defects >> kind & 1)
			buf_printf(out, "!%u", kind);
	if (child < 0) {
		buf_append_byte(out, '[');
		buf_append(
		    out, view_take(view_skip(message, (size_t)part->body_offset), (size_t)part->body_len));
		buf_append_byte(out, ']');
		return;
	}
	buf_append_byte(out, '{');
	for (; child >= 0; child = mime_next_sibling(tree, (size_t)child))
		show(tree, (size_t)child, message, out);
	buf_append_byte(out, '}');
}

/* Parses in pieces of every size, with LF and with CRLF; each must give the same tree. */
static void reads(const char *text, const char *expected)
{
	struct buf message;
	buf_init(&message, 1 << 20);
	for (int crlf = 0; crlf < 2; crlf++) {
		buf_clear(&message);
		for (const char *c = text; *c; c++) {
			if (*c == '\n' && crlf)
				buf_append_byte(&message, '\r');
			buf_append_byte(&message, *c);
		}
		struct view whole = buf_view(&message);
		for (size_t piece = 1; piece <= whole.len + 1; piece++) {
			struct mime_parser *p = mime_parser_new();
			struct buf seen;
			buf_init(&seen, 1 << 20);
			for (size_t at = 0; at < whole.len; at += piece)
				mime_parser_feed(p, view_take(view_skip(whole, at), piece));
			const struct mime_tree *tree = mime_parser_end(p);
			assert_int_equal(tree->size, whole.len);
			show(tree, 0, whole, &seen);
			struct view rest = buf_view(&seen);
			struct buf plain;
			buf_init(&plain, 1 << 20);
			for (size_t i = 0; i < rest.len; i++)
				if (rest.data[i] != '\r')
					buf_append_byte(&plain, rest.data[i]);
			assert_string_equal(buf_string(&plain), expected);
			buf_done(&plain);
			buf_done(&seen);
			mime_parser_free(p);
		}
	}
	buf_done(&message);
}

static void reads_single_parts(void **state)
{
	(void)state;
	reads("", "text/plain[]");
	reads("Subject: x\n\nhello\n", "text/plain[hello\n]");
	reads("Subject: x\n", "text/plain[]");
	reads("\nbody", "text/plain[body]");
	reads("Content-Type: image/png\n\n--x\n", "image/png[--x\n]");
	reads("Subject: x\nno field\nSubjects: y\n\nz", "text/plain!1[no field\nSubjects: y\n\nz]");
	reads("Subject: x\nno field\n", "text/plain!1[no field\n]");
	reads("Subject: x\nno field\n\nSubject: y\n", "text/plain!1[no field\n\nSubject: y\n]");
	reads("Content-Type: nonsense\n\nx", "text/plain!3[x]");
	reads("Content-Type:\n text/html\n ;charset=x\n\nx", "text/html[x]");
	reads("From x Fri\n: y\nContent-Type: a/b\n\nz", "a/b!0[z]");
	reads("Content-Type: a/b\nContent-Type: c/d\nContent-Transfer-Encoding: what\n\nx", "a/b!5[x]");
	reads("To: <x", "text/plain!6[]");
}

/* The header goes on behind a line that is no field, where a known field follows. */
static void reads_headers_with_broken_lines(void **state)
{
	(void)state;
	reads("Subject: x\nno field\nContent-Type: a/b\n\nz", "a/b!0[z]");
	reads("\xef\xbb\xbf"
	      "Content-Type: a/b\nSubject: y\n\nz",
	    "a/b!0[z]");
	reads("\xef\xbb\xbf\nContent-Type: a/b\nSubject: y\n\nz", "a/b!0[z]");
	reads("one\ntwo: 2\n folded\nthree\nContent-Type:\n a/b\n\nz", "a/b!0[z]");
	reads("Content-Type\n : a/b\n\nz", "a/b!0[z]");
	reads("\n", "text/plain[]");
	reads("no field\nTo: x@y", "text/plain!0[]");
	reads("no field\nTox", "text/plain!1[no field\nTox]");
	reads("Content-Type: multipart/mixed; boundary=b\n\n--b\nno field\nContent-Type: "
	      "a/b\n\none\n--b\ntext\nmore\n--b--\n",
	    "multipart/mixed{a/b!0[one]text/plain!1[text\nmore]}");
	reads("Content-Type: message/rfc822\nno field\n\nz", "message/rfc822!1{text/plain!1[no field\n\nz]}");
	reads("Content-Type: message/rfc822\nno field", "message/rfc822!1{text/plain!1[no field]}");
}

static void reads_multiparts(void **state)
{
	(void)state;
	reads("Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\none\n--b\nContent-Type: "
	      "text/html\n\ntwo\n\n--b--\nend",
	    "multipart/mixed{text/plain[one]text/html[two\n]}");
	reads("Content-Type: multipart/mixed; boundary=\"b \"\n\n--b \t\n\none\n-- b\n--b--  \n",
	    "multipart/mixed{text/plain[one\n-- b]}");
	reads("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\ny\n--b\nContent-Type: "
	      "text/plain\n\nz\n--b--",
	    "multipart/digest{message/rfc822{text/plain[y]}text/plain[z]}");
	reads("Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\nA: b\n--b--\n",
	    "multipart/mixed{text/plain!1[]text/plain!1[]}");
	reads("Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; "
	      "boundary=b\n\n"
	      "--b\n\nx\n--b--\n\n--a\n\ny\n--a--\n",
	    "multipart/mixed{multipart/alternative{text/plain[x]}text/plain[y]}");
	/* A boundary with a colon looks like a field. */
	reads("Content-Type: multipart/mixed; boundary=\"a:b\"\n\n--a:b\nA: b\n--a:b--\n",
	    "multipart/mixed{text/plain!1[]}");
}

/* RFC 2046, section 5.1.1: it is sufficient that the boundary appear in its entirety following the CRLF. */
static void reads_boundaries_with_text_behind(void **state)
{
	(void)state;
	reads("Content-Type: multipart/mixed; boundary=bnd\n\n--bnd trailing words\nContent-Type: "
	      "a/b\n\nfirst\n--bnd-- trailing words\n",
	    "multipart/mixed!13{a/b[first]}");
	reads("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--bc\n\ntwo\n--b--x\nthree\n--b\n",
	    "multipart/mixed!13{text/plain[one]text/plain[two]}");
	reads("Content-Type: multipart/mixed; boundary=b\n\n--b\nA: b\n--b \"x\"\n\ntwo\n--b--",
	    "multipart/mixed!13{text/plain!1[]text/plain[two]}");
	/* The longest one that is open counts, and one that fits to the end more than any. */
	reads("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; "
	      "boundary=bc\n\n--bc x\n\none\n--bc\n\ntwo\n--bcd\n\nthree\n--bc--\n--b\n\nfour\n--b--\n",
	    "multipart/mixed{multipart/mixed!13{text/plain[one]text/plain[two]text/plain[three]}text/"
	    "plain[four]}");
	reads("Content-Type: multipart/mixed; boundary=b--\n\n--b--\n\none\n--b----\n",
	    "multipart/mixed{text/plain[one]}");
	/* A line longer than any boundary. */
	struct buf message, expected;
	buf_init(&message, 10000);
	buf_init(&expected, 10000);
	buf_append_string(&message, "Content-Type: multipart/mixed; boundary=b\n\n--b ");
	for (int i = 0; i < 180; i++)
		buf_append_string(&message, "words ");
	buf_append_string(&message, "\n\none\n--c ");
	buf_append_string(&expected, "multipart/mixed!13{text/plain[one\n--c ");
	for (int i = 0; i < 180; i++) {
		buf_append_string(&message, "words ");
		buf_append_string(&expected, "words ");
	}
	buf_append_string(&message, "\n--b--");
	buf_append_string(&expected, "]}");
	for (int i = 0; i < 180; i++)
		buf_append_string(&message, " words");
	reads(buf_string(&message), buf_string(&expected));
	buf_done(&message);
	buf_done(&expected);
}

static void reads_broken_multiparts(void **state)
{
	(void)state;
	reads("Content-Type: multipart/mixed\n\n--b\n\nx\n--b--\n", "text/plain!7[--b\n\nx\n--b--\n]");
	reads("Content-Type: multipart/mixed; boundary=b\n\nx\n", "text/plain!8[x\n]");
	reads(
	    "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n", "multipart/mixed!9{text/plain[x\n]}");
	reads("Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; "
	      "boundary=b\n\n--b\n\nx\n"
	      "--a\n\ny\n--a--\n",
	    "multipart/mixed{multipart/mixed!9{text/plain[x]}text/plain[y]}");
	reads("Content-Type: multipart/mixed; boundary=b\n\n--b--\nx\n", "text/plain!8[--b--\nx\n]");
}

static void reads_messages_in_messages(void **state)
{
	(void)state;
	reads(
	    "Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n",
	    "message/rfc822{multipart/mixed{text/plain[x]}}");
	reads("Content-Type: message/rfc822\n\n", "message/rfc822{text/plain[]}");
	reads("Content-Type: message/rfc822", "message/rfc822{text/plain[]}");
	reads("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nAAAA\n",
	    "message/rfc822!5[AAAA\n]");
	reads("Content-Type: message/rfc822\n\nno header\n", "message/rfc822{text/plain!1[no header\n]}");
	reads("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: "
	      "x\n--b\n\ny\n--b--\n",
	    "multipart/mixed{message/rfc822{text/plain!1[]}text/plain[y]}");
}

static const char sample[] =
    "From: Joe <joe@example.com>\nSubject: outer\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
    "Content-Disposition: inline\nContent-ID: <1@x>\nContent-Description: a\n b\nContent-Language: de, en\n"
    "Content-Location: http://x/\nContent-MD5: Q2hlY2s=\n\none\ntwo\n--b\nContent-Type: message/rfc822\n\n"
    "Subject: inner\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--c\n"
    "Content-Type: application/pdf; name=\"../../etc/x.pdf\"\nContent-Transfer-Encoding: "
    "BASE64\n\nAAAA\n--c--\n"
    "--b\nContent-Type: message/rfc822\n\nSubject: single\n\nz\n--b--\n";

static void keeps_what_fields_say(void **state)
{
	(void)state;
	struct mime_parser *p = mime_parser_new();
	const struct mime_tree *tree = mime_parse(p, view_from_string(sample));
	const struct mime_part *part = tree->parts;
	assert_int_equal(tree->count, 8);
	assert_int_equal(tree->defects, 0);
	assert_view(part[0].envelope->subject, "outer");
	assert_view(part[0].envelope->from.items[0].local_part, "joe");
	assert_view(part[1].disposition, "inline");
	assert_view(part[1].content_id, "<1@x>");
	assert_view(part[1].description, "a b");
	assert_view(part[1].language, "de, en");
	assert_view(part[1].location, "http://x/");
	assert_view(part[1].md5, "Q2hlY2s=");
	assert_null(part[1].envelope);
	assert_int_equal(part[1].body_lines, 2);
	assert_null(part[2].envelope);
	assert_view(part[3].envelope->subject, "inner");
	assert_true(part[3].is_message);
	assert_view(part[5].file_name, "x.pdf");
	assert_int_equal(part[5].encoding, TRANSFER_BASE64);
	assert_view(part[5].encoding_name, "BASE64");
	assert_false(mime_part_is_attachment(tree, 1));
	assert_true(mime_part_is_attachment(tree, 2));
	assert_true(mime_part_is_attachment(tree, 5));
	assert_true(mime_part_is_body_text(tree, 1));
	assert_false(mime_part_is_body_text(tree, 4));
	struct view raw;
	size_t index;
	assert_true(mime_parser_text(p, "plain", &raw, &index));
	assert_int_equal(index, 1);
	assert_true(view_starts(raw, VIEW("one\ntwo")));
	assert_false(mime_parser_text(p, "html", &raw, &index));
	mime_parser_free(p);
}

/*
 * A tree in short: "m(" mixed, "a(" alternative, "r(" related, "s(" signed, each up to its ")"; leaves by
 * their letter, with "n" behind it for a name, "i" for inline, "t" for attachment, "c" for a Content-ID.
 */
static void write_tree(const char **at, unsigned *boundaries, struct buf *out)
{
	static const struct {
		char letter;
		const char *type;
	} types[] = {{'m', "multipart/mixed"}, {'a', "multipart/alternative"}, {'r', "multipart/related"},
	    {'s', "multipart/signed"}, {'P', "text/plain"}, {'H', "text/html"}, {'I', "image/png"},
	    {'C', "text/calendar"}, {'D', "application/pdf"}, {'M', "message/rfc822"}};
	size_t i = 0;
	while (types[i].letter != **at)
		i++;
	++*at;
	buf_printf(out, "Content-Type: %s", types[i].type);
	if (**at == '(') {
		unsigned boundary = ++*boundaries;
		buf_printf(out, "; boundary=b%u-\n\n", boundary);
		for (++*at; **at != ')';) {
			buf_printf(out, "--b%u-\n", boundary);
			write_tree(at, boundaries, out);
		}
		++*at;
		buf_printf(out, "--b%u---\n", boundary);
		return;
	}
	for (; **at == 'n' || **at == 'i' || **at == 't' || **at == 'c'; ++*at)
		buf_append_string(out, **at == 'n'   ? "; name=x"
		                       : **at == 'i' ? "\nContent-Disposition: inline"
		                       : **at == 't' ? "\nContent-Disposition: attachment"
		                                     : "\nContent-ID: <c>");
	buf_append_string(out, "\n\ntext\n");
}

/* `body`: the leaves (counted from 1) of the text body; `attachments`: those that are attachments. */
static void divides(const char *tree_text, const char *body, const char *attachments)
{
	struct buf message, seen;
	unsigned boundaries = 0, leaf = 0;
	const char *at = tree_text;
	size_t parts[MIME_PARTS_MAX], leaves[20] = {0};
	buf_init(&message, 10000);
	buf_init(&seen, 1000);
	write_tree(&at, &boundaries, &message);
	struct mime_parser *p = mime_parser_new();
	const struct mime_tree *tree = mime_parse(p, buf_view(&message));
	for (size_t i = 0; i < tree->count; i++)
		if (!media_type_is(&tree->parts[i].type, "multipart", NULL) &&
		    !mime_part_is_forwarded(tree, i))
			leaves[++leaf] = i;
	size_t count = mime_text_body(tree, parts);
	for (size_t i = 0; i < count; i++)
		for (unsigned k = 1; k <= leaf; k++)
			if (leaves[k] == parts[i])
				buf_printf(&seen, "%u", k);
	if (strcmp(buf_string(&seen), body) != 0)
		fail_msg("%s: body %s", tree_text, buf_string(&seen));
	buf_clear(&seen);
	for (unsigned k = 1; k <= leaf; k++)
		if (mime_part_is_attachment(tree, leaves[k]))
			buf_printf(&seen, "%u", k);
	if (strcmp(buf_string(&seen), attachments) != 0)
		fail_msg("%s: attachments %s", tree_text, buf_string(&seen));
	mime_parser_free(p);
	buf_done(&message);
	buf_done(&seen);
}

static void tells_text_from_attachments(void **state)
{
	(void)state;
	divides("P", "1", "");
	divides("Pn", "1", "");
	divides("Hni", "1", "");
	divides("Pnt", "", "1");
	divides("D", "", "1");
	divides("I", "", "1");
	divides("m(HnDt)", "1", "2");
	divides("m(PnPn)", "1", "2");
	divides("m(PP)", "12", "");
	divides("m(PPi)", "12", "");
	divides("m(PtP)", "2", "1");
	divides("m(DPn)", "", "12");
	divides("m(DP)", "2", "1");
	divides("m(PIP)", "13", "2");
	divides("a(PH)", "1", "");
	divides("a(PnHn)", "1", "");
	divides("a(H)", "1", "");
	divides("a(HP)", "2", "");
	divides("a(PHC)", "1", "");
	divides("m(PC)", "1", "2");
	divides("a(Pr(HIc))", "1", "");
	divides("r(HIcH)", "1", "3");
	divides("r(a(PH)Ic)", "1", "");
	divides("m(a(PH)P)", "13", "");
	divides("m(a(H)P)", "12", "");
	divides("m(a(PH)HnDt)", "1", "34");
	divides("m(PM)", "1", "2");
	divides("s(PD)", "1", "");
	/* RFC 8621, section 4.1.4: its own example. */
	divides("m(Pim(a(m(PiIiPi)r(HI))ItDM)Pi)", "12410", "36789");
}

static void numbers_parts(void **state)
{
	(void)state;
	static const struct {
		const char *number;
		int index;
	} expected[] = {{"1", 1}, {"2", 2}, {"2.1", 4}, {"2.2", 5}, {"3", 6}, {"3.1", 7}, {"4", -1},
	    {"0", -1}, {"1.1", -1}, {"3.1.1", -1}, {"3.2", -1}, {"2.1.1", -1}, {"", -1}, {"1.", -1},
	    {"x", -1}, {"99999999999", -1}};
	struct mime_parser *p = mime_parser_new();
	const struct mime_tree *tree = mime_parse(p, view_from_string(sample));
	struct buf number;
	buf_init(&number, 100);
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		int index = mime_part_find(tree, view_from_string(expected[i].number));
		assert_int_equal(index, expected[i].index);
		if (index < 0)
			continue;
		buf_clear(&number);
		assert_int_equal(mime_part_number(tree, (size_t)index, &number), 0);
		assert_string_equal(buf_string(&number), expected[i].number);
	}
	mime_parser_free(p);
	p = mime_parser_new();
	tree = mime_parse(p, VIEW("Subject: x\n\ny"));
	assert_int_equal(mime_part_find(tree, VIEW("1")), 0);
	assert_int_equal(mime_part_find(tree, VIEW("1.1")), -1);
	assert_int_equal(mime_part_find(tree, VIEW("2")), -1);
	mime_parser_free(p);
	buf_done(&number);
}

static void counts_lines(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		unsigned lines;
	} bodies[] = {{"", 0}, {"a", 1}, {"a\n", 1}, {"a\nb", 2}, {"\n", 1}, {"\n\n", 2}, {"a\n\nb\n", 3}};
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		struct buf message;
		buf_init(&message, 1000);
		buf_printf(&message, "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n--b--\n",
		    bodies[i].body);
		struct mime_parser *p = mime_parser_new();
		const struct mime_tree *tree = mime_parse(p, buf_view(&message));
		assert_int_equal(tree->parts[1].body_lines, bodies[i].lines);
		mime_parser_free(p);
		buf_clear(&message);
		buf_printf(&message, "Subject: x\n\n%s", bodies[i].body);
		p = mime_parser_new();
		assert_int_equal(mime_parse(p, buf_view(&message))->parts[0].body_lines, bodies[i].lines);
		mime_parser_free(p);
		buf_done(&message);
	}
}

static void nests(struct buf *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_printf(out, "Content-Type: multipart/mixed; boundary=b%u.\n\n--b%u.\n", i, i);
	buf_append(out, VIEW("\ninside\n"));
	while (depth-- > 0)
		buf_printf(out, "--b%u.--\n", depth);
}

static void keeps_its_limits(void **state)
{
	(void)state;
	struct buf message;
	buf_init(&message, 64 << 20);

	nests(&message, 1000);
	struct mime_parser *p = mime_parser_new();
	const struct mime_tree *tree = mime_parse(p, buf_view(&message));
	assert_int_equal(tree->count, MIME_DEPTH_MAX + 1);
	assert_true(tree->defects & 1 << MIME_DEPTH_LIMIT);
	mime_parser_free(p);

	buf_clear(&message);
	buf_append(&message, VIEW("Content-Type: multipart/mixed; boundary=b\n\n"));
	for (int i = 0; i < 10000; i++)
		buf_append(&message, VIEW("--b\nContent-ID: <x>\n\ny\n"));
	buf_append(&message, VIEW("--b--\n"));
	p = mime_parser_new();
	tree = mime_parse(p, buf_view(&message));
	assert_int_equal(tree->count, MIME_PARTS_MAX);
	assert_true(tree->defects & 1 << MIME_PARTS_LIMIT);
	const struct mime_part *last = &tree->parts[tree->count - 1];
	assert_int_equal(last->body_offset + last->body_len, message.len - 7);
	mime_parser_free(p);

	buf_clear(&message);
	for (int i = 0; i < 200000; i++)
		buf_append(&message, i % 3 ? VIEW("X: aaaaaaaaaaaaaaaaaaaaaaaaa\n") : VIEW(" folded\n"));
	buf_append(&message, VIEW("Content-Type: text/html\n\nx"));
	p = mime_parser_new();
	tree = mime_parse(p, buf_view(&message));
	assert_int_equal(tree->parts[0].body_len, 1);
	assert_true(tree->defects & 1 << MIME_HEADER_LIMIT);
	mime_parser_free(p);

	for (int folded = 0; folded < 2; folded++) {
		buf_clear(&message);
		buf_append(&message, VIEW("Subject: "));
		for (int i = 0; i < 100000; i++)
			buf_append(&message, folded ? VIEW("a\n b\n ") : VIEW("abcdef"));
		buf_append(&message, VIEW("\nContent-Type: text/html\n\nx"));
		p = mime_parser_new();
		tree = mime_parse(p, buf_view(&message));
		assert_true(tree->defects & 1 << MIME_HEADER_LIMIT);
		assert_int_equal(tree->parts[0].body_len, 1);
		assert_true(tree->parts[0].envelope->subject.len < MIME_FIELD_MAX);
		mime_parser_free(p);
	}

	/* No header, no line end: a body from the first byte. */
	buf_clear(&message);
	for (int i = 0; i < 100000; i++)
		buf_append(&message, VIEW("abc def "));
	p = mime_parser_new();
	tree = mime_parse(p, buf_view(&message));
	assert_int_equal(tree->parts[0].body_len, message.len);
	assert_int_equal(tree->parts[0].body_lines, 1);
	mime_parser_free(p);
	buf_done(&message);
}

/* Structures from random pieces of MIME: every cutting of the input gives the same tree. */
static void does_not_depend_on_pieces(void **state)
{
	(void)state;
	static const char *const pieces[] = {"--a", "--b", "--", "\n", "\r\n", "\r",
	    "Content-Type: multipart/mixed; boundary=a", "Content-Type: multipart/x; boundary=b",
	    "Content-Type: message/rfc822", "Subject: x", " y", "-", ":", "text", "\xef\xbb\xbfSubject: z",
	    " x"};
	for (int round = 0; round < 3000; round++) {
		struct buf message, first, other;
		buf_init(&message, 100000);
		buf_init(&first, 1000000);
		buf_init(&other, 1000000);
		for (uint32_t n = random_below(40); n > 0; n--) {
			buf_append_string(&message, pieces[random_below(16)]);
			if (random_below(3))
				buf_append_byte(&message, '\n');
		}
		for (int cut = 0; cut < 6; cut++) {
			struct mime_parser *p = mime_parser_new();
			struct view rest = buf_view(&message);
			while (rest.len) {
				size_t n = cut == 0 ? rest.len : 1 + random_below(cut == 1 ? 1 : 20);
				mime_parser_feed(p, view_take(rest, n));
				rest = view_skip(rest, n);
			}
			buf_clear(&other);
			const struct mime_tree *tree = mime_parser_end(p);
			show(tree, 0, buf_view(&message), cut ? &other : &first);
			for (size_t i = 0; i < tree->count; i++)
				buf_printf(cut ? &other : &first, " %llu",
				    (unsigned long long)tree->parts[i].body_lines);
			mime_parser_free(p);
			if (cut)
				assert_string_equal(buf_string(&other), buf_string(&first));
		}
		buf_done(&message);
		buf_done(&first);
		buf_done(&other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_single_parts),
	    cmocka_unit_test(reads_headers_with_broken_lines),
	    cmocka_unit_test(reads_multiparts),
	    cmocka_unit_test(reads_boundaries_with_text_behind),
	    cmocka_unit_test(reads_broken_multiparts),
	    cmocka_unit_test(reads_messages_in_messages),
	    cmocka_unit_test(keeps_what_fields_say),
	    cmocka_unit_test(tells_text_from_attachments),
	    cmocka_unit_test(numbers_parts),
	    cmocka_unit_test(counts_lines),
	    cmocka_unit_test(keeps_its_limits),
	    cmocka_unit_test(does_not_depend_on_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
