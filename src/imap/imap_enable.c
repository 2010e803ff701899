/* ENABLE (RFC 5161, RFC 9051 section 6.3.1), and what commands enable by being used (RFC 7162 section 3.1).
 */
#include "imap/imap_commands.h"
#include "imap/imap_state.h"

static const struct {
	const char *name;
	uint32_t what;
} names[] = {
    {"IMAP4rev2", IMAP_REV2},
    {"CONDSTORE", IMAP_CONDSTORE},
    {"QRESYNC", IMAP_QRESYNC | IMAP_CONDSTORE},
    {"UTF8=ACCEPT", IMAP_UTF8_ACCEPT},
    {"UIDONLY", IMAP_UIDONLY},
};

void imap_enable(struct imap_session *s, uint32_t what)
{
	uint32_t fresh = what & ~s->enabled;
	s->enabled |= what;
	/* RFC 7162 section 3.1.2: whoever begins to use modseqs in a selected mailbox learns its highest one.
	 */
	if (fresh & IMAP_CONDSTORE && s->selected) {
		imap_puts(s, "* OK [HIGHESTMODSEQ ");
		imap_put_number(s, s->selected->modseq);
		imap_puts(s, "] ");
		imap_put_text(s, "the highest");
		imap_put_line(s);
	}
}

void imap_enable_command(struct imap_session *s, struct imap_in *in)
{
	uint32_t what = 0;
	bool named[sizeof names / sizeof names[0]] = {false};
	do {
		struct view name;
		if (!imap_in_space(in) || !imap_in_atom(in, &name))
			break;
		/* Unknown ones are passed over (RFC 5161 section 3.1). */
		for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
			if (view_equal_nocase(name, view_from_string(names[i].name)) &&
			    (names[i].what & ~s->enabled)) {
				what |= names[i].what;
				named[i] = true;
			}
	} while (imap_in_next_is(in, ' '));
	if (imap_wrong(s, in))
		return;
	imap_puts(s, "* ENABLED"); /* RFC 9051 section 7.2.1 */
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (named[i]) {
			imap_puts(s, " ");
			imap_puts(s, names[i].name);
		}
	imap_put_line(s);
	imap_enable(s, what);
	imap_ok(s, NULL, "enabled");
}
