/*
 * The end of a message: what is wrong with it, what verdicts say of it, whom it goes to, and the reply, one
 * for all or with LMTP one for each recipient.
 */
#include "smtp/smtp_private.h"

#include <errno.h>
#include <stdio.h>

/* Of a whole message: one, or with LMTP one for each recipient (RFC 2033 section 4.2). */
static size_t replies_of(const struct smtp_session *s)
{
	return s->config.kind == SMTP_LMTP ? s->envelope.count : 1;
}

static void reply_all(
    struct smtp_session *s, size_t count, unsigned code, const char *enhanced, const char *text, bool fault)
{
	if (fault)
		s->errors++;
	for (size_t i = 0; i < count; i++)
		smtp_reply(s, code, enhanced, text);
}

/* A message that was kept for anybody is what a client comes for; one that was not may be tried for ever. */
static void count_delivery(struct smtp_session *s, const int *results, size_t count)
{
	for (size_t i = 0; i < count && i < s->envelope.count; i++)
		if (results[i] == 0 && !s->envelope.recipients[i].dropped) {
			smtp_progress(s);
			return;
		}
	smtp_futile(s);
}

bool smtp_refuse_fault(struct smtp_session *s, enum smtp_body_fault fault, bool last)
{
	size_t replies = last ? replies_of(s) : 1;
	switch (fault) {
	case SMTP_BODY_GOOD:
	case SMTP_BODY_ASKS:
		return false;
	case SMTP_BODY_TOO_LARGE:
		reply_all(s, replies, 552, "5.3.4", "the message is larger than this server accepts", true);
		break;
	case SMTP_BODY_LOOP:
		reply_all(s, replies, 554, "5.4.6", "too many hops: the message is in a loop", true);
		break;
	case SMTP_BODY_BARE_END:
		reply_all(s, replies, 550, "5.6.11",
		    "a line of the message ends in a bare CR or LF; lines must end in CR LF (RFC 5321 "
		    "section 2.3.8)",
		    true);
		break;
	case SMTP_BODY_NUL:
		reply_all(s, replies, 550, "5.6.11",
		    "the message contains a NUL octet, which headers and text must not (RFC 5322, RFC 2045 "
		    "section 2.7)",
		    true);
		break;
	case SMTP_BODY_HEADER_TOO_LARGE:
		reply_all(s, replies, 552, "5.3.4", "the message's header is larger than this server accepts",
		    true);
		break;
	case SMTP_BODY_NO_MEMORY:
		smtp_futile(s);
		reply_all(s, replies, 452, "4.3.1", "no memory for the message now, try again later", false);
		break;
	}
	return true;
}

/* A verdict's words, for as long as the transaction lasts. */
static const char *keep_text(struct smtp_session *s, const char *text)
{
	struct view copy;
	return text && arena_copy(&s->arena, view_from_string(text), &copy) ? copy.data : NULL;
}

struct smtp_verdict smtp_keep_verdict(struct smtp_session *s, const struct smtp_verdict *v)
{
	struct smtp_verdict kept = *v;
	kept.enhanced = keep_text(s, v->enhanced);
	kept.text = keep_text(s, v->text);
	kept.each = NULL;
	return kept;
}

/* What it says to the client; without words of its own the class's. */
static void reply_verdict(struct smtp_session *s, const struct smtp_verdict *v)
{
	bool for_good = v->kind == SMTP_PERMANENT;
	if (v->kind == SMTP_DISCARD)
		smtp_reply(s, 250, "2.0.0", "accepted");
	else
		smtp_reply(s,
		    v->code    ? v->code
		    : for_good ? 550
		               : 451,
		    v->enhanced ? v->enhanced
		    : for_good  ? "5.7.1"
		                : "4.3.0",
		    v->text    ? v->text
		    : for_good ? "the message is refused"
		               : "try again later");
}

/* One verdict for the message, or with LMTP for each recipient. */
static void end_with(struct smtp_session *s, const struct smtp_verdict *v)
{
	size_t count = s->config.kind == SMTP_LMTP ? s->envelope.count : 1;
	if (v->kind == SMTP_DISCARD)
		smtp_progress(s);
	else if (v->kind == SMTP_TEMPORARY)
		smtp_futile(s);
	else
		s->errors++;
	for (size_t i = 0; i < count; i++)
		reply_verdict(s, v);
	smtp_reset(s);
}

