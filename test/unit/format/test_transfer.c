#include "../unit.h"

#include <stdio.h>

#include "base/random.h"
#include "format/transfer.h"

static void decodes_in_pieces(
    enum transfer_encoding encoding, struct view in, size_t piece, struct view expected, bool defective)
{
	struct buf out;
	struct transfer_decoder d;
	buf_init(&out, 1 << 20);
	transfer_decoder_init(&d, encoding);
	for (size_t at = 0; at < in.len; at += piece)
		assert_int_equal(transfer_decode(&d, view_take(view_skip(in, at), piece), &out), 0);
	assert_int_equal(transfer_decode_end(&d, &out), 0);
	assert_int_equal(buf_view(&out).len, expected.len);
	assert_memory_equal(buf_view(&out).data, expected.data, expected.len);
	assert_int_equal(d.defective, defective);
	buf_done(&out);
}

static void decodes(enum transfer_encoding encoding, const char *in, const char *expected, bool defective)
{
	for (size_t piece = 1; piece <= strlen(in) + 1; piece++)
		decodes_in_pieces(
		    encoding, view_from_string(in), piece, view_from_string(expected), defective);
}

static void decodes_quoted_printable(void **state)
{
	(void)state;
	enum transfer_encoding qp = TRANSFER_QUOTED_PRINTABLE;
	decodes(qp, "Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.",
	    "Now's the time for all folk to come to the aid of their country.", false);
	decodes(qp, "a=3Db=3db\r\n", "a=b=b\r\n", false);
	decodes(qp, "a  \t\r\nb \n", "a\r\nb\n", false);
	decodes(qp, "a=  \r\nb", "ab", false);
	decodes(qp, "a=\nb=", "ab", false);
	decodes(qp, "a=\r\nb=\r\n", "ab", false);
	decodes(qp, "a=xyb", "a=xyb", true);
	decodes(qp, "a=4", "a=4", true);
	decodes(qp, "a=4\r\nb", "a=4\r\nb", true);
	decodes(qp, "a==3D", "a==", true);
	decodes(qp, "a= b", "a= b", true);
	decodes(qp, "a\rb \r\rc", "a\rb \r\rc", false);
	decodes(qp, "end  ", "end", false);
	decodes(qp, "caf=C3=A9\xe4", "caf\xc3\xa9\xe4", false);
}

static void keeps_many_blanks(void **state)
{
	(void)state;
	char in[301], out[301];
	memset(in, ' ', 300);
	in[299] = 'x';
	in[300] = '\0';
	memcpy(out, in, sizeof in);
	decodes(TRANSFER_QUOTED_PRINTABLE, in, out, false);
}

static void decodes_base64(void **state)
{
	(void)state;
	enum transfer_encoding b64 = TRANSFER_BASE64;
	decodes(b64, "SGVsbG8=", "Hello", false);
	decodes(b64, "SGVs\r\nbG8=\r\n", "Hello", false);
	decodes(b64, "SGVsbG8", "Hello", false);
	decodes(b64, "S G!V s b*G8=", "Hello", true);
	decodes(b64, "SGVsbG8=SGVsbG8=", "HelloHello", false);
	decodes(b64, "SGVsbG8=\r\n!", "Hello", true);
	decodes(b64, "SGVsb", "Hel", true);
	decodes(b64, "====", "", false);
	decodes(b64, "", "", false);
}

/* Base64 and what was put behind it: with the footer, and without. */
static void footer_is(const char *in, const char *decoded, const char *footer, bool defective)
{
	char both[1000];
	snprintf(both, sizeof both, "%s%s", decoded, footer);
	for (size_t piece = 1; piece <= strlen(in) + 1; piece++) {
		for (int shown = 0; shown < 2; shown++) {
			struct buf out;
			struct transfer_decoder d;
			struct view rest = view_from_string(in);
			buf_init(&out, 10000);
			transfer_decoder_init(&d, TRANSFER_BASE64);
			d.shows_footer = shown;
			for (; rest.len; rest = view_skip(rest, piece))
				assert_int_equal(transfer_decode(&d, view_take(rest, piece), &out), 0);
			assert_int_equal(transfer_decode_end(&d, &out), 0);
			assert_string_equal(buf_string(&out), shown ? both : decoded);
			assert_int_equal(d.defective, defective);
			buf_done(&out);
		}
	}
}

