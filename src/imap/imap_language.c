/* LANGUAGE and COMPARATOR: RFC 5255 sections 3 and 4. Texts are compared in one way. */
#include "imap/imap_commands.h"

#include "imap/imap_list.h"
#include "imap/imap_state.h"

enum { CHOICES_MAX = 50 /* languages or comparators that a client names */ };

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

/* "default" and "*" leave it to the administrator (RFC 5255 section 3.2): the setting `language`, if there
 * are texts in it. */
static bool choose(const struct imap_session *s, struct view range, enum imap_tongue *tongue)
{
	if (imap_tongue_of(range, tongue))
		return true;
	if (!view_equal_nocase(range, VIEW("default")) && !view_equal(range, VIEW("*")))
		return false;
	(void)imap_tongue_of(s->config.language, tongue);
	return true;
}

/* Ranges with spaces between them; the first one that we speak counts. */
static bool in_ranges(struct imap_in *in, bool *found, enum imap_tongue *tongue, bool *is_default)
{
	unsigned count = 0;

	for (struct view range; imap_in_take(in, ' '); count++) {
		if (count == CHOICES_MAX)
			imap_in_wrong(in, "[LIMIT] there are too many of them");
		/* A range may be "*", which is no astring. */
		if (!imap_in_pattern(in, &range))
			break;
		if (*found || !choose(in->session, range, tongue))
			continue;
		*found = true;
		*is_default = view_equal_nocase(range, VIEW("i-default"));
	}
	return count > 0;
}

static void put_languages(struct imap_session *s)
{
	imap_puts(s, "* LANGUAGE (");
	for (enum imap_tongue i = 0; i < IMAP_TONGUES; i++) {
		imap_puts(s, imap_tongue_tag(i));
		imap_puts(s, " ");
	}
	imap_puts(s, "i-default)\r\n");
}

void imap_language(struct imap_session *s, struct imap_in *in)
{
	enum imap_tongue tongue = IMAP_ENGLISH;
	bool found = false, is_default = false, any = in_ranges(in, &found, &tongue, &is_default);

	if (imap_wrong(s, in))
		return;
	if (!any) {
		put_languages(s);
		imap_ok(s, NULL, "these are the languages");
		return;
	}
	if (!found) {
		imap_no(s, NULL, "this server speaks none of these languages");
		return;
	}
	s->tongue = tongue;
	imap_puts(s, "* LANGUAGE (");
	imap_puts(s, is_default ? "i-default" : imap_tongue_tag(tongue));
	imap_puts(s, ")\r\n");
	if (imap_is_authenticated(s))
		imap_put_namespace(s);
	imap_ok(s, NULL, "this is the language now");
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
