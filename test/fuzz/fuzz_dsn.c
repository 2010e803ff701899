/*
 * Reports. The first byte chooses: a status part that somebody sent, or a report of ours about what a hostile
 * next host said, which must be read back as what it is.
 */
#include "fuzz.h"

#include "base/cursor.h"
#include "base/utf8.h"
#include "dsn/dsn_parse.h"
#include "dsn/dsn_report.h"
#include "cli/message_tool.h"

static void touch_clean(struct view v)
{
	touch(v);
	for (size_t i = 0; i < v.len; i++)
		check((unsigned char)v.data[i] >= ' ' && v.data[i] != 0x7f);
}

static void touch_typed(struct dsn_typed t)
{
	touch_clean(t.type);
	touch_clean(t.value);
}

static void touch_status(const struct dsn_status *s)
{
	touch_typed(s->reporting_mta);
	touch_typed(s->received_from);
	touch_typed(s->gateway);
	touch_clean(s->envid);
	check(s->count <= DSN_PARSE_RECIPIENTS_MAX);
	for (size_t i = 0; i < s->count; i++) {
		const struct dsn_status_recipient *r = &s->recipients[i];
		touch_typed(r->original);
		touch_typed(r->final);
		touch_typed(r->remote);
		touch_typed(r->diagnostic);
		touch_clean(r->status);
		touch_clean(r->final_log_id);
		check(r->action >= -1 && r->action < DSN_ACTIONS);
		struct dsn_outcome o = {
		    .status = r->status, .words = r->diagnostic.value, .answered = r->remote.value.len > 0};
		check(dsn_explain(&o).meaning != NULL);
	}
}

static void read_status(struct view text)
{
	struct arena arena;
	struct dsn_status s;
	arena_init(&arena, 8 << 20);
	if (dsn_status_parse(text, &arena, &s) == 0)
		touch_status(&s);
	arena_done(&arena);
}

static struct view take(struct cursor *in)
{
	size_t len = cursor_u8(in);
	return cursor_bytes(in, len < in->rest.len ? len : in->rest.len);
}

static void read_back(struct view bytes, size_t recipients)
{
	struct arena arena;
	struct dsn_status s;
	struct mime_parser *p = mime_parser_new();
	const struct mime_tree *tree = mime_parse(p, bytes);
	int part = dsn_status_part(tree);
	check(part == 2 && tree->parts[2].parent == 0);
	arena_init(&arena, 8 << 20);
	struct view body = view_take(
	    view_skip(bytes, (size_t)tree->parts[part].body_offset), (size_t)tree->parts[part].body_len);
	check(dsn_status_parse(body, &arena, &s) == 0 && s.count == recipients);
	touch_status(&s);
	arena_done(&arena);
	mime_parser_free(p);
}

static void write_report(struct view input)
{
	struct cursor in = cursor_on(input);
	struct dsn_recipient r[3];
	uint8_t flags = cursor_u8(&in);
	struct dsn_report report = {
	    .boundary = VIEW("0123456789abcdefXYZ"), .utf8 = flags & 1, .recipients = r};
	report.count = 1 + flags / 2 % 3;
	report.now = (struct date){.seconds = (int32_t)cursor_u32(&in), .offset_minutes = 60};
	report.arrival = (int32_t)cursor_u32(&in);
	struct view *texts[] = {&report.reporting_mta, &report.postmaster, &report.to, &report.message_id,
	    &report.envid, &report.original_subject, &report.original_message_id, &report.queue_id};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		*texts[i] = take(&in);
	for (size_t i = 0; i < report.count; i++)
		r[i] = (struct dsn_recipient){.action = cursor_u8(&in) % DSN_ACTIONS,
		    .trouble = cursor_u8(&in) % TROUBLE_KINDS,
		    .over = (flags & 8)    ? TROUBLE_EXPIRED
		            : (flags & 16) ? TROUBLE_DEADLINE
		                           : TROUBLE_NONE,
		    .final = take(&in),
		    .original_type = take(&in),
		    .original = take(&in),
		    .status = take(&in),
		    .remote = take(&in),
		    .reply = take(&in),
		    .trouble_text = take(&in),
		    .stage = take(&in),
		    .last_attempt = (int32_t)cursor_u32(&in),
		    .retry_until = (int32_t)cursor_u32(&in)};
	struct buf head, tail, shown;
	buf_init(&head, DSN_HEAD_MAX);
	buf_init(&tail, DSN_TAIL_MAX);
	buf_init(&shown, DSN_HEAD_MAX);
	if (dsn_report_write(&report, &head, &tail, NULL) == 0) {
		buf_append(&head, buf_view(&tail));
		read_back(buf_view(&head), report.count);
		check(message_tool_show(buf_view(&head), &shown, false) == 0);
	}
	buf_done(&head);
	buf_done(&tail);
	buf_done(&shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct view rest = view_of(data + 1, size - 1);
	if (data[0] & 1)
		read_status(rest);
	else
		write_report(rest);
	return 0;
}
