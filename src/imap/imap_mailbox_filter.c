/* Which mailboxes a command means. */
#include "imap/imap_mailbox_filter.h"

#include <limits.h>

/* one-or-more-mailbox: a name, or several in parentheses. */
static bool in_names(struct imap_in *in, struct imap_mailbox_filter *filter, unsigned levels)
{
	bool list;

	if (!imap_in_space(in))
		return false;
	list = imap_in_take(in, '(');
	do {
		if (filter->count == IMAP_FILTER_NAMES_MAX) {
			imap_in_wrong(in, "[LIMIT] there are too many mailboxes");
			return false;
		}
		filter->names[filter->count].levels = levels;
		if (!imap_in_mailbox(in, &filter->names[filter->count].name))
			return false;
		filter->count++;
	} while (list && imap_in_take(in, ' '));
	return !list || imap_in_char(in, ')');
}

bool imap_in_mailbox_filter(struct imap_in *in, struct imap_mailbox_filter *filter)
{
	static const struct {
		const char *word;
		unsigned kind;
	} kinds[] = {{"selected", IMAP_FILTER_SELECTED}, {"inboxes", IMAP_FILTER_INBOXES},
	    {"personal", IMAP_FILTER_PERSONAL}, {"subscribed", IMAP_FILTER_SUBSCRIBED}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (imap_in_word(in, kinds[i].word)) {
			filter->kinds |= kinds[i].kind;
			return true;
		}
	if (imap_in_word(in, "subtree-one"))
		return in_names(in, filter, 1);
	if (imap_in_word(in, "subtree"))
		return in_names(in, filter, UINT_MAX);
	if (imap_in_word(in, "mailboxes"))
		return in_names(in, filter, 0);
	imap_in_wrong(in, "this says of no mailboxes which");
	return false;
}

static bool is_named(const struct imap_filter_name *wanted, struct view name)
{
	struct view below = view_skip(name, wanted->name.len);

	if (view_equal(wanted->name, name))
		return true;
	if (wanted->levels == 0 || !view_starts(name, wanted->name) || below.len == 0 || below.data[0] != '/')
		return false;
	return wanted->levels > 1 || view_find(view_skip(below, 1), '/') < 0;
}

bool imap_filter_means(const struct imap_session *s, const struct imap_mailbox_filter *filter,
    const struct mail_mailbox *mailbox, struct view name)
{
	const struct imap_selected *selected = imap_selected_now(s);
	bool own = mailbox->account == 0;

	if (mailbox->marks & MAIL_MAILBOX_NO_MAILBOX)
		return false;
	if (filter->kinds & IMAP_FILTER_SELECTED && selected && selected->account == mailbox->account &&
	    selected->mailbox == mailbox->mailbox)
		return true;
	if (own && filter->kinds & IMAP_FILTER_INBOXES && mailbox->role == MAILBOX_ROLE_INBOX)
		return true;
	if ((own && filter->kinds & IMAP_FILTER_PERSONAL) ||
	    (filter->kinds & IMAP_FILTER_SUBSCRIBED && mailbox->subscribed))
		return true;
	for (size_t i = 0; i < filter->count; i++)
		if (is_named(&filter->names[i], name))
			return true;
	return false;
}