/* Asks about the header. False when the answer is still awaited: then smtp_header_checked goes on. */
bool smtp_ask_header(struct smtp_session *s)
{
	s->checking = SMTP_AT_HEADER;
	s->wait = SMTP_WAIT_CHECK;
	s->asking = true;
	s->backend->check(s->arg, SMTP_AT_HEADER, &s->envelope, NULL);
	s->asking = false;
	return s->wait != SMTP_WAIT_CHECK;
}

bool smtp_is_refused(const struct smtp_session *s)
{
	return s->refused.kind != SMTP_ACCEPT;
}

/* False: the header's verdict is awaited. A message that was refused at its header has no end of its own. */
static bool finish_body(struct smtp_session *s, enum smtp_body_fault *fault)
{
	*fault = SMTP_BODY_GOOD;
	if (!smtp_is_refused(s))
		*fault = smtp_body_end(s->body, &s->digest);
	if (*fault != SMTP_BODY_ASKS)
		return true;
	s->ending = !smtp_ask_header(s);
	return !s->ending && finish_body(s, fault);
}

void smtp_end_body(struct smtp_session *s)
{
	enum smtp_body_fault fault = SMTP_BODY_BARE_END;
	s->ending = false;
	if (!s->dot.bare_cr && !s->dot.bare_lf && !finish_body(s, &fault))
		return;
	s->mode = SMTP_COMMANDS;
	if (smtp_refuse_fault(s, fault, true)) {
		smtp_reset(s);
		return;
	}
	if (smtp_is_refused(s)) {
		bool close = s->refused.close;
		end_with(s, &s->refused);
		if (close)
			smtp_close(s);
		return;
	}
	/* Many programs send 8 bits and say nothing. The next host is told the truth, or gets it converted.
	 */
	if (s->envelope.terms.body == SMTP_7BIT && smtp_body_has_8bit(s->body))
		s->envelope.terms.body = SMTP_8BITMIME;
	if (s->discard) {
		end_with(s, &(struct smtp_verdict){.kind = SMTP_DISCARD});
		return;
	}
	s->checking = SMTP_AT_END;
	s->wait = SMTP_WAIT_CHECK;
	s->backend->check(s->arg, SMTP_AT_END, &s->envelope, NULL);
}

/* Which recipients get the message; false: none of them does. */
static bool sort_recipients(struct smtp_session *s, const struct smtp_verdict *each)
{
	bool lmtp = s->config.kind == SMTP_LMTP;
	size_t refused = 0, dropped = 0;
	for (size_t i = 0; i < s->envelope.count; i++)
		refused += each[i].kind == SMTP_TEMPORARY || each[i].kind == SMTP_PERMANENT;
	for (size_t i = 0; i < s->envelope.count; i++) {
		bool refuses = each[i].kind != SMTP_ACCEPT && each[i].kind != SMTP_DISCARD;
		bool drops = refuses ? lmtp || refused == s->envelope.count : each[i].kind == SMTP_DISCARD;
		s->envelope.recipients[i].dropped = drops;
		dropped += drops;
	}
	return dropped < s->envelope.count;
}

static void keep_each(struct smtp_session *s, const struct smtp_verdict *each)
{
	if (s->config.kind != SMTP_LMTP)
		return;
	s->each = arena_array(&s->arena, s->envelope.count, sizeof *s->each);
	for (size_t i = 0; s->each && i < s->envelope.count; i++)
		s->each[i] = smtp_keep_verdict(s, &each[i]);
}

static void deliver(struct smtp_session *s)
{
	s->wait = SMTP_WAIT_DELIVERY;
	s->backend->deliver(s->arg, &s->envelope, &s->digest);
}

/* One reply for recipients who all refuse or discard. What may be tried again is not refused for good. */
static const struct smtp_verdict *for_all(const struct smtp_session *s, const struct smtp_verdict *each)
{
	static const struct smtp_verdict discard = {.kind = SMTP_DISCARD};
	const struct smtp_verdict *all = &each[0];
	for (size_t i = 0; i < s->envelope.count; i++) {
		if (each[i].kind == SMTP_DISCARD)
			return &discard;
		if (all->kind != SMTP_TEMPORARY && each[i].kind == SMTP_TEMPORARY)
			all = &each[i];
	}
	return all;
}

/* No recipient is left: each has its own reply, or one is for all. */
static void end_with_each(struct smtp_session *s, const struct smtp_verdict *each)
{
	if (s->config.kind != SMTP_LMTP) {
		end_with(s, for_all(s, each));
		return;
	}
	bool taken = false;
	for (size_t i = 0; i < s->envelope.count; i++) {
		taken = taken || each[i].kind == SMTP_DISCARD;
		s->errors += each[i].kind == SMTP_PERMANENT;
		reply_verdict(s, &each[i]);
	}
	if (taken)
		smtp_progress(s);
	else
		smtp_futile(s);
	smtp_reset(s);
}

