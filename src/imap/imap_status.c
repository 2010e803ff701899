/*
 * STATUS (RFC 9051 section 6.3.11), with SIZE (RFC 8438), DELETED, HIGHESTMODSEQ (RFC 7162), MAILBOXID (RFC
 * 8474), APPENDLIMIT (RFC 7889) and DELETED-STORAGE (RFC 9208). All of it is counted in the account: nothing
 * is computed here.
 */
#include "imap/imap_status.h"

#include "imap/imap_commands.h"
#include "imap/imap_state.h"

enum item {
	MESSAGES,
	RECENT,
	UIDNEXT,
	UIDVALIDITY,
	UNSEEN,
	DELETED,
	SIZE,
	DELETED_STORAGE,
	HIGHESTMODSEQ,
	MAILBOXID,
	APPENDLIMIT,
	ITEMS
};

static const char *const names[ITEMS] = {
    [MESSAGES] = "MESSAGES",
    [RECENT] = "RECENT",
    [UIDNEXT] = "UIDNEXT",
    [UIDVALIDITY] = "UIDVALIDITY",
    [UNSEEN] = "UNSEEN",
    [DELETED] = "DELETED",
    [SIZE] = "SIZE",
    [DELETED_STORAGE] = "DELETED-STORAGE",
    [HIGHESTMODSEQ] = "HIGHESTMODSEQ",
    [MAILBOXID] = "MAILBOXID",
    [APPENDLIMIT] = "APPENDLIMIT",
};

uint32_t imap_in_status_items(struct imap_in *in)
{
	uint32_t items = 0;
	imap_in_char(in, '(');
	do {
		struct view name;
		enum item item = 0;
		if (!imap_in_atom(in, &name))
			return 0;
		while (item < ITEMS && !view_equal_nocase(name, view_from_string(names[item])))
			item++;
		if (item == ITEMS) {
			imap_in_wrong(in, "there is no such item of STATUS");
			return 0;
		}
		items |= (uint32_t)1 << item;
	} while (imap_in_take(in, ' '));
	imap_in_char(in, ')');
	return in->wrong ? 0 : items;
}

static uint64_t value_of(const struct imap_session *s, const struct mail_mailbox *m, enum item item)
{
	/* Recent ones are above a UID; how many of these went since is not counted. */
	uint64_t above = m->uidnext > m->recent ? m->uidnext - m->recent : 0;
	switch (item) {
	case MESSAGES:
		return m->messages;
	case RECENT:
		return above < m->messages ? above : m->messages;
	case UIDNEXT:
		return m->uidnext;
	case UIDVALIDITY:
		return m->uidvalidity;
	case UNSEEN:
		return m->unseen;
	case DELETED:
		return m->deleted;
	case SIZE:
		return m->bytes;
	case DELETED_STORAGE:
		return m->deleted_bytes;
	case HIGHESTMODSEQ:
		return m->modseq;
	case APPENDLIMIT:
		return s->config.message_max;
	case MAILBOXID:
	case ITEMS:
	default:
		return 0;
	}
}

/* RFC 9051 section 7.3.3. */
void imap_put_status(struct imap_session *s, const struct mail_mailbox *mailbox, uint32_t items)
{
	bool begun = false;
	imap_puts(s, "* STATUS ");
	imap_put_mailbox_name(s, mailbox);
	imap_puts(s, " (");
	for (enum item item = 0; item < ITEMS; item++) {
		if (!(items >> item & 1))
			continue;
		imap_puts(s, begun ? " " : "");
		begun = true;
		imap_puts(s, names[item]);
		imap_puts(s, " ");
		if (item == MAILBOXID) {
			imap_puts(s, "(");
			imap_put_mailbox_id(s, mailbox);
			imap_puts(s, ")");
		} else if (item == APPENDLIMIT && s->config.message_max == 0) {
			imap_puts(s, "NIL"); /* RFC 7889 section 4: there is no limit */
		} else {
			imap_put_number(s, value_of(s, mailbox, item));
		}
	}
	imap_puts(s, ")\r\n");
}

void imap_status_enables(struct imap_session *s, uint32_t items)
{
	if (items >> HIGHESTMODSEQ & 1)
		imap_enable(s, IMAP_CONDSTORE);
}

struct asked {
	uint32_t items;
};

static void on_found(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	const struct asked *asked = imap_data(s);
	if (error) {
		imap_no_error(s, error, "the mailbox");
		return;
	}
	if (!(mailbox->rights & RIGHT_READ)) {
		imap_no(s, "NOPERM", "you have no right to read this mailbox"); /* RFC 4314 section 4 */
		return;
	}
	imap_put_status(s, mailbox, asked->items);
	imap_ok(s, NULL, "this is its status");
}

void imap_status(struct imap_session *s, struct imap_in *in)
{
	struct view path;
	struct asked *asked = imap_command_data(s, sizeof *asked, NULL);
	if (imap_in_space(in) && imap_in_mailbox(in, &path) && imap_in_space(in))
		asked->items = imap_in_status_items(in);
	if (imap_wrong(s, in))
		return;
	imap_status_enables(s, asked->items);
	imap_find_mailbox(s, path, on_found);
}
