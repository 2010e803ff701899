/* LANGUAGE and COMPARATOR: RFC 5255 sections 3 and 4. This server speaks English, and compares in one way. */
#include "imap/imap_commands.h"

#include "imap/imap_list.h"

enum { CHOICES_MAX = 50 /* languages or comparators that a client names */ };

/* A basic language range (RFC 4647 section 2.1): "en-GB" is English too, "*" and "default" leave it to us. */
static bool is_english(struct view range)
{
	return view_equal_nocase(range, VIEW("en")) || view_starts_nocase(range, VIEW("en-")) ||
	       view_equal_nocase(range, VIEW("i-default")) || view_equal_nocase(range, VIEW("default")) ||
	       view_equal_nocase(range, VIEW("*"));
}

/* Choices with spaces between them; whether there was one, and one that is fine. */
static void in_choices(struct imap_in *in, bool (*is_fine)(struct view choice), bool *any, bool *fine)
{
	for (unsigned n = 0; imap_in_take(in, ' '); n++) {
		struct view choice = {0};

		if (n == CHOICES_MAX)
			imap_in_wrong(in, "[LIMIT] there are too many of them");
		/* A range or a pattern may be "*", which is no astring. */
		if (!imap_in_pattern(in, &choice))
			return;
		*any = true;
		*fine |= is_fine(choice);
	}
}

void imap_language(struct imap_session *s, struct imap_in *in)
{
	bool any = false, fine = false;

	in_choices(in, is_english, &any, &fine);
	if (imap_wrong(s, in))
		return;
	if (any && !fine) {
		imap_no(s, NULL, "this server speaks English only");
		return;
	}
	imap_puts(s, "* LANGUAGE (en)\r\n");
	imap_ok(s, NULL, any ? "English it is" : "these are the languages");
}

#define COMPARATOR "i;unicode-casemap"

static bool is_comparator(struct view pattern)
{
	return imap_list_matches(pattern, VIEW(COMPARATOR));
}

void imap_comparator(struct imap_session *s, struct imap_in *in)
{
	bool any = false, fine = false;

	in_choices(in, is_comparator, &any, &fine);
	if (imap_wrong(s, in))
		return;
	if (any && !fine) {
		imap_no(s, "BADCOMPARATOR", "there is only " COMPARATOR);
		return;
	}
	imap_puts(
	    s, any ? "* COMPARATOR " COMPARATOR " (" COMPARATOR ")\r\n" : "* COMPARATOR " COMPARATOR "\r\n");
	imap_ok(s, NULL, "texts are compared by this");
}
