/* Names of system flags (RFC 9051 section 2.3.2) and of special uses. */
#include "mail/mail_flags.h"

uint64_t mail_system_flag(struct view name)
{
	static const struct {
		struct view name;
		uint64_t flag;
	} flags[] = {{{"\\Seen", 5}, FLAG_SEEN}, {{"\\Answered", 9}, FLAG_ANSWERED},
	    {{"\\Flagged", 8}, FLAG_FLAGGED}, {{"\\Deleted", 8}, FLAG_DELETED}, {{"\\Draft", 6}, FLAG_DRAFT}};
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (view_equal_nocase(name, flags[i].name))
			return flags[i].flag;
	return 0;
}

uint64_t mail_flags_denied(unsigned rights)
{
	return (rights & RIGHT_SEEN ? 0 : FLAG_SEEN) | (rights & RIGHT_DELETE ? 0 : FLAG_DELETED) |
	       (rights & RIGHT_WRITE ? 0 : (FLAGS_SYSTEM & ~(FLAG_SEEN | FLAG_DELETED)) | FLAG_KEYWORD);
}

static const char *const uses[] = {[MAILBOX_ROLE_DRAFTS] = "\\Drafts",
    [MAILBOX_ROLE_SENT] = "\\Sent",
    [MAILBOX_ROLE_JUNK] = "\\Junk",
    [MAILBOX_ROLE_TRASH] = "\\Trash",
    [MAILBOX_ROLE_ARCHIVE] = "\\Archive",
    [MAILBOX_ROLE_ALL] = "\\All",
    [MAILBOX_ROLE_FLAGGED] = "\\Flagged",
    [MAILBOX_ROLE_IMPORTANT] = "\\Important",
    [MAILBOX_ROLE_SNOOZED] = "\\Snoozed"};

enum mailbox_role mailbox_role_of_use(struct view name)
{
	for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
		if (uses[i] && view_equal_nocase(name, view_from_string(uses[i])))
			return (enum mailbox_role)i;
	return MAILBOX_ROLE_NONE;
}

const char *mailbox_role_use(unsigned role)
{
	return role < sizeof uses / sizeof uses[0] ? uses[role] : NULL;
}
