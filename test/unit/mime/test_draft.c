#include <errno.h>

#include "../unit.h"

#include "base/mem.h"
#include "base/random.h"
#include "format/header.h"
#include "mime/draft.h"

#define BOUNDARY "0123456789abcdef"
#define A100                                                                                                 \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aa"
#define A1000 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100

/* ---- fields ---- */

static void field_writes(const struct draft_field *f, const char *expected)
{
	struct buf out;
	const char *why = "";
	buf_init(&out, 10 << 20);
	int error = draft_field_write(&out, f, &why);
	assert_string_equal(why, "");
	assert_int_equal(error, 0);
	assert_string_equal(buf_string(&out), expected);
	buf_done(&out);
}

static void field_refuses(const struct draft_field *f, const char *expected)
{
	struct buf out;
	const char *why = "";
	buf_init(&out, 10 << 20);
	assert_int_equal(draft_field_write(&out, f, &why), -EINVAL);
	assert_non_null(strstr(why, expected));
	buf_done(&out);
}

static struct draft_field text_field(enum header_form form, const char *name, const char *text)
{
	return (struct draft_field){
	    .name = view_from_string(name), .form = form, .text = view_from_string(text)};
}

static void raw_writes(const char *text, const char *expected)
{
	struct draft_field f = text_field(HEADER_FORM_RAW, "X-Mine", text);
	field_writes(&f, expected);
}

static void raw_refuses(const char *text, const char *why)
{
	struct draft_field f = text_field(HEADER_FORM_RAW, "X-Mine", text);
	field_refuses(&f, why);
}

static void writes_raw_fields(void **state)
{
	(void)state;
	raw_writes(" as it stands", "X-Mine: as it stands\r\n");
	raw_writes("", "X-Mine:\r\n");
	raw_writes(" one\r\n two\r\n\tthree", "X-Mine: one\r\n two\r\n\tthree\r\n");
	raw_writes(" gr\xc3\xbc\xc3\x9f", "X-Mine: gr\xc3\xbc\xc3\x9f\r\n");
	raw_refuses(" one\r\nBcc: eve@example.net", "line end");
	raw_refuses(" one\nBcc: eve@example.net", "line end");
	raw_refuses(" one\rBcc: eve@example.net", "line end");
	raw_refuses(" one\r\n\r\nbody", "line end");
	raw_refuses(" one\r\n \r\n\r\nbody", "line end");
	raw_refuses(" one\r\n", "line end");
	raw_refuses(" one\r\n ", "line end");
	raw_refuses("a\x01", "control");
	raw_refuses("a\x7f", "control");
	raw_refuses("\xff", "UTF-8");
	raw_refuses(A1000, "too long");
	struct draft_field f = text_field(HEADER_FORM_RAW, "X-Mine", "x");
	f.text = view_of("a\0b", 3);
	field_refuses(&f, "control");
	f.name = VIEW("X-Mine\r\nBcc");
	field_refuses(&f, "name");
}

static void writes_texts(void **state)
{
	(void)state;
	struct draft_field f = text_field(HEADER_FORM_TEXT, "Subject", "Plain words");
	field_writes(&f, "Subject: Plain words\r\n");
	f.text = VIEW("Gr\xc3\xbc\xc3\x9f"
	              "e");
	field_writes(&f, "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n");
	f.text = VIEW("=?utf-8?Q?a?=");
	field_writes(&f, "Subject: =?utf-8?B?PT91dGYtOD9RP2E/PQ==?=\r\n");
	f.text = VIEW("ends with blanks  ");
	field_writes(&f, "Subject: =?utf-8?Q?ends_with_blanks__?=\r\n");
	f.text = VIEW("");
	field_writes(&f, "Subject: \r\n");
	f.text = VIEW("a\r\nBcc: eve@example.net");
	field_refuses(&f, "control");
	f.text = VIEW("a\nb");
	field_refuses(&f, "control");
	/* A word that no fold makes short enough is encoded in several. */
	f.text = VIEW(A1000);
	struct buf out;
	const char *why = "";
	buf_init(&out, 1 << 20);
	assert_int_equal(draft_field_write(&out, &f, &why), 0);
	assert_non_null(strstr(buf_string(&out), "\r\n =?utf-8?"));
	buf_done(&out);
}

