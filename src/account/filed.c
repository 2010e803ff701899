/* See filed.h. Reasons come encoded from whoever had the rules run, and the places are put before them when
 * they are known: in the transaction. */
#include "account/filed.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "base/utf8.h"

enum {
	VERSION = 1,
	NAME_MAX_OCTETS = 128,
	WHY_MAX = 300,
	TARGET_MAX = 200,
	FLAGS_MAX = MAIL_KEYWORD_MAX, /* the longest has a place; of several those that fit, in their order */
	NUMBERS_MAX = 64,             /* octets of all that is a number, and of the lengths of the texts */
	REASON_MAX = 2 * NAME_MAX_OCTETS + WHY_MAX + TARGET_MAX + FLAGS_MAX + NUMBERS_MAX
};

/* A part of a name would be another's. */
static struct view whole_names(struct view flags)
{
	size_t len = flags.len < FLAGS_MAX ? flags.len : FLAGS_MAX;
	while (len > 0 && len < flags.len && flags.data[len] != ' ')
		len--;
	return view_take(flags, len);
}

int account_filed_add(struct buf *out, const struct account_filed_reason *r)
{
	struct entry e;
	entry_begin(&e, VERSION);
	entry_add_number(&e, r->kind);
	entry_add_number(&e, r->program);
	entry_add_number(&e, r->version);
	entry_add_number(&e, r->line);
	entry_add_number(&e, r->why_line);
	entry_add_number(&e, r->rule);
	entry_add_text(&e, utf8_cut(r->script, NAME_MAX_OCTETS));
	entry_add_text(&e, utf8_cut(r->rule_name, NAME_MAX_OCTETS));
	entry_add_text(&e, utf8_cut(r->why, WHY_MAX));
	entry_add_text(&e, utf8_cut(r->target, TARGET_MAX));
	entry_add_text(&e, whole_names(r->flags));
	if (e.failed || e.len > REASON_MAX)
		return -ENOBUFS;
	return buf_append(out, view_skip(entry_view(&e), 1)); /* without a version of its own */
}

void filed_encode(
    int64_t at, const struct account_place *places, size_t count, struct view reasons, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_number(out, (uint64_t)at);
	entry_add_number(out, count);
	for (size_t i = 0; i < count; i++) {
		entry_add_number(out, places[i].mailbox);
		entry_add_number(out, places[i].uid);
	}
	entry_add_bytes(out, reasons);
}

static void take_reason(struct cursor *c, struct account_filed_reason *r)
{
	r->kind = (uint8_t)entry_take_limited(c, UINT8_MAX);
	r->program = entry_take_number(c);
	r->version = entry_take_number(c);
	r->line = (uint32_t)entry_take_limited(c, UINT32_MAX);
	r->why_line = (uint32_t)entry_take_limited(c, UINT32_MAX);
	r->rule = (uint32_t)entry_take_limited(c, UINT32_MAX);
	r->script = entry_take_text(c);
	r->rule_name = entry_take_text(c);
	r->why = entry_take_text(c);
	r->target = entry_take_text(c);
	r->flags = entry_take_text(c);
}

int filed_decode(struct view value, struct account_filed *out)
{
	struct cursor c = entry_read(value, VERSION);
	*out = (struct account_filed){.at = (int64_t)entry_take_number(&c)};
	out->place_count = (size_t)entry_take_limited(&c, ACCOUNT_TARGET_PLACES_MAX);
	for (size_t i = 0; i < out->place_count; i++) {
		out->places[i].mailbox = (uint32_t)entry_take_limited(&c, UINT32_MAX);
		out->places[i].uid = (uint32_t)entry_take_limited(&c, UINT32_MAX);
	}
	while (c.rest.len > 0 && !c.failed && out->count < ACCOUNT_FILED_REASONS_MAX)
		take_reason(&c, &out->reasons[out->count++]);
	return entry_result(&c);
}

int account_filed_get(struct txn *t, uint64_t shard, uint64_t emailid, struct account_filed *out)
{
	struct view value;
	int error = key_get(t, shard, key_filed(emailid), &value);
	return error ? error : filed_decode(value, out);
}
