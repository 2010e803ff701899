/*
 * Whether mail to an address would arrive (urn:postrider:params:jmap:recipients; doc/jmap.md):
 * Recipient/check, for who writes a mail. Nothing of it is kept, and nothing is promised: what a host
 * elsewhere says to RCPT, it says when the mail is sent.
 */
#include "jmap/jmap_private.h"
#include "mail/recipient.h"

static const char *const states[] = {
    [RECIPIENT_UNKNOWN] = "unknown",
    [RECIPIENT_GOOD] = "good",
    [RECIPIENT_MALFORMED] = "malformed",
    [RECIPIENT_NO_USER] = "noSuchUser",
    [RECIPIENT_DISABLED] = "disabled",
    [RECIPIENT_NO_WAY] = "badAlias",
    [RECIPIENT_NO_DOMAIN] = "noSuchDomain",
    [RECIPIENT_NO_MAIL] = "takesNoMail",
};

static const char *const ways[] = {
    [RECIPIENT_TLS_UNKNOWN] = "unknown",
    [RECIPIENT_TLS_HERE] = NULL,
    [RECIPIENT_TLS_NEVER] = "never",
    [RECIPIENT_TLS_CLEAR] = "clear",
    [RECIPIENT_TLS_SEEN] = "seen",
    [RECIPIENT_TLS_REQUIRED] = "required",
    [RECIPIENT_TLS_PROVEN] = "proven",
};

static const char *const texts[] = {
    [RECIPIENT_UNKNOWN] = "It could not be found out now whether this address takes mail.",
    [RECIPIENT_GOOD] = "Mail can be sent there.",
    [RECIPIENT_MALFORMED] = "This is no mail address.",
    [RECIPIENT_NO_USER] = "There is no such mailbox here.",
    [RECIPIENT_DISABLED] = "This mailbox is disabled, and takes no mail.",
    [RECIPIENT_NO_WAY] = "The aliases behind this address lead in a circle, or to too many mailboxes.",
    [RECIPIENT_NO_DOMAIN] = "There is no such domain.",
    [RECIPIENT_NO_MAIL] = "This domain takes no mail.",
};

struct checking {
	struct view *addresses;
	size_t count;
};

static void put_text(struct json_out *w, const char *name, const char *text)
{
	json_out_name(w, view_from_string(name));
	if (text)
		json_out_string(w, view_from_string(text));
	else
		json_out_null(w);
}

static void put(struct json_out *w, struct view address, const struct recipient_told *told)
{
	json_out_object(w);
	json_out_name(w, VIEW("email"));
	json_out_string(w, address);
	put_text(w, "state", states[told->state]);
	put_text(w, "text", texts[told->state]);
	put_text(w, "tls", told->state == RECIPIENT_GOOD ? ways[told->tls] : NULL);
	json_out_end(w);
}

static void answered(struct jmap_call *c, unsigned type, const void *answer)
{
	const struct checking *x = jmap_data(c);
	const struct recipient_told *told = answer;
	if (type == RECIPIENT_TOLD && told->index < x->count)
		put(jmap_respond(c), x->addresses[told->index], told);
	if (type != MAIL_DONE)
		return;
	if (((const struct mail_done *)answer)->error) {
		jmap_error_of(c, ((const struct mail_done *)answer)->error, "the addresses");
		return;
	}
	json_out_end(jmap_respond(c));
	jmap_end(c);
}

/* False: the call has been answered. */
static bool take_addresses(struct jmap_call *c, struct checking *x, const json_t *list)
{
	x->count = json_array_size(list);
	if (x->count > RECIPIENT_ASK_MAX) {
		jmap_error(c, "requestTooLarge", "\"addresses\" may hold at most %d", (int)RECIPIENT_ASK_MAX);
		return false;
	}
	x->addresses = arena_array(jmap_arena(c), x->count + 1, sizeof *x->addresses);
	if (x->addresses == NULL) {
		jmap_error(c, "serverUnavailable", "no memory for this now; try again later");
		return false;
	}
	for (size_t i = 0; i < x->count; i++) {
		x->addresses[i] = jmap_string(json_array_get(list, i));
		if (json_is_string(json_array_get(list, i)) && x->addresses[i].len <= RECIPIENT_ADDRESS_MAX)
			continue;
		jmap_error(c, "invalidArguments", "\"addresses\" must hold strings of at most %d octets",
		    (int)RECIPIENT_ADDRESS_MAX);
		return false;
	}
	return true;
}

static void run(struct jmap_call *c)
{
	struct checking *x = jmap_call_data(c, sizeof *x, NULL);
	json_t *list = NULL;
	struct json_out *w;
	if (!jmap_arguments_known(c, "addresses", NULL) ||
	    !jmap_take_array(c, jmap_arguments(c), "addresses", &list))
		return;
	if (list == NULL) {
		jmap_error(c, "invalidArguments", "\"addresses\" is missing");
		return;
	}
	if (!take_addresses(c, x, list))
		return;
	w = jmap_respond(c);
	json_out_name(w, VIEW("list"));
	json_out_array(w);
	const struct recipient_ask ask = {.addresses = x->addresses, .count = x->count};
	jmap_ask(c, RECIPIENT_ASK, &ask, answered);
}

const struct jmap_method jmap_methods_recipient[] = {
    {"Recipient/check", JMAP_RECIPIENTS, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run},
    {0},
};