static void addresses(const struct draft_address *list, size_t count, const char *expected)
{
	struct draft_group group = {.addresses = list, .count = count};
	struct draft_field f = {
	    .name = VIEW("To"), .form = HEADER_FORM_ADDRESSES, .groups = &group, .group_count = 1};
	field_writes(&f, expected);
}

static void one_address(const char *name, const char *email, const char *expected)
{
	struct draft_address a = {view_from_string(name), view_from_string(email)};
	addresses(&a, 1, expected);
}

static void writes_addresses(void **state)
{
	(void)state;
	one_address("", "joe@example.com", "To: joe@example.com\r\n");
	one_address("Joe", "joe@example.com", "To: Joe <joe@example.com>\r\n");
	one_address("Doe, Joe", "joe@example.com", "To: \"Doe, Joe\" <joe@example.com>\r\n");
	one_address("J\xc3\xb6rg", "joe@example.com", "To: =?utf-8?B?SsO2cmc=?= <joe@example.com>\r\n");
	one_address(
	    "=?utf-8?Q?a?=", "joe@example.com", "To: =?utf-8?B?PT91dGYtOD9RP2E/PQ==?= <joe@example.com>\r\n");
	one_address("",
	    "joe@B\xc3\xbc"
	    "cher.example",
	    "To: joe@xn--bcher-kva.example\r\n");
	one_address("", "\"joe doe\"@example.com", "To: \"joe doe\"@example.com\r\n");
	one_address("", "joe doe@example.com", "To: \"joe doe\"@example.com\r\n");
	one_address("", "joe@[192.0.2.1]", "To: joe@[192.0.2.1]\r\n");
	one_address("", "joe@[IPv6:2001:db8::1]", "To: joe@[IPv6:2001:db8::1]\r\n");
	struct draft_address two[] = {{VIEW(A100), VIEW("a@example.com")}, {VIEW(""), VIEW("b@example.com")}};
	addresses(two, 2, "To: " A100 " <a@example.com>,\r\n b@example.com\r\n");
	addresses(NULL, 0, "To: \r\n");
}

/* What a person has only begun to write, and what somebody else would like to be read as more. */
static void keeps_each_address_one_address(void **state)
{
	(void)state;
	one_address("", "joe", "To: joe\r\n");
	one_address("", "joe@", "To: \"joe@\"\r\n");
	one_address("", "@example.com", "To: \"@example.com\"\r\n");
	one_address("Joe", "joe@x>, <eve@example.net", "To: Joe <\"joe@x>, <eve\"@example.net>\r\n");
	one_address("", "joe@x>, eve", "To: \"joe@x>, eve\"\r\n");
	one_address("", "joe@example.com, eve@example.net", "To: \"joe@example.com, eve\"@example.net\r\n");
	one_address("", "joe@example.com (eve", "To: \"joe@example.com (eve\"\r\n");
	one_address("", "\"joe\" <eve@example.net>", "To: \"\\\"joe\\\" <eve@example.net>\"\r\n");
	one_address("a\" <eve@example.net>, \"", "joe@example.com",
	    "To: \"a\\\" <eve@example.net>, \\\"\" <joe@example.com>\r\n");
	one_address("", "", "To: \r\n");
	struct draft_address a = {VIEW("a\r\nBcc: eve@example.net"), VIEW("joe@example.com")};
	struct draft_group group = {.addresses = &a, .count = 1};
	struct draft_field f = {
	    .name = VIEW("To"), .form = HEADER_FORM_ADDRESSES, .groups = &group, .group_count = 1};
	field_refuses(&f, "control");
	a = (struct draft_address){VIEW(""), VIEW("joe@example.com\r\n")};
	field_refuses(&f, "control");
	a = (struct draft_address){VIEW(A1000), VIEW("joe@example.com")};
	field_refuses(&f, "too long");
}

