/*
 * Recipients and senders. The directory's answers are remembered until it changes, which this process brings
 * about, or store tells: a busy list costs store nothing. But users turn masked addresses on and off without
 * it, so that what those lead to is asked for each time.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "role/auth/auth_private.h"
#include "format/path.h"

enum {
	CACHE_MAX = 20000,   /* addresses; about 200 bytes each */
	TEXTS_MAX = 2 << 20, /* of one answer: twice what a frame holds, since quotes can double an address */
	RESOLVED_FIELDS = 3  /* of each target in the directory's answer */
};

struct known {
	bool not_ours; /* the domain is another host's */
	size_t count;
	struct message_target targets[]; /* addresses point behind the array */
};

static struct map cache;
static uint64_t cache_epoch; /* raised with each change: answers that were asked for before are not kept */

struct resolving {
	struct asked asked;
	uint64_t epoch;
	uint64_t account; /* a sender's check, else 0 */
	struct buf address;
};

void auth_forget_addresses(void)
{
	size_t position = 0;
	void *value;
	while (map_each(&cache, &position, NULL, &value))
		mem_free(value);
	map_done(&cache);
	cache_epoch++;
}

/* A mailbox's address as the directory has it; one of another host as SMTP writes it. */
static void put_address(struct buf *out, uint64_t account, struct view address)
{
	ptrdiff_t at = view_find_last(address, '@');
	if (account == 0 && at > 0)
		mailbox_write(out, view_take(address, (size_t)at), view_skip(address, (size_t)at + 1));
	else
		buf_append(out, address);
}

/* NULL without memory. */
static struct known *to_known(const struct message_directory_answer *m)
{
	size_t count = m->fields.count / RESOLVED_FIELDS;
	struct message_target *targets = mem_array(count, sizeof *targets);
	struct buf texts;
	buf_init(&texts, TEXTS_MAX);
	for (size_t i = 0; i < count; i++) {
		size_t before = texts.len;
		targets[i].account = directory_number(auth_answer_field(m, RESOLVED_FIELDS * i));
		targets[i].limited = directory_number(auth_answer_field(m, RESOLVED_FIELDS * i + 2)) != 0;
		put_address(&texts, targets[i].account, auth_answer_field(m, RESOLVED_FIELDS * i + 1));
		targets[i].address.len = texts.len - before;
	}
	struct known *known = NULL;
	if (!buf_failed(&texts)) {
		known = mem_alloc(sizeof *known + count * sizeof known->targets[0] + texts.len);
		char *at = (char *)&known->targets[count];
		known->count = count;
		known->not_ours = (int)m->error == -EXDEV;
		if (texts.len > 0)
			memcpy(at, buf_view(&texts).data, texts.len);
		for (size_t i = 0; i < count; i++) {
			known->targets[i] = targets[i];
			known->targets[i].address.data = at;
			at += targets[i].address.len;
		}
	}
	mem_free(targets);
	buf_done(&texts);
	return known;
}

/* It is the cache's from then on. */
static void remember(struct view address, struct known *known)
{
	if (cache.count >= CACHE_MAX)
		auth_forget_addresses();
	mem_free(map_set(&cache, address, known));
}

/* ---- answers ---- */

static struct message_resolved to_targets(const struct known *known)
{
	return (struct message_resolved){.verdict = known->not_ours ? RESOLVE_NOT_OURS : RESOLVE_LOCAL,
	    .targets = {.items = (void *)(uintptr_t)known->targets, .count = known->count}};
}

/* An unknown domain is told apart from an unknown address, so that strangers learn that we do not relay. */
static struct message_resolved to_error(int error)
{
	bool unknown = error == -ENOENT || error == -EINVAL || error == -EMSGSIZE;
	return (struct message_resolved){.verdict = unknown            ? RESOLVE_UNKNOWN_USER
	                                            : error == -EACCES ? RESOLVE_DISABLED
	                                            : error == -ELOOP  ? RESOLVE_LOOP
	                                            : error == -E2BIG  ? RESOLVE_TOO_MANY
	                                            : error == -EXDEV  ? RESOLVE_NOT_OURS
	                                                               : RESOLVE_TEMPORARY};
}

/* An unknown address belongs to nobody. If the directory cannot be asked, we do not know. */
static struct message_verdict to_verdict(const struct known *known, int error, uint64_t account)
{
	struct message_verdict m = {.temporary = error && to_error(error).verdict == RESOLVE_TEMPORARY,
	    .foreign = (known && known->not_ours) || error == -EXDEV};
	for (size_t i = 0; known && i < known->count; i++)
		m.allowed |= known->targets[i].account == account;
	return m;
}

static void answer(const struct resolving *r, const struct known *known, int error)
{
	struct message_verdict verdict;
	struct message_resolved resolved;
	if (r->account) {
		verdict = to_verdict(known, error, r->account);
		asked_answer(&r->asked, MESSAGE_VERDICT, &verdict);
	} else {
		resolved = known ? to_targets(known) : to_error(error);
		asked_answer(&r->asked, MESSAGE_RESOLVED, &resolved);
	}
}

static bool resolved(void *arg, struct link *link, struct channel_frame *frame)
{
	struct resolving *r = arg;
	struct message_directory_answer m;
	struct known *known = NULL;
	int error = -EAGAIN;
	if (frame && !link_decode(link, frame, &m))
		return false;
	if (frame)
		error = (int)m.error;
	if (error == 0)
		known = to_known(&m);
	else if (error == -EXDEV)
		known = to_known(&(struct message_directory_answer){.error = m.error});
	if (known == NULL && error == 0)
		error = -ENOMEM;
	answer(r, known, error);
	if (known && error == 0 && m.number != 0)
		mem_free(known);
	else if (known)
		remember(buf_view(&r->address), known);
	if (r->epoch != cache_epoch)
		auth_forget_addresses(); /* the directory changed while this was under way */
	buf_done(&r->address);
	mem_free(r);
	return true;
}

/* False: too many are under way. */
static bool ask(struct link *edge, const struct channel_frame *frame, struct view address, uint64_t account)
{
	struct resolving *r = mem_alloc(sizeof *r);
	*r = (struct resolving){.epoch = cache_epoch, .account = account};
	if (!asked_begin(&r->asked, edge, frame)) {
		mem_free(r);
		return false;
	}
	buf_init(&r->address, 2048);
	buf_append(&r->address, address);
	if (auth_ask_directory(DIRECTORY_RESOLVE, 0, &address, 1, resolved, r) == 0)
		resolved(r, NULL, NULL);
	return true;
}

void auth_resolve(struct link *edge, const struct channel_frame *frame, struct view address)
{
	const struct known *known = map_get(&cache, address);
	if (known == NULL && ask(edge, frame, address, 0))
		return;
	struct message_resolved m = known ? to_targets(known) : to_error(-EBUSY);
	ipc_send(&edge->channel, MESSAGE_RESOLVED, frame->request, &m, -1);
}

/* RFC 6409 section 6.1: an address is a user's own when mail for it reaches that user. */
void auth_check_sender(
    struct link *edge, const struct channel_frame *frame, uint64_t account, struct view address)
{
	const struct known *known = map_get(&cache, address);
	if (known == NULL && ask(edge, frame, address, account))
		return;
	struct message_verdict m = to_verdict(known, known ? 0 : -EBUSY, account);
	ipc_send(&edge->channel, MESSAGE_VERDICT, frame->request, &m, -1);
}
