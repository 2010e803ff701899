/* See web_html.h. */
#include "role/web/web_html.h"

#include <qrencode.h>
#include <time.h>

#include "base/utf8.h"
#include "role/web/web_time.h"

void web_html_text(struct buf *out, struct view text)
{
	bool good = utf8_valid(text);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (c == '&')
			buf_append_string(out, "&amp;");
		else if (c == '<')
			buf_append_string(out, "&lt;");
		else if (c == '>')
			buf_append_string(out, "&gt;");
		else if (c == '"')
			buf_append_string(out, "&quot;");
		else if (c == '\'')
			buf_append_string(out, "&#39;");
		else if ((unsigned char)c < ' ' || c == 127 || (!good && (unsigned char)c > 127))
			buf_append_string(out, "\xef\xbf\xbd");
		else
			buf_append_byte(out, c);
	}
}

void web_html_begin(struct buf *out, enum web_language language, const char *title, const char *script)
{
	const char *said = web_text(language, title);
	buf_printf(out,
	    "<!DOCTYPE html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>%s</title>\n"
	    "<link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\">\n"
	    "<link rel=\"stylesheet\" href=\"/page.css\">\n<link rel=\"stylesheet\" href=\"/account.css\">\n",
	    web_language_tag(language), web_language_is_rtl(language) ? "rtl" : "ltr", said);
	if (script)
		buf_printf(out, "<script src=\"/%s\" defer></script>\n", script);
	buf_printf(out, "</head>\n<body>\n<main>\n<h1>%s</h1>\n", said);
}

void web_html_end(struct buf *out)
{
	buf_append_string(out, "</main>\n</body>\n</html>\n");
}

void web_html_reply(struct web_exchange *e, unsigned status, struct buf *page)
{
	http_exchange_add(e->x, "content-security-policy",
	    VIEW("default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src "
	         "'self'; "
	         "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"));
	/* Under "no-referrer" a browser says of its forms that they come from "null". */
	http_exchange_add(e->x, "referrer-policy", VIEW("same-origin"));
	http_exchange_plain(e->x);
	if (buf_failed(page)) {
		buf_clear(page);
		web_exchange_unavailable(e);
		return;
	}
	http_exchange_reply_buf(e->x, status, VIEW("text/html; charset=utf-8"), page);
}

void web_html_time(struct buf *out, enum web_language in, int64_t seconds)
{
	char text[32];
	time_t t = (time_t)seconds;
	struct tm utc;
	if (seconds == 0 || gmtime_r(&t, &utc) == NULL) {
		buf_append_string(out, web_text(in, "never"));
		return;
	}
	strftime(text, sizeof text, "%Y-%m-%dT%H:%MZ", &utc);
	buf_printf(out, "<time datetime=\"%s\">", text);
	web_time_write(out, in, &utc);
	buf_append_string(out, "</time>");
}

enum { QR_DARK = 1 }; /* the bit of libqrencode's octets */

bool web_html_qr_rows(struct buf *out, const char *text)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	if (code == NULL)
		return false;
	buf_append_byte(out, '[');
	for (int y = 0; y < code->width; y++) {
		buf_append_string(out, y ? ",\"" : "\"");
		for (int x = 0; x < code->width; x++)
			buf_append_byte(out, code->data[y * code->width + x] & QR_DARK ? '1' : '0');
		buf_append_byte(out, '"');
	}
	buf_append_byte(out, ']');
	QRcode_free(code);
	return true;
}

bool web_html_qr(struct buf *out, enum web_language language, const char *text)
{
	enum { MARGIN = 4 };
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	if (code == NULL)
		return false;
	int size = code->width + 2 * MARGIN;
	buf_printf(out,
	    "<svg class=\"qr\" role=\"img\" aria-label=\"%s\" viewBox=\"0 0 %d %d\" "
	    "shape-rendering=\"crispEdges\">"
	    "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path fill=\"#000\" d=\"",
	    web_text(language, "QR code"), size, size, size, size);
	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width; x++)
			if (code->data[y * code->width + x] & QR_DARK)
				buf_printf(out, "M%d %dh1v1h-1z", x + MARGIN, y + MARGIN);
	buf_append_string(out, "\"/></svg>\n");
	QRcode_free(code);
	return true;
}
