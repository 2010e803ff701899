/* See rule_flags.h. */
#include "cli/rule_flags.h"

#include "base/cursor.h"
#include "mail/mail_flags.h"
#include "mail/message_wire.h"

static const struct {
	const char *name;
	uint64_t flag;
} system_flags[] = {{"\\Seen", FLAG_SEEN}, {"\\Answered", FLAG_ANSWERED}, {"\\Flagged", FLAG_FLAGGED},
    {"\\Deleted", FLAG_DELETED}, {"\\Draft", FLAG_DRAFT}};

int rule_flags(
    struct mailbox_client *client, uint32_t mailbox, struct view names, enum mail_how how, struct view uids)
{
	struct mail_store store = {
	    .mailbox = mailbox, .how = how, .unchanged_since = UINT64_MAX, .uids = uids};
	struct view word;
	struct buf keywords;
	buf_init(&keywords, SCRIPT_TARGET_MAX);
	while (names.len > 0 && view_next(&names, ' ', &word)) {
		for (size_t i = 0; i < sizeof system_flags / sizeof system_flags[0]; i++)
			if (view_equal_nocase(word, view_from_string(system_flags[i].name)))
				store.flags |= system_flags[i].flag;
		if (word.len == 0 || word.data[0] == '\\')
			continue;
		if (buf_view(&keywords).len > 0)
			buf_append_byte(&keywords, ' ');
		buf_append(&keywords, word);
	}
	store.keywords = buf_view(&keywords);
	int error = store.flags || store.keywords.len > 0
	                ? mailbox_client_run(client, MAIL_STORE, &store, NULL, NULL, NULL)
	                : 0;
	buf_done(&keywords);
	return error;
}

/* ---- what a message has ---- */

struct has {
	const struct mailbox_client *client; /* which knows the names of keywords */
	uint64_t flags;
	struct buf more; /* numbers, 2 octets each */
};

static void take_flags(void *arg, unsigned type, const union mailbox_answer *answer)
{
	struct has *has = arg;
	struct mail_message m;
	if (type != MAIL_MESSAGES)
		return;
	for (struct cursor in = cursor_on(answer->messages.entries);
	     mail_message_get(&in, MAIL_WANT_FLAGS, &m);) {
		has->flags = m.flags;
		buf_append(&has->more, m.more_keywords);
	}
}

static bool has_number(const struct has *has, uint32_t number)
{
	struct cursor more = cursor_on(buf_view(&has->more));
	if (number < FLAG_KEYWORDS)
		return has->flags & FLAG_KEYWORD << number;
	while (!cursor_at_end(&more))
		if (cursor_u16(&more) == number)
			return true;
	return false;
}

/* What was told last of a number counts. */
static bool has_name(const struct has *has, struct view word)
{
	struct cursor told = cursor_on(buf_view(&has->client->keywords));
	bool is = false;
	if (word.data[0] == '\\')
		return has->flags & mail_system_flag(word);
	while (!cursor_at_end(&told)) {
		uint32_t number = cursor_u32(&told);
		struct view name = cursor_bytes(&told, cursor_u8(&told));
		if (cursor_ok(&told) && view_equal_nocase(name, word))
			is = has_number(has, number);
	}
	return is;
}

int rule_flags_missing(
    struct mailbox_client *client, uint32_t mailbox, struct view names, struct view uids, struct buf *out)
{
	struct has has = {.client = client};
	struct mail_fetch fetch = {.mailbox = mailbox, .want = MAIL_WANT_FLAGS, .uids = uids};
	struct view word;
	buf_init(&has.more, 1 << 16);
	int error = mailbox_client_run(client, MAIL_FETCH, &fetch, take_flags, &has, NULL);
	while (error == 0 && names.len > 0 && view_next(&names, ' ', &word)) {
		if (word.len == 0 || has_name(&has, word))
			continue;
		if (buf_view(out).len > 0)
			buf_append_byte(out, ' ');
		buf_append(out, word);
	}
	buf_done(&has.more);
	return error;
}
