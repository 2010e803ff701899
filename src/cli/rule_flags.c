/* See rule_flags.h. */
#include "cli/rule_flags.h"

#include "mail/mail_flags.h"

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
