/*
 * Whose address a sender's is. Limits count persons: who may write as alice+1, alice+2 and so on is one, and
 * so is an account with its aliases. Of accounts of ours auth knows; of others the address must do.
 */
#include "role/relay/notify/relay_notify_private.h"

#include "format/path.h"

enum { ADDRESS_MAX = 1024 /* longer ones are cut, which joins what nobody tells apart */ };

/* What stands before the true address in a rewritten one: SRS0=hash=time=domain=local, prvs=tag=local (BATV).
 */
static struct view unwrapped(struct view local)
{
	static const struct {
		struct view prefix;
		int parts;
	} forms[] = {{{"SRS0", 4}, 3}, {{"SRS1", 4}, 2}, {{"prvs=", 5}, 2}};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct view rest = local;
		if (!view_starts_nocase(local, forms[i].prefix))
			continue;
		for (int n = 0; n < forms[i].parts && rest.len; n++) {
			ptrdiff_t at = view_find(rest, '=');
			rest = at < 0 ? (struct view){0} : view_skip(rest, (size_t)at + 1);
		}
		return rest.len ? rest : local;
	}
	return local;
}

uint64_t relay_notify_person(struct view address)
{
	char text[ADDRESS_MAX];
	size_t len = 0;
	ptrdiff_t at = view_find_last(address, '@');
	struct view local = unwrapped(at < 0 ? address : view_take(address, (size_t)at));
	ptrdiff_t plus = view_find(local, '+');
	if (plus > 0)
		local = view_take(local, (size_t)plus);
	struct view parts[] = {local, at < 0 ? (struct view){0} : view_skip(address, (size_t)at)};
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < parts[i].len && len < sizeof text; k++)
			text[len++] =
			    (char)(parts[i].data[k] >= 'A' && parts[i].data[k] <= 'Z' ? parts[i].data[k] + 32
			                                                              : parts[i].data[k]);
	return map_hash(view_of(text, len)) | 1;
}

/* ---- accounts ---- */

uint64_t relay_notify_person_of_account(uint64_t account)
{
	char text[sizeof account + 1] = "\1"; /* no address begins like that */
	for (size_t i = 0; i < sizeof account; i++)
		text[1 + i] = (char)(account >> 8 * i);
	return map_hash(view_of(text, sizeof text)) | 1;
}

static void take_answer(struct relay_news *n, const struct message_resolved *m)
{
	const struct message_target *t = m->targets.items;
	n->stranger = m->verdict == RESOLVE_NOT_OURS || m->verdict == RESOLVE_UNKNOWN_USER;
	/* An address that leads to several people belongs to none of them: it stays as it is. */
	if (m->verdict != RESOLVE_LOCAL || m->targets.count != 1 || t->account == 0)
		return;
	n->account = t->account;
	n->person = relay_notify_person_of_account(t->account);
}

static bool on_resolved(void *arg, struct link *link, struct channel_frame *frame)
{
	struct relay_news *n = arg;
	struct message_resolved m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	n->who = 0;
	if (frame)
		take_answer(n, &m);
	n->identified(n->identified_arg, frame == NULL);
	return true;
}

void relay_news_identify(struct relay_news *n, void (*done)(void *arg, bool auth_is_gone), void *arg)
{
	struct path path;
	struct buf key;
	n->person = relay_notify_person(n->m.terms.sender);
	n->identified = done;
	n->identified_arg = arg;
	buf_init(&key, 4 * ADDRESS_MAX);
	if (mailbox_parse(n->m.terms.sender, &n->arena, &path) == 0 && path_key(&path, &key) == 0)
		n->who = calls_ask(&relay_role.auth, MESSAGE_RESOLVE,
		    &(struct message_resolve){.address = buf_view(&key)}, on_resolved, n);
	buf_done(&key);
	if (n->who == 0)
		done(arg, false); /* what nobody can look up now is found out once more before it is told */
}

void relay_news_identify_end(struct relay_news *n)
{
	if (n->who)
		calls_forget(&relay_role.auth, n->who);
	n->who = 0;
}
