/* Several reports in one mail, for a sender to whom many would come at once. */
#include <errno.h>
#include <stdio.h>

#include "base/utf8.h"
#include "dsn/dsn_private.h"

/* What the mail as a whole is: the most that one of its reports is. */
static enum dsn_content content_of(const struct dsn_gather *g)
{
	enum dsn_content most = DSN_7BIT;
	for (size_t i = 0; i < g->count; i++)
		if (g->items[i].content > most)
			most = g->items[i].content;
	return most;
}

static bool utf8_in(const struct dsn_gather *g)
{
	bool utf8 = !utf8_is_ascii(g->to) || !utf8_is_ascii(g->postmaster);
	for (size_t i = 0; i < g->count; i++)
		utf8 = utf8 || g->items[i].utf8;
	return utf8;
}

static void put_summary(struct buf *out, const struct dsn_gather *g)
{
	struct buf words;
	buf_init(&words, 4096);
	buf_append_string(&words,
	    g->delays_only
	        ? "Several of your messages have not been delivered yet. You do not need to do anything now."
	        : "Several of your messages could not be delivered, or there is other news about them.");
	buf_append_string(&words, " To spare you many mails, this one contains all the reports:");
	dsn_put_words(out, "", buf_view(&words));
	buf_append_byte(out, '\n');
	for (size_t i = 0; i < g->count && i < DSN_SENTENCES_MAX; i++) {
		buf_clear(&words);
		buf_printf(&words, "%zu. ", i + 1);
		dsn_put_clean(&words, view_take(g->items[i].subject, 4 * DSN_SUBJECT_MAX), true);
		dsn_put_words(out, "  ", buf_view(&words));
	}
	if (g->count > DSN_SENTENCES_MAX)
		buf_printf(out, "  ... and %zu more.\n", g->count - DSN_SENTENCES_MAX);
	buf_append_byte(out, '\n');
	buf_clear(&words);
	buf_append_string(&words, "This mail was written by the mail server ");
	dsn_put_clean(&words, g->reporting_mta, true);
	buf_append_string(&words, ". Each report is attached, and says what you can do.");
	dsn_put_words(out, "", buf_view(&words));
	buf_done(&words);
}

int dsn_gather_head(const struct dsn_gather *g, struct buf *out, unsigned *needs)
{
	struct buf text;
	char subject[80];
	size_t before = out->len;
	if (!dsn_letter_good(g->to, g->boundary, g->count))
		return -EINVAL;
	enum dsn_content content = content_of(g);
	snprintf(subject, sizeof subject,
	    g->delays_only ? "Your messages are delayed: %zu reports"
	                   : "Your messages could not be delivered: %zu reports",
	    g->count);
	dsn_put_letter(out, &(struct dsn_letter){.postmaster = g->postmaster,
	                        .to = g->to,
	                        .message_id = g->message_id,
	                        .subject = view_from_string(subject),
	                        .now = g->now});
	buf_printf(out, "Content-Type: multipart/mixed; boundary=\"=_%.*s\"\r\n", VIEW_FMT(g->boundary));
	if (dsn_encoding(content))
		buf_printf(out, "Content-Transfer-Encoding: %s\r\n", dsn_encoding(content));
	buf_append_string(out, "\r\nThese are reports about the delivery of messages, in MIME format.\r\n");
	buf_init(&text, DSN_HEAD_MAX / 4);
	put_summary(&text, g);
	dsn_put_text_part(out, g->boundary, buf_view(&text));
	bool failed = buf_failed(&text) || buf_failed(out);
	buf_done(&text);
	if (failed) {
		buf_truncate(out, before);
		return -ENOBUFS;
	}
	if (needs)
		*needs = (content == DSN_8BIT ? DSN_NEEDS_8BITMIME : 0) |
		         (content == DSN_BINARY ? DSN_NEEDS_BINARYMIME : 0) |
		         (utf8_in(g) ? DSN_NEEDS_SMTPUTF8 : 0);
	return 0;
}

int dsn_gather_part(const struct dsn_gather *g, size_t index, struct buf *out)
{
	size_t before = out->len;
	const char *encoding = dsn_encoding(g->items[index].content);
	dsn_put_delimiter(out, g->boundary, false);
	buf_printf(out, "Content-Type: %s\r\n", g->items[index].utf8 ? "message/global" : "message/rfc822");
	if (encoding)
		buf_printf(out, "Content-Transfer-Encoding: %s\r\n", encoding);
	buf_append_string(out, "\r\n");
	if (!buf_failed(out))
		return 0;
	buf_truncate(out, before);
	return -ENOBUFS;
}

int dsn_gather_tail(const struct dsn_gather *g, struct buf *out)
{
	dsn_put_delimiter(out, g->boundary, true);
	return buf_failed(out) ? -ENOBUFS : 0;
}
