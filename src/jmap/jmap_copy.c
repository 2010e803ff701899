/* What every Foo/copy has (RFC 8620 section 5.4): two accounts, which are not the same. */
#include "jmap/jmap_state.h"

#include <errno.h>

bool jmap_copy_from(struct jmap_call *c, const struct jmap_account **from)
{
	const json_t *id = json_object_get(c->arguments, "fromAccountId");
	const struct jmap_account *found;
	struct jmap_account *copy;

	if (!json_is_string(id)) {
		jmap_error(c, "invalidArguments", "fromAccountId is missing, or is not a string");
		return false;
	}
	found = jmap_find_account(c->request->session, jmap_string(id));
	if (found == NULL) {
		jmap_error(c, "fromAccountNotFound", "there is no such account, or you have no right to it");
		return false;
	}
	if (found->number == c->account.number) {
		jmap_error(c, "invalidArguments", "accountId and fromAccountId are the same");
		return false;
	}
	/* A copy: the session's list may be exchanged while the call waits for an answer. */
	copy = arena_alloc(&c->arena, sizeof *copy);
	if (copy)
		*copy = *found;
	if (copy == NULL || !arena_copy(&c->arena, found->address, &copy->address)) {
		jmap_error_of(c, -ENOMEM, "the account");
		return false;
	}
	*from = copy;
	return true;
}
