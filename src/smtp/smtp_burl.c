/*
 * BURL (RFC 4468): what an IMAP URL names becomes the message, or a part of it between chunks of BDAT, so
 * that what is on the server already needs no second upload. The backend gives it piece by piece; a URL that
 * shows nothing fails the whole transaction.
 */
#include <errno.h>

#include "smtp/smtp_private.h"

/* burl-cmd = "BURL" SP absolute-URI [SP "LAST"] */
void smtp_burl(struct smtp_session *s, struct view argument)
{
	struct view rest = argument, url = {0};
	bool right = view_next(&rest, ' ', &url) && url.len > 0;
	rest = view_trim(rest);
	bool last = view_equal_nocase(rest, VIEW("LAST"));
	if (!right || (rest.len > 0 && !last)) {
		smtp_fault(s, 501, "5.5.4", "the syntax is BURL URL [LAST]");
		return;
	}
	if (s->login.len == 0) {
		smtp_fault(s, 530, "5.7.0", "log in first");
		return;
	}
	if (!arena_copy(&s->arena, url, &s->url)) {
		smtp_futile(s);
		smtp_reply(s, 452, "4.3.1", "no memory for the message now, try again later");
		return;
	}
	if (s->body == NULL)
		smtp_begin_body(s, true);
	s->state = SMTP_CHUNKS;
	s->mode = SMTP_URL;
	s->last_chunk = last;
	s->chunk_refused = false;
	s->chunk_left = s->chunk_size = 0;
	buf_init(&s->shown, SMTP_SHOWN_MAX);
	s->wait = SMTP_WAIT_URL;
	s->backend->show(s->arg, s->url, 0);
}

/* Goes on with what was shown, until something is awaited or it is at its end. */
void smtp_take_shown(struct smtp_session *s)
{
	while (s->wait == SMTP_NO_WAIT && s->mode == SMTP_URL) {
		struct view part = smtp_body_step(s, buf_view(&s->shown));
		if (smtp_is_refused(s) || smtp_body_fault(s->body) != SMTP_BODY_GOOD) {
			/* Its reply stands at the end: what is left needn't be fetched. */
			buf_clear(&s->shown);
			s->shown_last = true;
			part = (struct view){0};
		}
		if (part.len == 0 && s->shown_last) {
			buf_done(&s->shown);
			smtp_end_chunk(s);
		} else if (part.len == 0) {
			s->wait = SMTP_WAIT_URL;
			s->backend->show(s->arg, s->url, s->chunk_size);
		} else {
			bool room = smtp_body_write(s->body, part);
			buf_consume(&s->shown, part.len);
			s->chunk_size += part.len;
			if (smtp_body_asks(s->body) && !smtp_ask_header(s))
				return;
			if (!room)
				s->wait = SMTP_WAIT_BODY;
		}
	}
}

/* RFC 4468 section 6 */
static void fail(struct smtp_session *s, int error)
{
	static const struct {
		int error;
		unsigned code;
		const char *enhanced, *text;
	} replies[] = {
	    {-EINVAL, 501, "5.5.4", "this is no IMAP URL with URLAUTH, of a message or a part of one"},
	    {-EXDEV, 554, "5.7.8",
	        "the URL is of another server, which this one has no trust relationship with"},
	    {-EACCES, 554, "5.7.0", "the URL does not authorise this user to submit what it names"},
	    {-ENOENT, 554, "5.6.6", "the URL names nothing that is there"},
	    {-EOPNOTSUPP, 554, "5.6.3", "the URL names a binary message, which would have to be converted"},
	    {-EBADMSG, 554, "5.6.6", "what the URL names cannot be read"},
	};
	buf_done(&s->shown);
	s->mode = SMTP_COMMANDS;
	for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++)
		if (replies[i].error == error) {
			smtp_fault(s, replies[i].code, replies[i].enhanced, replies[i].text);
			smtp_reset(s);
			return;
		}
	smtp_futile(s);
	smtp_reply(s, 451, "4.6.6", "what the URL names cannot be had now, try again later");
	smtp_reset(s);
}

void smtp_shown(struct smtp_session *s, struct view bytes, bool last, int error)
{
	if (s->wait != SMTP_WAIT_URL)
		return;
	s->wait = SMTP_NO_WAIT;
	s->shown_last = last || bytes.len == 0;
	if (error == 0 && buf_append(&s->shown, bytes) != 0)
		error = -ENOMEM;
	if (error)
		fail(s, error);
	else
		smtp_take_shown(s);
	smtp_end_if_too_many(s);
}