void smtp_end_checked(struct smtp_session *s, const struct smtp_verdict *verdict)
{
	s->note = verdict->kind == SMTP_ACCEPT ? keep_text(s, verdict->text) : NULL;
	if (verdict->kind != SMTP_ACCEPT) {
		end_with(s, verdict);
	} else if (verdict->each == NULL) {
		deliver(s);
	} else if (sort_recipients(s, verdict->each)) {
		keep_each(s, verdict->each);
		deliver(s);
	} else {
		end_with_each(s, verdict->each);
	}
}

/* RFC 5429 section 2.1: in the recipient's words, a line of the reply for each of theirs. */
static void reply_refusal(struct smtp_session *s, struct view words)
{
	struct view line, rest = words;
	char text[SMTP_REFUSAL_LINE + 1];
	bool more = rest.len > 0 && view_next(&rest, '\n', &line);
	if (!more)
		line = VIEW("the recipient refuses this message");
	do {
		snprintf(text, sizeof text, "%.*s", VIEW_FMT(line));
		more = more && rest.len > 0 && view_next(&rest, '\n', &line);
		if (more)
			smtp_reply_line(s, 550, "5.7.1", text);
	} while (more);
	smtp_reply(s, 550, "5.7.1", text);
}

/* Octets of a note: with codes and line end, a reply's line has 512 (RFC 5321 section 4.5.3.1.5). */
enum { NOTE_MAX = 496 };

static void reply_result(struct smtp_session *s, int result, struct view words, struct view id)
{
	char text[200], note[NOTE_MAX];
	switch (result) {
	case 0:
		/* Programs look for the id at the reply's end; people read its lines as one sentence. */
		if (s->note) {
			snprintf(note, sizeof note, "%s;", s->note);
			smtp_reply_line(s, 250, "2.0.0", note);
		}
		snprintf(text, sizeof text, "kept as %.*s", VIEW_FMT(id));
		smtp_reply(s, 250, "2.0.0", text);
		break;
	case -ENOSPC:
		smtp_reply(s, 452, "4.3.1", "this server has no room now, try again later");
		break;
	case -EDQUOT:
		smtp_reply(s, 452, "4.2.2", "the mailbox is full, try again later");
		break;
	case -EFBIG:
		smtp_reply(s, 552, "5.2.3", "the message is larger than this mailbox can ever hold");
		break;
	case -ENOENT:
		smtp_reply(s, 550, "5.1.1", "this mailbox is gone");
		break;
	case -EPERM:
		reply_refusal(s, words);
		break;
	default:
		smtp_reply(s, 451, "4.3.0", "the message cannot be kept now, try again later");
	}
}

/* What a verdict was is not known any more: the client comes again, and is told then. */
static const struct smtp_verdict no_memory = {
    .kind = SMTP_TEMPORARY, .code = 452, .enhanced = "4.3.1", .text = "no memory now, try again later"};

void smtp_delivered(
    struct smtp_session *s, const int *results, const struct view *texts, size_t count, struct view id)
{
	static const struct view none;
	if (s->wait != SMTP_WAIT_DELIVERY)
		return;
	s->wait = SMTP_NO_WAIT;
	count_delivery(s, results, count);
	if (s->config.kind == SMTP_LMTP) {
		/* RFC 2033 section 4.2: one reply for each recipient that was taken, in their order. */
		for (size_t i = 0; i < s->envelope.count; i++)
			if (s->envelope.recipients[i].dropped)
				reply_verdict(s, s->each ? &s->each[i] : &no_memory);
			else
				reply_result(s, i < count ? results[i] : -EIO,
				    texts && i < count ? texts[i] : none, id);
	} else {
		/* One message, one commit: all recipients or none. */
		int worst = count == s->envelope.count ? 0 : -EIO;
		const struct view *words = &none;
		for (size_t i = 0; i < count && worst == 0; i++) {
			worst = s->envelope.recipients[i].dropped ? 0 : results[i];
			words = texts && worst ? &texts[i] : &none;
		}
		/* A mailbox that went since RCPT is not to refuse the others' mail: the next RCPT says whose
		 * it is. */
		if (worst == -ENOENT && s->envelope.count > 1)
			smtp_reply(s, 451, "4.2.1", "a mailbox of these recipients is gone, try again");
		else
			reply_result(s, worst, *words, id);
	}
	smtp_reset(s);
	smtp_end_if_too_many(s);
}
