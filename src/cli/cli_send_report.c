/* Tells what became of a message that was sent: for people, for scripts, and as an exit code. Pure
 * functions of the outcome. */
#include <inttypes.h>
#include <string.h>

#include "cli/cli_send.h"
#include "format/plain.h"
#include "format/json.h"

enum send_fate send_fate(const struct send_recipient *r)
{
	if (!r->replied)
		return SEND_NOT_TRIED;
	if (r->reply.code == 0)
		return r->reply.stage == SMTP_CLIENT_AT_END ? SEND_UNKNOWN : SEND_DEFERRED;
	return r->reply.code < 300 ? SEND_ACCEPTED : r->reply.code < 500 ? SEND_DEFERRED : SEND_REFUSED;
}

/* ---- the queue's name ---- */

static bool is_id_byte(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_' || c == '.';
}

static struct view word_at(struct view text)
{
	size_t len = 0;
	while (len < text.len && is_id_byte(text.data[len]))
		len++;
	while (len > 0 && text.data[len - 1] == '.')
		len--;
	return view_take(text, len);
}

struct view send_queue_id(const struct send_reply *reply)
{
	static const char *const before[] = {"kept as ", "queued as ", "id="};
	struct view text = view_from_string(reply->text), first = word_at(text);
	if (reply->code < 200 || reply->code >= 300 || reply->local)
		return (struct view){0};
	for (size_t i = 0; i < text.len; i++)
		for (size_t k = 0; k < sizeof before / sizeof before[0]; k++)
			if (view_starts_nocase(view_skip(text, i), view_from_string(before[k])))
				return word_at(view_skip(text, i + strlen(before[k])));
	if (first.len > 0 && view_starts_nocase(view_skip(text, first.len), VIEW(" message accepted")))
		return first;
	return (struct view){0};
}

/* ---- the exit code ---- */

int send_exit(const struct send *s)
{
	bool refused = false, unfit = false, later = false, tried = false;
	for (size_t i = 0; i < s->count; i++) {
		enum send_fate fate = send_fate(&s->recipients[i]);
		tried |= fate != SEND_NOT_TRIED;
		refused |= fate == SEND_REFUSED && !s->recipients[i].reply.local;
		unfit |= fate == SEND_REFUSED && s->recipients[i].reply.local;
		later |= fate != SEND_ACCEPTED && fate != SEND_REFUSED;
	}
	if (!tried)
		return s->status ? s->status : EXIT_TEMPORARY;
	return refused ? EXIT_UNAVAILABLE : unfit ? EXIT_DATA : later ? EXIT_TEMPORARY : 0;
}

/* ---- for people ---- */

static void say_reply(const struct send_reply *reply, struct buf *out)
{
	if (reply->code == 0) {
		buf_printf(out, "no answer at %s", smtp_client_stage_name(reply->stage));
		return;
	}
	if (!reply->local)
		buf_printf(out, "%u ", reply->code);
	if (reply->status[0])
		buf_printf(out, "%s ", reply->status);
	plain_text(out, view_from_string(reply->text));
}

void send_report(const struct send *s, struct buf *out)
{
	static const char *const words[] = {[SEND_ACCEPTED] = "accepted",
	    [SEND_DEFERRED] = "not now",
	    [SEND_REFUSED] = "refused",
	    [SEND_UNKNOWN] = ("not known: the connection was lost before the answer, so the server may have "
	                      "accepted the message"),
	    [SEND_NOT_TRIED] = "not sent"};
	for (size_t i = 0; i < s->count; i++) {
		const struct send_recipient *r = &s->recipients[i];
		enum send_fate fate = send_fate(r);
		plain_text(out, r->address);
		buf_printf(out, ": %s", words[fate]);
		if (fate != SEND_NOT_TRIED && fate != SEND_UNKNOWN) {
			buf_append_string(out, ": ");
			say_reply(&r->reply, out);
		}
		buf_append_byte(out, '\n');
	}
}

/* ---- for scripts ---- */

static void member(struct buf *out, const char *name, struct view text)
{
	buf_printf(out, "\"%s\":", name);
	json_append_string(out, text);
}

static void recipient_json(const struct send_recipient *r, struct buf *out)
{
	static const char *const words[] = {[SEND_ACCEPTED] = "accepted",
	    [SEND_DEFERRED] = "deferred",
	    [SEND_REFUSED] = "refused",
	    [SEND_UNKNOWN] = "unknown",
	    [SEND_NOT_TRIED] = "not-tried"};
	buf_append_byte(out, '{');
	member(out, "address", r->address);
	buf_printf(out, ",\"result\":\"%s\"", words[send_fate(r)]);
	if (r->replied) {
		buf_printf(out, ",\"code\":%u,", r->reply.code);
		member(out, "status", view_from_string(r->reply.status));
		buf_append_byte(out, ',');
		member(out, "text", view_from_string(r->reply.text));
		buf_append_byte(out, ',');
		member(out, "stage", view_from_string(smtp_client_stage_name(r->reply.stage)));
		buf_printf(out, ",\"local\":%s", r->reply.local ? "true" : "false");
	}
	buf_append_byte(out, '}');
}

static struct view any_queue_id(const struct send *s)
{
	struct view id = {0};
	for (size_t i = 0; i < s->count && id.len == 0; i++)
		if (s->recipients[i].replied)
			id = send_queue_id(&s->recipients[i].reply);
	return id;
}

void send_report_json(const struct send *s, struct buf *out)
{
	size_t counts[SEND_NOT_TRIED + 1] = {0};
	for (size_t i = 0; i < s->count; i++)
		counts[send_fate(&s->recipients[i])]++;
	buf_printf(
	    out, "{\"exit\":%d,\"accepted\":%zu,\"recipients\":[", send_exit(s), counts[SEND_ACCEPTED]);
	for (size_t i = 0; i < s->count; i++) {
		if (i > 0)
			buf_append_byte(out, ',');
		recipient_json(&s->recipients[i], out);
	}
	buf_append_string(out, "],");
	member(out, "queueId", any_queue_id(s));
	buf_append_byte(out, ',');
	member(out, "messageId", s->message_id);
	buf_printf(out, ",\"size\":%zu,", s->message.len);
	member(out, "server", view_from_string(s->address));
	buf_append_byte(out, ',');
	member(out, "tls", view_from_string(s->tls));
	buf_append_byte(out, ',');
	member(out, "verified", view_from_string(s->tls[0] ? s->verified : "no TLS"));
	buf_append_byte(out, ',');
	member(out, "problem", view_from_string(s->problem));
	buf_append_string(out, "}\n");
}