static void tells_base64_from_what_follows(void **state)
{
	(void)state;
	footer_is("aGVsbG8gd29ybGQsCg==\n\n-- \nThis footer was appended by a gateway\n", "hello world,\n",
	    "-- \nThis footer was appended by a gateway\n", true);
	footer_is("SGVsbG8=\r\n____________\r\nlist mailing list\r\n", "Hello",
	    "____________\r\nlist mailing list\r\n", true);
	footer_is("SGVsbG8=\r\nUnsubscribe\r\n", "Hello", "Unsubscribe\r\n", true);
	footer_is("SGVsbG8=\r\n\r\n  indented words\r\n", "Hello", "  indented words\r\n", true);
	footer_is("SGVsbG8=\n=AbCd\n", "Hello", "=AbCd\n", true);
	/* Whole quanta need no padding. */
	footer_is("SGVsbG8h\nThis is no base64\nSGVsbG8h\n", "Hello!", "This is no base64\nSGVsbG8h\n", true);
	footer_is("SGVsbG8h\nhttps://lists.example/unsubscribe", "Hello!",
	    "https://lists.example/unsubscribe", true);
	/* On the line of the padding, whether that is the first line or not. */
	footer_is("SGVsbG8gd28= -- footer text here", "Hello wo", " -- footer text here", true);
	footer_is(
	    "SGVsbG8gd28=This is a footer\r\nmore\r\n", "Hello wo", "This is a footer\r\nmore\r\n", true);
	footer_is("SGVsbG8gdw==Footer", "Hello w", "Footer", true);
	footer_is("SGVsbG8gdw== _______\r\n", "Hello w", " _______\r\n", true);
	footer_is("SGVsbG8h\r\nSGVsbG8gd28= -- footer text here\r\n", "Hello!Hello wo",
	    " -- footer text here\r\n", true);
	footer_is("SGVsbG8=SGVsbG8= and text", "HelloHello", " and text", true);
	footer_is("SGVsbG8=SGVsbG8h\nSGVsbG8h\n", "HelloHello!Hello!", "", false);
	footer_is("SGVsbG8=SGVsbG8=SGVsbG8=SGVsbG8=SGVsbG8=SGVsbG8=SGVsbG8=SGVsbG8=SGVsbG8=SGVsbG8=SGVsbG8="
	          "SGVsbG8=SGVsbG8=-- foot",
	    "HelloHelloHelloHelloHelloHelloHelloHelloHelloHelloHelloHelloHello", "-- foot", true);
	/* A last line that is no whole quantum, where no padding came before. */
	footer_is("SGVsbG8h\r\nUnsubscribe\r\n", "Hello!", "Unsubscribe\r\n", true);
	footer_is("SGVsbG8h\r\nUnsubscribe", "Hello!", "Unsubscribe", true);
	footer_is("SGVsbG8h\r\nRegards\r\n\r\n", "Hello!", "Regards\r\n\r\n", true);
	footer_is("SGVsbG8h\r\nUnsubscribe\r\nfrom this list\r\n", "Hello!",
	    "Unsubscribe\r\nfrom this list\r\n", true);
	footer_is("SGVsbG8h\r\nSGVsbG8\r\n", "Hello!Hello", "", false);
	footer_is("SGVs\r\nbG8", "Hello", "", false);
	footer_is("SGVs\nbG\n8hSGVsb\nG8h\n", "Hello!Hello!", "", false);
	/* Pieces, each padded, are read on, and so is what was only damaged. */
	footer_is("SGVsbG8=\r\nSGVsbG8=\r\nSGVsbG8h\r\n\r\nSGVsbG8=", "HelloHelloHello!Hello", "", false);
	footer_is("SGVsbG8=SGVsbG8=\nSGVsbG8= \t\n", "HelloHelloHello", "", false);
	footer_is("SGVs\n bG8=\n", "Hello", "", false);
	footer_is("SGVsb\nG8h!\n", "Hello!", "", true);
}

static void passes_others(void **state)
{
	(void)state;
	decodes(TRANSFER_7BIT, "a=3D\r\n", "a=3D\r\n", false);
	decodes(TRANSFER_UNKNOWN, "a=3D\r\n", "a=3D\r\n", false);
	assert_int_equal(transfer_encoding_by_name(VIEW(" Quoted-Printable (x)")), TRANSFER_QUOTED_PRINTABLE);
	assert_int_equal(transfer_encoding_by_name(VIEW("BASE64;")), TRANSFER_BASE64);
	assert_int_equal(transfer_encoding_by_name(VIEW("x-uuencode")), TRANSFER_UNKNOWN);
}

static void encodes_what_decodes_back(void **state)
{
	(void)state;
	for (size_t len = 0; len < 400; len += 7) {
		char data[400];
		struct buf out;
		random_bytes(data, len);
		/* Many blanks, line ends and dots at line starts. */
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)data[i] < 120)
				data[i] = " \t.=a\n"[(unsigned char)data[i] % 6];
		buf_init(&out, 10000);
		assert_int_equal(quoted_printable_encode(&out, view_of(data, len), false), 0);
		decodes_in_pieces(TRANSFER_QUOTED_PRINTABLE, buf_view(&out), 5, view_of(data, len), false);
		struct view rest = buf_view(&out), line;
		while (view_next(&rest, '\n', &line))
			assert_true(line.len <= 77);
		buf_clear(&out);
		assert_int_equal(base64_encode_lines(&out, view_of(data, len)), 0);
		decodes_in_pieces(TRANSFER_BASE64, buf_view(&out), 5, view_of(data, len), false);
		buf_done(&out);
	}
}

static void encodes_text(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 1000);
	assert_int_equal(quoted_printable_encode(&out, VIEW("a \r\n.\nFrom me\r\n\tb\t"), true), 0);
	assert_view(buf_view(&out), "a=20\r\n=2E\r\n=46rom me\r\n\tb=09");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(decodes_quoted_printable),
	    cmocka_unit_test(keeps_many_blanks),
	    cmocka_unit_test(decodes_base64),
	    cmocka_unit_test(tells_base64_from_what_follows),
	    cmocka_unit_test(passes_others),
	    cmocka_unit_test(encodes_what_decodes_back),
	    cmocka_unit_test(encodes_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