static void writes_groups(void **state)
{
	(void)state;
	struct draft_address a[] = {{VIEW(""), VIEW("a@example.com")}, {VIEW("B"), VIEW("b@example.com")}};
	struct draft_group groups[] = {{.addresses = a, .count = 1},
	    {.is_named = true, .name = VIEW("The team"), .addresses = a, .count = 2},
	    {.is_named = true, .name = VIEW("")}, {.is_named = true, .name = VIEW("a: eve@example.net;")}};
	struct draft_field f = {
	    .name = VIEW("Cc"), .form = HEADER_FORM_GROUPED_ADDRESSES, .groups = groups, .group_count = 4};
	field_writes(&f, "Cc: a@example.com, The team: a@example.com, B <b@example.com>;, \"\": ;,\r\n"
	                 " \"a: eve@example.net;\": ;\r\n");
}

static void writes_lists_and_dates(void **state)
{
	(void)state;
	struct view ids[] = {VIEW("a@example.com"), VIEW(A100 "@example.com"), VIEW("b c@example.com")};
	struct draft_field f = {
	    .name = VIEW("References"), .form = HEADER_FORM_MESSAGE_IDS, .items = ids, .item_count = 3};
	field_writes(&f, "References: <a@example.com>\r\n <" A100 "@example.com>\r\n <b c@example.com>\r\n");
	ids[0] = VIEW("a> <b");
	field_refuses(&f, "\"<\"");
	ids[0] = VIEW("a\r\nb");
	field_refuses(&f, "control");
	ids[0] = VIEW("");
	field_refuses(&f, "empty");
	ids[0] = VIEW(A1000);
	field_refuses(&f, "too long");
	struct view urls[] = {VIEW("mailto:a@example.com"), VIEW("https://example.com/")};
	f = (struct draft_field){
	    .name = VIEW("List-Post"), .form = HEADER_FORM_URLS, .items = urls, .item_count = 2};
	field_writes(&f, "List-Post: <mailto:a@example.com>, <https://example.com/>\r\n");
	f = (struct draft_field){.name = VIEW("Date"),
	    .form = HEADER_FORM_DATE,
	    .date = {.seconds = 0, .offset_minutes = 120, .zone_known = true}};
	field_writes(&f, "Date: Thu, 1 Jan 1970 02:00:00 +0200\r\n");
	f.date.seconds = INT64_MAX / 2;
	field_refuses(&f, "date");
}

/* ---- encodings ---- */

static struct draft_scan scan(struct view text)
{
	struct draft_scan whole = {0}, pieces = {0};
	draft_scan_feed(&whole, text);
	for (size_t i = 0; i < text.len; i++)
		draft_scan_feed(&pieces, view_take(view_skip(text, i), 1));
	assert_memory_equal(&whole, &pieces, sizeof whole);
	return whole;
}

static void chooses_encodings(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int as_text, as_blob, as_message;
	} cases[] = {
	    {"", TRANSFER_7BIT, TRANSFER_7BIT, TRANSFER_7BIT},
	    {"plain\r\nlines\r\n", TRANSFER_7BIT, TRANSFER_7BIT, TRANSFER_7BIT},
	    {"no end", TRANSFER_7BIT, TRANSFER_7BIT, TRANSFER_7BIT},
	    {"unix\nlines\n", TRANSFER_7BIT, TRANSFER_BASE64, -EINVAL},
	    {"mac\rlines", TRANSFER_7BIT, TRANSFER_BASE64, -EINVAL},
	    {"cut\r", TRANSFER_7BIT, TRANSFER_BASE64, -EINVAL},
	    {"gr\xc3\xbc\xc3\x9f"
	     "e to all of you there\r\n",
	        TRANSFER_QUOTED_PRINTABLE, TRANSFER_QUOTED_PRINTABLE, TRANSFER_8BIT},
	    {"\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", TRANSFER_BASE64, TRANSFER_BASE64,
	        TRANSFER_8BIT},
	    {"a\r\nFrom here on\r\n", TRANSFER_QUOTED_PRINTABLE, TRANSFER_QUOTED_PRINTABLE, TRANSFER_7BIT},
	    {"a\r\nFFrom here From there\r\n", TRANSFER_7BIT, TRANSFER_7BIT, TRANSFER_7BIT},
	    {"a form feed\f is here, they are allowed", TRANSFER_QUOTED_PRINTABLE, TRANSFER_QUOTED_PRINTABLE,
	        TRANSFER_7BIT},
	    {A1000, TRANSFER_QUOTED_PRINTABLE, TRANSFER_QUOTED_PRINTABLE, -EINVAL},
	    {A100 "\r\n" A100, TRANSFER_7BIT, TRANSFER_7BIT, TRANSFER_7BIT},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct draft_scan s = scan(view_from_string(cases[i].text));
		enum transfer_encoding e = TRANSFER_UNKNOWN;
		assert_int_equal(draft_encoding_of_text(&s), cases[i].as_text);
		assert_int_equal(draft_encoding_of_text_blob(&s), cases[i].as_blob);
		int error = draft_encoding_of_message(&s, &e);
		assert_int_equal(error ? error : (int)e, cases[i].as_message);
	}
	struct draft_scan s = scan(view_of("a\0b", 3));
	enum transfer_encoding e;
	assert_int_equal(draft_encoding_of_message(&s, &e), -EINVAL);
}

