/*
 * Transfer encodings and charsets: however the input is cut, the output is the same; what is encoded decodes
 * back. The first byte chooses encoding, charset and pieces.
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "format/charset.h"
#include "mime/preview.h"
#include "format/transfer.h"

static void decode(enum transfer_encoding encoding, struct view in, size_t piece, struct buf *out)
{
	struct transfer_decoder d;
	transfer_decoder_init(&d, encoding);
	for (size_t at = 0; at < in.len; at += piece)
		check(transfer_decode(&d, view_take(view_skip(in, at), piece), out) == 0);
	check(transfer_decode_end(&d, out) == 0);
}

static void convert(struct view charset, struct view in, size_t piece, struct buf *out)
{
	struct charset_decoder *d = charset_decoder_new(charset);
	for (size_t at = 0; at < in.len; at += piece)
		check(charset_decode(d, view_take(view_skip(in, at), piece), false, out) == 0);
	check(charset_decode(d, (struct view){0}, true, out) == 0);
	check(utf8_valid(buf_view(out)));
	charset_decoder_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const charsets[] = {"utf-8", "iso-8859-1", "iso-2022-jp", "gb18030", "big5",
	    "shift_jis", "euc-kr", "utf-7", "utf-16", "koi8-r", "no-such", "iso-2022-kr", "hz-gb-2312",
	    "euc-jp", "utf-32", ""};
	if (size == 0)
		return 0;
	struct view in = view_of(data + 1, size - 1);
	size_t piece = data[0] % 7 + 1;
	enum transfer_encoding encoding = data[0] & 1 ? TRANSFER_BASE64 : TRANSFER_QUOTED_PRINTABLE;
	struct buf whole, pieces;
	buf_init(&whole, 1 << 20);
	buf_init(&pieces, 1 << 20);
	decode(encoding, in, in.len + 1, &whole);
	decode(encoding, in, piece, &pieces);
	check(view_equal(buf_view(&whole), buf_view(&pieces)));

	buf_clear(&whole);
	buf_clear(&pieces);
	check((encoding == TRANSFER_BASE64 ? base64_encode_lines(&whole, in)
	                                   : quoted_printable_encode(&whole, in, false)) == 0);
	decode(encoding, buf_view(&whole), piece, &pieces);
	check(view_equal(buf_view(&pieces), in));

	buf_clear(&whole);
	buf_clear(&pieces);
	convert(view_from_string(charsets[data[0] / 16]), in, in.len + 1, &whole);
	convert(view_from_string(charsets[data[0] / 16]), in, piece, &pieces);
	check(view_equal(buf_view(&whole), buf_view(&pieces)));

	buf_clear(&whole);
	html_to_text(in, &whole);
	buf_done(&whole);
	buf_done(&pieces);
	return 0;
}
