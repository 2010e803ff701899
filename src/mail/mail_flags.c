/* Names of system flags: RFC 9051 section 2.3.2. */
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
