/* From the check's results to the set of ARC: see smtp_seal.h. */
#include "role/smtp/smtp_seal.h"

#include <errno.h>

#include "base/mem.h"
#include "format/address_normal.h"
#include "process/signing.h"
#include "role/smtp/smtp_sender_private.h"

struct smtp_seal {
	struct smtp_connection *connection;
	struct signing *signing;
};

/* The address through which the message leaves; NULL: it does not, or as it came (to a better host of a
 * domain that we take mail for). */
static const char *find_forwarder(const struct smtp_connection *c)
{
	for (size_t i = 0; i < c->upload.count; i++)
		if (c->upload.targets[i].account == 0 && c->upload.targets[i].forwarder)
			return c->upload.targets[i].forwarder;
	return NULL;
}

/* ---- the tap ---- */

static void sealed(void *arg, int error);

static void begin(struct smtp_connection *c)
{
	struct role_process *p = smtp_role.edge.process;
	const char *forwarder = find_forwarder(c);
	struct address a;
	if (!p->settings.dkim_sign || forwarder == NULL ||
	    address_normalize(view_from_string(forwarder), &a) != 0)
		return;
	struct smtp_seal *s = mem_alloc(sizeof *s);
	s->connection = c;
	s->signing = signing_new(&smtp_role.edge.keys, &p->loop, sealed, s);
	signing_domain(s->signing, address_domain(&a), (struct view){0}, false);
	c->message.seal = s;
}

static bool bytes(struct smtp_connection *c, struct view v)
{
	if (c->message.seal)
		signing_bytes(c->message.seal->signing, v);
	return true;
}

static void end(struct smtp_connection *c)
{
	struct smtp_seal *s = c->message.seal;
	c->message.seal = NULL;
	if (s == NULL)
		return;
	c->message.head = (struct view){0};
	signing_free(s->signing);
	mem_free(s);
}

const struct smtp_tap smtp_seal_tap = {.begin = begin, .bytes = bytes, .end = end};

/* ---- the end ---- */

static void sealed(void *arg, int error)
{
	static const struct smtp_verdict later = {.kind = SMTP_TEMPORARY,
	    .code = 451,
	    .enhanced = "4.3.0",
	    .text = "the message cannot be sealed now, try again later"};
	struct smtp_seal *s = arg;
	struct smtp_connection *c = s->connection;
	if (error == 0)
		c->message.head = signing_fields(s->signing);
	/* What nobody can seal goes without. */
	bool fails = error && error != -ENOENT && error != -EINVAL && error != -E2BIG;
	smtp_hooks_resume(c, fails ? HOOK_DECIDED : HOOK_ACCEPT, fails ? &later : NULL);
}

/* What stands behind this host's name in the field that the check has written; empty without one. */
static struct view results_of(const struct smtp_connection *c)
{
	struct view fields = buf_view(&c->message.headers);
	ptrdiff_t semicolon = view_find(fields, ';');
	if (!view_starts(fields, VIEW("Authentication-Results:")) || semicolon < 0)
		return (struct view){0};
	return view_trim(view_skip(fields, (size_t)semicolon + 1));
}

enum smtp_hook_result smtp_seal_message(struct smtp_connection *c, struct smtp_verdict *verdict)
{
	struct smtp_seal *s = c->message.seal;
	const struct smtp_sender *sender = c->message.sender;
	struct view results = results_of(c);
	(void)verdict;
	if (s == NULL || sender == NULL || sender->check == NULL || results.len == 0)
		return HOOK_ACCEPT;
	signing_seal(s->signing, sender_check_verdicts(sender->check)->arc,
	    smtp_role.edge.process->settings.hostname, results);
	signing_end(s->signing);
	return HOOK_WAIT;
}
