/*
 * What is sent on behalf of rules: whatever stands in the message that came, in the script's texts and in its
 * URI, the message has the fields that this server writes and each of them once, nobody is written to but
 * whom the envelope or the URI names, and refusals keep within lines.
 */
#include "fuzz.h"

#include "answer/answer.h"
#include "base/utf8.h"
#include "format/header.h"
#include "format/limits.h"

static unsigned count_fields(struct view message, struct view name)
{
	struct header_reader r = header_read(message);
	struct header_field field;
	unsigned count = 0;
	while (header_next(&r, &field))
		count += view_equal_nocase(field.name, name);
	check(!r.defective);
	return count;
}

static void check_message(struct view message)
{
	static const char *const once[] = {
	    "Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version", NULL};
	static const char *const never[] = {"Bcc", "Sender", "Reply-To", "Received", "Return-Path", NULL};
	struct view rest = message, line;
	for (const char *const *n = once; *n; n++)
		check(count_fields(message, view_from_string(*n)) == 1);
	for (const char *const *n = never; *n; n++)
		check(count_fields(message, view_from_string(*n)) == 0);
	while (view_next(&rest, '\n', &line) && rest.data) {
		check(line.len > 0 && line.data[line.len - 1] == '\r' && line.len <= LINE_MAX_OCTETS + 1);
		check(view_find(view_take(line, line.len - 1), '\r') < 0);
		check(view_find(line, '\0') < 0);
	}
}

static void check_refusal(struct view text, struct buf *out)
{
	struct view rest, line;
	unsigned lines = 0;
	buf_clear(out);
	bool said = answer_refusal(text, false, out);
	check(utf8_is_ascii(buf_view(out)));
	buf_clear(out);
	check(answer_refusal(text, true, out) || !said);
	check(utf8_valid(buf_view(out)) && buf_view(out).len <= ANSWER_REFUSAL_MAX);
	for (rest = buf_view(out); view_next(&rest, '\n', &line); lines++)
		check(line.len > 0 && line.len <= ANSWER_REFUSAL_LINE);
	check(lines > 0 && lines <= ANSWER_REFUSAL_LINES);
}

/* The input: four texts with NUL between, then the message that came. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct view addresses[] = {{"alice@example.org", 17}};
	struct view rest = view_of(data, size), parts[4] = {{0}};
	struct arena arena;
	struct buf out;
	struct answer answer;
	const char *problem = NULL;
	for (size_t i = 0; i < 4; i++)
		view_next(&rest, '\0', &parts[i]);
	arena_init(&arena, 8 << 20);
	buf_init(&out, ANSWER_MESSAGE_MAX);
	struct answer_context c = {.message = rest,
	    .sender = parts[0].len % 2 ? VIEW("joe@example.com") : VIEW(""),
	    .recipient = VIEW("alice@example.org"),
	    .addresses = addresses,
	    .address_count = 1,
	    .id = VIEW("id"),
	    .boundary = VIEW("0123456789abcdef"),
	    .arena = &arena};
	struct sieve_vacation v = {.reason = parts[0],
	    .mime = parts[1].len % 2,
	    .subject = parts[1],
	    .from = parts[2],
	    .to = VIEW("joe@example.com")};
	if (answer_vacation(&c, &v, &answer, &out, &problem) == 0) {
		check_message(buf_view(&out));
		check(answer.recipient_count == 1 && answer.sender.len == 0 && !answer.utf8);
		check(answer.eight_bit || utf8_is_ascii(buf_view(&out)));
	}
	buf_clear(&out);
	struct sieve_notify n = {.method = parts[0], .from = parts[1], .message = parts[2], .importance = 1};
	if (answer_notify(&c, &n, &answer, &out, &problem) == 0) {
		check_message(buf_view(&out));
		check(answer.recipient_count > 0 && answer.recipient_count <= MAILTO_ADDRESSES_MAX);
		check((answer.sender.len == 0) == (c.sender.len == 0));
	}
	check_refusal(parts[0], &out);
	buf_done(&out);
	arena_done(&arena);
	return 0;
}