/* ---- whole messages ---- */

/* Writes it in pieces of `some`; the blob's octets come in pieces of `piece`. */
static void write_all(const struct draft *d, struct view blob, size_t some, size_t piece, struct buf *out)
{
	struct draft_writer w;
	enum draft_next next;
	size_t number;
	buf_init(out, 10 << 20);
	assert_int_equal(draft_writer_begin(&w, d), 0);
	while ((next = draft_write(&w, some, out, &number)) != DRAFT_END) {
		if (next == DRAFT_MORE)
			continue;
		assert_int_equal(number, 7);
		struct view rest = blob;
		do {
			struct view now = view_take(rest, piece);
			rest = view_skip(rest, now.len);
			assert_int_equal(draft_write_blob(&w, now, rest.len == 0, out), 0);
		} while (rest.len > 0);
	}
	draft_writer_done(&w);
}

static void writes(const struct draft_part *body, const char *blob, const char *expected)
{
	struct draft d = {.header = VIEW("Subject: a\r\n"), .body = body, .boundary = VIEW(BOUNDARY)};
	for (size_t some = 1; some < 20000; some *= 7)
		for (size_t piece = 1; piece < 5000; piece *= 17) {
			struct buf out;
			write_all(&d, view_from_string(blob), some, piece, &out);
			assert_string_equal(buf_string(&out), expected);
			buf_done(&out);
		}
}

#define HEAD "Subject: a\r\nMIME-Version: 1.0\r\n"

static struct draft_part text_part(const char *text)
{
	return (struct draft_part){.content_type = VIEW("Content-Type: text/plain"),
	    .adds_charset = true,
	    .content = DRAFT_TEXT,
	    .text = view_from_string(text)};
}

