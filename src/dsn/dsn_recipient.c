/* What is known of a recipient's trouble, as both parts of a report tell it: the one for people and the one
 * for programs. */
#include "dsn/dsn.h"
#include "dsn/dsn_private.h"

struct view dsn_status_of(const struct dsn_recipient *r)
{
	static const char *const by_action[DSN_ACTIONS] = {"5.0.0", "4.0.0", "2.0.0", "2.0.0", "2.0.0"};
	struct view given = status_code(r->status), status = given.len ? given : reply_status(r->reply);
	unsigned code = reply_code(r->reply);
	bool permanent = r->action == DSN_FAILED;
	if (given.len == 0 && r->over != TROUBLE_NONE)
		return view_from_string(trouble_status(r->over, permanent));
	if (status.len)
		return status;
	if (r->trouble != TROUBLE_NONE)
		return view_from_string(trouble_status(r->trouble, permanent));
	if (code >= 400)
		return code < 500 ? VIEW("4.0.0") : VIEW("5.0.0");
	return view_from_string(by_action[r->action]);
}

bool dsn_host_said(const struct dsn_recipient *r)
{
	return r->trouble == TROUBLE_NONE && reply_code(r->reply) != 0;
}

void dsn_put_own_words(struct buf *out, const struct dsn_recipient *r)
{
	enum trouble trouble = r->trouble != TROUBLE_NONE ? r->trouble : r->over;
	struct view phrase = view_from_string(trouble_phrase(trouble));
	struct view words = view_take(r->trouble_text, DSN_REPLY_MAX);
	bool repeated = trouble != TROUBLE_NONE && trouble_from_text(words) == trouble;
	if (!repeated) {
		buf_append(out, phrase);
		if (phrase.len && words.len)
			buf_append_string(out, ": ");
	}
	buf_append(out, words);
}
