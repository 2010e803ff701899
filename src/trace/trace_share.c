/* See trace_share.h. An event or field that is not named here is told to nobody. */
#include "trace/trace_share.h"

#include <stdio.h>

#include "base/log_line.h"
#include "trace/trace_line.h"

static void leave(struct trace_line *line, const char *const *keys)
{
	size_t kept = 0;
	for (size_t i = 0; i < line->count; i++)
		for (size_t k = 0; keys[k]; k++)
			if (view_equal(line->fields[i].key, view_from_string(keys[k]))) {
				line->fields[kept++] = line->fields[i];
				break;
			}
	line->count = kept;
}

/* The sender is told of the address that was written to, not of where it leads. */
static void show_original(struct trace_line *line)
{
	struct view original = trace_field(line, "original");
	for (size_t i = 0; i < line->count && original.len > 0; i++)
		if (view_equal(line->fields[i].key, VIEW("recipient")))
			line->fields[i].value = original;
}

bool trace_for_sender(struct trace_line *line)
{
	static const char *const accepted[] = {
	    "from", "service", "sender", "size", "message_id", "submission", NULL};
	static const char *const here[] = {"recipient", NULL};
	static const char *const there[] = {"recipient", "destination", "host", "address", "status", "reply",
	    "cause", "stage", "next", "tls", "verified", NULL};
	static const char *const told[] = {"recipient", "kind", "to", "dsn", NULL};
	static const char *const held[] = {"until", NULL}, *const submitted[] = {"as", NULL};
	static const char *const nothing[] = {NULL};
	switch (line->kind) {
	case TRACE_ACCEPTED:
		leave(line, accepted);
		return true;
	case TRACE_DISCARDED:
		line->kind = TRACE_KEPT;
		line->name = view_from_string(trace_kind_name(TRACE_KEPT));
		show_original(line);
		leave(line, here);
		return true;
	case TRACE_RECIPIENT:
	case TRACE_KEPT:
	case TRACE_REFUSED:
		show_original(line);
		leave(line, here);
		return true;
	case TRACE_DELIVERED: /* over LMTP it is another host's, which says so itself */
		leave(line, trace_field(line, "host").len > 0 ? there : here);
		return true;
	case TRACE_ATTEMPT:
	case TRACE_QUEUED:
	case TRACE_RELAYED:
	case TRACE_DEFERRED:
	case TRACE_FAILED:
	case TRACE_EXPIRED:
		leave(line, there);
		return true;
	case TRACE_NOTIFIED:
		leave(line, told);
		return true;
	case TRACE_HELD:
		leave(line, held);
		return true;
	case TRACE_SUBMITTED:
		leave(line, submitted);
		return true;
	case TRACE_RELEASED:
	case TRACE_DELETED:
	case TRACE_DONE:
		leave(line, nothing);
		return true;
	default: /* where addresses lead to, and administrators' routes */
		return false;
	}
}

/* Hosts and their words may name the address, or its domain. */
void trace_hide_recipient(struct trace_line *line)
{
	static const char *const kept[] = {
	    "status", "cause", "next", "tls", "verified", "kind", "to", "dsn", NULL};
	leave(line, kept);
}

bool trace_has_reached(const struct trace_line *line, struct view address)
{
	return (line->kind == TRACE_KEPT || line->kind == TRACE_DELIVERED || line->kind == TRACE_DISCARDED ||
	           line->kind == TRACE_REFUSED) &&
	       view_equal_nocase(trace_field(line, "recipient"), address);
}

bool trace_for_recipient(struct trace_line *line, struct view address)
{
	static const char *const accepted[] = {"from", "service", "sender", "size", "message_id", NULL};
	if (line->kind == TRACE_ACCEPTED) {
		leave(line, accepted);
		return true;
	}
	return trace_has_reached(line, address);
}

/* ---- all that concerns one user ---- */

enum { ARENA_MAX = 1 << 20 };

static void append(const struct trace_line *line, struct buf *out)
{
	struct log_line l = {.len = 0};
	buf_append(out, line->stamp);
	buf_append_byte(out, ' ');
	buf_append(out, line->id);
	buf_append_byte(out, ' ');
	buf_append(out, line->name);
	for (size_t i = 0; i < line->count; i++) {
		char key[32];
		snprintf(key, sizeof key, "%.*s", VIEW_FMT(view_take(line->fields[i].key, 31)));
		struct log_field field = log_text(key, line->fields[i].value);
		log_line_field(&l, &field);
	}
	buf_append(out, view_of(l.data, l.len));
	buf_append_byte(out, '\n');
}

/* Where the sender's mail goes from an address here is not the sender's to know. */
static bool for_sender(struct trace_line *line)
{
	bool led = trace_field(line, "original").len > 0;
	bool elsewhere =
	    line->kind != TRACE_KEPT && line->kind != TRACE_DISCARDED && line->kind != TRACE_REFUSED;
	if (!trace_for_sender(line))
		return false;
	if (led && elsewhere)
		trace_hide_recipient(line);
	return true;
}

bool trace_for_user(struct view lines, struct view address, struct buf *out)
{
	struct view one, rest = lines;
	struct trace_line line;
	struct arena arena;
	bool sent = false, reached = false, any = false;
	arena_init(&arena, ARENA_MAX);
	while (view_next(&rest, '\n', &one)) {
		if (!trace_line_read(one, &arena, &line))
			continue;
		sent = sent || (line.kind == TRACE_ACCEPTED &&
		                   view_equal_nocase(trace_field(&line, "sender"), address));
		reached = reached || trace_has_reached(&line, address);
		arena_reset(&arena);
	}
	while ((sent || reached) && view_next(&lines, '\n', &one)) {
		if (trace_line_read(one, &arena, &line) &&
		    (sent ? for_sender(&line) : trace_for_recipient(&line, address))) {
			append(&line, out);
			any = true;
		}
		arena_reset(&arena);
	}
	arena_done(&arena);
	return any;
}
