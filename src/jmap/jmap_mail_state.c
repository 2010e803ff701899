/* States of mail: jmap_mail_state.h. */
#include "jmap/jmap_mail_state.h"

#include <stdio.h>

#include "base/cursor.h"

struct view jmap_state_text(struct jmap_state state, char out[static JMAP_STATE_TEXT_MAX])
{
	int len = snprintf(out, JMAP_STATE_TEXT_MAX, state.access ? "%llu-%llu" : "%llu",
	    (unsigned long long)state.modseq, (unsigned long long)state.access);
	return view_of(out, (size_t)len);
}

void jmap_mail_states_take(struct jmap_mail_states *states, const struct email_state *answer)
{
	struct cursor in = cursor_on(answer->modseqs);
	for (size_t i = 0; i < MAIL_STATES; i++)
		states->modseqs[i] = cursor_u64(&in);
	states->access = answer->access;
}

struct jmap_state jmap_mail_state_of(const struct jmap_mail_states *states, enum jmap_mail_kind kind)
{
	uint64_t names = states->modseqs[MAIL_STATE_MAILBOXES], counts = states->modseqs[MAIL_STATE_COUNTS];
	struct jmap_state state = {.access = states->access};
	if (kind == JMAP_KIND_EMAILS)
		state.modseq = states->modseqs[MAIL_STATE_EMAILS];
	else if (kind == JMAP_KIND_THREADS)
		state.modseq = states->modseqs[MAIL_STATE_THREADS];
	else
		state.modseq = names > counts ? names : counts;
	return state;
}