static void writes_a_text(void **state)
{
	(void)state;
	struct draft_part p = text_part("one\ntwo\r\nthree\r");
	writes(&p, "",
	    HEAD "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
	         "one\r\ntwo\r\nthree\r\n");
	p = text_part("no end, and \xc3\xa4 of few  \nx");
	p.fields = VIEW("Content-Language: de\r\n");
	writes(&p, "",
	    HEAD "Content-Type: text/plain; charset=utf-8\r\nContent-Language: de\r\n"
	         "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	         "no end, and =C3=A4 of few =20\r\nx");
	p = text_part("\xd0\xbf\n");
	writes(&p, "",
	    HEAD "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
	         "base64\r\n\r\n0L8NCg==\r\n");
	p = text_part("");
	writes(&p, "",
	    HEAD "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n");
}

static void writes_a_tree(void **state)
{
	(void)state;
	struct draft_part both[] = {text_part("a"), text_part("b")};
	struct draft_part parts[] = {
	    {.content_type = VIEW("Content-Type: multipart/alternative"), .parts = both, .part_count = 2},
	    {.content_type = VIEW("Content-Type: application/octet-stream"),
	        .fields = VIEW("Content-Disposition: attachment\r\n"),
	        .content = DRAFT_BLOB,
	        .blob = 7,
	        .encoding = TRANSFER_BASE64},
	    {.content_type = VIEW("Content-Type: multipart/mixed")}};
	struct draft_part root = {
	    .content_type = VIEW("Content-Type: multipart/mixed"), .parts = parts, .part_count = 3};
#define TEXT(t) "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" t
#define LINE(n) "\r\n--=_" BOUNDARY "_" n "\r\n"
#define END(n) "\r\n--=_" BOUNDARY "_" n "--\r\n"
#define MULTI(kind, n) "Content-Type: multipart/" kind ";\r\n boundary=\"=_" BOUNDARY "_" n "\"\r\n"
	writes(&root, "octets",
	    HEAD MULTI("mixed", "1") LINE("1") MULTI("alternative", "2") LINE("2") TEXT("a") LINE("2")
	        TEXT("b") END("2")
	            LINE("1") "Content-Type: application/octet-stream\r\nContent-Disposition: attachment\r\n"
	                      "Content-Transfer-Encoding: base64\r\n\r\nb2N0ZXRz\r\n" LINE("1")
	                          MULTI("mixed", "3") LINE("3") "\r\n" END("3") END("1"));
}

static void says_that_it_holds_8bit(void **state)
{
	(void)state;
	struct draft_part message = {.content_type = VIEW("Content-Type: message/rfc822"),
	    .content = DRAFT_BLOB,
	    .blob = 7,
	    .encoding = TRANSFER_8BIT};
	struct draft_part root = {
	    .content_type = VIEW("Content-Type: multipart/mixed"), .parts = &message, .part_count = 1};
	writes(&root, "Subject: \xc3\xa4\r\n\r\n",
	    HEAD MULTI("mixed", "1") "Content-Transfer-Encoding: 8bit\r\n" LINE(
	        "1") "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	             "Subject: \xc3\xa4\r\n\r\n" END("1"));
}

/* Whatever the octets are, they arrive. */
static void brings_octets_as_they_are(void **state)
{
	(void)state;
	static const char letters[] = {'a', 'b', ' ', '.', '=', 'F', '\t', '\r', '\n', (char)0xc3, 0, '\n'};
	for (int round = 0; round < 300; round++) {
		char octets[3000];
		size_t len = random_below(sizeof octets), kinds = 1 + random_below(sizeof letters);
		for (size_t i = 0; i < len; i++)
			octets[i] = letters[random_below((uint32_t)kinds)];
		struct view blob = view_of(octets, len);
		struct draft_scan s = scan(blob);
		struct draft_part part = {.content_type = VIEW("Content-Type: text/x"),
		    .content = DRAFT_BLOB,
		    .blob = 7,
		    .encoding = draft_encoding_of_text_blob(&s)};
		struct draft d = {.body = &part, .boundary = VIEW(BOUNDARY)};
		struct buf out, back;
		write_all(&d, blob, 1000, 1 + random_below(2000), &out);
		struct header_reader reader = header_read(buf_view(&out));
		struct header_field field;
		while (header_next(&reader, &field))
			;
		struct transfer_decoder decoder;
		transfer_decoder_init(&decoder, part.encoding);
		buf_init(&back, 10000);
		transfer_decode(&decoder, view_skip(buf_view(&out), reader.at), &back);
		transfer_decode_end(&decoder, &back);
		assert_int_equal(buf_view(&back).len, len);
		assert_memory_equal(buf_view(&back).data, octets, len);
		buf_done(&back);
		buf_done(&out);
	}
}

static void does_without_memory(void **state)
{
	(void)state;
	struct draft_part p = text_part("a");
	struct draft d = {.header = VIEW("Subject: a\r\n"), .body = &p, .boundary = VIEW(BOUNDARY)};
	unsigned n = 0;
	int error;
	do {
		struct draft_writer w;
		mem_fail_after(++n);
		error = draft_writer_begin(&w, &d);
		if (error == 0)
			draft_writer_done(&w);
		assert_true(error == 0 || error == -ENOMEM);
	} while (error);
	mem_fail_after(0);
	assert_true(n > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_raw_fields),
	    cmocka_unit_test(writes_texts),
	    cmocka_unit_test(writes_addresses),
	    cmocka_unit_test(keeps_each_address_one_address),
	    cmocka_unit_test(writes_groups),
	    cmocka_unit_test(writes_lists_and_dates),
	    cmocka_unit_test(chooses_encodings),
	    cmocka_unit_test(writes_a_text),
	    cmocka_unit_test(writes_a_tree),
	    cmocka_unit_test(says_that_it_holds_8bit),
	    cmocka_unit_test(brings_octets_as_they_are),
	    cmocka_unit_test(does_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
